import assert from "node:assert/strict";
import { InvariantError } from "../../../src/base/failure.ts";
import { type LinkEvent, type LinkPhase, linkPhases, nextLinkPhase } from "../../../src/net/epoll/link_phase.ts";

const phases = Object.keys(linkPhases) as LinkPhase[];
const events = [...new Set(phases.flatMap((phase) => Object.keys(linkPhases[phase]) as LinkEvent[]))];

Deno.test("link phase: each transition of the table is legal, and every other is an InvariantError", () => {
  let legal = 0;
  for (const phase of phases) {
    for (const event of events) {
      const next = linkPhases[phase][event];
      if (next === undefined) assert.throws(() => nextLinkPhase(phase, event), InvariantError, `${phase} ${event}`);
      else {
        assert.equal(nextLinkPhase(phase, event), next);
        legal++;
      }
    }
  }
  assert.equal(legal, 14);
});

/** The phases that some event leads to. */
function reachableFrom(first: LinkPhase): Set<LinkPhase> {
  const reached = new Set<LinkPhase>([first]);
  for (const phase of reached) for (const next of Object.values(linkPhases[phase])) reached.add(next);
  return reached;
}

Deno.test("link phase: each phase is reached from opening, each leads to closed, and closed to nothing", () => {
  assert.deepEqual([...reachableFrom("opening")].sort(), [...phases].sort());
  for (const phase of phases) assert.ok(reachableFrom(phase).has("closed"), phase);
  assert.deepEqual([...reachableFrom("closed")], ["closed"]);
});

Deno.test("link phase: a link that may not be written to can never be written to again", () => {
  for (const phase of phases.filter((each) => each !== "opening" && each !== "open")) {
    assert.ok(!reachableFrom(phase).has("open"), phase);
  }
});
