/** The time limits of a run in several parts. */
import assert from "node:assert/strict";
import { limitsOf } from "../../../src/cli/over/run_parts.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import { longestWaitOf, phasesDurationMs } from "../../../src/fleet/plan/phases.ts";
import { saveForMs } from "../../../src/parts/limits.ts";

Deno.test("over: the coordinator waits for a report for longer than a part tries to store it", () => {
  const plan = makePlan({ run: "r", seed: 1, clients: 1_000, durationMs: 10_000 });
  const { killMs, gatherMs, silenceMs } = limitsOf({ plan, gather: 4_000 });
  assert.ok(killMs > phasesDurationMs(plan) + 2 * longestWaitOf(plan) + saveForMs, `${killMs} ms`);
  assert.deepEqual({ gatherMs, silenceMs }, { gatherMs: 4_000, silenceMs: 60_000 });
});
