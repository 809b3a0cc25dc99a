/**
 * mqtt-sim against itself: the fleet's oracle and the broker implement the standard independently. They must agree on a
 * correct broker in each kill mode, and the oracle must detect each planted fault.
 */
import assert from "node:assert/strict";
import type { WillFault, WillInQuestion } from "../../src/broker/options/will_fault.ts";
import { killModes } from "../../src/fleet/plan/kill_mode.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import type { WillCounts } from "../../src/fleet/result/will_counts.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";
import type { NamedPlan } from "../support/run_plans.ts";

const all = killModes.map((mode) => ({ mode, weight: 1 }));
const busy: Partial<PlanRequest> = {
  clients: 100,
  killRate: { kind: "fraction", perSecond: 0.2 },
  killShares: all,
  durationMs: 20_000,
  keepAliveS: 4,
  willQos: "mix",
};

const honest: readonly NamedPlan[] = [
  { name: "3.1.1", plan: {}, protocol: "3.1.1" },
  { name: "5.0", plan: {}, protocol: "5" },
  { name: "both versions, retained", plan: { willRetain: true } },
  { name: "persistent sessions", plan: { sessionExpiryS: 60 } },
  { name: "back within the delay, session resumed", plan: { willDelayS: 5, sessionExpiryS: 60, cleanStart: "no" } },
  {
    name: "back within the delay, session begun clean",
    plan: { willDelayS: 5, sessionExpiryS: 60, cleanStart: "yes" },
  },
  { name: "back after the delay", plan: { willDelayS: 1, sessionExpiryS: 60, reconnectAfterMs: 2_500 } },
  { name: "the session ends before the delay", plan: { willDelayS: 60, sessionExpiryS: 2, reconnectAfterMs: 4_000 } },
  { name: "a delay without a session", plan: { willDelayS: 60, sessionExpiryS: 0 } },
  { name: "all drawn", plan: { willDelayS: 2, sessionExpiryS: 3, cleanStart: "mix", willRetain: true } },
  { name: "no client returns", plan: { reconnectAfterMs: "never" } },
  { name: "three watchers for each will", plan: { fanOut: 3, watchers: 2 } },
];

for (const { name, plan, protocol } of honest) {
  Deno.test(`oracle: an honest broker passes: ${name}`, () => {
    const result = simulateFleet({ plan: { ...busy, ...plan }, ...protocol && { protocol } });
    assert.deepEqual(result.faults, []);
    assert.equal(result.verdict, "pass", result.reason);
    assert.equal(result.clients.lost, 0);
    assert.ok(result.wills.expected > 50, `only ${result.wills.expected} wills were due`);
    if (plan.willRetain) assert.equal(result.retained!.right, result.retained!.expected);
    const due = result.series.reduce((sum, point) => sum + point.due!, 0);
    assert.equal(due, result.wills.expected, "each due will is in the second of its due instant");
    assert.ok(result.series.every(({ faults }) => faults === undefined));
  });
}

/** One in so many wills is wrong. */
const everyNth = 7;

/** A fault, and the number of wills that it has changed. */
class Counted {
  asked = 0;
  done = 0;

  /**
   * True for each Nth will of the fleet's clients; wills of canaries stay correct, since a lost one would make the run
   * void.
   */
  strikes({ clientId }: WillInQuestion): boolean {
    if (Number(clientId.split("-").at(-1)) >= busy.clients!) return false;
    if (++this.asked % everyNth !== 0) return false;
    this.done++;
    return true;
  }
}

interface FaultCase {
  readonly name: string;
  readonly verdict: keyof WillCounts;
  readonly fault: (counted: Counted) => WillFault;
  readonly plan?: Partial<PlanRequest>;
  readonly rule: RegExp;
}

const faults: readonly FaultCase[] = [
  {
    name: "loses",
    verdict: "missing",
    fault: (counted) => ({ atPublication: (will) => counted.strikes(will) ? [] : undefined }),
    rule: /3\.1\.2-8/,
  },
  {
    name: "doubles",
    verdict: "duplicate",
    fault: (counted) => ({
      atPublication: (asked) => {
        const once = { will: asked.will, delayMs: 0 };
        return counted.strikes(asked) ? [once, once] : undefined;
      },
    }),
    rule: /3\.1\.2-10/,
  },
  {
    name: "delays",
    verdict: "late",
    fault: (counted) => ({
      atPublication: (asked) => counted.strikes(asked) ? [{ will: asked.will, delayMs: 1_500 }] : undefined,
    }),
    rule: /3\.1\.2-8/,
  },
  {
    name: "hurries",
    verdict: "early",
    plan: { willDelayS: 3, sessionExpiryS: 60, reconnectAfterMs: 5_000 },
    fault: (counted) => ({ atRelease: (asked, decision) => decision === "delay" && counted.strikes(asked) }),
    rule: /3\.1\.3-9/,
  },
  {
    name: "invents",
    verdict: "unwanted",
    plan: { killShares: [{ mode: "reset", weight: 1 }, { mode: "leave", weight: 4 }] },
    fault: (counted) => ({ atRelease: (asked, decision) => decision === "discard" && counted.strikes(asked) }),
    rule: /3\.14\.4-3|3\.1\.2-8/,
  },
  ...(["topic", "payload", "qos", "retain", "properties"] as const).map((part): FaultCase => ({
    name: `alters the ${part} of`,
    verdict: "altered",
    fault: (counted) => ({
      atPublication: (asked) => counted.strikes(asked) ? [{ will: altered(asked, part), delayMs: 0 }] : undefined,
    }),
    rule: part === "properties" ? /3\.3\.2-20/ : /3\.1\.2-9|3\.1\.2-15/,
  })),
];

function altered({ will }: WillInQuestion, part: "topic" | "payload" | "qos" | "retain" | "properties") {
  switch (part) {
    case "topic":
      return { ...will, topic: will.topic.replace(/\d+\/will$/, "x/will") };
    case "payload":
      return { ...will, payload: will.payload.with(will.payload.length - 1, 0x21) };
    case "qos":
      return { ...will, qos: will.qos === 0 ? 1 as const : 0 as const };
    case "retain":
      return { ...will, retain: !will.retain };
    case "properties":
      return { ...will, properties: { ...will.properties, contentType: "text/html" } };
  }
}

function onlyFault(result: FleetResult): Record<string, number> {
  const { missing, late, early, altered, duplicate, unwanted } = result.wills;
  return Object.fromEntries(
    Object.entries({ missing, late, early, altered, duplicate, unwanted }).filter(([, n]) => n > 0),
  );
}

for (const { name, verdict, fault, plan, rule } of faults) {
  Deno.test(`a broker that ${name} one will in ${everyNth} is detected, and each case counted`, () => {
    const counted = new Counted();
    // 5.0, where each part of a will is visible; the topic stays within the watcher's filter.
    const topic = { willTopic: "mqtt-sim/{run}/{bucket}/{client}/{incarnation}/will" };
    const shares = { killShares: [{ mode: "reset", weight: 1 }, { mode: "close", weight: 1 }] as const };
    const result = simulateFleet({
      plan: { ...busy, ...topic, ...shares, ...plan },
      protocol: "5",
      broker: { willFault: fault(counted) },
    });
    assert.ok(counted.done > 10, `only ${counted.done} wills were touched`);
    assert.deepEqual(onlyFault(result), { [verdict]: counted.done });
    assert.equal(result.verdict, "fail");
    assert.equal(result.exitCode, 1);
    assert.ok(
      result.faults.every((sample) => sample.verdict === verdict && rule.test(sample.rule)),
      JSON.stringify(result.faults[0]),
    );
  });
}

Deno.test("oracle: the same seed gives the same run twice", () => {
  const plan = { ...busy, seed: 42, willDelayS: 2, sessionExpiryS: 3, cleanStart: "mix" as const };
  assert.deepEqual(simulateFleet({ plan }), simulateFleet({ plan }));
});
