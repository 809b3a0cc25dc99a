/** Parses the addresses of this machine to connect from: one, a list, a range, or a network. */
import { isIP } from "node:net";
import { UsageError } from "../base/failure.ts";
import { formatCount } from "../base/units.ts";

/** Maximum number of addresses in one value: with 28,232 ports each, far more than a process can open. */
const mostSourceAddresses = 1_024;

const allowed =
  "an address of this machine, a list such as 127.0.0.2,127.0.0.3, a range such as 127.0.0.2-127.0.0.6, " +
  `or a network such as 127.0.0.0/29; at most ${formatCount(mostSourceAddresses)} addresses`;

/** Numeric IPv4 addresses, both included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/**
 * Parses addresses, in the given order. The network and broadcast addresses of a network are omitted, unless it has no
 * others.
 *
 * @throws UsageError if one cannot be parsed, or there are too many
 */
export function parseSourceAddresses(text: string, name: string): string[] {
  const addresses: string[] = [];
  for (const part of text.split(",")) {
    const span = spanOf(part.trim());
    const count = span === undefined ? 1 : span.last - span.first + 1;
    if (span === undefined && isIP(part.trim()) === 0 || count < 1 || addresses.length + count > mostSourceAddresses) {
      throw new UsageError(`Cannot read ${name} ${JSON.stringify(text)}: expected ${allowed}`);
    }
    if (span === undefined) addresses.push(part.trim());
    else for (let number = span.first; number <= span.last; number++) addresses.push(addressOf(number));
  }
  return addresses;
}

/** The same addresses as text, with consecutive ones as ranges. */
export function sourceAddressesText(addresses: readonly string[]): string {
  const parts: { first: string; last: string; count: number }[] = [];
  for (const address of addresses) {
    const before = parts.at(-1);
    const number = numberOf(address);
    if (before !== undefined && number !== undefined && numberOf(before.last) === number - 1) {
      before.last = address;
      before.count++;
    } else parts.push({ first: address, last: address, count: 1 });
  }
  return parts.map(({ first, last, count }) =>
    count === 1 ? first : count === 2 ? `${first},${last}` : `${first}-${last}`
  ).join(",");
}

/** The span of a range or a network; undefined if it is neither. */
function spanOf(text: string): Span | undefined {
  const [first, last, more] = text.split("-").map(numberOf);
  if (text.includes("-") && more === undefined && first !== undefined && last !== undefined) return { first, last };
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const inside = match === null ? undefined : numberOf(match[1]!);
  const bits = Number(match?.[2]);
  if (inside === undefined || bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  const own = Math.floor(inside / size) * size;
  return size > 2 ? { first: own + 1, last: own + size - 2 } : { first: own, last: own + size - 1 };
}

function numberOf(address: string): number | undefined {
  if (isIP(address) !== 4) return undefined;
  return address.split(".").reduce((number, byte) => number * 256 + Number(byte), 0);
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
