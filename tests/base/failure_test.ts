import assert from "node:assert/strict";
import { invariant, InvariantError, ProtocolError, UsageError } from "../../src/base/failure.ts";
import { eachCase } from "../support/steps.ts";

Deno.test("failure: each error shows its class, its name and its sentence", async (t) => {
  const cases = [
    { error: new UsageError("a"), kind: UsageError, name: "UsageError", message: "a" },
    { error: new ProtocolError(0x82, "b"), kind: ProtocolError, name: "ProtocolError", message: "b" },
    { error: new InvariantError("c"), kind: InvariantError, name: "InvariantError", message: "c" },
  ];
  await eachCase(t, cases, ({ error, kind, name, message }) => {
    assert.ok(error instanceof Error);
    assert.deepEqual(
      [UsageError, ProtocolError, InvariantError].filter((one) => error instanceof one),
      [kind],
    );
    assert.equal(String(error), `${name}: ${message}`);
  });
});

Deno.test("failure: a protocol error names its reason code", () => {
  assert.equal(new ProtocolError(0x81, "cut short").reasonCode, 0x81);
});

Deno.test("failure: invariant accepts true and throws its sentence otherwise", async (t) => {
  for (const truth of [true, 1, "x", {}]) invariant(truth, "never");
  await eachCase(t, [false, 0, "", null, undefined], (lie) => {
    assert.throws(() => invariant(lie, "the sum is off"), new InvariantError("the sum is off"));
  });
});
