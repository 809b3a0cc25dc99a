/** Converts addresses between text and the operating system's `struct sockaddr_in` and `sockaddr_in6`. */
import net from "node:net";
import type { SocketAddress } from "./libc.ts";

const unix = 1;
const inet = 2;
const inet6 = 10;

/** The structure for a numeric address; undefined for a name. */
export function socketAddress(host: string, port: number): SocketAddress | undefined {
  const family = net.isIP(host);
  if (family === 4) return inetAddress(inet, port, 16, 4, host.split(".").map(Number));
  if (family === 6 && !host.includes("%")) return inetAddress(inet6, port, 28, 8, bytesOfV6(host));
  return undefined;
}

/** `struct sockaddr_un` of a path, which ends with a zero. */
export function unixAddress(path: string): SocketAddress {
  const bytes = new TextEncoder().encode(path);
  const address = new Uint8Array(2 + bytes.length + 1);
  address[0] = unix;
  address.set(bytes, 2);
  return address;
}

/**
 * Port and address are in network order, the family in that of the machine, which is little-endian on both
 * architectures.
 */
function inetAddress(family: number, port: number, size: number, at: number, bytes: readonly number[]): SocketAddress {
  const address = new Uint8Array(size);
  address[0] = family;
  address[2] = port >> 8;
  address[3] = port & 0xff;
  address.set(bytes, at);
  return address;
}

/** Eight groups; `::` replaces the missing groups of zeros, and the last two groups may be written as IPv4. */
function bytesOfV6(host: string): number[] {
  const [head = "", tail] = host.split("::");
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

function groupsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [parseInt(group, 16)];
    const [a, b, c, d] = group.split(".").map(Number) as [number, number, number, number];
    return [a << 8 | b, c << 8 | d];
  });
}

/** The port in an address. */
export function portOf(address: SocketAddress): number {
  return address[2]! << 8 | address[3]!;
}

/** An address as `host:port`, for display. */
export function addressText(address: SocketAddress): string {
  if (address[0] === unix) return `unix:${new TextDecoder().decode(address.subarray(2, -1))}`;
  const port = portOf(address);
  if (address[0] === inet) return `${address[4]}.${address[5]}.${address[6]}.${address[7]}:${port}`;
  return `${textOfV6(address.subarray(8, 24))}:${port}`;
}

/**
 * A compact form of an address, for long storage and rare reads: IPv4 with its port as one number, which costs far less
 * than its text; IPv6 as text.
 */
export type KeptAddress = number | string;

export function keptAddress(address: SocketAddress): KeptAddress {
  if (address[0] !== inet) return addressText(address);
  const [, , , , a, b, c, d] = address;
  return ((a! << 24 | b! << 16 | c! << 8 | d!) >>> 0) * 0x1_0000 + portOf(address);
}

/** As `host:port`. */
export function keptAddressText(kept: KeptAddress): string {
  if (typeof kept === "string") return kept;
  const host = Math.floor(kept / 0x1_0000);
  return `${host >>> 24}.${host >>> 16 & 0xff}.${host >>> 8 & 0xff}.${host & 0xff}:${kept % 0x1_0000}`;
}

/** Source: RFC 5952: the first of the longest runs of two or more zeros is omitted; IPv4 within IPv6 stays readable. */
function textOfV6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) => bytes[2 * at]! << 8 | bytes[2 * at + 1]!);
  const words = groups.map((group) => group.toString(16));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12).join(".")}`;
  }
  const [from, count] = longestZeros(groups);
  if (count < 2) return words.join(":");
  return `${words.slice(0, from).join(":")}::${words.slice(from + count).join(":")}`;
}

function longestZeros(groups: readonly number[]): [from: number, count: number] {
  let best: [number, number] = [0, 0];
  for (let from = 0; from < 8; from++) {
    let count = 0;
    while (groups[from + count] === 0) count++;
    if (count > best[1]) best = [from, count];
  }
  return best;
}
