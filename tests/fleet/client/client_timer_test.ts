/** The timer of one client: it fires at its latest set time, and not after it was cleared. */
import assert from "node:assert/strict";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { ClientTimer } from "../../../src/fleet/client/client_timer.ts";
import type { Wakeable } from "../../../src/fleet/client/fleet_world.ts";

/** Sets a timer to `atMs` at each `nowMs` and returns the times at which it fired, until 100 ms. */
function rung(settings: readonly (readonly [nowMs: number, atMs: number])[]): number[] {
  const wakes = new Deadlines<Wakeable>();
  const rang: number[] = [];
  const timer: ClientTimer = new ClientTimer(wakes, { wake: (nowMs) => void (timer.rings(nowMs) && rang.push(nowMs)) });
  for (let nowMs = 0; nowMs <= 100; nowMs++) {
    for (let due = wakes.takeDue(nowMs); due !== undefined; due = wakes.takeDue(nowMs)) due.wake(nowMs);
    for (const [whenMs, atMs] of settings) if (whenMs === nowMs) timer.at(atMs);
  }
  assert.ok(wakes.size <= 1, "an alarm has one deadline");
  return rang;
}

const cases: readonly [what: string, settings: readonly (readonly [number, number])[], rang: number[]][] = [
  ["it rings once", [[0, 10]], [10]],
  ["put off", [[0, 10], [5, 30]], [30]],
  ["put off twice, the second time to a sooner instant than the first", [[0, 10], [5, 30], [8, 20]], [20]],
  ["set to a sooner instant", [[0, 50], [5, 10]], [10]],
  ["turned off", [[0, 10], [5, Infinity]], []],
  ["turned off, and set again to after its old instant", [[0, 10], [5, Infinity], [7, 40]], [40]],
  ["turned off, and set again to before its old instant", [[0, 30], [5, Infinity], [7, 20]], [20]],
  ["turned off, and set again once its old instant has passed", [[0, 10], [5, Infinity], [20, 40]], [40]],
  ["set again after it rang", [[0, 10], [15, 20]], [10, 20]],
  ["never set", [[0, Infinity]], []],
];
for (const [what, settings, expected] of cases) {
  Deno.test(`client timer: ${what}`, () => assert.deepEqual(rung(settings), expected));
}

Deno.test("client timer: turned off, it does not wake its owner", () => {
  const wakes = new Deadlines<Wakeable>();
  const timer = new ClientTimer(wakes, { wake() {} });
  timer.at(10);
  timer.at(Infinity);
  assert.equal(wakes.nextMs, Infinity);
});
