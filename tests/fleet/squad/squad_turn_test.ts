/** The order of the work in a turn: a kill waits for nothing that can wait for the kill. */
import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { type FleetWorld, type Wakeable, wakeDue } from "../../../src/fleet/client/fleet_world.ts";
import { FleetStage } from "../../support/fleet_stage.ts";

Deno.test("squad: timers of clients stop ringing soon after a kill falls due, and the rest ring later", () => {
  const clock = new ManualClock();
  const wakes = new Deadlines<Wakeable>();
  let rung = 0;
  const slow = {
    wake() {
      rung++;
      clock.advance(1);
    },
  };
  for (let count = 0; count < 100; count++) wakes.add(0, slow);
  const world = { clock, wakes } as unknown as FleetWorld;
  assert.equal(wakeDue(world, 0, () => 20), false);
  assert.ok(rung >= 20 && rung <= 40, `${rung} rang before the kill at 20`);
  assert.equal(wakeDue(world, 0, () => Infinity), true);
  assert.equal(rung, 100);
});

Deno.test("squad: at a high kill rate one turn judges few lives", () => {
  const stage = new FleetStage({
    clients: 500,
    killRate: { kind: "count", perSecond: 500 },
    killShares: [{ mode: "reset", weight: 1 }],
    durationMs: 6_000,
    reconnectAfterMs: 100,
  });
  const judged = new Map<number, number>();
  stage.squad.ledger.onLife = () => judged.set(stage.nowMs, (judged.get(stage.nowMs) ?? 0) + 1);
  stage.runUntil(() => stage.squad.phase === "drain");
  const most = Math.max(...judged.values());
  assert.ok(judged.size > 100 && most <= 25, `${most} lives in one turn`);
  assert.equal(stage.finish().verdict, "pass");
});
