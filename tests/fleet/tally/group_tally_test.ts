/** Counts by group: each group has its own, and their sum is the count of the run. */
import assert from "node:assert/strict";
import { GroupTally } from "../../../src/fleet/tally/group_tally.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { Ledger } from "../../../src/fleet/ledger/ledger.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { noCounts } from "../../../src/fleet/result/will_counts.ts";
import { mergeReports } from "../../../src/report/model/merge_reports.ts";
import { reportOf } from "../../report/sample.ts";
import { FleetStage } from "../../support/fleet_stage.ts";
import { simulateFleet } from "../../support/simulated_fleet.ts";
import { aLife, aPlan, killMs } from "../sample_life.ts";
import { aWill, watcher5 } from "../sample_will.ts";

const groups = [
  { name: "sensors", share: 3, telemetry: { perSecond: 2, sizeBytes: 20, qos: 1 } },
  { name: "gateways", share: 1, presence: true },
] as const;

/** Compares the sums of the groups with the counts of the run. */
function assertSums({ byGroup = [], wills, kills, restarts, clients, presence, latencyMs }: FleetResult): void {
  const sum = (pick: (group: typeof byGroup[number]) => number) =>
    byGroup.reduce((total, group) => total + pick(group), 0);
  for (const name of Object.keys(noCounts()) as (keyof ReturnType<typeof noCounts>)[]) {
    assert.equal(sum((group) => group[name]), wills[name], name);
  }
  assert.equal(sum(({ kills }) => kills), kills.total + (restarts?.lives.kills ?? 0));
  assert.equal(sum(({ connected }) => connected), clients.connected);
  assert.equal(sum(({ presenceWrong }) => presenceWrong), presence?.wrong ?? 0);
  assert.equal(sum(({ latencyMs }) => latencyMs.count), latencyMs.all.count);
}

Deno.test("group tally: counts a lost will for its group, and the groups add up to the run", () => {
  const isGateway = (clientId: string) => Number(clientId.split("-").at(-1)) % 4 === 2;
  let lost = 0;
  const stage = new FleetStage({
    ...{ groups, clients: 40, durationMs: 6_000, killRate: { kind: "count", perSecond: 10 } },
    script: {
      publish: (will) => {
        const number = Number(will.clientId.split("-").at(-1));
        if (!(number < 40) || !isGateway(will.clientId) || ++lost % 2 === 0) return [{}];
        return [];
      },
      retain: (packet, older) => older ?? packet,
    },
  });
  const indexOf = (client: number) => new Groups(stage.plan, "5").indexOf(client);
  assert.deepEqual([0, 1, 2, 3, 6].map(indexOf), [0, 0, 1, 0, 1], "the script's gateways are the plan's");
  const result = stage.finish();
  const [sensors, gateways, ...others] = result.byGroup!;
  assert.deepEqual(others, []);
  assert.deepEqual([sensors!.name, sensors!.connected, gateways!.name, gateways!.connected], [
    ...["sensors", 30, "gateways", 10],
  ]);
  assert.ok(gateways!.missing > 0 && sensors!.missing === 0 && sensors!.onTime > 0, JSON.stringify(result.byGroup));
  assert.equal(gateways!.missing, result.wills.missing);
  assert.ok(sensors!.kills > gateways!.kills && gateways!.kills > 0);
  assert.ok(gateways!.presenceWrong > 0 && sensors!.presenceWrong === 0);
  assertSums(result);
});

Deno.test("group tally: merging adds up the counts of squads by group, over a restart too", () => {
  const result = simulateFleet({
    plan: {
      ...{ clients: 24, workers: 3, watchers: 3, durationMs: 3_000 },
      groups: [{ name: "a", share: 1 }, { name: "b", share: 2 }],
      phases: [{ kind: "kill", rate: { kind: "count", perSecond: 8 } }, { kind: "restart", downMs: 300 }],
    },
  });
  assert.deepEqual(result.byGroup!.map(({ connected }) => connected), [8, 16]);
  assert.ok(result.restarts!.lives.kills > 0);
  assertSums(result);
});

Deno.test("group tally: a plan without groups has no counts by group", () => {
  assert.equal(simulateFleet({ plan: { clients: 4, watchers: 1, durationMs: 1_000 } }).byGroup, undefined);
});

Deno.test("group tally: a repeated will counts for its group, and one of an unknown client for none", () => {
  const plan = aPlan({ groups: [{ name: "a", share: 1 }, { name: "b", share: 1 }], clients: 100 });
  const ledger = new Ledger(plan, new Groups(plan, "5"));
  const life = aLife({ client: 7 });
  ledger.begin(life);
  life.end = { mode: "reset", dueMs: killMs, doneMs: killMs, silent: false };
  ledger.end(life);
  const own = { payload: aWill(plan, life).payload };
  ledger.arrive(aWill(plan, life, own), 0, watcher5, killMs + 5);
  ledger.settle(killMs + 60_000);
  ledger.arrive(aWill(plan, life, own), 0, watcher5, killMs + 60_001);
  ledger.arrive(aWill(plan, life, { topic: "elsewhere", payload: new Uint8Array(3) }), 0, watcher5, killMs + 60_002);
  const [a, b, unattributed] = ledger.tally.groups.rows(["a", "b"]);
  const name = new Groups(plan, "5").nameOf(new Groups(plan, "5").indexOf(7));
  const its = name === "a" ? a! : b!;
  assert.deepEqual({
    kills: its.kills,
    onTime: its.onTime,
    duplicate: its.duplicate,
    unwanted: its.unwanted,
    count: its.latencyMs.count,
  }, { kills: 1, onTime: 1, duplicate: 1, unwanted: 0, count: 1 });
  assert.deepEqual({ name: unattributed!.name, unwanted: unattributed!.unwanted, kills: unattributed!.kills }, {
    name: undefined,
    unwanted: 1,
    kills: 0,
  });
  assert.deepEqual([ledger.tally.total().duplicate, ledger.tally.total().unwanted], [1, 1]);
});

Deno.test("group tally: crosses a thread and merges, with its histograms", () => {
  const [one, other] = [new GroupTally(), new GroupTally()];
  one.of("a").kills = 2;
  one.recordLatency("a", 10, 8);
  other.of("a").kills = 3;
  other.of("b").presenceWrong = 1;
  other.recordLatency("a", 30, 20);
  one.merge(JSON.parse(JSON.stringify(other.data())));
  const [a, b] = one.rows(["a", "b"]);
  assert.deepEqual({ kills: a!.kills, count: a!.latencyMs.count, presenceWrong: b!.presenceWrong }, {
    kills: 5,
    count: 2,
    presenceWrong: 1,
  });
  assert.ok(a!.latencyMs.max >= 30);
  assert.deepEqual([a!.brokerLatencyMs?.count, Math.round(a!.brokerLatencyMs!.max)], [2, 20]);
  const older = other.data().map(({ brokerHdr: _, ...group }) => group);
  one.merge(older);
  const [joined] = one.rows(["a"]);
  assert.deepEqual([joined!.latencyMs.count, joined!.brokerLatencyMs], [3, undefined]);
});

Deno.test("group tally: merging shards joins them by group", () => {
  const run = {
    groups: [{ name: "a", share: 1 }, { name: "b", share: 1 }],
    clients: 20,
    watchers: 2,
    durationMs: 2_000,
  };
  const parts = [1, 2].map((number) => simulateFleet({ plan: { ...run, shard: { number, of: 2 } } }));
  const reports = parts.map((part, place) => ({ name: `${place}`, report: reportOf(part) }));
  const whole = mergeReports(reports);
  assert.deepEqual(whole.byGroup!.map(({ connected }) => connected), [10, 10]);
  assert.equal(whole.byGroup![0]!.kills, parts[0]!.byGroup![0]!.kills + parts[1]!.byGroup![0]!.kills);
  assert.deepEqual(whole.stages!.map(({ name }) => name), ["connect", "kill", "drain", "leave"]);
  assertSums({ ...whole, protocol: "5", startedAt: "", durationMs: 0, target: "" } as unknown as FleetResult);
});
