/** The outcome of a step: the broker or the generator as the limit. */
import assert from "node:assert/strict";
import { generatorEvidence, stepOf } from "../../../src/fleet/capacity/step_outcome.ts";
import { latency, passed } from "../../report/sample.ts";

const { kills } = passed();
const evidence = (slipMs: number, deferred: number, coresPerWorker = 0.1) =>
  generatorEvidence(
    // The slowest 2 % of the kills are late by so much.
    { slipMs: { ...latency(1_000, 0.1, 0), p99: slipMs }, kills: { ...kills, total: 1_000, deferred } },
    { boundMs: 200, coresPerWorker },
  );

Deno.test("step: a generator that is late by more than a quarter of the bound may be the limit", () => {
  assert.equal(evidence(49, 0), undefined);
  assert.match(evidence(51, 0)!, /^the generator was late itself: 1% of its kills by 51\.0 ms or more$/);
});

Deno.test("step: kills that wait for the reconnect of their client are no lateness of the generator", () => {
  assert.equal(evidence(250, 20), undefined);
  const late = "this machine was late (1% of the kills by 600 ms or more)";
  const stalled = "this machine stalled the fleet for 900 ms";
  const found = (generatorBound: string, deferred: number) =>
    generatorEvidence({ slipMs: latency(1_000, 0.1, 0), kills: { ...kills, total: 1_000, deferred }, generatorBound }, {
      boundMs: 200,
    });
  assert.deepEqual([found(late, 20), found(late, 0), found(stalled, 20)], [undefined, late, stalled]);
});

Deno.test("step: a generator whose threads have no CPU time left may be the limit", () => {
  assert.match(evidence(1, 0, 0.95)!, /^the generator had no CPU time left: each of its threads used 0\.95 cores$/);
});

Deno.test("step: a late generator makes a failed step doubtful, and a load far above the broker is tried no more", () => {
  const evidenceAt = (slipMs: number, reachedPerSecond: number, deferred = 0) =>
    stepOf(
      {
        ...passed(),
        kills: { ...kills, total: 1_000, deferred, reachedPerSecond },
        slipMs: deferred === 0 ? latency(1_000, slipMs, 0) : { ...latency(1_000, 1, 0), p99: slipMs },
      },
      { load: 100, attempt: 1 },
      { of: "rate", judgement: { met: false, reason: "12 late" }, boundMs: 200 },
    ).evidence;
  assert.deepEqual([evidenceAt(12, 99), evidenceAt(9, 99), evidenceAt(9, 79), evidenceAt(12, 79)], [
    ...["doubtful", "clear", "far", "doubtful"],
  ]);
  assert.equal(evidenceAt(480, 59, 20), "clear", "kills that waited are no proof that the broker is far away");
});
