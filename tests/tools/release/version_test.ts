/** Versions: their form, and which of two is later. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { compareVersions, parseVersion } from "../../../tools/release/version.ts";

Deno.test("version: each is later than those before it", () => {
  const ordered = [
    "0.1.0",
    "0.1.1",
    "0.2.0-alpha",
    "0.2.0-alpha.1",
    "0.2.0-alpha.beta",
    "0.2.0-beta",
    "0.2.0-rc.2",
    "0.2.0-rc.11",
    "0.2.0",
    "0.10.0",
    "1.0.0-rc.1",
    "1.0.0",
  ];
  const versions = ordered.map(parseVersion);
  for (const [at, one] of versions.entries()) {
    for (const [other, two] of versions.entries()) {
      assert.equal(Math.sign(compareVersions(one, two)), Math.sign(at - other), `${one.text} and ${two.text}`);
    }
  }
});

for (const text of ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+build", "v1.2.3", "1.2.x"]) {
  Deno.test(`version: "${text}" is refused`, () => {
    assert.throws(() => parseVersion(text), UsageError);
  });
}
