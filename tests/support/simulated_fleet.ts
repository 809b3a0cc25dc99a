/**
 * A squad and the broker's core on links in memory, under a clock that is moved by hand: a whole run in no time, and
 * the same one each time. Each run is recorded, and its recording judged again.
 */
import { ManualClock } from "../../src/base/clock.ts";
import { Deadlines } from "../../src/base/deadlines.ts";
import { Core } from "../../src/broker/core.ts";
import { type CoreOptions, coreSettings } from "../../src/broker/options.ts";
import { serve } from "../../src/broker/serve.ts";
import { runDue } from "../../src/broker/tick.ts";
import type { Wakeable, World } from "../../src/fleet/connection.ts";
import { mergeResults } from "../../src/fleet/merge.ts";
import { makePlan, type PlanRequest } from "../../src/fleet/plan.ts";
import type { FleetResult } from "../../src/fleet/result.ts";
import { tasksOf } from "../../src/fleet/run_fleet.ts";
import { Squad } from "../../src/fleet/squad.ts";
import { Recording } from "./recording.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { memoryLinkPair } from "../../src/net/memory_link.ts";

const stepMs = 5;
/** Simulated time after which a run that has not ended never will, in milliseconds. */
const longestMs = 3_600_000;
const dueAtOnce = 1_000;

const startedAt = "2026-01-01T00:00:00.000Z";

/** What a simulated run is given. */
export interface Simulation {
  readonly plan: Partial<PlanRequest>;
  readonly protocol?: "3.1.1" | "5" | "mix";
  readonly broker?: CoreOptions;
  readonly recording?: Recording;
}

/** Runs a fleet, or one shard of it, against the broker's core to its end; each of its workers is a squad here. */
export function simulateFleet(simulation: Simulation): FleetResult {
  const { plan: request, protocol = "mix", broker = {}, recording = new Recording() } = simulation;
  const clock = new ManualClock();
  const tasks: (() => void)[] = [];
  let clientIds = 0;
  const core = new Core(coreSettings({ ...broker, clock }, () => `drawn${clientIds++}`));
  const world = (): World => ({
    clock,
    wakes: new Deadlines<Wakeable>(),
    canReset: true,
    dial: (receiver) => {
      const [near, far] = memoryLinkPair((task) => tasks.push(task));
      near.receiver = receiver;
      serve(core, far, () => {});
      tasks.push(() => receiver.onOpen());
      return near;
    },
  });
  const plan = makePlan({ seed: 1, run: "sim", ...request });
  const run = { plan, target: parseEndpoint("mqtt://sim:1883"), brokerInProcess: true };
  recording.begin(plan, protocol);
  const squads = tasksOf(run, protocol).map((task) => new Squad(task, world(), recording.noteOf(task.number)));
  for (const squad of squads) squad.start(clock.nowMs());
  let going = false;
  while (!squads.every((squad) => squad.done)) {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
    const nowMs = clock.advance(stepMs);
    if (nowMs > longestMs) {
      throw new Error(`squads are still in phases ${squads.map(({ phase }) => phase)} after an hour`);
    }
    runDue(core, nowMs, dueAtOnce);
    for (const squad of squads) if (!squad.done) squad.turn(nowMs);
    if (!going && squads.every((squad) => squad.ready)) {
      going = true;
      for (const squad of squads) squad.go();
    }
  }
  const facts = { plan, target: "sim", protocol, startedAt, durationMs: clock.nowMs(), warnings: [] };
  const found = { ...facts, resources: { cpuMs: 0, rssBytes: 0 } };
  const results = squads.map((squad) => squad.result());
  const merged = mergeResults(found, results);
  recording.end(found, results);
  recording.mustReplay(merged);
  return merged;
}
