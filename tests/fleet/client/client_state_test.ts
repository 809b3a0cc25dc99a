import assert from "node:assert/strict";
import { InvariantError } from "../../../src/base/failure.ts";
import {
  checkTransition,
  type ClientEvent,
  type ClientStateKind,
  clientTransitions,
} from "../../../src/fleet/client/client_state.ts";

const kinds = Object.keys(clientTransitions) as ClientStateKind[];
const events = [...new Set(kinds.flatMap((kind) => Object.keys(clientTransitions[kind]) as ClientEvent[]))];

/** The states that a single event can reach from `state`. */
function reachableFrom(first: ClientStateKind): Set<ClientStateKind> {
  const reached = new Set<ClientStateKind>([first]);
  for (const kind of reached) for (const next of Object.values(clientTransitions[kind])) reached.add(next);
  return reached;
}

Deno.test("client state: each transition in the table is legal, and each other one is an InvariantError", () => {
  let legal = 0;
  for (const from of kinds) {
    for (const event of events) {
      for (const to of kinds) {
        if (clientTransitions[from][event] === to) {
          checkTransition(from, event, to);
          legal++;
        } else assert.throws(() => checkTransition(from, event, to), InvariantError, `${from} ${event} ${to}`);
      }
    }
  }
  assert.equal(legal, kinds.reduce((sum, kind) => sum + Object.keys(clientTransitions[kind]).length, 0));
});

Deno.test("client state: each state is reachable from idle, and the end of a run from each state", () => {
  assert.deepEqual([...reachableFrom("idle")].sort(), [...kinds].sort());
  for (const kind of kinds) assert.equal(clientTransitions[kind].dropped, "gone", kind);
});

Deno.test("client state: a client that may connect again has no connection", () => {
  const connecting = kinds.filter((kind) => clientTransitions[kind].connect !== undefined);
  assert.deepEqual(connecting, ["idle", "away", "overdue", "gone"]);
});

Deno.test("client state: only a life that is up is killed or taken over", () => {
  for (const event of ["killed", "take-over", "part"] as const) {
    assert.deepEqual(kinds.filter((kind) => clientTransitions[kind][event] !== undefined), ["up"], event);
  }
});

Deno.test("client state: the error of an illegal transition names both states and the event", () => {
  assert.throws(
    () => checkTransition("away", "accepted", "up"),
    /virtual client has no event "accepted" in state "away"/,
  );
  assert.throws(() => checkTransition("up", "part", "away"), /from "up" to "away" by "part"/);
});
