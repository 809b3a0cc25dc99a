/** The order of the work in a turn: a kill waits for nothing that can wait for the kill. */
import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { type FleetWorld, type Wakeable, wakeDue } from "../../../src/fleet/client/fleet_world.ts";
import type { SquadRecorder } from "../../../src/fleet/ledger/squad_recorder.ts";
import type { FleetPlan } from "../../../src/fleet/plan/plan.ts";
import { SquadSettling } from "../../../src/fleet/squad/squad_settling.ts";
import type { WatcherPool } from "../../../src/fleet/watch/watcher_pool.ts";
import { FleetStage } from "../../support/fleet_stage.ts";

Deno.test("squad: timers of clients stop ringing once a kill is due, and the rest ring later", () => {
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
  assert.equal(rung, 20);
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

/** The instants at which lives are judged, where the next kill is due after `freeMs`, in turns every millisecond. */
function judgedAt(freeMs: number, nextCloseMs: number, untilMs: number): number[] {
  const judged: number[] = [];
  const recorder = { phase: "watch", ledger: { nextCloseMs }, settle: () => void judged.push(nowMs) };
  const settling = new SquadSettling({} as FleetPlan, recorder as unknown as SquadRecorder, {} as WatcherPool);
  let nowMs = 0;
  for (; nowMs <= untilMs; nowMs++) settling.turn(nowMs, false, freeMs);
  return judged;
}

Deno.test("squad: judging waits for a kill that is nearer than a millisecond, and for 50 ms at most", () => {
  assert.deepEqual(judgedAt(1, Infinity, 250), [100, 200]);
  assert.deepEqual(judgedAt(0.9, Infinity, 250), [150]);
});

Deno.test("squad: between kills that are close to each other, lives are judged in shorter slices", () => {
  assert.deepEqual(judgedAt(1, 20, 32), [20, 25, 30]);
  assert.deepEqual(judgedAt(0.4, 20, 24), [20, 21, 22, 23, 24]);
  // Without time for a slice, the lives that have waited for 50 ms.
  assert.deepEqual(judgedAt(0.05, 20, 72), [70, 71, 72]);
});
