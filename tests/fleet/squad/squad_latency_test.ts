/**
 * Both latencies and the storm figures of a run with a scripted broker under a manual clock: every will takes a known
 * time, and the fleet executes its kills a known time late.
 */
import assert from "node:assert/strict";
import type { KillMode } from "../../../src/fleet/plan/kill_mode.ts";
import type { PhasePlan } from "../../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import type { UntilMs } from "../../../src/fleet/result/storm_result.ts";
import { FleetStage, stageClients, type StageOptions } from "../../support/fleet_stage.ts";
import type { HeldWill } from "../../support/brokers/scripted_broker.ts";

const slipMs = 7;
const holdMs = 1_000;
const once: PhasePlan[] = [{ kind: "hold", durationMs: holdMs }, { kind: "kill", rate: "once" }];

/** Histograms keep three digits: whole milliseconds. */
const whole = (...values: readonly number[]) => values.map(Math.round);
const rounded = (times: UntilMs) =>
  Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, Math.round(ms)]));

const numberOf = ({ clientId }: Pick<HeldWill, "clientId">) => Number(/-(\d+)$/.exec(clientId)?.[1] ?? NaN);
const isFleets = ({ clientId }: Pick<HeldWill, "clientId">) => /^mqtt-sim-stage-\d+$/.test(clientId);

/** Runs until just before the kills are due, and stands still until `slipMs` after it. */
function ranLate(options: StageOptions): FleetResult {
  const stage = new FleetStage({ phases: once, reconnectAfterMs: "never", durationMs: 10_000, ...options });
  stage.runUntil(() => stage.squad.phase === "kill").runFor(holdMs - 2);
  stage.clock.advance(slipMs + 2);
  return stage.finish();
}

/** Wills of reset clients, of which number n takes (n + 1) × 10 ms; those of `lost` never arrive. */
function steps(lost: readonly number[] = []): StageOptions {
  const wait = (will: HeldWill, _: string, askedMs: number | undefined) => {
    if (!isFleets(will)) return askedMs;
    return lost.includes(numberOf(will)) ? undefined : (numberOf(will) + 1) * 10;
  };
  return { killShares: [{ mode: "reset", weight: 1 }], script: { wait } };
}

Deno.test("latency: one counts from the scheduled kill, the other from the completed kill", () => {
  const { latencyMs, brokerLatencyMs, slipMs: slip } = ranLate(steps());
  assert.deepEqual(whole(slip.min, slip.max), [slipMs, slipMs]);
  const last = stageClients * 10;
  const figures = ({ all: { count, min, max } }: FleetResult["latencyMs"]) => whole(count, min, max);
  assert.deepEqual(figures(latencyMs), [stageClients, 10 + slipMs, last + slipMs]);
  assert.deepEqual(figures(brokerLatencyMs!), [stageClients, 10, last]);
  assert.deepEqual(brokerLatencyMs!.byMode.reset?.count, stageClients);
});

Deno.test("latency: the slip ends where the kill begins, and the system call of the kill counts apart", () => {
  const resetTakesMs = 3;
  const { slipMs: slip, killTimeMs } = ranLate({ ...steps(), resetTakesMs });
  // All kills are due at one instant: each is as late as those before it took.
  assert.deepEqual(whole(slip.min, slip.max), [slipMs, slipMs + (stageClients - 1) * resetTakesMs]);
  assert.deepEqual(whole(killTimeMs!.count, killTimeMs!.min, killTimeMs!.max), [
    stageClients,
    resetTakesMs,
    resetTakesMs,
  ]);
});

Deno.test("latency: a delayed will has both figures too, without its delay", () => {
  const wait = (will: HeldWill, _: string, askedMs: number | undefined) =>
    isFleets(will) && askedMs !== undefined ? askedMs + 30 : askedMs;
  const { latencyMs, brokerLatencyMs } = ranLate({ ...steps(), script: { wait }, willDelayS: 2, sessionExpiryS: 60 });
  assert.deepEqual(whole(latencyMs.all.min, latencyMs.all.max), [30 + slipMs, 30 + slipMs]);
  assert.deepEqual(whole(brokerLatencyMs!.all.min, brokerLatencyMs!.all.max), [30, 30]);
});

Deno.test("storm: each share of the wills has its time since the scheduled instant", () => {
  const { storms, willRate } = ranLate(steps());
  const [storm] = storms!.each;
  const { phase, kind, lives, due, seen, untilMs } = storm!;
  assert.deepEqual({ phase, kind, lives, due, seen }, {
    ...{ phase: 1, kind: "kills", lives: stageClients, due: stageClients, seen: stageClients },
  });
  assert.deepEqual(rounded(untilMs), { p50: 100 + slipMs, p90: 180 + slipMs, p99: 200 + slipMs, p100: 200 + slipMs });
  assert.deepEqual(storms!.untilMs, untilMs);
  // 19 intervals of 10 ms.
  assert.equal(Math.round(storm!.perSecond!), 100);
  assert.deepEqual([willRate!.wills, Math.round(willRate!.perSecond!)], [stageClients, 100]);
  assert.equal(willRate!.firstMs, storm!.atMs + slipMs + 10);
  const { curve } = storm!;
  assert.deepEqual(
    curve.map(({ atMs, share }) => [Math.round(atMs), share]),
    Array.from(curve, (_, n) => [
      (n + 1) * 10 + slipMs,
      (n + 1) / stageClients,
    ]),
  );
  assert.equal(curve.length, stageClients);
});

Deno.test("storm: a share that the wills did not reach has no time", () => {
  const { storms, wills } = ranLate(steps([3, 9]));
  assert.equal(wills.missing, 2);
  const [{ due, seen, untilMs, curve }] = storms!.each as [NonNullable<typeof storms>["each"][number]];
  assert.deepEqual({ due, seen, untilMs: rounded(untilMs) }, {
    ...{ due: stageClients, seen: stageClients - 2 },
    untilMs: { p50: 120 + slipMs, p90: 200 + slipMs },
  });
  assert.equal(curve.at(-1)!.share, 0.9);
});

Deno.test("storm: with several watchers a will has arrived when the last of them has it", () => {
  const stage = ranLate({ ...steps(), fanOut: 2, watchers: 2 });
  assert.deepEqual([stage.storms!.seen, stage.willRate!.wills], [stageClients, stageClients]);
  assert.equal(stage.latencyMs.all.count, stageClients * 2);
});

Deno.test("storm: kills at a rate are no storm, and have a rate of wills", () => {
  const killRate = { kind: "count", perSecond: 10 } as const;
  const result = new FleetStage({ killRate, durationMs: 4_000, killShares: [{ mode: "reset", weight: 1 }] }).finish();
  assert.equal(result.storms, undefined);
  const { wills, perSecond } = result.willRate!;
  assert.equal(wills, result.kills.total);
  assert.ok(Math.abs(perSecond! - 10) < 0.5, `${perSecond}/s`);
});

Deno.test("storm: clients that disconnect properly are lives of a storm without a will", () => {
  const modes: readonly KillMode[] = ["leave"];
  const result = ranLate({ ...steps(), killShares: modes.map((mode) => ({ mode, weight: 1 })) });
  const { lives, due, seen, untilMs } = result.storms!.each[0]!;
  assert.deepEqual({ lives, due, seen, untilMs }, { lives: stageClients, due: 0, seen: 0, untilMs: {} });
  assert.deepEqual(result.storms!.untilMs, {});
  assert.equal(result.willRate, undefined);
});
