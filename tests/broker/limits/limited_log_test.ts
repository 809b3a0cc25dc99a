/** Warnings that a peer can cause: a limited number of lines per interval, then a count of the suppressed ones. */
import assert from "node:assert/strict";
import { Deadlines } from "../../../src/base/deadlines.ts";
import type { Due } from "../../../src/broker/due.ts";
import { LimitedLog } from "../../../src/broker/limits/limited_log.ts";
import { beginStop, finishStop } from "../../../src/broker/serve/shutdown.ts";
import { Stage } from "../stage.ts";

function openLimitedLog() {
  const lines: string[] = [];
  const deadlines = new Deadlines<Due>();
  const log = new LimitedLog({ what: "failed logins", deadlines, write: (line) => lines.push(line) });
  return { lines, deadlines, log };
}

Deno.test("limited log: writes five lines of one source in ten seconds, then a count", () => {
  const { lines, deadlines, log } = openLimitedLog();
  for (let each = 1; each <= 8; each++) log.write("192.0.2.1", () => `line ${each}`, 1_000 + each);
  assert.deepEqual(lines, ["line 1", "line 2", "line 3", "line 4", "line 5"]);
  assert.equal(deadlines.nextMs, 11_001);
  (deadlines.takeDue(11_001) as LimitedLog).flush();
  assert.equal(lines.at(-1), "3 more failed logins within 10s are not in the log");
  log.write("192.0.2.1", () => "next period", 11_002);
  assert.equal(lines.at(-1), "next period");
  assert.equal(deadlines.size, 0);
});

Deno.test("limited log: many lines of one source do not hide lines of another source", () => {
  const { lines, log } = openLimitedLog();
  for (let each = 0; each < 1_000; each++) log.write("192.0.2.1", () => "many", 0);
  log.write("192.0.2.2", () => "the other", 0);
  assert.equal(lines.at(-1), "the other");
});

Deno.test("limited log: writes twenty lines in total for any number of sources", () => {
  const { lines, log } = openLimitedLog();
  for (let each = 0; each < 1_000; each++) log.write(`192.0.2.${each}`, () => "line", 0);
  assert.equal(lines.length, 20);
  log.flush();
  assert.deepEqual(lines.slice(20), ["980 more failed logins within 10s are not in the log"]);
});

Deno.test("limited log: does not format an omitted line, and writes no count when no line was omitted", () => {
  const { lines, log, deadlines } = openLimitedLog();
  let made = 0;
  for (let each = 0; each < 9; each++) log.write("a", () => `${++made}`, 0);
  assert.equal(made, 5);
  log.write("a", () => "later", 10_000);
  assert.deepEqual(lines.slice(5), ["4 more failed logins within 10s are not in the log", "later"]);
  log.flush();
  assert.deepEqual({ lines: lines.length, deadlines: deadlines.size }, { lines: 7, deadlines: 0 });
});

Deno.test("limited log: writes the count without another failed login, and at a stop", () => {
  const counts = (stage: Stage) => stage.logged.filter((line) => line.includes("are not in the log"));
  const failing = () => {
    const stage = new Stage({ authenticate: () => "bad-credentials" });
    for (let each = 0; each < 7; each++) stage.connect({ clientId: `c${each}` });
    return stage;
  };
  const running = failing();
  running.advance(9_999);
  assert.deepEqual(counts(running), []);
  running.advance(1);
  assert.deepEqual(counts(running), ["warn: 2 more failed logins within 10s are not in the log"]);
  const stopping = failing();
  for (let each = 0; each < 8; each++) stopping.core.warnings.actionRefused("192.0.2.1:5", "no token", stopping.nowMs);
  beginStop(stopping.core, stopping.nowMs);
  finishStop(stopping.core, stopping.nowMs);
  assert.deepEqual(counts(stopping), [
    "warn: 2 more failed logins within 10s are not in the log",
    "warn: 3 more refused requests for operator actions within 10s are not in the log",
  ]);
});

Deno.test("limited log: outboxes that overflow repeatedly write few lines, with the client quoted and cut", () => {
  const stage = new Stage({ limits: { outboxMessages: 1 } });
  const clientId = `a" ${"x".repeat(100)}`;
  const slow = stage.connect({ clientId }, { acknowledges: false }).subscribe("t", { qos: 1 });
  const sender = stage.connect({ clientId: "sender" });
  for (let each = 0; each < 8; each++) {
    for (const payload of ["taken", "dropped"]) sender.publish("t", payload, { qos: 1 });
    slow.send({ type: "puback", packetId: slow.of("publish").at(-1)!.packetId! });
  }
  stage.advance(10_000);
  const line = `warn: Outbox of client "a\\" ${"x".repeat(61)}…" is full; messages to it are dropped`;
  const count = "warn: 3 more warnings of full outboxes within 10s are not in the log";
  assert.deepEqual(stage.logged, [...Array.from({ length: 5 }, () => line), count]);
  assert.equal(stage.core.metrics.dropped["queue-full"], 8);
});
