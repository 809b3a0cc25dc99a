import assert from "node:assert/strict";
import { loginText, memoryVerdict } from "./attack_page.ts";
import { attackRequest } from "./attack_request.ts";
import type { AttackOutcome } from "./attack_run.ts";
import { countedOf } from "./attacked_broker.ts";
import { quantiles } from "./honest_traffic.ts";
import { memoryIn } from "./process_memory.ts";

const mebibyte = 1024 * 1024;

function outcome(broker: "mqtt-sim" | "mosquitto", peak: number): AttackOutcome {
  return {
    ...{ attack: "pings-unread", broker, count: undefined, startBytes: 0, peakBytes: peak * mebibyte },
    service: { sent: 10, missing: 1, p50Ms: 1, p99Ms: 20, maxMs: 30, refused: 0, ended: 0 },
    counted: { usedBytes: 0, limits: [], internalErrors: 0 },
    ...{ willMs: 1, newClient: 0, ended: undefined },
  };
}

Deno.test("attacks: the page names a peak above 1.5 times the limit, except mosquitto's", () => {
  const limitBytes = 256 * mebibyte;
  const good = memoryVerdict({ limitBytes, outcomes: [outcome("mqtt-sim", 384), outcome("mosquitto", 4_000)] });
  assert.match(good, /is 384 MiB at most; 384 MiB are allowed.* 20 ms at most, and 1 of them are missing/);
  const bad = memoryVerdict({ limitBytes, outcomes: [outcome("mqtt-sim", 385), outcome("mqtt-sim", 100)] });
  assert.match(bad, /more than the 384 MiB that are allowed: pings-unread 385 MiB\./);
});

Deno.test("attacks: a legitimate login that takes more than a second exceeds the limit", () => {
  const phase = { title: "", storm: undefined, stormRefusals: 0, wrong: { sent: 1, answered: 1, letIn: 0 } };
  const text = (ms: number) => loginText([{ ...phase, legitimate: [{ ms, refusals: 0 }] }]);
  assert.match(text(1_000), /1000 ms at most; 1000 ms are allowed/);
  assert.match(text(1_001), /1001 ms at most; this is more than the 1000 ms that are allowed/);
});

Deno.test("attacks: parses the command line", () => {
  const { attacks, brokers, seconds, limitBytes } = attackRequest(["--only", "none", "--broker", "mosquitto"]);
  assert.deepEqual({ attacks: attacks.map(({ name }) => name), brokers, seconds, limitBytes }, {
    attacks: ["none"],
    brokers: ["mosquitto"],
    seconds: 10,
    limitBytes: 256 * mebibyte,
  });
  assert.throws(
    () => attackRequest(["--only", "all"]),
    /^UsageError: Cannot use --only all: expected one of none, pings/,
  );
  assert.throws(() => attackRequest(["--seconds", "0"]), /expected a whole number from 1 to 300$/);
});

Deno.test("attacks: parses /metrics and /proc", () => {
  const text =
    'mqtt_sim_broker_limits_hit_total{limit="sessions"} 0\nmqtt_sim_broker_limits_hit_total{limit="max-memory"} 7\n' +
    "mqtt_sim_broker_memory_used_bytes 123\nmqtt_sim_broker_internal_errors_total 2\n";
  assert.deepEqual(countedOf(text), { usedBytes: 123, limits: [["max-memory", 7]], internalErrors: 2 });
  assert.deepEqual(memoryIn("VmHWM:\t  20 kB\nVmRSS:\t  10 kB\n"), { residentBytes: 10_240, peakBytes: 20_480 });
});

Deno.test("attacks: computes quantiles from sorted values", () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  assert.deepEqual(quantiles(values), { p50Ms: 50, p99Ms: 99, maxMs: 100 });
});
