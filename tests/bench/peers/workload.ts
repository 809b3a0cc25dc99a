/** A workload: it runs once on one broker, and returns plain figures. */
import type { Engine } from "../../../src/net/engine.ts";
import type { BrokerPeer } from "../../support/brokers/peers.ts";
import { CpuClock } from "./process_cost.ts";
import { Swarm } from "./swarm.ts";

/** One run of a workload on one broker. */
export interface Figures {
  /** Units of work that completed; fewer than `asked` means loss. */
  readonly done: number;
  readonly asked: number;
  /** From the start of the work to its last effect. */
  readonly ms: number;
  /** The broker's CPU time, until it was idle again. */
  readonly cpuUs: number;
  /** The kernel's part of it, to 10 ms. */
  readonly kernelUs?: number;
  /** The generator's CPU time while the broker worked; absent if the generator is a separate process. */
  readonly generatorUs?: number;
  /** The part of `ms` in which the generator reset its clients. */
  readonly resetMs?: number;
  /**
   * The figure of the workload if it is neither units per second nor CPU time: bytes for each client, milliseconds
   * late.
   */
  readonly value?: number;
}

/** A goal of our broker, relative to another in the same round. */
export interface Goal {
  readonly beside: "mosquitto" | "aedes" | "mqtt-sim epoll" | "mqtt-sim deno" | "itself";
  /** The engines that the goal applies to; both if absent. */
  readonly from?: "mqtt-sim epoll" | "mqtt-sim store" | "mqtt-sim deno store";
  /** Whose engine it refers to, if not the broker's. */
  readonly engine?: "epoll" | "deno";
  /** `rate`: units per second, and CPU for each unit; `value`: see {@link Figures}. */
  readonly of: "rate" | "value";
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Workload {
  /** The argument of `--workload`. */
  readonly id: string;
  readonly title: string;
  /** A text for the unit of work, and for `value`. */
  readonly unit: string;
  readonly valueUnit?: string;
  /** Of a storm: how many watchers receive a will of each death. */
  readonly watchers?: number;
  /** Absent: a figure without a goal. */
  readonly goals: readonly Goal[];
  /** Our broker also takes part with its sessions and wills on disk. */
  readonly withStore?: boolean;
  /** The brokers that take part; all if absent. */
  readonly brokers?: readonly string[];
  /** The workload measures the fleet, on this engine, not the broker. */
  readonly fleet?: "epoll" | "deno";
  /** A new broker for each run, without a warm-up. */
  readonly isFresh?: boolean;
  /** The workload warms its broker up itself. */
  readonly isWarming?: boolean;
  /** The most rounds, for a slow workload. */
  readonly roundsAtMost?: number;
  /** Its share of the time, where the others have 1. */
  readonly weight?: number;
  run(stage: Stage): Promise<Figures>;
}

/** The measured time; `performance.now()`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One broker with its address. */
export class Stage {
  readonly peer: BrokerPeer;
  /** The times at which the broker was under measurement. */
  readonly spans: Span[] = [];
  readonly #engine: Engine;
  readonly #run: string;
  readonly #another: () => Promise<BrokerPeer>;
  readonly #broker: CpuClock;
  readonly #generator = new CpuClock(Deno.pid);
  #swarms = 0;

  /** @param another starts one more broker of the same kind */
  constructor(peer: BrokerPeer, engine: Engine, run: string, another: () => Promise<BrokerPeer>) {
    this.peer = peer;
    this.#engine = engine;
    this.#run = run;
    this.#another = another;
    this.#broker = new CpuClock(peer.child.pid);
  }

  swarm(): Swarm {
    return new Swarm(this.#engine, this.peer.port, `${this.#run}-${++this.#swarms}`);
  }

  /** Starts one more broker, which the caller stops. */
  another(): Promise<BrokerPeer> {
    return this.#another();
  }

  get brokerCpuUs(): number {
    return this.#broker.us;
  }

  get brokerKernelUs(): number {
    return this.#broker.kernelUs;
  }

  get generatorCpuUs(): number {
    return this.#generator.us;
  }

  /** Waits for the broker to finish earlier work. */
  settle(ms = 300): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /**
   * Waits until the broker is nearly idle, so that its CPU time is readable and the next measurement begins quietly.
   */
  async rest(lookMs = 25, limitMs = 3_000): Promise<void> {
    const untilMs = performance.now() + limitMs;
    for (let before = this.brokerCpuUs; performance.now() < untilMs;) {
      await this.settle(lookMs);
      const now = this.brokerCpuUs;
      if (now - before < lookMs * 40) return; // less than 4 % of a core
      before = now;
    }
  }
}
