/**
 * A squad and the broker's core on memory links, under a manual clock: a whole run without real waits, with the same
 * result each time. The test records each run and judges the recording again.
 */
import { textOfBytes } from "../../src/base/bytes.ts";
import { wrongLogin } from "../../src/fleet/client/refused_login.ts";
import { memoryCable } from "./memory_cable.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { Deadlines } from "../../src/base/deadlines.ts";
import type { CoreOptions } from "../../src/broker/options/options.ts";
import type { FleetWorld, Wakeable } from "../../src/fleet/client/fleet_world.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import { mergeProgress, mergeResults } from "../../src/fleet/merge/merge.ts";
import { hasOutage, restartsBroker } from "../../src/fleet/plan/phases.ts";
import type { FleetPlan, PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult, Progress } from "../../src/fleet/result/result.ts";
import { phases as runPhases } from "../../src/fleet/result/run_phase.ts";
import { tasksOf } from "../../src/fleet/run_fleet.ts";
import { Squad } from "../../src/fleet/squad/squad.ts";
import { Recording } from "./recording.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";
import { type NodeFate, SimulatedBroker } from "./brokers/simulated_broker.ts";
import { SimulatedOutages } from "./simulated_outages.ts";

const stepMs = 5;
/** The simulated time within which each run must end, in milliseconds. */
const longestMs = 3_600_000;

const startedAt = "2026-01-01T00:00:00.000Z";

/** The options of a simulated run. */
export interface Simulation {
  readonly plan: Partial<PlanRequest>;
  readonly protocol?: "3.1.1" | "5" | "mix";
  readonly broker?: CoreOptions;
  readonly recording?: Recording;
  /** A restart deletes all state; otherwise the broker has a store. */
  readonly forgets?: boolean;
  /** The nodes of the plan are brokers without a bridge: no message crosses them. Else they are one broker. */
  readonly severed?: boolean;
  /** What the cluster does at the loss of a node. Default: it publishes the wills at once, and keeps the sessions. */
  readonly nodeFate?: NodeFate;
  /** Restarts without effect: the broker gets the request, and continues. */
  readonly stays?: boolean;
  /** The change to its store during the outage, for a broker that returns in another state. */
  readonly tamper?: (store: string) => void;
  /** Receives the progress of the run with the counts for metrics, every 200 ms and at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Runs first. */
  readonly first?: (broker: SimulatedBroker) => void;
  /** Runs this long after the first restart. */
  readonly then?: { readonly afterMs: number; act(broker: SimulatedBroker): void };
}

/** Makes a squad for each worker of the plan. */
function squadsOf(
  plan: FleetPlan,
  { protocol = "mix", onProgress }: Simulation,
  clock: ManualClock,
  broker: SimulatedBroker,
  recording: Recording,
  nodes: readonly SimulatedBroker[] | undefined,
): Squad[] {
  const world = (): FleetWorld => ({
    clock,
    wakes: new Deadlines<Wakeable>(),
    canReset: true,
    dial: (receiver) => broker.dial(receiver),
    cable: memoryCable,
    kick: ({ clientId }) => broker.disconnect(clientId),
    ...nodes && {
      down: new Set(),
      nodes: nodes.map((node, at) => ({ clock, canReset: true, dial: (receiver) => node.dial(receiver, at) })),
    },
  });
  const run = { plan, target: parseEndpoint("mqtt://sim:1883"), brokerInProcess: true };
  return tasksOf(run, protocol).map((task) =>
    new Squad({ ...task, detail: onProgress !== undefined }, world(), recording.noteOf(task.number))
  );
}

/** Runs a fleet, or one shard of it, on the broker's core to its end; each worker is one squad. */
export function simulateFleet(simulation: Simulation): FleetResult {
  const { plan: request, protocol = "mix", broker: options = {}, recording = new Recording() } = simulation;
  const { forgets = false } = simulation;
  const clock = new ManualClock();
  const tasks: (() => void)[] = [];
  const plan = makePlan({ seed: 1, run: "sim", ...kicks(request), ...request });
  const brokerOptions = { ...logins(request), ...options };
  using broker = new SimulatedBroker(clock, tasks, brokerOptions, restartsBroker(plan) && !forgets);
  const nodes = simulation.severed
    ? [broker, ...plan.nodes!.slice(1).map(() => new SimulatedBroker(clock, tasks, brokerOptions, false))]
    : plan.nodes?.map(() => broker);
  simulation.first?.(broker);
  recording.begin(plan, protocol);
  const squads = squadsOf(plan, simulation, clock, broker, recording, nodes);
  const progress = (nowMs: number) =>
    simulation.onProgress?.(mergeProgress(squads.map((each) => each.progress(nowMs)), runPhases));
  for (const squad of squads) squad.start(clock.nowMs());
  const outages = new SimulatedOutages(plan, simulation, broker);
  let { then } = simulation;
  let going = false;
  while (!squads.every((squad) => squad.done)) {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
    const nowMs = clock.advance(stepMs);
    if (nowMs > longestMs) {
      throw new Error(`squads are still in phases ${squads.map(({ phase }) => phase)} after an hour`);
    }
    for (const node of new Set([broker, ...nodes ?? []])) node.turn(nowMs);
    for (const squad of squads) if (!squad.done) squad.turn(nowMs);
    if (nowMs % 200 === 0) progress(nowMs);
    if (!going && squads.every((squad) => squad.ready)) {
      going = true;
      for (const squad of squads) squad.go();
    }
    if (then !== undefined && nowMs >= outages.firstBackMs + then.afterMs) {
      then.act(broker);
      then = undefined;
    }
    const [atStep] = squads.map((squad) => squad.atStep);
    if (atStep === undefined || !squads.every((squad) => squad.atStep === atStep)) continue;
    if (!outages.isDone(atStep, nowMs, (restarted) => recording.restarted(restarted))) continue;
    for (const squad of squads) squad.stepDone(nowMs);
  }
  progress(clock.nowMs());
  const facts = { plan, target: "sim", protocol, startedAt, durationMs: clock.nowMs(), warnings: [] };
  const resources = { cpuMs: 0, rssBytes: 0 };
  const found = { ...facts, ...hasOutage(plan) && { restarts: outages.restarted }, resources };
  const results = squads.map((squad) => squad.result());
  const merged = mergeResults(found, results);
  recording.end(found, results);
  recording.mustReplay(merged);
  return merged;
}

/** The command that a plan with kicks needs: the world of the simulation has the broker disconnect the client. */
function kicks({ killShares = [] }: Partial<PlanRequest>): Partial<PlanRequest> {
  return killShares.some(({ mode }) => mode === "kicked") ? { kickCommand: "{client}" } : {};
}

/** A broker that refuses the wrong password of kill mode refused-login. */
function logins({ killShares = [] }: Partial<PlanRequest>): CoreOptions {
  if (!killShares.some(({ mode }) => mode === "refused-login")) return {};
  return {
    authenticate: ({ password }) =>
      password !== undefined && textOfBytes(password) === wrongLogin.password ? "bad-credentials" : "accept",
  };
}
