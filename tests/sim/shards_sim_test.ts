/** One run cut into shards and squads, on the broker's core under a manual clock: it equals the run of one process. */
import assert from "node:assert/strict";
import { overrule, parseScenario } from "../../src/cli/fleet/scenario_file.ts";
import { builtInScenarios } from "../../src/cli/fleet/scenarios.ts";
import { everyKillMode } from "../../src/fleet/plan/kill_mode.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import { mergeReports } from "../../src/report/model/merge_reports.ts";
import { makeReport, type Report } from "../../src/report/model/report.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";

const base: PlanRequest = { seed: 21, run: "cut", clients: 203, watchers: 10, rampPerSecond: 400 };
const context = { tool: { name: "mqtt-sim", version: "0" }, program: "mqtt-sim", embedded: false } as const;

function ran(plan: Partial<PlanRequest>): Report {
  return makeReport({ ...simulateFleet({ plan }), startedAt: "2026-01-02T03:04:05.678Z" }, context);
}

function merged(plan: Partial<PlanRequest>, of: number): Report {
  const parts = Array.from({ length: of }, (_, index) => {
    const report = ran({ ...plan, shard: { number: index + 1, of } });
    assert.equal(report.clients.asked, Math.floor(203 * (index + 1) / of) - Math.floor(203 * index / of));
    assert.ok(report.kills.total > 0, "a shard without kills proves nothing");
    return { name: `${index + 1}.json`, report };
  });
  return mergeReports(parts);
}

/** Each count of a report, without rates, times and bounds of histograms. */
function countsOf(report: Report) {
  const { clients, kills, wills, controls, latencyMs, brokerLatencyMs, slipMs, retained, verdict, reason } = report;
  const { rampPerSecond: _, peakAlive: __, ...joined } = clients;
  return {
    clients: joined,
    kills: { total: kills.total, deferred: kills.deferred, byMode: kills.byMode },
    wills,
    controls,
    retained,
    latencies: latencyMs.all.count,
    latenciesByMode: Object.fromEntries(Object.entries(latencyMs.byMode).map(([mode, { count }]) => [mode, count])),
    brokerLatencies: brokerLatencyMs?.all.count,
    rated: report.willRate?.wills,
    storms: report.storms?.each.map(({ phase, kind, lives, due, seen }) => ({ phase, kind, lives, due, seen })),
    slips: slipMs.count,
    verdict,
    reason,
  };
}

const allModes = everyKillMode.map((mode) => ({ mode, weight: 1 }));
const plans: readonly [what: string, plan: PlanRequest][] = [
  ["every kill mode", { ...base, killShares: allModes, keepAliveS: 2, killRate: { kind: "fraction", perSecond: 0.1 } }],
  ["a fixed rate and retained wills of every QoS", {
    ...base,
    killRate: { kind: "count", perSecond: 25 },
    willRetain: true,
    willQos: "mix",
    durationMs: 12_000,
  }],
  ["two watchers for each will, and sessions that are resumed", {
    ...base,
    fanOut: 2,
    sessionExpiryS: 60,
    cleanStart: "mix",
    willDelayS: 2,
    durationMs: 12_000,
  }],
  ...["storm", "blackout", "reconnect-storm-jitter", "takeover"].map((name): [string, PlanRequest] => {
    const { text } = builtInScenarios.find((scenario) => scenario.name === name)!;
    const wishes = { clients: 203, watchers: 10 };
    return [`scenario ${name}`, overrule(parseScenario(text, name), wishes, { seed: 5, run: "cut" })];
  }),
];
for (const [what, plan] of plans) {
  Deno.test(`shards: five merged parts equal the whole run in each count, ${what}`, () => {
    const whole = ran(plan);
    assert.deepEqual(
      { verdict: whole.verdict, asked: whole.clients.asked },
      { verdict: "pass", asked: 203 },
      whole.reason,
    );
    const five = merged(plan, 5);
    assert.deepEqual(countsOf(five), countsOf(whole));
    assert.deepEqual(five.plan, { ...whole.plan, connectsUnderWay: 80 }, "16 CONNECTs under way for each shard");
    const { parts, ...others } = five;
    assert.deepEqual(Object.keys(others).sort(), Object.keys(whole).sort(), "the same shape");
    assert.deepEqual([parts?.of, parts?.void, parts?.lost, parts?.each.length], [5, 0, 0, 5]);
  });
}

Deno.test("shards: threads change no count, nor do threads in shards", () => {
  const plan = plans[0]![1];
  const one = countsOf(ran(plan));
  assert.ok(one.brokerLatencies! > 100 && one.rated! > 100);
  assert.deepEqual(countsOf(ran({ ...plan, workers: 3 })), one);
  assert.deepEqual(countsOf(merged({ ...plan, workers: 2 }, 3)), one);
});

Deno.test("shards: another seed gives another run", () => {
  const plan = plans[0]![1];
  assert.notDeepEqual(countsOf(merged({ ...plan, seed: 22 }, 5)), countsOf(ran(plan)));
});
