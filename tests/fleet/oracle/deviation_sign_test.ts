/** Parts of a sign that no profile uses at present, each at its bound: keep alives, delays, and numbers of copies. */
import assert from "node:assert/strict";
import { deviationOf } from "../../../src/fleet/oracle/deviation.ts";
import type { Expectation, Judgement } from "../../../src/fleet/oracle/expectation.ts";
import type { Life } from "../../../src/fleet/life/life.ts";
import type { Profile, Sign } from "../../../src/profiles/profile.ts";
import { aLife, anArrival, anEnd, connectedMs, rules } from "../sample_life.ts";

const dueMs = 50_000;
const one = { kind: "one", ground: "delay-passed", dueMs, earliestMs: dueMs - 20, latencyFromMs: dueMs } as const;
const none: Expectation = { kind: "none", ground: "session-resumed" };
const killed = (over: Partial<Life> = {}) => aLife({ end: anEnd("reset"), ...over });

function covers(over: Partial<Sign>, life: Life, judgement: Partial<Judgement> = {}): boolean {
  const sign: Sign = { fault: "missing", endings: ["reset"], ...over };
  const deviation = { id: "a", rules: { "5.0": "1" }, what: "", evidence: "run", source: "", signs: [sign] } as const;
  const profile: Profile = { name: "one", broker: "one", versions: "1", deviations: [deviation] };
  const judged = { expectation: one, verdict: undefined, duplicates: 0, unwanted: 0, answer: undefined, ...judgement };
  return deviationOf(profile, sign.fault, { life, judgement: judged, rules, othersDueMs: -Infinity }) !== undefined;
}

Deno.test("deviation sign: an odd keep alive", () => {
  const odd = [1, 2, 3, 9, 10].filter((keepAliveS) => covers({ keepAlive: "odd" }, killed({ keepAliveS })));
  assert.deepEqual(odd, [1, 3, 9]);
  assert.ok(covers({}, killed({ keepAliveS: 10 })));
});

Deno.test("deviation sign: an early will, not before the delay after CONNECT or before its due time", () => {
  const life = killed({ delayS: 3, sessionExpiryS: 60 });
  const came = (atMs: number, delayFromConnect: boolean) =>
    covers({ fault: "early", ...delayFromConnect && { delayFromConnect } }, life, { answer: anArrival(atMs) });
  const soonestMs = connectedMs + 3_000 - rules.earlyBeforeMs;
  assert.deepEqual([came(soonestMs, true), came(soonestMs - 1, true)], [true, false]);
  assert.deepEqual([came(dueMs - 20, false), came(dueMs - 21, false)], [true, false]);
});

Deno.test("deviation sign: one duplicate, and not two", () => {
  const twice = (duplicates: number) => covers({ fault: "duplicate" }, killed(), { duplicates });
  assert.deepEqual([twice(1), twice(2)], [true, false]);
});

Deno.test("deviation sign: one observed unwanted will, and not two", () => {
  const stray = anArrival(9_000);
  const came = (unwanted: number, seen: boolean) =>
    covers({ fault: "unwanted" }, killed(), { expectation: none, unwanted, ...seen && { stray } });
  assert.deepEqual([came(1, true), came(2, true), came(1, false)], [true, false, false]);
});

Deno.test("deviation sign: altered covers only a will on time, to the millisecond", () => {
  const lateMs = dueMs + rules.lateAfterMs;
  const came = (atMs: number, sinceMs?: number) =>
    covers({ fault: "altered", altered: ["QoS"] }, killed({ delayS: 3, sessionExpiryS: 60 }), {
      answer: { ...anArrival(atMs), ...sinceMs !== undefined && { sinceMs }, altered: ["qos"] },
    });
  assert.deepEqual([came(one.earliestMs - 1), came(one.earliestMs), came(lateMs), came(lateMs + 1)], [
    false,
    true,
    true,
    false,
  ]);
  assert.deepEqual([came(lateMs + 5, lateMs), came(lateMs + 5, lateMs + 1)], [true, false]);
  const unread = { atMs: lateMs + 1, altered: ["qos"] as const };
  assert.equal(
    covers({ fault: "altered", altered: ["QoS"] }, killed({ delayS: 3, sessionExpiryS: 60 }), { answer: unread }),
    false,
  );
});

Deno.test("deviation sign: a will that is altered and early needs a sign for each fault", () => {
  const life = killed({ delayS: 3, sessionExpiryS: 60 });
  const altered: Sign = { fault: "altered", endings: ["reset"], altered: ["QoS"] };
  const early: Sign = { fault: "early", endings: ["reset"], within: { s: 1 } };
  const answer = { ...anArrival(one.earliestMs - 500), altered: ["qos"] as const };
  const judgement: Judgement = { expectation: one, verdict: "altered", duplicates: 0, unwanted: 0, answer };
  const coversWith = (signs: readonly Sign[]) => {
    const deviation = { id: "a", rules: { "5.0": "1" }, what: "", evidence: "run", source: "", signs } as const;
    const profile: Profile = { name: "one", broker: "one", versions: "1", deviations: [deviation] };
    return deviationOf(profile, "altered", { life, judgement, rules, othersDueMs: -Infinity }) !== undefined;
  };
  assert.deepEqual([coversWith([altered]), coversWith([altered, early])], [false, true]);
});
