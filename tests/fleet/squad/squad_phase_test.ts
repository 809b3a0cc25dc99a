import assert from "node:assert/strict";
import { InvariantError } from "../../../src/base/failure.ts";
import { phases, type RunPhase } from "../../../src/fleet/result/run_phase.ts";
import { nextSquadPhase, type SquadEvent, squadPhases } from "../../../src/fleet/squad/squad_phase.ts";

const events = [...new Set(phases.flatMap((phase) => Object.keys(squadPhases[phase]) as SquadEvent[]))];

Deno.test("squad phase: each transition of the table is legal, and every other is an InvariantError", () => {
  let legal = 0;
  for (const phase of phases) {
    for (const event of events) {
      const next = squadPhases[phase][event];
      if (next === undefined) assert.throws(() => nextSquadPhase(phase, event), InvariantError, `${phase} ${event}`);
      else {
        assert.equal(nextSquadPhase(phase, event), next);
        legal++;
      }
    }
  }
  assert.equal(legal, 17);
});

Deno.test("squad phase: a squad never returns to an earlier phase, and can reach done from each phase", () => {
  for (const [place, phase] of phases.entries()) {
    for (const next of Object.values(squadPhases[phase])) assert.ok(phases.indexOf(next) > place, `${phase} ${next}`);
    assert.equal(squadPhases[phase].finish, phase === "done" ? undefined : "done");
  }
});

Deno.test("squad phase: each phase except the first is reachable", () => {
  const reached = new Set<RunPhase>(phases.flatMap((phase) => Object.values(squadPhases[phase])));
  assert.deepEqual(phases.filter((phase) => !reached.has(phase)), ["watch"]);
});

Deno.test("squad phase: only an interrupted ramp and the end of the kills lead to drain", () => {
  assert.deepEqual(phases.filter((phase) => Object.values(squadPhases[phase]).includes("drain")), ["connect", "kill"]);
});
