/**
 * The outages of a simulated run: restarts of the broker, and the stop and start of nodes of a cluster, each when the
 * squads request it.
 */
import type { FleetPlan } from "../../src/fleet/plan/plan.ts";
import type { Restarted } from "../../src/fleet/result/restart_result.ts";
import { type OutageStep, outageSteps } from "../../src/fleet/schedule/outage_steps.ts";
import type { SimulatedBroker } from "./brokers/simulated_broker.ts";
import type { Simulation } from "./simulated_fleet.ts";

type Back = Extract<Restarted, { kind: "back" }>;

/** How long the stop and the start of a node take, in milliseconds. */
const stopMs = 200;
const startMs = 800;

export class SimulatedOutages {
  readonly restarted: Back[] = [];
  readonly #plan: FleetPlan;
  readonly #steps: readonly OutageStep[];
  readonly #simulation: Simulation;
  readonly #broker: SimulatedBroker;
  #begun = -1;
  #untilMs = 0;
  #downMs = 0;

  constructor(plan: FleetPlan, simulation: Simulation, broker: SimulatedBroker) {
    this.#plan = plan;
    this.#steps = outageSteps(plan);
    this.#simulation = simulation;
    this.#broker = broker;
  }

  /** When the first outage was over; Infinity before. */
  get firstBackMs(): number {
    return this.restarted[0]?.backMs ?? Infinity;
  }

  /** Begins a step, or completes it once its time has passed; true on completion. */
  isDone(number: number, nowMs: number, onBack: (restarted: Back) => void): boolean {
    const step = this.#steps[number]!;
    if (this.#begun < number) {
      this.#begun = number;
      this.#begin(step, nowMs);
      return false;
    }
    if (nowMs < this.#untilMs) return false;
    if (step.act === "stop") return true;
    if (step.act === "start") this.#broker.startNode(step.node);
    else if (!this.#simulation.stays) this.#broker.begin();
    const of = step.act === "start" ? { node: this.#plan.nodes![step.node]!.name } : {};
    const restarted = { kind: "back", ...of, downMs: this.#downMs, backMs: nowMs } as const;
    this.restarted.push(restarted);
    onBack(restarted);
    return true;
  }

  #begin(step: OutageStep, nowMs: number): void {
    if (step.act !== "start") this.#downMs = nowMs;
    this.#untilMs = nowMs + (step.act === "restart" ? step.phase.downMs : step.act === "stop" ? stopMs : startMs);
    const { stays, tamper, nodeFate = { wills: "at once" } } = this.#simulation;
    if (step.act === "start") return;
    if (step.act === "stop") return stays ? undefined : this.#broker.stopNode(step.node, nodeFate);
    if (!stays) this.#broker.kill();
    if (this.#broker.storePath !== undefined) tamper?.(this.#broker.storePath);
  }
}
