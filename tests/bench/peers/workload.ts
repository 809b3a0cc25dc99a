/** What is measured: a workload runs once on one broker, and answers plain figures. */
import type { Engine } from "../../../src/net/engine.ts";
import type { BrokerPeer } from "../../support/peers.ts";
import { cpuUs } from "./process_cost.ts";
import { Swarm } from "./swarm.ts";

/** One run of a workload on one broker. */
export interface Figures {
  /** What came of the units of work that were asked for; less than `asked` is loss. */
  readonly done: number;
  readonly asked: number;
  /** From the first cause to the last effect. */
  readonly ms: number;
  /** The broker's CPU time. */
  readonly cpuUs: number;
  /** The one figure that counts, where it is neither units a second nor CPU time: bytes a client, milliseconds late. */
  readonly value?: number;
}

/** What a goal asks of our broker, beside another in the same round. */
export interface Goal {
  readonly beside: "mosquitto" | "aedes" | "mqtt-sim epoll" | "itself";
  /** Of which of our brokers; of both engines if absent. */
  readonly from?: "mqtt-sim epoll" | "mqtt-sim store";
  /** `rate`: units a second; `cpu`: CPU for a unit, the other's over ours; `value`: see {@link Figures}. */
  readonly of: "rate" | "value";
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Workload {
  /** For `--workload`. */
  readonly id: string;
  readonly title: string;
  /** What a unit of work is, and what `value` is. */
  readonly unit: string;
  readonly valueUnit?: string;
  /** None: a figure without one. */
  readonly goals: readonly Goal[];
  /** Stands beside the others here, where our broker keeps its sessions and wills on a disk. */
  readonly withStore?: boolean;
  /** A broker that has done nothing yet for each run, and no warming up. */
  readonly isFresh?: boolean;
  run(stage: Stage): Promise<Figures>;
}

/** One broker, and the way to it. */
export class Stage {
  readonly peer: BrokerPeer;
  readonly #engine: Engine;
  readonly #run: string;
  #swarms = 0;

  constructor(peer: BrokerPeer, engine: Engine, run: string) {
    this.peer = peer;
    this.#engine = engine;
    this.#run = run;
  }

  swarm(): Swarm {
    return new Swarm(this.#engine, this.peer.port, `${this.#run}-${++this.#swarms}`);
  }

  get brokerCpuUs(): number {
    return cpuUs(this.peer.child.pid);
  }

  /** Time for the broker to have done with what went before. */
  settle(ms = 300): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}
