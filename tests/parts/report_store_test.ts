/** Reports in the store of a rendezvous: whole or not there. */
import assert from "node:assert/strict";
import { ClockOffset } from "../../src/parts/clock_offset.ts";
import {
  decodeBeat,
  decodeToCoordinator,
  decodeToPart,
  encodeMessage,
  receivedProgress,
  type ToCoordinator,
} from "../../src/parts/message.ts";
import type { Rendezvous } from "../../src/parts/rendezvous.ts";
import { readReport, readRun, reserveRun, type StoredReport, storeReport } from "../../src/parts/report_store.ts";
import { FleetStage } from "../support/fleet_stage.ts";
import { Random } from "../../src/base/random.ts";

function memory(): { readonly store: Rendezvous; readonly values: Map<string, Uint8Array> } {
  const values = new Map<string, Uint8Array>();
  const store: Rendezvous = {
    publish() {},
    listen: () => () => {},
    get: (key) => Promise.resolve(values.get(key)),
    put: (key, bytes) => Promise.resolve(void values.set(key, bytes)),
    putIfNew: (key, bytes) => {
      const isNew = !values.has(key);
      if (isNew) values.set(key, bytes);
      return Promise.resolve(isNew);
    },
    close: () => Promise.resolve(),
  };
  return { store, values };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const task = { plan: { run: "r", clients: 3 }, url: "mqtt://h", epochMs: 5, thresholds: [], detail: false };

const random = new Random(5);
/** More than a chunk, even when compressed. */
const noise = Array.from({ length: 200_000 }, () => random.below(1_000_000_000).toString(36)).join();
const who = { id: "a", host: "node-1", pid: 3, version: "1" };
const stored: StoredReport = { who, part: 2, of: 3, lateMs: 0, report: { noise } };

Deno.test("report store: a report of several chunks comes back as it was", async () => {
  const { store, values } = memory();
  assert.equal(await readReport(store, "r", 2), undefined);
  await storeReport(store, "r", stored);
  assert.ok(values.size > 2 && [...values.values()].every((bytes) => bytes.length <= 524_288), `${values.size} values`);
  assert.deepEqual(await readReport(store, "r", 2), stored);
  assert.equal(await readReport(store, "r", 1), undefined);
});

Deno.test("report store: a report with a missing, foreign or altered chunk does not exist", async () => {
  const { store, values } = memory();
  await storeReport(store, "r", stored);
  const [key, bytes] = [...values].find(([key]) => key === "r.report.2.1")!;
  for (const wrong of [undefined, bytes.slice(1), bytes.map((byte) => byte ^ 1), new Uint8Array([...bytes, 0])]) {
    if (wrong === undefined) values.delete(key);
    else values.set(key, wrong);
    assert.equal(await readReport(store, "r", 2), undefined);
  }
  values.set(key, bytes);
  assert.deepEqual(await readReport(store, "r", 2), stored);
});

Deno.test("report store: the name of a run is reserved once", async () => {
  const { store } = memory();
  const since = "2026-01-02T03:04:05.678Z";
  const [first, second] = ["node-1", "node-2"].map((host) => ({ parts: 3, host, since, thresholds: [] }));
  assert.equal(await readRun(store, "r"), undefined);
  assert.equal(await reserveRun(store, "r", first!), undefined);
  assert.deepEqual(await reserveRun(store, "r", second!), first);
  assert.equal(await reserveRun(store, "s", second!), undefined);
});

Deno.test("clock offset: the quickest of the round trips counts, with half of it as its error", () => {
  const offset = new ClockOffset();
  offset.answered(1_000, 5_020, 1_040);
  assert.deepEqual(offset.best, { offsetMs: 4_000, errorMs: 20, rttMs: 40 });
  offset.answered(1_100, 5_180, 1_200);
  assert.equal(offset.best?.rttMs, 40);
  offset.answered(1_300, 5_301, 1_304);
  assert.deepEqual(offset.best, { offsetMs: 3_999, errorMs: 2, rttMs: 4 });
  assert.equal(offset.isSettled, false);
  for (let ping = 0; ping < 13; ping++) offset.answered(1_300, 5_301, 1_304);
  assert.equal(offset.isSettled, true);
});

Deno.test("message: another version and bytes that are none are no message, and percentiles of no wills are NaN", () => {
  const message: ToCoordinator = { type: "leave", id: "a" };
  assert.deepEqual(decodeToCoordinator(encodeMessage(message)), message);
  for (const text of ['{"v":2,"type":"leave","id":"a"}', '{"type":"leave","id":"a"}', "{", "[]", "null", ""]) {
    assert.equal(decodeToCoordinator(bytesOf(text)), undefined, text);
  }
  const who = { id: "a", host: "node-a", pid: 7, version: "9.0.0" };
  const join = decodeToCoordinator(bytesOf(JSON.stringify({ v: 2, type: "join", who })));
  assert.deepEqual(join, { type: "join", who }, "a coordinator refuses a part of another version");
  const no = { type: "no", why: "the part on node-a is mqtt-sim 9.0.0", exitCode: 2 };
  assert.deepEqual(decodeToPart(bytesOf(JSON.stringify({ v: 2, ...no }))), no);
  assert.equal(decodeToPart(bytesOf('{"v":2,"type":"kept"}')), undefined);
  const { p50, p99 } = receivedProgress(JSON.parse('{"p50":null,"p99":3}'));
  assert.deepEqual([p50, p99], [NaN, 3]);
});

/** The progress of a run with each optional part. */
const progress = (() => {
  const stage = new FleetStage({
    clients: 6,
    killRate: { kind: "count", perSecond: 5 },
    durationMs: 2_000,
    presence: true,
    detail: true,
  });
  stage.finish();
  return stage.squad.progress(stage.clock.nowMs());
})();

Deno.test("message: one without a field that its receiver reads is no message", () => {
  assert.ok(progress.detail !== undefined && progress.brokerMs !== undefined && progress.controls !== undefined);
  const status = { type: "status", id: "a", part: 1, state: "kill", progress } as const;
  const seat = { type: "seat", part: 1, of: 2, task, confirmed: false } as const;
  const cases = [
    [decodeToCoordinator, { type: "join", who }, ["who.id", "who.host", "who.version", "type"]],
    [decodeToCoordinator, status, ["part", "state", "progress.faults", "progress.instants.began", "progress.phase"]],
    [decodeToPart, seat, ["part", "task.plan.run", "task.url", "task.epochMs", "task.thresholds", "confirmed"]],
    [decodeToPart, { type: "no", why: "x", exitCode: 2 }, ["why", "exitCode"]],
    [decodeBeat, { state: "kill", killAtMs: 3 }, ["state"]],
  ] as const;
  for (const [decode, message, fields] of cases) {
    const text = JSON.stringify({ v: 1, ...message });
    assert.deepEqual(decode(bytesOf(text)), JSON.parse(JSON.stringify(message)));
    for (const field of fields) {
      const broken = JSON.parse(text);
      const path = field.split(".");
      delete path.slice(0, -1).reduce((inner, name) => inner[name], broken)[path.at(-1)!];
      assert.equal(decode(bytesOf(JSON.stringify(broken))), undefined, `without ${field}`);
    }
  }
});

Deno.test("message: the name of another run has no part of a path or of a subject", () => {
  const seat = { v: 1, type: "seat", part: 1, of: 2, confirmed: false };
  const named = (next: string) => decodeToPart(bytesOf(JSON.stringify({ ...seat, task: { ...task, next } })));
  const beats = (run: string) => decodeBeat(bytesOf(JSON.stringify({ v: 1, state: "gather", run })));
  for (const name of ["night", "night-1", "search.12"]) assert.ok(named(name) && beats(name), name);
  for (const name of ["../x", "a/b", "a.b", "*", ">", "", "a b"]) {
    assert.deepEqual([named(name), beats(name)], [undefined, undefined], name);
  }
});

Deno.test("report store: entries of another program are no run and no report", async () => {
  const { store, values } = memory();
  await storeReport(store, "r", stored);
  const last = values.get("r.report.2")!;
  const entry = JSON.parse(new TextDecoder().decode(last));
  for (const wrong of ["{", "null", "{}", JSON.stringify({ ...entry, bytes: 1e12 })]) {
    values.set("r.report.2", bytesOf(wrong));
    values.set("r.run", bytesOf(wrong));
    assert.equal(await readReport(store, "r", 2), undefined, wrong);
    assert.equal(await readRun(store, "r"), undefined, wrong);
    const asked = reserveRun(store, "r", { parts: 1, host: "node-1", since: "2026-01-02T03:04:05Z", thresholds: [] });
    await assert.rejects(asked, /Cannot use the run name "r": another program has written its entry/);
  }
  await storeReport(store, "r", { ...stored, report: "no report" });
  assert.equal(await readReport(store, "r", 2), undefined);
});
