/** Phases as plain data: their durations. */
import assert from "node:assert/strict";
import { phasesDurationMs, phasesOf } from "../../../src/fleet/plan/phases.ts";
import { aPlan } from "../sample_life.ts";

Deno.test("phases: a plan without phases has one phase of the plan's duration", () => {
  const plan = aPlan({ durationMs: 7_000 });
  assert.deepEqual(phasesOf(plan), [{ kind: "kill" }]);
  assert.equal(phasesDurationMs(plan), 7_000);
});

Deno.test("phases: each phase has its duration; a rate defaults to the plan's, a kill of all at once has none", () => {
  const plan = aPlan({
    durationMs: 7_000,
    phases: [
      { kind: "kill" },
      { kind: "kill", durationMs: 300 },
      { kind: "kill", rate: "once" },
      { kind: "kill", rate: "once", durationMs: 20 },
      { kind: "hold", durationMs: 1_000 },
      { kind: "return", durationMs: 50_000 },
    ],
  });
  assert.equal(phasesDurationMs(plan), 7_000 + 300 + 20 + 1_000 + 50_000);
});
