/** Runs with a start time: the limit of simultaneous CONNECTs, and the lines in the report. */
import assert from "node:assert/strict";
import { Histogram } from "../../../src/base/histogram.ts";
import { UsageError } from "../../../src/base/failure.ts";
import { mergeResults } from "../../../src/fleet/merge/merge.ts";
import { parseStartAt, startInstants } from "../../../src/fleet/plan/start_at.ts";
import { FleetStage } from "../../support/fleet_stage.ts";
import { eachCase } from "../../support/steps.ts";

Deno.test("start at: parses a time in any time zone", async (t) => {
  await eachCase(
    t,
    ["2026-05-01T12:00:00Z", "2026-05-01T14:00:00+02:00", "2026-05-01T11:59:59.999999-00:01"],
    (text) => {
      const { at, absolute } = parseStartAt(text, "--start-at");
      assert.ok(Math.abs(at.getTime() - Date.UTC(2026, 4, 1, 12)) <= 60_000, text);
      assert.equal(absolute, true);
    },
  );
});

Deno.test("start at: refuses a relative time, because several processes cannot share it", () => {
  const { at, absolute } = parseStartAt("+1h", "--start-at");
  const { at: later } = parseStartAt("+2h", "--start-at");
  assert.equal(absolute, false);
  assert.ok(Math.abs(later.getTime() - at.getTime() - 3_600_000) < 60_000);
});

for (const text of ["", "12:00", "12:00:00", "2026-05-01", "2026-05-01T12:00:00", "2026-13-01T12:00:00Z", "tomorrow"]) {
  Deno.test(`start at: refuses ${JSON.stringify(text)}`, () => {
    const sentence = `Cannot read --start-at "${text}": expected an instant such as 2026-05-01T12:00:00Z or ` +
      "2026-05-01T14:00:00+02:00, or a time from now such as +10s";
    assert.throws(() => parseStartAt(text, "--start-at"), new UsageError(sentence));
  });
}

const at = new Date("2026-05-01T12:00:00Z");
const wall = (beforeMs: number) => ({ wall: new Date(at.getTime() - beforeMs), monotonicMs: 7_000 });

Deno.test("start at: all processes connect at that time, and kill after the slowest ramp", () => {
  const instants = startInstants(at, { clients: 5_000, rampPerSecond: 1_000 }, wall(30_000));
  assert.deepEqual(instants, { connect: 37_000, kill: 37_000 + 5_500 + 2_000 });
});

Deno.test("start at: refuses a time in the past", () => {
  const sentence = "Cannot start at 2026-05-01T12:00:00.000Z: it was 1.5 s ago; expected a future time";
  assert.throws(
    () => startInstants(at, { clients: 1, rampPerSecond: 1 }, wall(-1_500)),
    new UsageError(sentence),
  );
});

Deno.test("squad: waits for the agreed times, connects and kills in step", () => {
  const stage = new FleetStage({ startMs: { connect: 3_000, kill: 8_000 }, durationMs: 5_000 });
  stage.runUntil(() => stage.squad.phase === "wait");
  assert.ok(stage.nowMs < 500, `waits from ${stage.nowMs} ms on`);
  stage.runUntil(() => stage.squad.phase === "connect");
  assert.ok(stage.nowMs >= 3_000 && stage.nowMs <= 3_010, `connects at ${stage.nowMs} ms`);
  stage.runUntil(() => stage.squad.ready);
  assert.ok(stage.nowMs < 7_000);
  stage.runUntil(() => stage.squad.phase === "kill");
  assert.ok(stage.nowMs >= 8_000 && stage.nowMs <= 8_010, `kills at ${stage.nowMs} ms`);
  const { verdict, warnings } = stage.finish();
  assert.deepEqual({ verdict, warnings }, { verdict: "pass", warnings: [] });
});

Deno.test("squad: a squad that is late begins at once, and the report says so", () => {
  const stage = new FleetStage({ startMs: { connect: -2_000, kill: -1_000 }, durationMs: 5_000 });
  const { plan, warnings: before } = stage.finish();
  assert.deepEqual(before, []);
  const facts = { plan, target: "stage", protocol: "5", startedAt: "", durationMs: 1, warnings: [] } as const;
  const { verdict, warnings } = mergeResults({ ...facts, resources: { cpuMs: 0, rssBytes: 0 } }, [
    { ...stage.squad.result(), ...stage.squad.rampFacts },
  ]);
  assert.equal(verdict, "pass");
  assert.match(
    warnings.join(),
    /^this process was 2\d\d\d ms late for the common start: other shards started before it$/,
  );
});

Deno.test("squad: an interrupt ends the wait for the start", () => {
  const stage = new FleetStage({ startMs: { connect: 3_000, kill: 8_000 } });
  stage.runUntil(() => stage.squad.phase === "wait");
  stage.squad.interrupt(stage.nowMs);
  assert.deepEqual([stage.squad.phase, stage.finish().exitCode], ["done", 130]);
});

Deno.test("squad: respects the limit of simultaneous CONNECTs, and reports their maximum", async (t) => {
  await eachCase(t, [1, 4, 64], (connectsUnderWay) => {
    const stage = new FleetStage({ connectsUnderWay, rampPerSecond: 1_000_000, durationMs: 2_000 });
    const { clients } = stage.finish();
    const { mostUnderWay, connects } = stage.squad.rampFacts;
    assert.equal(mostUnderWay, Math.min(connectsUnderWay, clients.asked));
    assert.equal(Histogram.decode(connects).count, clients.connected + clients.reconnects);
  });
});
