/** What is measured: a workload runs once on one broker, and answers plain figures. */
import type { Engine } from "../../../src/net/engine.ts";
import type { BrokerPeer } from "../../support/brokers/peers.ts";
import { CpuClock } from "./process_cost.ts";
import { Swarm } from "./swarm.ts";

/** One run of a workload on one broker. */
export interface Figures {
  /** What came of the units of work that were asked for; less than `asked` is loss. */
  readonly done: number;
  readonly asked: number;
  /** From the first cause to the last effect. */
  readonly ms: number;
  /** The broker's CPU time, until it had come to rest again. */
  readonly cpuUs: number;
  /** Of it, what the kernel spent, to 10 ms. */
  readonly kernelUs?: number;
  /** The generator's own, while the broker worked; absent where the generator is no part of this process. */
  readonly generatorUs?: number;
  /** How long the generator took to reset its clients, of `ms`. */
  readonly resetMs?: number;
  /** The one figure that counts, where it is neither units a second nor CPU time: bytes a client, milliseconds late. */
  readonly value?: number;
}

/** What a goal asks of our broker, beside another in the same round. */
export interface Goal {
  readonly beside: "mosquitto" | "aedes" | "mqtt-sim epoll" | "mqtt-sim deno" | "itself";
  /** Of which of our brokers; of both engines if absent. */
  readonly from?: "mqtt-sim epoll" | "mqtt-sim store" | "mqtt-sim deno store";
  /** Whose engine it speaks of, where that is not the broker's. */
  readonly engine?: "epoll" | "deno";
  /** `rate`: units a second, and CPU for a unit; `value`: see {@link Figures}. */
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
  /** Our broker stands here too with its sessions and wills on a disk. */
  readonly withStore?: boolean;
  /** Who takes part; everybody if absent. */
  readonly brokers?: readonly string[];
  /** It is the fleet that is measured, on this engine, and not the broker. */
  readonly fleet?: "epoll" | "deno";
  /** A broker that has done nothing yet for each run, and no warming up. */
  readonly isFresh?: boolean;
  /** It warms its broker up by itself. */
  readonly isWarming?: boolean;
  /** No more rounds than that, where one takes long. */
  readonly roundsAtMost?: number;
  /** Its share of the time for all, where the others have 1. */
  readonly weight?: number;
  run(stage: Stage): Promise<Figures>;
}

/** The time in which something was measured; `performance.now()`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One broker, and the way to it. */
export class Stage {
  readonly peer: BrokerPeer;
  /** When the broker was at what is measured. */
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

  /** One more broker, which the caller stops. */
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

  /** Time for the broker to have done with what went before. */
  settle(ms = 300): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Until the broker has next to nothing to do: its CPU time can be read then, and what comes next begins quietly. */
  async rest(lookMs = 25, limitMs = 3_000): Promise<void> {
    const untilMs = performance.now() + limitMs;
    for (let before = this.brokerCpuUs; performance.now() < untilMs;) {
      await this.settle(lookMs);
      const now = this.brokerCpuUs;
      if (now - before < lookMs * 40) return; // less than a twenty-fifth of a core
      before = now;
    }
  }
}
