import assert from "node:assert/strict";
import { ProgressMeter } from "../../../src/fleet/ledger/progress_meter.ts";
import { judge } from "../../../src/fleet/oracle/oracle.ts";
import { Tally } from "../../../src/fleet/tally/tally.ts";
import { aLife, anEnd, came, killMs, rules } from "../sample_life.ts";

const entry = () => ({ life: aLife({ end: anEnd("reset") }), arrivals: [], othersDueMs: -Infinity });

Deno.test("progress meter: a will is due from its instant on, once, and not while the broker restarts", () => {
  const meter = new ProgressMeter();
  meter.end(entry());
  const dueAndOpen = (nowMs: number, isKnown = true) => {
    const { due = 0, open = 0 } = meter.byMode(new Tally(), isKnown ? rules : undefined, nowMs).reset ?? {};
    return [due, open];
  };
  assert.deepEqual(dueAndOpen(killMs - 1), [0, 0]);
  assert.deepEqual(dueAndOpen(killMs, false), [0, 0]);
  assert.deepEqual(dueAndOpen(killMs), [1, 1]);
  assert.deepEqual(dueAndOpen(killMs + 1), [1, 1]);
});

Deno.test("progress meter: a described duplicate is surplus, and no verdict of a will that was due", () => {
  const meter = new ProgressMeter();
  const tally = new Tally();
  const ended = entry();
  meter.end(ended);
  const judgement = judge(ended.life, came(killMs + 1, killMs + 2), rules, killMs + 60_000);
  assert.equal(judgement.duplicates, 1);
  const deviation = { id: "twice" } as never;
  tally.add(ended.life, judgement, { duplicate: deviation });
  meter.close(ended, judgement);
  const { due, open, verdicts, surplus } = meter.byMode(tally, rules, killMs + 60_000).reset!;
  assert.deepEqual([due, open, verdicts.onTime, verdicts.deviating], [1, 0, 1, 0]);
  assert.deepEqual(surplus, { duplicate: 0, unwanted: 0, deviating: 1 });
});

Deno.test("progress meter: its histograms count each time by range too", () => {
  const meter = new ProgressMeter();
  meter.connects.record(3);
  meter.slip.record(0.05);
  meter.recordLatency(400_000, "close", 3);
  const { connects, slip } = meter.times();
  assert.deepEqual([connects.counts[5], slip.counts[0], meter.connects.count, meter.slip.count], [1, 1, 1, 1]);
  const { latency, brokerLatency } = meter.byMode(new Tally(), rules, 0).close!;
  assert.deepEqual([latency.counts.at(-1), brokerLatency.counts[5], brokerLatency.sumMs], [1, 1, 3]);
});
