/** Tallies: the merged counts of several squads equal the counts of one. */
import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import type { Arrival } from "../../../src/fleet/oracle/expectation.ts";
import type { FaultSample } from "../../../src/fleet/result/fault_sample.ts";
import { killModes } from "../../../src/fleet/plan/kill_mode.ts";
import { judge } from "../../../src/fleet/oracle/oracle.ts";
import { Tally } from "../../../src/fleet/tally/tally.ts";
import type { TallyData } from "../../../src/fleet/result/tally_data.ts";
import { addCounts, faultsIn, noCounts } from "../../../src/fleet/result/will_counts.ts";
import { aLife, anArrival, anEnd, came, killMs, rules } from "../sample_life.ts";

const outcomes: readonly Arrival[][] = [
  came(killMs + 10),
  came(killMs + 2_000),
  [],
  [anArrival(killMs, "qos")],
  came(killMs, killMs + 1, killMs + 2),
  came(killMs - 5, killMs),
];

/** Adds one drawn life to each of the tallies. */
function book(random: Random, place: number, ...tallies: readonly Tally[]): void {
  const mode = killModes[random.below(killModes.length)]!;
  const arrivals = outcomes[random.below(outcomes.length)]!;
  const life = aLife({ client: place, qos: random.below(3) as 0 | 1 | 2, end: anEnd(mode, { silent: false }) });
  // Few are undecided: those whose watch ended with the kill.
  const judgement = judge(life, arrivals, rules, random.below(10) === 0 ? killMs : killMs + 60_000);
  const latencyMs = 1 + random.below(1_000_000) / 1_000;
  for (const tally of tallies) {
    tally.of(mode).kills++;
    tally.add(life, judgement);
    if (judgement.answer !== undefined) tally.recordLatency(mode, latencyMs, latencyMs / 2);
  }
}

/** The tallies of four squads, and one tally of all lives. */
function fourAndWhole(): [squads: TallyData[], whole: Tally] {
  const random = new Random(5);
  const squads = Array.from({ length: 4 }, () => new Tally());
  const whole = new Tally();
  for (let place = 0; place < 2_000; place++) book(random, place, squads[place % 4]!, whole);
  return [squads.map((squad) => squad.data()), whole];
}

function merged(parts: readonly TallyData[]): Tally {
  const tally = new Tally();
  for (const part of parts) tally.merge(part);
  return tally;
}

/** The data of a tally, without the minimum and maximum latency, which the encoding rounds to three digits. */
function said(tally: Tally): unknown {
  const { missingByQos, eitherWay, undecided, latency } = tally;
  const rows = tally.killed().map(([mode, counts, { count }]) => [mode, counts, count]);
  const percentiles = [1, 50, 90, 99].map((percent) => latency.percentile(percent));
  return { rows, total: tally.total(), missingByQos, eitherWay, undecided, count: latency.count, percentiles };
}

Deno.test("tally: the squads add up to the whole, also across a thread", () => {
  const [squads, whole] = fourAndWhole();
  assert.ok(whole.undecided > 0 && whole.total().missing > 0);
  assert.deepEqual(said(merged(squads)), said(whole));
  assert.deepEqual(said(merged(squads.map((squad) => structuredClone(squad)))), said(whole));
  assert.deepEqual(said(merged(squads.map((squad) => JSON.parse(JSON.stringify(squad))))), said(whole));
});

Deno.test("tally: the order of the squads does not matter", () => {
  const [squads] = fourAndWhole();
  const [one, two, three, four] = squads as [TallyData, TallyData, TallyData, TallyData];
  assert.deepEqual(said(merged([four, two, one, three])), said(merged(squads)));
  const pair = merged([three, one]).data();
  assert.deepEqual(said(merged([four, pair, two])), said(merged(squads)), "the grouping of the merges does not matter");
});

Deno.test("tally: merging does not change the squads' data", () => {
  const [squads] = fourAndWhole();
  const before = structuredClone(squads);
  const sum = merged(squads);
  sum.of("reset").kills += 100;
  sum.missingByQos[0] += 100;
  assert.deepEqual(squads, before);
});

Deno.test("tally: an empty tally adds nothing", () => {
  const [squads, whole] = fourAndWhole();
  assert.deepEqual(said(merged([new Tally().data(), ...squads, new Tally().data()])), said(whole));
  assert.deepEqual(new Tally().total(), noCounts());
});

Deno.test("tally: each due will has one of five verdicts", () => {
  const [squads] = fourAndWhole();
  const { expected, onTime, late, early, missing, altered } = merged(squads).total();
  assert.equal(onTime + late + early + missing + altered, expected);
});

Deno.test("tally: counts missing wills by QoS; a life that owes no will expects none", () => {
  const tally = new Tally();
  for (const qos of [0, 2, 2] as const) {
    const life = aLife({ qos, end: anEnd("reset") });
    tally.add(life, judge(life, [], rules, killMs + 9_000));
  }
  const left = aLife({ end: anEnd("leave") });
  tally.add(left, judge(left, [], rules, killMs + 9_000));
  assert.deepEqual(tally.missingByQos, [1, 0, 2]);
  assert.deepEqual(tally.total(), { ...noCounts(), expected: 3, missing: 3 });
});

Deno.test("tally: modes have the order of tables; lost and living clients count, but are no kills", () => {
  const tally = new Tally();
  for (const mode of ["leave", "lost", "reset", "alive", "freeze"] as const) tally.of(mode).unwanted++;
  assert.deepEqual(tally.killed().map(([mode]) => mode), ["reset", "freeze", "leave"]);
  assert.equal(tally.total().unwanted, 5);
});

Deno.test("tally: keeps twenty samples of each kind and counts each fault", () => {
  const sample = (verdict: FaultSample["verdict"], client: number): FaultSample => ({
    client: `c${client}`,
    incarnation: 1,
    mode: "reset",
    verdict,
    protocol: "5",
    qos: 1,
    rule: "MQTT 5.0, 3.1.2-8",
    text: "",
  });
  const squads = [0, 1, 2].map((squad) => {
    const tally = new Tally();
    for (let client = 0; client < 15; client++) tally.keepFault(sample("missing", squad * 100 + client));
    tally.keepFault(sample("late", squad));
    tally.keepFault({ ...sample("missing", squad), rule: "MQTT 5.0, 3.1.2-22" }, 40);
    return tally.data();
  });
  const { faults, faultKinds } = merged(squads);
  assert.equal(faults.filter(({ verdict, rule }) => verdict === "missing" && rule.endsWith("-8")).length, 20);
  assert.equal(faults.filter(({ verdict }) => verdict === "late").length, 3);
  assert.deepEqual(faultKinds, [
    { verdict: "missing", rule: "MQTT 5.0, 3.1.2-22", count: 120 },
    { verdict: "missing", rule: "MQTT 5.0, 3.1.2-8", count: 45 },
    { verdict: "late", rule: "MQTT 5.0, 3.1.2-8", count: 3 },
  ]);
});

Deno.test("tally: lists the most frequent kind of fault first, before and after a merge", () => {
  const tally = new Tally();
  const kinds = [["missing", 2], ["unwanted", 50], ["late", 9]] as const;
  for (const [verdict, count] of kinds) {
    const life = { client: "c", incarnation: 1, mode: "reset", protocol: "5", qos: 1 } as const;
    tally.keepFault({ ...life, verdict, rule: "MQTT 5.0, 3.1.2-8", text: "" }, count);
  }
  for (const { faults, faultKinds } of [tally, merged([tally.data()]), merged([tally.data(), tally.data()])]) {
    assert.deepEqual(faultKinds.map(({ verdict }) => verdict), ["unwanted", "late", "missing"]);
    assert.deepEqual(faults.slice(0, 3).map(({ verdict }) => verdict), ["unwanted", "late", "missing"]);
  }
});

Deno.test("tally: lists a frequent kind of fault that begins late first, and hides no rare kind", () => {
  const sample = (verdict: FaultSample["verdict"], rule: string, client: number): FaultSample => ({
    ...{ client: `c${client}`, incarnation: 1, mode: "reset", verdict, protocol: "5", qos: 1, rule, text: "" },
  });
  const tally = new Tally();
  for (let client = 0; client < 30; client++) tally.keepFault(sample("late", "MQTT 5.0, 3.1.2-8", client));
  tally.keepFault(sample("unwanted", "MQTT 5.0, 3.14.4-3", 30));
  for (let client = 0; client < 50; client++) tally.keepFault(sample("missing", "MQTT 5.0, 3.1.2-8", client));
  for (const { faults } of [tally, merged([tally.data()]), merged([new Tally().data(), tally.data()])]) {
    const first = faults.slice(0, 4).map(({ verdict }) => verdict);
    assert.deepEqual(first, ["missing", "late", "unwanted", "missing"]);
    assert.equal(faults.length, 41);
  }
});

Deno.test("tally: faults are all verdicts except on time", () => {
  const counts = {
    expected: 64,
    onTime: 1,
    late: 2,
    early: 4,
    missing: 8,
    altered: 16,
    duplicate: 32,
    unwanted: 100,
    deviating: 0,
  };
  assert.equal(faultsIn(counts), 162);
  const sum = { ...counts };
  addCounts(sum, counts);
  assert.deepEqual(Object.values(sum), Object.values(counts).map((count) => 2 * count));
});
