/** The complete sentence for each fault. */
import assert from "node:assert/strict";
import type { Arrival } from "../../../src/fleet/oracle/expectation.ts";
import { describeFault } from "../../../src/fleet/oracle/fault_text.ts";
import type { Life } from "../../../src/fleet/life/life.ts";
import { judge } from "../../../src/fleet/oracle/oracle.ts";
import { aLife, anArrival, anEnd, aNext, came, killMs, rules, sentMs, silentUntilMs } from "../sample_life.ts";

const reset = aLife({ end: anEnd("reset") });
const delayed = aLife({ end: anEnd("reset"), delayS: 3, sessionExpiryS: 60 });
const frozen = aLife({ end: anEnd("freeze"), version: 4 });
const kill = "the kill (TCP RST)";

const cases: readonly [life: Life, arrivals: Arrival[], expected: [verdict: string, rule: string, text: string][]][] = [
  [reset, came(killMs), []],
  [reset, [], [["missing", "MQTT 5.0, 3.1.2-8", `was due at ${kill} and never came`]]],
  [delayed, [], [["missing", "MQTT 5.0, 3.1.2-8", `was due 3,000 ms after ${kill} and never came`]]],
  [delayed, came(killMs + 1_000), [
    ["early", "MQTT 5.0, 3.1.3-9", `was due 3,000 ms after ${kill} and came 2,000 ms early`],
  ]],
  [reset, came(killMs + 1_500), [["late", "MQTT 5.0, 3.1.2-8", `was due at ${kill} and came 1,500 ms late`]]],
  [frozen, came(silentUntilMs + 2_000), [[
    "late",
    "MQTT 3.1.1, 3.1.2-24",
    "was due 13,000 ms after the kill (silence on an open connection until the keep alive ends) and came 2,000 ms late",
  ]]],
  [aLife({ end: anEnd("lost") }), [], [
    ["missing", "MQTT 5.0, 3.1.2-8", "was due at the loss of its connection and never came"],
  ]],
  [reset, [anArrival(killMs, "topic", "retain")], [
    ["altered", "MQTT 5.0, 3.1.2-9", "came with topic and retain flag different from what the client requested"],
  ]],
  [reset, came(killMs, killMs), [["duplicate", "MQTT 5.0, 3.1.2-10", "came 2 times"]]],
  [reset, came(killMs, killMs, killMs), [["duplicate", "MQTT 5.0, 3.1.2-10", "came 3 times"]]],
  [reset, came(killMs - 1, killMs), [["unwanted", "MQTT 5.0, 3.1.2-8", "came once while the client was alive"]]],
  [reset, came(killMs - 1), [
    ["missing", "MQTT 5.0, 3.1.2-8", `was due at ${kill} and never came`],
    ["unwanted", "MQTT 5.0, 3.1.2-8", "came once while the client was alive"],
  ]],
  [frozen, came(killMs - 2, killMs - 1, silentUntilMs), [
    ["unwanted", "MQTT 3.1.1, 3.1.2-8", "came 2 times while the client was alive"],
  ]],
  [aLife(), came(killMs), [["unwanted", "MQTT 5.0, 3.1.2-8", "came once while the client was alive"]]],
  [aLife({ end: anEnd("leave") }), came(killMs), [
    ["unwanted", "MQTT 5.0, 3.14.4-3", "came once though the client left with a proper DISCONNECT"],
  ]],
  [{ ...delayed, next: aNext(killMs + 1_000) }, came(killMs + 3_000), [[
    "unwanted",
    "MQTT 5.0, 3.1.3-9",
    "came once though the client resumed its session within the 3 s will delay",
  ]]],
  [aLife({ refused: true, connectedMs: undefined, version: 4 }), came(sentMs), [
    ["unwanted", "MQTT 3.1.1, 3.1.4-5", "came once though the broker had refused the CONNECT"],
  ]],
];

for (const [life, arrivals, expected] of cases) {
  Deno.test(`fault text: ${expected.map(([verdict, , text]) => `${verdict}: ${text}`).join("; ") || "none"}`, () => {
    const judgement = judge(life, arrivals, rules, killMs + 60_000);
    const faults = describeFault("c-1", life, judgement);
    assert.deepEqual(faults.map(({ verdict, rule, text }) => [verdict, rule, text]), expected);
    for (const { client, incarnation, mode, protocol, qos } of faults) {
      const expected = ["c-1", 1, life.end?.mode ?? "alive", life.version === 4 ? "3.1.1" : "5", 1];
      assert.deepEqual([client, incarnation, mode, protocol, qos], expected);
    }
  });
}

Deno.test("fault text: names the kill that was sent when a mode has several variants", () => {
  const life = aLife({ end: { ...anEnd("garbage"), detail: "packet type 0" } });
  const [fault] = describeFault("c-1", life, judge(life, [], rules, killMs + 60_000));
  assert.equal(fault!.text, "was due at the kill (packet type 0) and never came");
});

Deno.test("fault text: a late will whose delay a restart moved is described with the adjustment", () => {
  const judgement = judge(delayed, came(killMs + 20_000), rules, killMs + 60_000);
  const { expectation } = judgement;
  if (expectation.kind !== "one") throw new Error(`expected one will, not ${expectation.kind}`);
  const moved = { ...judgement, expectation: { ...expectation, byMs: expectation.dueMs + 5_000 } };
  const [fault] = describeFault("c-1", delayed, moved);
  assert.ok(fault!.text.endsWith("12,000 ms late, after adjustment for the downtime of the broker"), fault!.text);
});
