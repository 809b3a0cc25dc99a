import assert from "node:assert/strict";
import { isWithin, versionIn } from "../../src/profiles/version_range.ts";

Deno.test("versions: parses the first number with dots and ignores the rest", () => {
  assert.equal(versionIn("mosquitto version 2.0.11"), "2.0.11");
  assert.equal(versionIn("broker 2.1.2-180-g7b8aba1"), "2.1.2");
  assert.equal(versionIn("version 7"), undefined);
  assert.equal(versionIn(""), undefined);
});

Deno.test("versions: ranges compare numbers, not texts, and a bound that is absent is open", () => {
  assert.ok(isWithin("2.0.22", { before: "2.1" }));
  assert.ok(isWithin("2.0.9", { before: "2.0.22" }), "9 is before 22");
  assert.ok(!isWithin("2.0.22", { before: "2.0.22" }), "the end is not in it");
  assert.ok(isWithin("2.1", { from: "2.1" }), "the beginning is");
  assert.ok(isWithin("2.1.0", { from: "2.1", before: "2.1.1" }));
  assert.ok(!isWithin("2.0.99", { from: "2.1" }));
  assert.ok(isWithin("10.0", { from: "9.9" }));
  assert.ok(isWithin("0.1", {}));
});
