/** One part of a run: its waits for the actions of the coordinator on the broker, and for a run that never comes. */
import assert from "node:assert/strict";
import type { PartsTask, StepDone, ToCoordinator } from "../../src/parts/message.ts";
import { Part } from "../../src/parts/part.ts";
import { aPlan } from "../fleet/sample_life.ts";

const task: PartsTask = { plan: aPlan({}), url: "mqtt://b", epochMs: 0, thresholds: [], detail: false };

/** A part that kills its clients; the clock of the coordinator is 1,000 ms ahead of its own. */
function killing() {
  const sent: ToCoordinator[] = [];
  const acted: StepDone[] = [];
  const part: Part = new Part({ id: "a", host: "node-a", pid: 7, version: "1" }, {
    send: (message) => sent.push(message),
    check: () => part.checked(undefined, 0),
    run: () => part.connected(0),
    go() {},
    acted: (done) => acted.push(done),
    interrupt() {},
    save() {},
  }, 0);
  const seat = { type: "seat", part: 1, of: 2, task } as const;
  part.receive({ ...seat, confirmed: false }, 0);
  part.receive({ ...seat, confirmed: true }, 0);
  part.receive({ type: "pong", ping: 0, sentMs: 0, atMs: 1_001 }, 2);
  part.beat({ state: "kill", killAtMs: 1_500 }, 10);
  part.turn(20);
  assert.equal(part.state, "kill");
  return { part, acted, steps: () => sent.flatMap((each) => each.type === "status" ? [each.step] : []) };
}

Deno.test("part: it waits for an action on the broker, and has its instant by its own clock", () => {
  const { part, acted, steps } = killing();
  part.atStep(0, 3_000);
  assert.equal(steps().at(-1), 0);
  part.beat({ state: "kill", killAtMs: 1_500 }, 3_250);
  assert.deepEqual(acted, []);
  const done = { step: 0, fromMs: 4_200, commandMs: 30 };
  for (const atMs of [3_500, 3_750]) part.beat({ state: "kill", killAtMs: 1_500, done }, atMs);
  assert.deepEqual(acted, [{ step: 0, fromMs: 3_200, commandMs: 30 }], "a repeated beat is no other action");
  part.atStep(1, 5_000);
  part.beat({ state: "kill", killAtMs: 1_500, done: { step: 1, fault: "the command failed" } }, 5_250);
  assert.deepEqual(acted.at(-1), { step: 1, fault: "the command failed" });
});

Deno.test("part: a wait for an action ends without a coordinator, and where the action is over", () => {
  const alone = killing();
  alone.part.atStep(0, 3_000);
  alone.part.turn(59_000);
  assert.deepEqual(alone.acted, []);
  alone.part.turn(60_100);
  assert.deepEqual(alone.acted, [
    { step: 0, fault: "the coordinator was silent for 60 s when the broker was to be restarted" },
  ]);
  const behind = killing();
  behind.part.atStep(0, 3_000);
  behind.part.beat({ state: "kill", killAtMs: 1_500, done: { step: 1, fromMs: 9_000 } }, 3_250);
  assert.deepEqual(behind.acted, [{ step: 0, fault: "the run went on while this part was silent" }]);
});

Deno.test("part: it ends with 0 where it waits for a run that never comes, and not where its clients are connected", () => {
  const dismissed = { state: "over", dismissed: true, why: "the search is over" } as const;
  const waiting = new Part({ id: "a", host: "node-a", pid: 7, version: "1" }, {
    ...{ send() {}, check() {}, run() {}, go() {}, acted() {}, interrupt() {}, save() {} },
  }, 0);
  waiting.turn(20);
  waiting.beat(dismissed, 40);
  assert.deepEqual(waiting.end, { exitCode: 0, text: "the search is over" });
  const { part } = killing();
  part.beat(dismissed, 3_000);
  assert.equal(part.end, undefined);
});
