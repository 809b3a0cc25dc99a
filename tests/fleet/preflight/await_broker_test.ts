import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { awaitAnswer, triedText } from "../../../src/fleet/preflight/await_broker.ts";
import type { ProbeAnswer } from "../../../src/fleet/preflight/probe_connect.ts";

const closed: ProbeAnswer = { kind: "unreachable", sentence: "connection refused: nothing listens there" };
const loaded: ProbeAnswer = { kind: "refused", byVersion: false, passing: true, sentence: "server unavailable" };
const accepted: ProbeAnswer = { kind: "accepted", connack: { type: "connack", reasonCode: 0, sessionPresent: false } };
const noLogin: ProbeAnswer = { kind: "refused", byVersion: false, passing: false, sentence: "not authorized" };

/** A broker that gives these answers in turn, and the last one from then on; each takes 100 ms. */
async function waitFor(waitMs: number, answers: readonly ProbeAnswer[], interrupt?: AbortSignal) {
  const clock = new ManualClock();
  const [notices, waits]: [string[], number[]] = [[], []];
  let asked = 0;
  const ask = () => {
    clock.advance(100);
    return Promise.resolve(answers[Math.min(asked++, answers.length - 1)]!);
  };
  const sleep = (ms: number) => Promise.resolve(void clock.advance(ms));
  const hooks = {
    onNotice: ({ text }: { text: string }) => void notices.push(text),
    onWait: (ms: number) => void waits.push(ms),
    interrupt,
  };
  const awaited = await awaitAnswer("mqtt://h:1883", waitMs, hooks, { clock, ask, sleep });
  return { awaited, notices, waits, asked };
}

Deno.test("await broker: a broker that starts after some time is awaited, and the notices say so", async () => {
  const { awaited, notices, waits } = await waitFor(30_000, [closed, closed, loaded, accepted]);
  assert.deepEqual(awaited, { answered: true, attempts: 4, waitedMs: 1_900 });
  assert.deepEqual(notices, [
    "Waiting up to 30s for mqtt://h:1883: connection refused: nothing listens there.",
    "mqtt://h:1883 answers after 1.9 s.",
  ]);
  assert.ok(waits.length > 5 && waits.every((ms, place) => place === 0 || ms > waits[place - 1]!), `${waits}`);
});

Deno.test("await broker: any answer of MQTT ends the wait at once, without a notice", async () => {
  for (const answer of [accepted, noLogin]) {
    const { awaited, notices, asked } = await waitFor(30_000, [answer]);
    assert.deepEqual([awaited.answered, notices, asked], [true, [], 1]);
  }
});

Deno.test("await broker: the wait ends at its limit, with what it tried", async () => {
  const { awaited, asked } = await waitFor(3_000, [closed]);
  assert.equal(awaited.answered, false);
  assert.ok(awaited.waitedMs >= 3_000 && awaited.waitedMs <= 3_100, `${awaited.waitedMs}`);
  assert.equal(awaited.attempts, asked);
  assert.equal(triedText(awaited), `; --wait made ${asked} attempts in 3.0 s`);
});

Deno.test("await broker: an interrupt ends the wait", async () => {
  const { awaited } = await waitFor(3_000, [closed], AbortSignal.abort());
  assert.deepEqual([awaited.answered, awaited.attempts], [false, 1]);
});
