/**
 * The least latency that this machine and this engine can measure: from the scheduled instant of a byte on loopback to
 * its echo. Like a kill, the byte is sent at an instant that is known in advance; like a will, the echo is dated as its
 * bytes are read. The peer that answers uses the same engine on this thread, so that the figure is an upper bound.
 */
import { type Clock, monotonicClock } from "../../base/clock.ts";
import { Histogram } from "../../base/histogram.ts";
import { type Engine, type EngineName, engines } from "../../net/engine.ts";
import type { Link, LinkReceiver } from "../../net/link.ts";

/** What the instrument itself adds, in milliseconds. */
export interface InstrumentFloor {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The number of round trips that were measured. */
  readonly rounds: number;
  /** All round trips: an encoded histogram. */
  readonly hdr: string;
}

/** How many round trips there are, and how long all of them may take. */
const usualRounds = 200;
const longestMs = 500;
/** The first round trips are slow, because the runtime compiles their code. */
const warmUpRounds = 50;
/** From an echo to the next scheduled instant, in milliseconds. */
const pauseMs = 0.5;
const host = "127.0.0.1";
const oneByte = Uint8Array.of(0);

/**
 * Measures the floor of an engine.
 *
 * @returns undefined if loopback does not work here, or if no round trip ended in time
 */
export async function measureFloor(
  engine: EngineName,
  rounds = usualRounds,
  clock: Clock = monotonicClock,
): Promise<InstrumentFloor | undefined> {
  const echoes = new Echoes(engines[engine], rounds, clock);
  const timer = setTimeout(() => echoes.end(), longestMs);
  try {
    await echoes.done;
  } finally {
    clearTimeout(timer);
  }
  const { latency } = echoes;
  if (latency.count === 0) return undefined;
  return { p50Ms: latency.percentile(50), p99Ms: latency.percentile(99), rounds: latency.count, hdr: latency.encode() };
}

/** One link, its echo, and the round trips over it. */
class Echoes {
  readonly latency = new Histogram();
  /** Fulfilled when the round trips are over, or have failed. */
  readonly done: Promise<void>;
  readonly #over: () => void;
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #isDriven: boolean;
  readonly #links: Link[] = [];
  #listener: { close(): void } | undefined;
  #roundsLeft: number;
  #dueMs = Infinity;
  #sentForMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine, rounds: number, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#roundsLeft = warmUpRounds + rounds;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#over = resolve;
    const dueMs = () => this.#dueMs;
    const act = () => this.#send();
    const work = { dueMs, preciseMs: dueMs, act, actPrecisely: act, rest() {}, nowMs: () => clock.nowMs() };
    this.#isDriven = engine.drive(work);
    this.#open(rounds);
  }

  #open(rounds: number): void {
    try {
      const listener = this.#engine.listen({ host, port: 0 }, {
        accept: (link) => this.#echo(link),
        refused: () => this.end(),
      });
      this.#listener = listener;
      const link = this.#engine.dial({ host, port: listener.port }, {
        onOpen: () => this.#schedule(),
        onBytes: () => this.#received(rounds),
        onDrain() {},
        onEnd: () => this.end(),
      });
      this.#links.push(link);
    } catch {
      this.end();
    }
  }

  #echo(link: Link): void {
    const receiver: LinkReceiver = {
      onBytes: (bytes) => void link.write(bytes.slice()),
      onDrain() {},
      onEnd: () => this.end(),
    };
    link.receiver = receiver;
    this.#links.push(link);
  }

  #schedule(): void {
    this.#dueMs = this.#clock.nowMs() + pauseMs;
    if (!this.#isDriven) this.#timer = setTimeout(() => this.#send(), pauseMs);
  }

  #send(): void {
    this.#sentForMs = this.#dueMs;
    this.#dueMs = Infinity;
    this.#links[0]!.write(oneByte);
  }

  #received(rounds: number): void {
    const tookMs = this.#clock.nowMs() - this.#sentForMs;
    if (this.#roundsLeft-- <= rounds) this.latency.record(tookMs);
    if (this.#roundsLeft > 0) this.#schedule();
    else this.end();
  }

  /** Ends the round trips; a later call does nothing. */
  end(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Infinity;
    this.#engine.drive(undefined);
    this.#listener?.close();
    this.#listener = undefined;
    for (const link of this.#links.splice(0)) link.reset();
    this.#over();
  }
}
