/** The schedule's model of the fleet. */
import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { FleetModel } from "../../../src/fleet/schedule/fleet_model.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { aPlan } from "../sample_life.ts";

const groups = new Groups(
  aPlan({ clients: 100, groups: [{ name: "a", share: 1 }, { name: "b", share: 3 }] }),
  "5",
);

function model(): [FleetModel, Random] {
  return [new FleetModel(groups, 40), new Random(1)];
}

Deno.test("fleet model: all clients are alive, each in its group", () => {
  const [fleet] = model();
  assert.deepEqual([fleet.alive([0]), fleet.alive([1]), fleet.alive([0, 1]), fleet.alive([])], [10, 30, 40, 0]);
});

Deno.test("fleet model: draws victims from the requested groups, each once", () => {
  const [fleet, random] = model();
  const taken = Array.from({ length: 30 }, () => fleet.takeAlive([1], random));
  assert.equal(new Set(taken).size, 30);
  assert.ok(taken.every((client) => client >= 0 && client < 40 && groups.indexOf(client) === 1));
  assert.deepEqual([fleet.alive([0]), fleet.alive([1])], [10, 0]);
  assert.throws(() => fleet.takeAlive([1], random));
});

Deno.test("fleet model: draws each living client with the same probability, across groups", () => {
  const random = new Random(5);
  const first = new Map<number, number>();
  for (let round = 0; round < 8_000; round++) {
    const client = new FleetModel(groups, 8).takeAlive([0, 1], random);
    first.set(client, (first.get(client) ?? 0) + 1);
  }
  assert.equal(first.size, 8);
  for (const [client, count] of first) assert.ok(Math.abs(count - 1_000) < 120, `client ${client} ${count} times`);
});

Deno.test("fleet model: offline clients return after their time, gone clients only when called", () => {
  const [fleet, random] = model();
  const [soon, later, gone] = [0, 1, 2].map(() => fleet.takeAlive([0], random)) as [number, number, number];
  assert.equal(fleet.nextReturnMs, Infinity);
  fleet.sendAway(later, 200);
  fleet.sendAway(soon, 100);
  fleet.sendAway(gone, Infinity);
  assert.equal(fleet.nextReturnMs, 100);
  fleet.comeBack(99);
  assert.equal(fleet.alive([0]), 7);
  fleet.comeBack(100);
  assert.deepEqual({ alive: fleet.alive([0]), nextReturnMs: fleet.nextReturnMs }, { alive: 8, nextReturnMs: 200 });
  fleet.comeBack(1_000_000);
  assert.deepEqual([fleet.alive([0]), fleet.nextReturnMs, fleet.gone([0]), fleet.gone([1])], [9, Infinity, 1, 0]);
  assert.equal(fleet.takeGone([1], random), undefined);
  assert.equal(fleet.takeGone([1, 0], random), gone);
  assert.equal(fleet.takeGone([0, 1], random), undefined);
});
