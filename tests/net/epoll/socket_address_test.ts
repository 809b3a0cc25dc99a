/** Numeric addresses: to the operating system's form and back. */
import assert from "node:assert/strict";
import {
  addressText,
  keptAddress,
  keptAddressText,
  portOf,
  socketAddress,
} from "../../../src/net/epoll/socket_address.ts";

const cases: readonly [host: string, shown?: string][] = [
  ["127.0.0.1"],
  ["255.0.10.255"],
  ["::"],
  ["::1"],
  ["1::"],
  ["fe80::1"],
  ["2001:db8::8:800:200c:417a"],
  ["2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["1:2:3:4:5:6:7:8"],
  ["1:2:3:0:5:6:7:8"],
  ["1:0:0:4:0:0:0:8", "1:0:0:4::8"],
  ["::ffff:10.1.2.3"],
  ["::ffff:a01:203", "::ffff:10.1.2.3"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
];

for (const [host, shown = host] of cases) {
  Deno.test(`socket address: parses ${host} and shows ${shown}`, () => {
    for (const port of [0, 1, 255, 256, 65_535]) {
      const address = socketAddress(host, port)!;
      assert.equal(portOf(address), port);
      assert.equal(addressText(address), `${shown}:${port}`);
      assert.equal(keptAddressText(keptAddress(address)), `${shown}:${port}`);
      assert.equal(address.length, shown.includes(":") ? 28 : 16);
    }
  });
}

Deno.test("socket address: has the bytes of the operating system: family, port, address", () => {
  assert.deepEqual([...socketAddress("1.2.3.4", 0x1234)!], [2, 0, 0x12, 0x34, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
  const six = socketAddress("2001:db8::1", 0x1234)!;
  const expected = [10, 0, 0x12, 0x34, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
  assert.deepEqual([...six], expected);
});

Deno.test("socket address: refuses text that is no numeric address", () => {
  for (const host of ["", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::1::", "fe80::1%lo", "1:2:3:4:5:6:7:8:9"]) {
    assert.equal(socketAddress(host, 1), undefined, host);
  }
});
