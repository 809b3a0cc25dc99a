/** Source addresses in the notation of the option. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { parseSourceAddresses, sourceAddressesText } from "../../src/net/source_addresses.ts";

const cases: readonly [text: string, addresses: readonly string[]][] = [
  ["127.0.0.2", ["127.0.0.2"]],
  ["::1", ["::1"]],
  ["127.0.0.3, 127.0.0.2", ["127.0.0.3", "127.0.0.2"]],
  ["127.0.0.2-127.0.0.4", ["127.0.0.2", "127.0.0.3", "127.0.0.4"]],
  ["10.0.0.254-10.0.1.1", ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]],
  ["127.0.0.0/29", ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"]],
  ["127.0.0.5/30", ["127.0.0.5", "127.0.0.6"]],
  ["200.0.0.7/31", ["200.0.0.6", "200.0.0.7"]],
  ["127.0.0.9/32", ["127.0.0.9"]],
  ["127.0.0.9-127.0.0.9,fe80::2", ["127.0.0.9", "fe80::2"]],
];
for (const [text, addresses] of cases) {
  Deno.test(`source addresses: parses ${text}`, () => {
    assert.deepEqual(parseSourceAddresses(text, "--source-address"), addresses);
    assert.deepEqual(parseSourceAddresses(sourceAddressesText(addresses), "--source-address"), addresses);
  });
}

const bad = [
  ...["", ",", "127.0.0.2,", "localhost", "127.0.0", "127.0.0.256", "127.0.0.4-127.0.0.2", "127.0.0.2-", "::1-::3"],
  ...["127.0.0.1-127.0.0.2-127.0.0.3", "127.0.0.0/33", "127.0.0.0/", "::/120", "10.0.0.0/8", "10.0.0.0/0"],
  "10.0.0.0/22,10.1.0.0/29",
];
for (const text of bad) {
  Deno.test(`source addresses: refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseSourceAddresses(text, "--source-address"), (error) => {
      assert.ok(error instanceof UsageError);
      assert.ok(error.message.startsWith(`Cannot read --source-address ${JSON.stringify(text)}: expected an address`));
      return true;
    });
  });
}

Deno.test("source addresses: writes consecutive addresses as a range", () => {
  const text = "10.0.0.9,127.0.0.2-127.0.0.4,127.0.0.7,127.0.0.8,::1";
  assert.equal(sourceAddressesText(parseSourceAddresses(text, "x")), text);
});
