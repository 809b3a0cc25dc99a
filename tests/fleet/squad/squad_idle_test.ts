/** The turns of a squad that has nothing to do: each wakes its thread. */
import assert from "node:assert/strict";
import { FleetStage } from "../../support/fleet_stage.ts";

/** A fleet of which hardly any client is killed. */
function idleStage(clients: number, rampPerSecond: number): FleetStage {
  return new FleetStage({
    ...{ clients, rampPerSecond, keepAliveS: 20, durationMs: 120_000, longestStepMs: Infinity },
    killRate: { kind: "count", perSecond: 0.01 },
  });
}

Deno.test("squad: an idle fleet takes few turns, and several of its pings share one", () => {
  const stage = idleStage(400, 50);
  stage.runUntil(() => stage.squad.phase === "kill").runFor(30_000);
  const before = { turns: stage.turns, timerTurns: stage.timerTurns };
  stage.runFor(30_000);
  for (const [count, most] of [["turns", 8], ["timerTurns", 6]] as const) {
    const perSecond = (stage[count] - before[count]) / 30;
    assert.ok(perSecond <= most, `${perSecond} ${count} a second`);
  }
  const { verdict, clients: { lost } } = stage.finish();
  assert.deepEqual({ verdict, lost }, { verdict: "pass", lost: 0 });
});

Deno.test("squad: clients of a growing fleet send their first pings together, and a connected client sets no alarm", () => {
  const stage = idleStage(1_500, 300);
  // The first ping falls due 15 s after a connect, and the limit of a connect is over before.
  stage.runUntil(() => stage.squad.phase === "kill").runFor(3_000);
  const before = stage.timerTurns;
  stage.runFor(14_000);
  const perSecond = (stage.timerTurns - before) / 14;
  assert.ok(perSecond <= 6, `${perSecond} turns a second for timers`);
  assert.equal(stage.finish().verdict, "pass");
});

Deno.test("squad: is quiet during the kills unless a life that has ended lacks its will", () => {
  const killRate = { kind: "count", perSecond: 0.1 } as const;
  const stage = new FleetStage({ killRate, durationMs: 60_000, killShares: [{ mode: "freeze", weight: 1 }] });
  assert.equal(stage.squad.isQuiet, false);
  stage.runUntil(() => stage.squad.phase === "kill").runFor(1_000);
  assert.equal(stage.squad.isQuiet, true);
  stage.runUntil(() => stage.squad.counters.kills > 0).runFor(1_000);
  assert.equal(stage.squad.isQuiet, false, "the will is due after 1.5 times keep alive");
  stage.runFor(8_000);
  assert.equal(stage.squad.isQuiet, true);
});
