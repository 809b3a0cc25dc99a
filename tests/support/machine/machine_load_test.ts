import assert from "node:assert/strict";
import { loadBetween, loadOf } from "./machine_load.ts";

const process = (user: number, system: number, childUser: number, childSystem: number) =>
  `7 (a name) with) S 1 1 1 0 -1 4194560 1 2 3 4 ${user} ${system} ${childUser} ${childSystem} 20 0 1`;
const machine = (user: number, system: number, idle: number) =>
  `cpu  ${user} 0 ${system} ${idle} 0 0 0 5 0 0\ncpu0 1 2`;

Deno.test("machine load: CPU time that neither broker nor fleet used belongs to others", () => {
  const before = loadOf(machine(100, 50, 1_000), process(10, 5, 20, 10), process(30, 10, 999, 999));
  const after = loadOf(machine(300, 150, 1_700), process(20, 5, 100, 20), process(70, 20, 5_000, 5_000));
  assert.deepEqual(before, { busy: 155, all: 1_155, own: 45, broker: 40 });
  // Of 1,000 ticks 300 were busy: 100 by the fleet, 50 by the broker.
  assert.deepEqual(loadBetween(before, after), { othersShare: 0.15, brokerCpuMs: 500 });
});

Deno.test("machine load: a restarted or embedded broker has no CPU figure", () => {
  const own = process(0, 0, 0, 0);
  const before = loadOf(machine(0, 0, 0), own, process(50, 0, 0, 0));
  assert.deepEqual(loadBetween(before, loadOf(machine(50, 0, 50), own, process(1, 0, 0, 0))), { othersShare: 0.5 });
  assert.deepEqual(loadBetween(loadOf(machine(0, 0, 0), own), loadOf(machine(0, 0, 50), own)), { othersShare: 0 });
});
