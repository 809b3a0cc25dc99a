/** The outcome of a case by its end, its time limit and a profile; on our own broker in memory. */
import assert from "node:assert/strict";
import type { ConformanceCase } from "../../../src/conformance/case/case.ts";
import type {
  ConformanceHooks,
  ConformanceRun,
  DeviationProfile,
} from "../../../src/conformance/check/conformance_run.ts";
import {
  CaseFailure,
  type CaseFault,
  NotTestable,
  SubscriptionRefused,
} from "../../../src/conformance/model/outcome.ts";
import type { CaseResult } from "../../../src/conformance/case/result.ts";
import type { CaseContext } from "../../../src/conformance/context/case_context.ts";
import { checkInMemory, ourCore } from "../../support/brokers/checked_broker.ts";

type Known = DeviationProfile["deviations"][number];

const plain: ConformanceCase = {
  id: "will/delay-freeze",
  title: "",
  does: "",
  rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-8"] },
  run: () => Promise.resolve(),
};

/** The one result of a case in 5.0; there is no side result. */
async function resultOf(
  one: Partial<ConformanceCase>,
  run: Partial<ConformanceRun> = {},
  hooks: ConformanceHooks = {},
) {
  const cases = [{ ...plain, ...one }];
  const result = await checkInMemory(ourCore(), { cases, protocols: ["5.0"], parallel: 1, ...run }, hooks);
  return result.cases[0]!;
}

const fails = (error: Error) => ({ run: () => Promise.reject(error) });
const faulty = (fault: CaseFault) => fails(new CaseFailure("it is so", fault));
const summary = ({ outcome, reason, deviation, fault }: CaseResult) => [outcome, reason, deviation, fault?.kind];

Deno.test("case runner: the error that a case throws decides its outcome", async () => {
  assert.deepEqual(summary(await resultOf({})), ["pass", undefined, undefined, undefined]);
  assert.deepEqual(summary(await resultOf(faulty({ kind: "late", byMs: 1 }))), ["fail", "it is so", undefined, "late"]);
  assert.deepEqual(summary(await resultOf(fails(new NotTestable("why")))), [
    "not testable",
    "why",
    undefined,
    undefined,
  ]);
  const refused = new SubscriptionRefused("refused", { kind: "refused", code: 0x97 });
  assert.deepEqual(summary(await resultOf(fails(refused))), ["not testable", "refused", undefined, undefined]);
  const unread = "the broker sent bytes that cannot be parsed, which is reported separately; it is so";
  assert.deepEqual(summary(await resultOf(faulty({ kind: "malformed" }))), [
    "not testable",
    unread,
    undefined,
    undefined,
  ]);
  await assert.rejects(resultOf(fails(new RangeError("own fault"))), RangeError);
});

/** Waits until the time limit. */
const endless = { run: async (context: CaseContext) => await (await context.connect()).idle(1e9) };
const lateBy = (withinS: number): DeviationProfile => ({
  name: "some",
  deviations: [{ id: "late", shows: [{ fault: "late", withinS }] }],
});
const restart = { restart: () => Promise.resolve() };

const limits: readonly [what: string, one: Partial<ConformanceCase>, run: Partial<ConformanceRun>, limitS: number][] = [
  ["one that waits for nothing", {}, {}, 30],
  ["one that waits for the standard's seconds", { time: "clock" }, {}, 60],
  ["one that restarts the broker", { needs: ["restart"] }, {}, 180],
  ["one that restarts the broker, and waits", { needs: ["restart"], time: "clock" }, {}, 180],
  ["with slack", {}, { slack: 2 }, 60],
  ["under a profile that says late", { deviations: ["late"] }, { profile: lateBy(5) }, 35],
  ["under a profile that says very late", { deviations: ["late"] }, { profile: lateBy(100) }, 70],
  ["the same in a quick check", { deviations: ["late"] }, { profile: lateBy(100), quick: true }, 32],
];

for (const [what, one, run, limitS] of limits) {
  Deno.test(`a case's time limit: ${what}: ${limitS} s`, async () => {
    const result = await resultOf({ ...endless, ...one }, run, one.needs === undefined ? {} : restart);
    assert.deepEqual(summary(result), ["fail", `not done within ${limitS} s`, undefined, "other"]);
    assert.ok(Math.abs(result.durationMs - 1_000 * limitS) <= 50, `it took ${result.durationMs} ms`);
  });
}

Deno.test("case runner: the time limit ends with the case", async () => {
  const calledOffMs: number[] = [];
  const first: ConformanceCase = {
    ...plain,
    run(context) {
      context.callOff = () => void calledOffMs.push(context.tookMs);
      return Promise.resolve();
    },
  };
  const second: ConformanceCase = {
    ...plain,
    id: "will/reset",
    time: "clock",
    run: (context) => context.pause(40_000),
  };
  const run = { cases: [first, second], protocols: ["5.0"], parallel: 2 } as const;
  const { cases } = await checkInMemory(ourCore(), run);
  assert.deepEqual(cases.map(({ outcome }) => outcome), ["pass", "pass"]);
  assert.deepEqual(calledOffMs.filter((atMs) => atMs >= 29_000), []);
});

Deno.test("case runner: a case is not judged if a session ended whose expiry the server had shortened", async () => {
  const one = {
    async run(context: CaseContext) {
      Object.assign(await context.connect(), { askedExpiryS: 10, sessionExpiryS: 0 });
      throw new CaseFailure("it is so", { kind: "missing" });
    },
  };
  const reason = "the server reduced the Session Expiry Interval of client to 0 s; it is so";
  assert.deepEqual(summary(await resultOf(one)), ["not testable", reason, undefined, undefined]);
});

Deno.test("case runner: a case that an interrupt cancels has no result", async () => {
  const abort = new AbortController();
  const one = {
    async run(context: CaseContext) {
      const client = await context.connect();
      abort.abort();
      await client.idle(1e9);
    },
  };
  const run = { cases: [{ ...plain, ...one }], protocols: ["5.0"] } as const;
  const { cases, exitCode } = await checkInMemory(ourCore(), run, { interrupt: abort.signal });
  assert.deepEqual({ cases, exitCode }, { cases: [], exitCode: 130 });
});

const missing = { kind: "missing", lookedMs: 60_000 } as const;
const shows = (id: string, over: Partial<Known> = {}): Known => ({ id, shows: [{ fault: "missing" }], ...over });
const late: Partial<Known> = { shows: [{ fault: "late" }] };
/** `will/delay-freeze` may fail under mosquitto's keep-alive-late, for every kind of failure. */
const own = shows("keep-alive-late");

const documented: readonly [
  what: string,
  profile: string,
  deviations: Known[],
  named: string[] | undefined,
  deviation: string | undefined,
][] = [
  ["one that covers it", "some", [shows("a")], ["a"], "a"],
  ["the first of two that cover it", "some", [shows("a"), shows("b")], ["b", "a"], "a"],
  ["the one of two that covers it", "some", [shows("a", late), shows("b")], ["a", "b"], "b"],
  ["one that covers another fault", "some", [shows("a", late)], ["a"], undefined],
  ["one that the case does not name", "some", [shows("a")], ["b"], undefined],
  ["a case that names none", "some", [shows("a")], undefined, undefined],
  ["one of this version", "some", [shows("a", { rules: { "5.0": "1" } })], ["a"], "a"],
  ["one of both versions", "some", [shows("a", { rules: { "5.0": "1", "3.1.1": "1" } })], ["a"], "a"],
  ["one of the other version", "some", [shows("a", { rules: { "3.1.1": "1" } })], ["a"], undefined],
  ["one without a version", "some", [shows("a", { rules: {} })], ["a"], "a"],
  ["one that is known of this broker and case", "mosquitto", [own], undefined, "keep-alive-late"],
  ["the same of another broker", "some", [own], undefined, undefined],
  ["one that is known comes first", "mosquitto", [shows("a"), own], ["a"], "keep-alive-late"],
];

for (const [what, name, deviations, named, deviation] of documented) {
  Deno.test(`a case's failure under a profile: ${what}`, async () => {
    const one = { ...faulty(missing), ...named && { deviations: named } };
    const result = await resultOf(one, { profile: { name, deviations } });
    assert.deepEqual({ outcome: result.outcome, deviation: result.deviation }, {
      outcome: deviation === undefined ? "fail" : "deviation",
      deviation,
    });
    assert.equal(result.fault?.kind, "missing");
    assert.ok(result.transcript !== undefined);
  });
}

Deno.test("a case's failure: a sign for this case wins over a sign for all cases", async () => {
  const profile = { name: "mosquitto", deviations: [shows("delay-without-session", late)] };
  const one = { id: "will/takeover-delayed-ends-resumed", ...faulty(missing) } as const;
  assert.equal((await resultOf(one, { profile })).outcome, "deviation");
  assert.equal((await resultOf({ ...one, id: "will/delay-60-session-0" }, { profile })).outcome, "fail");
});

Deno.test("a case that passes names the deviation that was expected", async () => {
  const profile = { name: "some", deviations: [shows("a"), shows("b")] };
  assert.deepEqual(summary(await resultOf({ deviations: ["b", "a"] }, { profile })), [
    "pass",
    undefined,
    "a",
    undefined,
  ]);
  assert.deepEqual(summary(await resultOf({ deviations: ["c"] }, { profile })), [
    "pass",
    undefined,
    undefined,
    undefined,
  ]);
});
