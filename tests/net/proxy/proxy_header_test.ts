/** The header of the PROXY protocol: vectors of both versions, each also byte by byte, and mutated ones. */
import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { HeaderReader } from "../../../src/net/proxy/proxied_link.ts";
import { longestHeaderBytes, readProxyHeader } from "../../../src/net/proxy/proxy_header.ts";
import { binaryHeader, inet, inet6 } from "../../support/clients/proxy_headers.ts";

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const tlv = (type: number, size: number) => [type, size >> 8, size & 0xff, ...new Array<number>(size).fill(7)];

const accepted: readonly [name: string, header: Uint8Array, source: string | undefined][] = [
  ["v1, IPv4", latin1("PROXY TCP4 192.0.2.7 198.51.100.1 56324 1883\r\n"), "192.0.2.7:56324"],
  ["v1, IPv6", latin1("PROXY TCP6 2001:DB8:0::7 2001:db8::1 1 1883\r\n"), "2001:db8::7:1"],
  ["v1, the longest line", latin1(`PROXY UNKNOWN ${"f".repeat(91)}\r\n`), undefined],
  ["v1, unknown", latin1("PROXY UNKNOWN\r\n"), undefined],
  ["v1, unknown with addresses", latin1("PROXY UNKNOWN ffff:f 1 x\r\n"), undefined],
  ["v1, lowest and highest port", latin1("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), "0.0.0.0:0"],
  ["v2, IPv4", binaryHeader(0x21, 0x11, inet("192.0.2.7", 56_324)), "192.0.2.7:56324"],
  ["v2, IPv6", binaryHeader(0x21, 0x21, inet6([0x20, 1, 0xd, 0xb8], 7, 9)), "2001:db8::7:9"],
  ["v2, IPv4 within IPv6", binaryHeader(0x21, 0x21, inet6([], 0, 9, [0xff, 0xff, 192, 0, 2, 7])), "192.0.2.7:9"],
  ["v2, a Unix socket", binaryHeader(0x21, 0x31, new Array<number>(216).fill(47)), undefined],
  ["v2, unspecified", binaryHeader(0x21, 0x00, []), undefined],
  ["v2, unspecified with a rest", binaryHeader(0x21, 0x00, [1, 2, 3]), undefined],
  ["v2, LOCAL", binaryHeader(0x20, 0x00, []), undefined],
  ["v2, LOCAL with addresses", binaryHeader(0x20, 0x11, inet("192.0.2.7", 1)), undefined],
  ["v2, entries", binaryHeader(0x21, 0x11, [...inet("192.0.2.7", 1), ...tlv(2, 9), ...tlv(0x20, 0)]), "192.0.2.7:1"],
  [
    "v2, the longest header",
    binaryHeader(0x21, 0x11, [...inet("192.0.2.7", 1), ...tlv(4, longestHeaderBytes - 16 - 12 - 3)]),
    "192.0.2.7:1",
  ],
];

const refused: readonly [name: string, header: Uint8Array, fault: string][] = [
  ["a CONNECT", Uint8Array.of(0x10, 12, 0, 4), "missing"],
  ["TLS", Uint8Array.of(0x16, 3, 1), "missing"],
  ["HTTP", latin1("GET /mqtt HTTP/1.1\r\n"), "missing"],
  ["another word", latin1("PUT"), "missing"],
  ["lower case", latin1("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "missing"],
  ["a wrong signature of v2", Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x01), "missing"],
  ["v1 without an end", latin1(`PROXY TCP4 ${"1".repeat(100)}`), "too-long"],
  ["v1, a line of 108 bytes", latin1(`PROXY UNKNOWN ${"f".repeat(92)}\r\n`), "too-long"],
  ["v1, CR without LF", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX"), "malformed"],
  ["v1, another family", latin1("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"), "malformed"],
  ["v1, no addresses", latin1("PROXY TCP4\r\n"), "malformed"],
  ["v1, two spaces", latin1("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n"), "malformed"],
  ["v1, a space at the end", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"), "malformed"],
  ["v1, an address of the other family", latin1("PROXY TCP4 ::1 ::1 1 2\r\n"), "malformed"],
  ["v1, an address with a zone", latin1("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"), "malformed"],
  ["v1, a name", latin1("PROXY TCP4 localhost 1.2.3.4 1 2\r\n"), "malformed"],
  ["v1, a leading zero", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"), "malformed"],
  ["v1, a port above 65,535", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"), "malformed"],
  ["v1, a negative port", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n"), "malformed"],
  ["v2, version 1", binaryHeader(0x11, 0x11, inet("1.2.3.4", 1)), "unsupported"],
  ["v2, version 3", binaryHeader(0x31, 0x11, inet("1.2.3.4", 1)), "unsupported"],
  ["v2, command 2", binaryHeader(0x22, 0x11, inet("1.2.3.4", 1)), "unsupported"],
  ["v2, too short for its family", binaryHeader(0x21, 0x11, inet("1.2.3.4", 1).slice(1)), "malformed"],
  ["v2, IPv6 with addresses of IPv4", binaryHeader(0x21, 0x21, inet("1.2.3.4", 1)), "malformed"],
  ["v2, a datagram", binaryHeader(0x21, 0x12, inet("1.2.3.4", 1)), "malformed"],
  ["v2, family 4", binaryHeader(0x21, 0x41, new Array<number>(300).fill(0)), "malformed"],
  ["v2, a family without a protocol", binaryHeader(0x21, 0x10, inet("1.2.3.4", 1)), "malformed"],
  ["v2, half an entry", binaryHeader(0x21, 0x11, [...inet("1.2.3.4", 1), 4, 0]), "malformed"],
  ["v2, an entry beyond the end", binaryHeader(0x21, 0x11, [...inet("1.2.3.4", 1), 4, 0, 9, 1]), "malformed"],
  ["v2, the length alone", binaryHeader(0x21, 0x11, [], 65_535), "too-long"],
  ["v2, one byte too long", binaryHeader(0x21, 0x11, [], longestHeaderBytes - 15), "too-long"],
];

/** What a reader reports that receives the bytes in parts of a size. */
function inParts(bytes: Uint8Array, size: number) {
  const reader = new HeaderReader();
  for (let at = 0; at < bytes.length; at += size) {
    const read = reader.push(bytes.subarray(at, at + size));
    if (read !== undefined) return { read, usedBytes: Math.min(at + size, bytes.length) };
  }
  return undefined;
}

for (const [name, header, source] of accepted) {
  Deno.test(`PROXY header: ${name} is read, whole and byte by byte, and nothing after it`, () => {
    const read = readProxyHeader(Uint8Array.of(...header, 0x10, 0x11));
    assert.ok(typeof read === "object", String(read));
    assert.deepEqual([read.sizeBytes, read.source], [header.length, source]);
    const bytewise = inParts(header, 1);
    assert.equal(bytewise?.usedBytes, header.length, "complete with its last byte, not before");
    const joined = inParts(Uint8Array.of(...header, 0x10, 0x11), header.length + 2)?.read;
    assert.ok(typeof joined === "object");
    assert.deepEqual([...joined.rest], [0x10, 0x11]);
  });
}

for (const [name, header, fault] of refused) {
  Deno.test(`PROXY header: ${name} is refused as ${fault}, whole and byte by byte`, () => {
    assert.equal(readProxyHeader(header), fault);
    assert.equal(inParts(header, 1)?.read, fault);
  });
}

Deno.test("PROXY header: 20,000 mutated headers are read or refused, and never held beyond the limit", () => {
  const random = new Random(41);
  const all = [...accepted, ...refused].map(([, header]) => header);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from(all[random.below(all.length)]!);
    for (let count = 1 + random.below(3); count > 0; count--) bytes[random.below(bytes.length)] = random.below(256);
    const read = readProxyHeader(bytes);
    if (typeof read !== "object") continue;
    assert.ok(read.sizeBytes > 0 && read.sizeBytes <= bytes.length);
    if (read.source !== undefined) assert.match(read.source, /^[0-9a-f.:]+:\d{1,5}$/);
  }
  const endless = inParts(
    new Uint8Array(longestHeaderBytes + 1).fill(0x20, 6).map((byte, at) => [...latin1("PROXY ")][at] ?? byte),
    1,
  );
  assert.deepEqual(endless, { read: "too-long", usedBytes: 107 });
});
