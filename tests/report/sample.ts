/** Fixed results for the golden reports. */
import { Histogram } from "../../src/base/histogram.ts";
import type { FaultSample } from "../../src/fleet/result/fault_sample.ts";
import { everyKillMode, type KillMode } from "../../src/fleet/plan/kill_mode.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import { noPresence, type PresenceCounts } from "../../src/fleet/result/presence_result.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import type { RunStage } from "../../src/fleet/result/run_phase.ts";
import type { SeriesLatency, SeriesPoint } from "../../src/fleet/result/series_data.ts";
import { type LatencyRow, type ModeCounts, noCounts, type WillCounts } from "../../src/fleet/result/will_counts.ts";
import { makeReport, type Report, type ReportContext } from "../../src/report/model/report.ts";

const noWills = noCounts();

/** Counts of one mode without faults, except those in `other`. */
export function modeCounts(kills: number, other: Partial<ModeCounts> = {}): ModeCounts {
  return { ...noWills, kills, expected: kills, onTime: kills, ...other };
}

/** Latencies that start at `fromMs` and grow by `stepMs`. */
export function latency(count: number, fromMs: number, stepMs: number): LatencyRow {
  const histogram = new Histogram();
  for (let index = 0; index < count; index++) histogram.record(fromMs + index * stepMs);
  return histogram.row();
}

/** The latencies of one mode in one step of a run. */
function stretch(wills: number, fromMs: number): SeriesLatency {
  const { count, p50, p99, max, hdr } = latency(wills, fromMs, 0.05);
  return { count, p50, p99, max, hdr };
}

/** 30 s without faults. */
function halfMinute(): SeriesPoint[] {
  return Array.from({ length: 30 }, (_, second) => ({
    atMs: (second + 1) * 1_000,
    alive: 950 + second,
    kills: second === 0 ? 0 : 53,
    wills: second === 0 ? 0 : 48,
    due: second === 0 ? 0 : 48,
    p50: second === 0 ? 0 : 0.4 + second / 100,
    p99: second === 0 ? 0 : 2 + second / 10,
    max: second === 0 ? 0 : 3 + second / 10,
    ...second > 0 && { broker: stretch(48, 0.2 + second / 100) },
    byMode: second === 0 ? {} : { reset: stretch(25, 0.3 + second / 100), close: stretch(23, 0.4 + second / 80) },
  }));
}

/** Half a minute in which wills went wrong in its middle. */
function halfMinuteWithFaults(): SeriesPoint[] {
  return halfMinute().map((point, second) => ({
    ...point,
    ...second >= 10 && second < 15 &&
      { wills: 43, faults: { missing: 5, ...second === 12 && { late: 6, duplicate: 4 } } },
  }));
}

function summed(counts: readonly WillCounts[]): WillCounts {
  const names = Object.keys(noWills) as (keyof WillCounts)[];
  return Object.fromEntries(names.map((name) => [name, counts.reduce((sum, each) => sum + each[name], 0)])) as
    & WillCounts
    & Record<string, number>;
}

const plainStages: readonly RunStage[] = [
  { name: "connect", fromMs: 130, toMs: 1_140 },
  { name: "kill", fromMs: 1_140, toMs: 27_500 },
  { name: "drain", fromMs: 27_500, toMs: 28_600 },
  { name: "leave", fromMs: 28_600, toMs: 30_000 },
];

const manyStages: readonly RunStage[] = [
  { name: "connect", fromMs: 130, toMs: 4_000 },
  { name: "kill", groups: ["sensors", "gateways"], fromMs: 4_000, toMs: 12_000 },
  { name: "hold", fromMs: 12_000, toMs: 14_500 },
  { name: "restart", fromMs: 14_500, toMs: 17_000 },
  { name: "kill", fromMs: 17_000, toMs: 17_000 },
  { name: "return", groups: ["gateways"], fromMs: 17_000, toMs: 22_000 },
  { name: "drain", fromMs: 22_000, toMs: 28_600 },
  { name: "leave", fromMs: 28_600, toMs: 29_200 },
  { name: "look", fromMs: 29_200, toMs: 30_000 },
];

/** The latencies of all wills and of each mode, from `first` in steps of `step` milliseconds. */
function latencies(first: number, step: number): FleetResult["latencyMs"] {
  return {
    all: latency(1_392, first, step),
    byMode: { reset: latency(703, first, step), close: latency(689, first + 0.1, step + 0.001) },
  };
}

/** A result that passed, with the differences of `different`. */
export function passed(request: Partial<PlanRequest> = {}, different: Partial<FleetResult> = {}): FleetResult {
  const byMode = {
    reset: modeCounts(703),
    close: modeCounts(689),
    leave: modeCounts(152, { expected: 0, onTime: 0 }),
  };
  return {
    plan: makePlan({ run: "k3x9a", seed: 12_345, ...request }),
    protocol: "mix",
    startedAt: "2026-01-02T03:04:05.678Z",
    durationMs: 38_214.5,
    target: "mqtt://127.0.0.1:41883",
    clients: {
      asked: 1_000,
      connected: 1_000,
      peakAlive: 1_000,
      reconnects: 1_544,
      refused: 0,
      lost: 0,
      rampPerSecond: 998.4,
    },
    kills: { total: 1_544, askedPerSecond: 50, reachedPerSecond: 49.9, deferred: 12, byMode },
    wills: { ...summed(Object.values(byMode)), missingByQos: [0, 0, 0], eitherWay: 0, undecided: 0 },
    latencyMs: latencies(0.4, 0.003),
    brokerLatencyMs: latencies(0.2, 0.0025),
    floorMs: latency(200, 0.04, 0.0002),
    willRate: { wills: 1_392, firstMs: 1_152.5, lastMs: 27_492.75, perSecond: 52.81 },
    slipMs: latency(1_544, 0.1, 0.001),
    killTimeMs: latency(1_500, 0.04, 0.001),
    controls: { total: 14, blind: 0, lost: 0 },
    faults: [],
    faultKinds: [],
    slowest: [{
      client: "mqtt-sim-k3x9a-77",
      incarnation: 2,
      mode: "close",
      protocol: "5",
      qos: 1,
      latencyMs: 3.257,
      timeline: {
        connectedMs: 4_001.5,
        killDueMs: 20_000,
        killedMs: 20_000.25,
        dueMs: 20_000.25,
        seenMs: [20_003.257],
      },
    }],
    series: halfMinute(),
    stages: plainStages,
    verdict: "pass",
    verdictText: "PASS",
    reason: "1,392 wills were due: each came once, on time and unaltered, and no other will came",
    warnings: [],
    exitCode: 0,
    resources: { cpuMs: 3_210, rssBytes: 150 * 1_048_576 },
    engine: "epoll",
    ...different,
  };
}

/** Counts of `judged` states, `wrong` of them with faults. */
function states(judged: number, wrong: Partial<PresenceCounts>): PresenceCounts {
  const { stale = 0, unwanted = 0, absent = 0, altered = 0 } = wrong;
  const sum = stale + unwanted + absent + altered;
  return { ...noPresence(), judged, right: judged - sum, wrong: sum, ...wrong };
}

const staleState: FaultSample = {
  client: "mqtt-sim-k3x9a-99",
  incarnation: 3,
  mode: "alive",
  verdict: "presence",
  protocol: "5",
  qos: 1,
  rule: "MQTT 5.0, 3.3.1-5",
  text: "stale: a late subscriber found the will of life 2 where the online message of life 3 must be retained, " +
    "although the client is connected",
  timeline: { connectedMs: 4_000, seenMs: [], readMs: 30_000 },
};

const failedCounts = { missing: 25, presence: 7, late: 6, duplicate: 4, early: 2, altered: 2, unwanted: 2 } as const;

const failedKinds: FleetResult["faultKinds"] = Object.entries(failedCounts).map(([verdict, count]) => ({
  verdict: verdict as keyof typeof failedCounts,
  rule: verdict === "presence" ? staleState.rule : "MQTT 5.0, 3.1.2-8",
  count,
}));

function failedLives(): FaultSample[] {
  return [
    ...Array.from({ length: 14 }, (_, index): FaultSample => ({
      client: `mqtt-sim-k3x9a-${index}`,
      incarnation: index + 1,
      mode: everyKillMode[index % 9]!,
      verdict: (["missing", "late", "early", "duplicate", "unwanted", "altered"] as const)[index % 6]!,
      protocol: index % 2 === 0 ? "5" : "3.1.1",
      qos: 1,
      rule: "MQTT 5.0, 3.1.2-8",
      text: "due 0.2 ms after the kill, and not seen until 10 s past the last due instant",
      ...index % 6 === 1 && {
        timeline: { connectedMs: 1_000, killDueMs: 1_999.5, killedMs: 2_000, dueMs: 2_000, seenMs: [3_500] },
      },
      ...index % 6 === 3 && {
        timeline: {
          connectedMs: 1_000,
          killDueMs: 1_999.5,
          killedMs: 2_000,
          dueMs: 2_000,
          seenMs: [2_001.2, 2_001.49],
        },
      },
    })),
    staleState,
  ];
}

/** A result with each kind of fault, and each kill mode. */
export function failed(): FleetResult {
  const wrong = { late: 3, early: 1, missing: 12, duplicate: 2, unwanted: 1, altered: 1 };
  const byMode = Object.fromEntries(
    everyKillMode.map((mode, index) => [
      mode,
      mode === "leave"
        ? modeCounts(10_000, { expected: 0, onTime: 0 })
        : modeCounts(10_000 + index, index < 2 ? { ...wrong, onTime: 10_000 + index - 17 } : {}),
    ]),
  ) as Record<KillMode, ModeCounts>;
  const lost: WillCounts = { ...noWills, expected: 2, onTime: 1, missing: 1 };
  return passed({ clients: 10_000, killRate: { kind: "count", perSecond: 500 }, willRetain: true }, {
    verdict: "fail",
    verdictText: "FAIL",
    reason: "25 wills of 90,038 are missing, 6 late, 2 early, 4 came twice, 2 came unasked and 2 were altered",
    exitCode: 1,
    target: "mqtt://broker.example:1883",
    kills: { total: 100_036, askedPerSecond: 500, reachedPerSecond: 431.25, deferred: 1_240, byMode },
    wills: {
      ...summed([...Object.values(byMode), lost]),
      missingByQos: [20, 5, 0],
      eitherWay: 4,
      undecided: 7,
    },
    latencyMs: {
      all: latency(2_000, 0.1, 8),
      byMode: Object.fromEntries(everyKillMode.slice(0, 9).map((mode, index) => [mode, latency(200, index, 60)])),
    },
    brokerLatencyMs: {
      all: latency(2_000, 0.05, 7.9),
      byMode: Object.fromEntries(everyKillMode.slice(0, 9).map((mode, index) => [mode, latency(200, index, 59)])),
    },
    series: halfMinuteWithFaults(),
    stages: manyStages,
    retained: { expected: 9_500, right: 9_498, wrong: 1, missing: 1 },
    presence: {
      ...states(28_000, { stale: 2, unwanted: 1, absent: 3, altered: 1, eitherWay: 5, unsettled: 1_200 }),
      byMoment: {
        middle: states(8_000, { stale: 1, unwanted: 1, eitherWay: 3, unsettled: 1_200 }),
        end: states(10_000, { stale: 1, absent: 2, altered: 1, eitherWay: 2 }),
        left: states(10_000, { absent: 1 }),
      },
      online: { sent: 99_000, acknowledged: 98_500, refused: 0, seen: 98_990 },
      left: { sent: 19_000, acknowledged: 18_999, refused: 1, seen: 18_999 },
    },
    faults: failedLives(),
    faultKinds: failedKinds,
    warnings: [
      "the kill rate reached 431 kills a second of 500 asked: 1,240 kills had to wait until their victim was connected again",
    ],
  });
}

/** A void result. */
export function voided(): FleetResult {
  return passed({}, {
    verdict: "void",
    verdictText: "VOID",
    reason: "Cannot reach mqtt://127.0.0.1:41883: connection refused; nothing was killed",
    exitCode: 3,
    durationMs: 12,
    clients: { asked: 1_000, connected: 0, peakAlive: 0, reconnects: 0, refused: 1, lost: 0, rampPerSecond: 0 },
    kills: { total: 0, askedPerSecond: 50, reachedPerSecond: 0, deferred: 0, byMode: {} },
    wills: { ...noWills, missingByQos: [0, 0, 0], eitherWay: 0, undecided: 0 },
    latencyMs: { all: latency(0, 0, 0), byMode: {} },
    slipMs: latency(0, 0, 0),
  });
}

/** The parts of a report that a command adds. */
export const context: ReportContext = {
  tool: { name: "mqtt-sim", version: "0.0.0" },
  embedded: false,
  program: "mqtt-sim",
};

/** The report of a result. */
export function reportOf(result: FleetResult, different: Partial<ReportContext> = {}): Report {
  return makeReport(result, { ...context, ...different });
}
