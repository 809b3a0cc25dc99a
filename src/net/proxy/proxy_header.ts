/**
 * Reads the header of the PROXY protocol, versions 1 and 2, with which a proxy names the client of a connection.
 * Source: "The PROXY protocol, versions 1 & 2", HAProxy Technologies.
 */
import { isIP, isIPv6 } from "node:net";
import type { HeaderFault } from "../link.ts";

/** A header that has been read. */
export interface ProxyHeader {
  /** Its length; the bytes after it belong to the client. */
  readonly sizeBytes: number;
  /** The client, as `host:port`; undefined if the proxy speaks for itself, or does not know the client. */
  readonly source?: string;
}

/** The longest header that is read; more than all type-length-value entries of the usual proxies need. */
export const longestHeaderBytes = 4_096;

/** Section 2.1: the longest line of version 1, with CRLF. */
const longestLineBytes = 107;
const signature1 = bytesOf("PROXY ");
const signature2 = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
/** Signature, version and command, family and protocol, length. */
const fixedBytes = 16;
/** Section 2.2: the sizes of both addresses, and both ports, by address family. */
const addressBytes: readonly number[] = [0, 12, 36, 216];
const streamProtocol = 1;

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Reads the first bytes of a connection: the header, why there is none, or undefined until more bytes arrive. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | HeaderFault | undefined {
  if (bytes.length === 0) return undefined;
  const [signature, read] = bytes[0] === signature1[0] ? [signature1, readLine] : [signature2, readBinary];
  const known = Math.min(bytes.length, signature.length);
  for (let at = 0; at < known; at++) if (bytes[at] !== signature[at]) return "missing";
  return known < signature.length ? undefined : read(bytes);
}

/** Version 1: one line, section 2.1. */
function readLine(bytes: Uint8Array): ProxyHeader | HeaderFault | undefined {
  const end = bytes.subarray(0, longestLineBytes).indexOf(0x0d);
  if (end < 0) return bytes.length < longestLineBytes ? undefined : "too-long";
  if (end + 1 >= longestLineBytes) return "too-long";
  if (end + 1 >= bytes.length) return undefined;
  if (bytes[end + 1] !== 0x0a) return "malformed";
  const sizeBytes = end + 2;
  const [, family, source = "", target = "", from = "", to = "", ...more] = new TextDecoder("latin1")
    .decode(bytes.subarray(0, end)).split(" ");
  // The rest of an UNKNOWN line is ignored.
  if (family === "UNKNOWN") return { sizeBytes };
  const version = family === "TCP4" ? 4 : family === "TCP6" ? 6 : 0;
  const isWhole = version > 0 && more.length === 0 && isPort(from) && isPort(to) &&
    [source, target].every((address) => isIP(address) === version && !address.includes("%"));
  return isWhole ? { sizeBytes, source: hostAndPort(source, Number(from)) } : "malformed";
}

/** A port in decimal, without leading zeros. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** Version 2: a binary header, section 2.2. */
function readBinary(bytes: Uint8Array): ProxyHeader | HeaderFault | undefined {
  const [version, command] = [bytes[12]! >> 4, bytes[12]! & 0x0f];
  if (bytes.length > 12 && (version !== 2 || command > 1)) return "unsupported";
  if (bytes.length < fixedBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const sizeBytes = fixedBytes + view.getUint16(14);
  if (sizeBytes > longestHeaderBytes) return "too-long";
  const [family, protocol] = [bytes[13]! >> 4, bytes[13]! & 0x0f];
  if (bytes.length < sizeBytes) return undefined;
  // LOCAL: the proxy itself has connected, such as for a check of the broker. The rest is ignored.
  if (command === 0) return { sizeBytes };
  // An unspecified family or protocol: the receiver ignores the addresses.
  if (family === 0 || protocol === 0) return family === 0 && protocol === 0 ? { sizeBytes } : "malformed";
  const addresses = addressBytes[family];
  if (addresses === undefined || protocol !== streamProtocol || fixedBytes + addresses > sizeBytes) return "malformed";
  if (!hasWholeEntries(view, fixedBytes + addresses, sizeBytes)) return "malformed";
  return { sizeBytes, ...sourceOf(view, family) };
}

/** The entries after the addresses, which are skipped: a type, two bytes of length, and a value each. */
function hasWholeEntries(view: DataView, from: number, end: number): boolean {
  let at = from;
  while (at + 3 <= end) at += 3 + view.getUint16(at + 1);
  return at === end;
}

/** The address and port of the client; a Unix socket has none. */
function sourceOf(view: DataView, family: number): { readonly source?: string } {
  if (family === 1) {
    const host = [0, 1, 2, 3].map((at) => view.getUint8(fixedBytes + at)).join(".");
    return { source: hostAndPort(host, view.getUint16(fixedBytes + 8)) };
  }
  if (family !== 2) return {};
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(fixedBytes + 2 * at).toString(16));
  return { source: hostAndPort(groups.join(":"), view.getUint16(fixedBytes + 32)) };
}

/** The client in one spelling: IPv6 as in RFC 5952, and IPv4 also where it is mapped into IPv6. */
function hostAndPort(host: string, port: number): string {
  if (!isIPv6(host)) return `${host}:${port}`;
  const canonical = new URL(`tcp://[${host}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)?.slice(1).map((group) =>
    parseInt(group, 16)
  );
  return `${mapped === undefined ? canonical : mapped.map((pair) => `${pair >> 8}.${pair & 0xff}`).join(".")}:${port}`;
}
