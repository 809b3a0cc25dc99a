/** The brokers at one workload: each runs it for a warm-up, then they take turns, round by round. */
import type { Engine } from "../../../src/net/engine.ts";
import type { BrokerPeer } from "../../support/brokers/peers.ts";
import { type Contestant, storedNames } from "./contestants.ts";
import { type Figures, Stage, type Workload } from "./workload.ts";

/** The shortest warm-up of each broker with the workload, because most of them have a JIT. */
export const warmMs = 4_000;

/** The most invalid rounds that are repeated. */
const faultsAtMost = 2;

/** All rounds of a workload on one broker, in order. */
export interface Rounds {
  readonly broker: string;
  readonly figures: readonly Figures[];
  /** Why a round is invalid for all brokers, if it is. */
  readonly faults: readonly string[];
}

/** True for a broker that takes part in a workload. */
export function takesPart({ name }: Contestant, { brokers, withStore = false }: Workload): boolean {
  return (withStore || !storedNames.includes(name)) && (brokers === undefined || brokers.includes(name));
}

export class Contest {
  readonly #workload: Workload;
  readonly #engine: Engine;
  readonly #contestants: readonly Contestant[];
  readonly #rounds: number;
  readonly #untilMs: number;
  readonly #peers = new Map<Contestant, BrokerPeer>();
  readonly #faults: string[] = [];
  #runs = 0;

  /** @param untilMs no round except the first begins after it; `performance.now()` */
  constructor(workload: Workload, engine: Engine, all: readonly Contestant[], rounds: number, untilMs = Infinity) {
    this.#workload = workload;
    this.#engine = engine;
    this.#contestants = all.filter((contestant) => takesPart(contestant, workload));
    this.#untilMs = untilMs;
    this.#rounds = Math.min(rounds, workload.roundsAtMost ?? Infinity);
  }

  /** Each round begins with another broker, so that none has the better position. */
  async run(): Promise<Rounds[]> {
    const figures = new Map(this.#contestants.map((contestant) => [contestant, [] as Figures[]]));
    try {
      if (!this.#workload.isFresh && !this.#workload.isWarming) await this.#warmUp();
      for (let round = 0; this.#goesOn(round); round++) {
        for (const [contestant, found] of await this.#round(round)) figures.get(contestant)!.push(found);
      }
    } finally {
      for (const contestant of [...this.#peers.keys()]) await this.#stop(contestant);
    }
    return [...figures].map(([{ name }, all]) => ({ broker: name, figures: all, faults: this.#faults }));
  }

  /** Empty if one of them has no figure, because a round compares figures with each other. */
  async #round(round: number): Promise<ReadonlyMap<Contestant, Figures>> {
    const found = new Map<Contestant, Figures>();
    try {
      for (const contestant of this.#inTurn(round)) found.set(contestant, await this.#once(contestant));
      return found;
    } catch (error) {
      this.#faults.push(`round ${round + 1}: ${error instanceof Error ? error.message : error}`);
      return new Map();
    }
  }

  /** Repeats an invalid round, a few times. */
  #goesOn(round: number): boolean {
    const asked = this.#rounds + Math.min(this.#faults.length, faultsAtMost);
    return round === 0 || (round < asked && performance.now() < this.#untilMs);
  }

  async #warmUp(): Promise<void> {
    for (const contestant of this.#contestants) {
      for (const untilMs = performance.now() + warmMs; performance.now() < untilMs;) await this.#once(contestant);
    }
  }

  #inTurn(round: number): Contestant[] {
    const all = this.#contestants.filter(({ roundsAtMost = Infinity }) => round < roundsAtMost);
    const from = round % all.length;
    return [...all.slice(from), ...all.slice(0, from)];
  }

  async #once(contestant: Contestant): Promise<Figures> {
    if (this.#workload.isFresh) await this.#stop(contestant);
    const peer = this.#peers.get(contestant) ?? await contestant.start();
    this.#peers.set(contestant, peer);
    const stage = new Stage(peer, this.#engine, `run${++this.#runs}`, () => contestant.start());
    try {
      return await this.#workload.run(stage);
    } catch (error) {
      await this.#stop(contestant);
      throw new Error(`${contestant.name}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }

  async #stop(contestant: Contestant): Promise<void> {
    await this.#peers.get(contestant)?.[Symbol.asyncDispose]();
    this.#peers.delete(contestant);
  }
}
