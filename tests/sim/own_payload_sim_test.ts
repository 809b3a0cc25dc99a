/**
 * Wills with the user's own payloads under a manual clock. A correct broker passes with each kind of session and with
 * presence, and the oracle finds each planted fault, although the payload names no life.
 */
import assert from "node:assert/strict";
import type { WillFault, WillInQuestion } from "../../src/broker/options/will_fault.ts";
import { killModes } from "../../src/fleet/plan/kill_mode.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { WillCounts } from "../../src/fleet/result/will_counts.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";
import type { NamedPlan } from "../support/run_plans.ts";

const busy: Partial<PlanRequest> = {
  clients: 60,
  killRate: { kind: "fraction", perSecond: 0.2 },
  killShares: killModes.map((mode) => ({ mode, weight: 1 })),
  durationMs: 20_000,
  keepAliveS: 4,
  willQos: "mix",
  willPayload: "offline",
  willTopic: "devices/{id}/status",
};
const presence: Partial<PlanRequest> = { presence: true, birthPayload: "online" };

const honest: readonly NamedPlan[] = [
  { name: "3.1.1", plan: {}, protocol: "3.1.1" },
  { name: "5.0", plan: {}, protocol: "5" },
  { name: "both versions, retained", plan: { willRetain: true } },
  { name: "one payload for each client and life", plan: { willPayload: '{"id":"{id}","life":{incarnation}}' } },
  { name: "persistent sessions", plan: { sessionExpiryS: 60 } },
  { name: "back within the delay", plan: { willDelayS: 5, sessionExpiryS: 60, cleanStart: "mix" } },
  { name: "back at once", plan: { reconnectAfterMs: 0 }, protocol: "3.1.1" },
  { name: "no client returns", plan: { reconnectAfterMs: "never" } },
  { name: "three watchers for each will", plan: { fanOut: 3 }, protocol: "3.1.1" },
  {
    name: "two groups, one with payloads of the run",
    plan: {
      willPayload: undefined!,
      willTopic: "devices/{group}/{client}",
      groups: [{ name: "own", share: 1, willPayload: "offline" }, { name: "usual", share: 1 }],
    },
  },
  { name: "a broker that restarts", plan: { phases: restarting(), willQos: 1 } },
  { name: "presence, 3.1.1", plan: presence, protocol: "3.1.1" },
  { name: "presence, both versions, back at once", plan: { ...presence, reconnectAfterMs: 0 } },
  { name: "presence, three watchers", plan: { ...presence, fanOut: 3 }, protocol: "3.1.1" },
];

function restarting(): NonNullable<PlanRequest["phases"]> {
  return [{ kind: "kill", durationMs: 5_000 }, { kind: "restart", downMs: 1_000 }, {
    kind: "kill",
    durationMs: 5_000,
  }];
}

for (const { name, plan, protocol } of honest) {
  Deno.test(`own payload: an honest broker passes: ${name}`, () => {
    const { willPayload, ...others } = { ...busy, ...plan };
    const request = { ...others, ...willPayload !== undefined && { willPayload } };
    const result = simulateFleet({ plan: request, ...protocol && { protocol } });
    assert.deepEqual(result.faults, []);
    assert.equal(result.verdict, "pass", result.reason);
    assert.ok(result.wills.expected > 50, `only ${result.wills.expected} wills were due`);
    assert.equal(result.wills.onTime, result.wills.expected);
    if (plan.willRetain) assert.equal(result.retained!.right, result.retained!.expected);
    if (!plan.presence) return;
    const { byMoment: { end, left }, online, left: words } = result.presence!;
    assert.deepEqual([end!.right, left!.right], [busy.clients, busy.clients]);
    assert.deepEqual([online.seen, words.seen], [online.sent, words.sent]);
  });
}

/** Every seventh will of the clients is wrong; those of canaries stay correct. */
function struck(apply: (asked: WillInQuestion) => ReturnType<NonNullable<WillFault["atPublication"]>>) {
  let asked = 0;
  let done = 0;
  const atPublication: NonNullable<WillFault["atPublication"]> = (will) => {
    if (Number(will.clientId.split("-").at(-1)) >= busy.clients! || ++asked % 7 !== 0) return undefined;
    done++;
    return apply(will);
  };
  return { fault: { atPublication }, count: () => done };
}

const planted: readonly {
  readonly name: string;
  readonly verdict: keyof WillCounts;
  readonly apply: Parameters<typeof struck>[0];
}[] = [
  { name: "lost", verdict: "missing", apply: () => [] },
  {
    name: "doubled",
    verdict: "duplicate",
    apply: ({ will }) => [{ will, delayMs: 0 }, { will, delayMs: 0 }],
  },
  { name: "late", verdict: "late", apply: ({ will }) => [{ will, delayMs: 1_500 }] },
  {
    name: "with another payload",
    verdict: "altered",
    apply: ({ will }) => [{ will: { ...will, payload: new TextEncoder().encode("offlinE") }, delayMs: 0 }],
  },
  {
    name: "with another QoS",
    verdict: "altered",
    apply: ({ will }) => [{ will: { ...will, qos: will.qos === 0 ? 1 : 0 }, delayMs: 0 }],
  },
];

for (const protocol of ["3.1.1", "5"] as const) {
  for (const { name, verdict, apply } of planted) {
    Deno.test(`own payload: the oracle finds each will that is ${name}, ${protocol}`, () => {
      const { fault, count } = struck(apply);
      const plan = { ...busy, reconnectAfterMs: 4_000, killShares: [{ mode: "reset", weight: 1 }] as const };
      const result = simulateFleet({ plan, protocol, broker: { willFault: fault } });
      assert.equal(result.verdict, "fail");
      assert.ok(count() > 10, `only ${count()} wills were changed`);
      assert.equal(result.wills[verdict], count());
      assert.equal(result.faults.filter((sample) => sample.verdict !== verdict).length, 0);
    });
  }
}

for (const protocol of ["3.1.1", "5"] as const) {
  Deno.test(`own payload: the oracle finds each will of a client that left properly, ${protocol}`, () => {
    let invented = 0;
    const killShares = [{ mode: "reset", weight: 1 }, { mode: "leave", weight: 2 }] as const;
    const result = simulateFleet({
      plan: { ...busy, reconnectAfterMs: 4_000, killShares },
      protocol,
      broker: { willFault: { atRelease: (_, decision) => decision === "discard" && (invented++, true) } },
    });
    assert.equal(result.verdict, "fail");
    assert.ok(invented > 10);
    // The clients that leave at the end of the run have left before their wills arrive.
    assert.ok(result.wills.unwanted > 10 && result.wills.unwanted <= invented, `${result.wills.unwanted}`);
  });

  Deno.test(`own payload: late subscribers find each client that stays online after its death, ${protocol}`, () => {
    const { fault, count } = struck(() => []);
    const killShares = [{ mode: "reset", weight: 1 }] as const;
    const plan = { ...busy, ...presence, killShares, reconnectAfterMs: "never" } as const;
    const result = simulateFleet({ plan, protocol, broker: { willFault: fault } });
    assert.equal(result.verdict, "fail");
    assert.equal(result.wills.missing, count());
    const { byMoment: { left }, stale, altered, absent } = result.presence!;
    assert.equal(left!.wrong, count());
    assert.deepEqual({ altered, absent }, { altered: 0, absent: 0 });
    assert.ok(stale > 0);
  });

  Deno.test(`own payload: late subscribers find a retained payload that differs, ${protocol}`, () => {
    const payload = new TextEncoder().encode("offlinE");
    const { fault, count } = struck(({ will }) => [{ will: { ...will, payload }, delayMs: 0 }]);
    const killShares = [{ mode: "reset", weight: 1 }] as const;
    const plan = { ...busy, ...presence, killShares, reconnectAfterMs: "never" } as const;
    const result = simulateFleet({ plan, protocol, broker: { willFault: fault } });
    assert.equal(result.wills.altered, count());
    assert.equal(result.presence!.byMoment.left!.altered, count());
  });
}

Deno.test("own payload: late subscribers in waves compare each state with the one that is due then", () => {
  const plan = {
    ...busy,
    ...presence,
    presenceLooks: 6,
    workers: 2,
    willTopic: "d/{bucket}/{id}",
    willQos: 1,
  } as const;
  const honest = simulateFleet({ plan }).presence!;
  assert.equal(honest.wrong, 0);
  assert.equal(honest.waves!.length, 6);
  const gapsMs = honest.waves!.slice(1).map(({ atMs }, place) => atMs - honest.waves![place]!.atMs);
  assert.ok(gapsMs.every((gapMs) => gapMs > 2_500 && gapMs < 3_500), `${gapsMs}`);
  const judged = honest.waves!.map((wave) => wave.judged + wave.eitherWay + wave.unsettled);
  assert.deepEqual(judged, Array(6).fill(busy.clients));
  const sum = honest.waves!.reduce((total, wave) => total + wave.right, 0);
  assert.equal(sum, honest.byMoment.middle!.right);
  const { fault } = struck(() => []);
  const killShares = [{ mode: "reset", weight: 1 }] as const;
  const lossy = { ...plan, workers: 1, killShares, reconnectAfterMs: "never" } as const;
  const { waves } = simulateFleet({ plan: lossy, broker: { willFault: fault } }).presence!;
  const wrong = waves!.map((wave) => wave.wrong);
  assert.deepEqual(wrong, wrong.toSorted((one, other) => one - other), "lost wills add up");
  assert.ok(wrong.at(-1)! > 2 && wrong[0]! < wrong.at(-1)!, `${wrong}`);
});
