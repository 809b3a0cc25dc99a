/**
 * A complete squad against a scripted broker: a correct broker passes, and each planted fault is counted under its
 * rule.
 */
import assert from "node:assert/strict";
import { eachCase } from "../../support/steps.ts";
import { type KillMode, killModes, needsVersion5 } from "../../../src/fleet/plan/kill_mode.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import type { WillCounts } from "../../../src/fleet/result/will_counts.ts";
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import { EveryNth, faultsOf, FleetStage, type StageOptions } from "../../support/fleet_stage.ts";
import type { HeldWill, Script } from "../../support/brokers/scripted_broker.ts";

const all = killModes.map((mode) => ({ mode, weight: 1 }));

function only(...modes: readonly KillMode[]): Pick<StageOptions, "killShares"> {
  return { killShares: modes.map((mode) => ({ mode, weight: 1 })) };
}

const busy = { killRate: { kind: "count", perSecond: 8 }, durationMs: 12_000, ...only("reset", "close") } as const;

function passes(result: FleetResult, expectedAtLeast: number): void {
  assert.deepEqual(result.faults, []);
  assert.deepEqual(
    { verdict: result.verdict, exitCode: result.exitCode },
    { verdict: "pass", exitCode: 0 },
    result.reason,
  );
  assert.ok(result.wills.expected >= expectedAtLeast, `only ${result.wills.expected} wills were due`);
  assert.equal(result.wills.onTime, result.wills.expected);
}

const honest: readonly [what: string, options: StageOptions][] = [
  ["3.1.1", { protocolSpoken: "3.1.1", killShares: all }],
  ["5.0", { killShares: all }],
  ["both", { protocolSpoken: "mix", killShares: all, willQos: "mix" }],
  ["QoS 0", { willQos: 0 }],
  ["QoS 2", { willQos: 2 }],
  ["retained", { willRetain: true }],
  ["retained, 3.1.1", { willRetain: true, protocolSpoken: "3.1.1" }],
  ["delay, back too late", { willDelayS: 1, sessionExpiryS: 60, reconnectAfterMs: 3_000, killShares: all }],
  ["the session ends before the delay", { willDelayS: 60, sessionExpiryS: 1, reconnectAfterMs: 3_000 }],
  ["sessions drawn clean or not", { willDelayS: 2, sessionExpiryS: 60, cleanStart: "mix", killShares: all }],
  ["two buckets, three watchers each", { watchers: 2, fanOut: 3 }],
  ["one topic for all", { willTopic: "wills/{run}" }],
  ["a topic for each life", { willTopic: "w/{client}/{incarnation}/{run}", willRetain: true }],
  ["no client returns", { reconnectAfterMs: "never", killRate: { kind: "fraction", perSecond: 0.2 } }],
  ["the server sets keep alive", { killShares: all, script: { serverKeepAliveS: 2 } }],
  ["a watcher that is granted QoS 0", { willQos: "mix", script: { grant: () => 0 } }],
];
for (const [what, options] of honest) {
  Deno.test(`squad: an honest broker passes: ${what}`, () => {
    const result = new FleetStage({ ...busy, ...options }).finish();
    passes(result, what === "no client returns" ? 12 : 25);
    assert.equal(result.clients.lost, 0);
    if (options.willRetain) assert.equal(result.retained!.right, result.retained!.expected);
  });
}

for (const mode of killModes) {
  for (const protocolSpoken of ["3.1.1", "5"] as const) {
    if (protocolSpoken === "3.1.1" && needsVersion5(mode)) continue;
    Deno.test(`squad: an honest broker passes: ${mode} alone, ${protocolSpoken}`, () => {
      const killShares = [{ mode, weight: 4 }, { mode: "reset" as const, weight: 1 }];
      const result = new FleetStage({ ...busy, killShares, protocolSpoken }).finish();
      passes(result, 10);
      assert.ok(result.kills.byMode[mode]!.kills > 10);
      if (mode === "leave") assert.equal(result.kills.byMode.leave!.expected, 0);
    });
  }
}

Deno.test("squad: a session that resumes within the delay owes no will", () => {
  const stage = new FleetStage({ ...busy, willDelayS: 5, sessionExpiryS: 60 });
  const result = stage.finish();
  assert.ok(result.kills.total > 80);
  // Clients that could not reconnect before the end of the run are still owed their wills.
  assert.ok(result.wills.expected <= stage.plan.clients && result.wills.onTime === result.wills.expected);
  assert.deepEqual(faultsOf(result), {});
});

/** A broker fault in one of several wills, and the verdict that it causes. */
interface PlantedFault {
  readonly what: string;
  readonly verdict: keyof WillCounts;
  readonly rule: string;
  readonly script: (nth: EveryNth) => Script;
  readonly options?: StageOptions;
  /** The most faults to plant, so that each is planted before the run ends. */
  readonly limit?: number;
}

function published(change: (will: HeldWill) => readonly { afterMs?: number; change?: Partial<PublishPacket> }[]) {
  return (nth: EveryNth): Script => ({ publish: (will) => nth.pick(will) ? change(will) : [{}] });
}

function altered(part: string, change: (will: HeldWill) => Partial<PublishPacket>, rule: string): PlantedFault {
  return {
    what: `alters the ${part} of`,
    verdict: "altered",
    rule,
    script: published((will) => [{ change: change(will) }]),
  };
}

const late = { willDelayS: 3, sessionExpiryS: 60, reconnectAfterMs: 5_000 };
const plantedFaults: readonly PlantedFault[] = [
  { what: "loses", verdict: "missing", rule: "3.1.2-8", script: published(() => []) },
  { what: "doubles", verdict: "duplicate", rule: "3.1.2-10", script: published(() => [{}, {}]) },
  {
    what: "publishes, long after its life was judged, again the",
    verdict: "duplicate",
    rule: "3.1.2-10",
    script: published(() => [{}, { afterMs: 5_000 }]),
    limit: 6,
  },
  { what: "delays", verdict: "late", rule: "3.1.2-8", script: published(() => [{ afterMs: 1_050 }]) },
  {
    what: "delays, but not beyond what is late, none of",
    verdict: "onTime",
    rule: "",
    script: published(() => [{ afterMs: 1_000 }]),
  },
  {
    what: "hurries a delayed",
    verdict: "early",
    rule: "3.1.3-9",
    options: late,
    script: (nth) => ({ wait: (will, _, askedMs) => askedMs !== undefined && nth.pick(will) ? 0 : askedMs }),
  },
  {
    what: "delays a delayed",
    verdict: "late",
    rule: "3.1.2-8",
    options: late,
    script: (nth) => ({
      wait: (will, _, askedMs) => askedMs !== undefined && nth.pick(will) ? askedMs + 1_050 : askedMs,
    }),
  },
  altered("topic", ({ topic }) => ({ topic: topic.replace(/\d+\/will$/, "99/will") }), "3.1.2-9"),
  altered("payload's end", ({ payload }) => ({ payload: payload.with(payload.length - 1, 0x21) }), "3.1.2-9"),
  altered("payload's head", ({ payload }) => ({ payload: payload.with(0, 0x21) }), "3.1.2-9"),
  altered("whole payload", () => ({ payload: new Uint8Array(0) }), "3.1.2-9"),
  altered("QoS", () => ({ qos: 0 }), "3.1.2-9"),
  altered("retain flag", () => ({ retain: true }), "3.1.2-15"),
  altered("properties", ({ properties }) => ({ properties: { ...properties, contentType: "a/b" } }), "3.3.2-20"),
  {
    what: "publishes, though the client left, the",
    verdict: "unwanted",
    rule: "3.14.4-3",
    options: only("leave", "reset"),
    limit: 6,
    script: (nth) => ({ wait: (will, ending, askedMs) => ending === "left" && nth.pick(will) ? 0 : askedMs }),
  },
  {
    what: "publishes, though the session was resumed, the",
    verdict: "unwanted",
    rule: "3.1.3-9",
    options: { willDelayS: 5, sessionExpiryS: 60 },
    script: (nth) => ({ resume: (will) => nth.pick(will) }),
  },
];
for (const { what, verdict, rule, script, options, limit } of plantedFaults) {
  Deno.test(`squad: detects a broker that ${what} will in five`, () => {
    const nth = new EveryNth(5, limit);
    const result = new FleetStage({ ...busy, script: script(nth), ...options }).finish();
    assert.ok(nth.picked >= 5, `only ${nth.picked} wills were touched`);
    if (verdict === "onTime") return passes(result, 50);
    assert.deepEqual(faultsOf(result), { [verdict]: nth.picked });
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "fail", exitCode: 1 });
    assert.match(result.reason, new RegExp(`^of \\d+ wills that were due: ${nth.picked} ${verdict}$`));
    const rules = new Set(result.faults.map((fault) => fault.rule.replace("MQTT 3.1.1 and 5.0", "MQTT 5.0")));
    assert.deepEqual([...rules], [`MQTT 5.0, ${rule}`]);
  });
}

/** The server may close before 1.5 × keep alive has passed, and must close then. */
Deno.test("squad: a broker that ends a silent client after 2.25 × keep alive is late", () => {
  const result = new FleetStage({ ...busy, ...only("freeze"), script: { patience: 2.25 } }).finish();
  const { kills } = result.kills.byMode.freeze!;
  assert.ok(kills > 20);
  assert.deepEqual(faultsOf(result), { late: kills });
  assert.deepEqual([...new Set(result.faults.map((fault) => fault.rule))], ["MQTT 5.0, 3.1.2-22"]);
});

/** Withholds each fifth will from one of three watchers. */
Deno.test("squad: a will that one of three watchers does not receive is missing, once", () => {
  let [seen, hidden] = [0, 0];
  const hide = (clientId: string, { topic }: PublishPacket) =>
    clientId.endsWith("-w2") && !topic.includes("/20/") && ++seen % 5 === 0 && ++hidden > 0;
  const result = new FleetStage({ ...busy, fanOut: 3, script: { hide } }).finish();
  assert.ok(hidden > 10);
  assert.deepEqual(faultsOf(result), { missing: hidden });
});

/** A wrong retained message in place of the last will, and the count of the retained check. */
const stores: readonly [what: string, retain: Script["retain"], counted: "wrong" | "missing", text: string][] = [
  ["the first will of each topic", (packet, older) => older ?? packet, "wrong", "retained wills missing"],
  ["none", () => undefined, "missing", "retained wills missing"],
  [
    "the last one, not marked as retained",
    (packet) => ({ ...packet, retain: false }),
    "wrong",
    "retained wills missing",
  ],
];
for (const [what, retain, counted, text] of stores) {
  for (const protocolSpoken of ["3.1.1", "5"] as const) {
    Deno.test(`squad: a late subscriber detects a broker that retains ${what}, ${protocolSpoken}`, () => {
      const result = new FleetStage({ ...busy, protocolSpoken, willRetain: true, script: { retain: retain! } })
        .finish();
      const { expected, right, ...faults } = result.retained!;
      assert.equal(expected, 20);
      assert.equal(faults[counted], expected - right);
      assert.ok(faults[counted] > 15, JSON.stringify(result.retained));
      assert.equal(result.verdict, "fail");
      assert.ok(result.reason.includes(`${faults[counted]} ${text}`), result.reason);
      assert.deepEqual(faultsOf(result), {}, "live wills were as they should be");
    });
  }
}

Deno.test("squad: a kill is dated by the return of its system call, also in a turn with several kills", () => {
  const stage = new FleetStage({ ...busy, ...only("reset"), resetTakesMs: 3, detail: true });
  const slips: number[] = [];
  stage.squad.ledger.onLife = ({ timeline: { killDueMs, killedMs }, mode }) => {
    if (mode === "reset") slips.push(killedMs! - killDueMs!);
  };
  const result = stage.finish();
  passes(result, 10);
  assert.ok(slips.length >= 10, `${slips.length} kills`);
  assert.ok(Math.min(...slips) >= 3, `a kill took ${Math.min(...slips)} ms`);
  assert.ok(result.killTimeMs!.min >= 3, `a kill of ${result.killTimeMs!.min} ms`);
});

Deno.test("squad: a will that is late after silence is late, also where its stamp is older than the turn", async (t) => {
  await eachCase(t, [undefined, 0, 15], (unreadMs) => {
    const options = { ...busy, ...only("freeze"), ...unreadMs !== undefined && { unreadMs } };
    const { wills } = new FleetStage({ ...options, script: { patience: 2.5 } }).finish();
    assert.ok(wills.expected >= 10, `${wills.expected} wills`);
    assert.deepEqual([wills.late, wills.missing], [wills.expected, 0]);
  });
});

Deno.test("squad: wills that answer the fleet's own end of silent connections are missing, however long the ends take", async (t) => {
  await eachCase(t, [0, 3], (resetTakesMs) => {
    const script = { patience: Infinity };
    const { wills } = new FleetStage({ ...busy, ...only("freeze"), resetTakesMs, script }).finish();
    assert.ok(wills.expected >= 10, `${wills.expected} wills`);
    assert.deepEqual([wills.late, wills.missing], [0, wills.expected]);
  });
});
