/** The knee of a curve of latency against load. */
import assert from "node:assert/strict";
import { kneeOf } from "../../../src/fleet/capacity/knee.ts";

const curve = (...p99s: readonly number[]) => p99s.map((p99, place) => ({ load: (place + 1) * 100, p99 }));

Deno.test("knee: the last load before latency turns up", () => {
  assert.deepEqual(kneeOf(curve(1, 1, 1.2, 1.5, 60, 200)), { load: 400, p99: 1.5 });
  assert.deepEqual(kneeOf(curve(2, 3, 4, 6, 300).toReversed()), { load: 400, p99: 6 });
});

Deno.test("knee: a straight line, a flat one and one of three points have none", () => {
  assert.equal(kneeOf(curve(10, 20, 30, 40, 50)), undefined);
  assert.equal(kneeOf(curve(5, 5, 5, 5)), undefined);
  assert.equal(kneeOf(curve(1, 1, 100)), undefined);
  assert.equal(kneeOf([]), undefined);
});

Deno.test("knee: a load without a will is no point of the curve", () => {
  assert.deepEqual(kneeOf([...curve(1, 1, 1.5, 90), { load: 500, p99: NaN }]), { load: 300, p99: 1.5 });
});
