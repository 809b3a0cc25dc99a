/** The lives that the ledger has judged. */
import assert from "node:assert/strict";
import { ClosedLives } from "../../../src/fleet/ledger/closed_lives.ts";

Deno.test("closed lives: each life keeps its own values, in any order of closing", () => {
  const closed = new ClosedLives();
  closed.set({ client: 3, incarnation: 7 }, "reset", true, false);
  closed.set({ client: 3, incarnation: 2 }, "leave", false, false);
  closed.set({ client: 70_000, incarnation: 2 }, "freeze", false, true);
  assert.deepEqual(closed.of({ client: 3, incarnation: 7 }), { mode: "reset", due: true, allowed: false });
  assert.deepEqual(closed.of({ client: 3, incarnation: 2 }), { mode: "leave", due: false, allowed: false });
  assert.deepEqual(closed.of({ client: 70_000, incarnation: 2 }), { mode: "freeze", due: false, allowed: true });
  for (const [client, incarnation] of [[3, 1], [3, 8], [70_000, 7], [4, 7]] as const) {
    assert.equal(closed.of({ client, incarnation }), undefined);
  }
  assert.equal(closed.of(undefined), undefined);
  closed.set({ client: 70_000, incarnation: 2 }, "freeze", false, false);
  assert.deepEqual(closed.of({ client: 70_000, incarnation: 2 }), { mode: "freeze", due: false, allowed: false });
});

Deno.test("closed lives: a run may have more lives than a map of the runtime has room for", () => {
  const [clients, lives] = [2_000, 8_500];
  const closed = new ClosedLives();
  for (let client = 0; client < clients; client++) {
    for (let incarnation = 1; incarnation <= lives; incarnation++) {
      closed.set({ client, incarnation }, "reset", true, false);
    }
  }
  assert.ok(clients * lives > 2 ** 24);
  assert.equal(closed.of({ client: clients - 1, incarnation: lives })?.mode, "reset");
});
