/**
 * An MQTT broker on TCP: start it, use its url, stop it.
 */
import { freshSeed, Random } from "../base/random.ts";
import type { Link, Listener } from "../net/link.ts";
import { listenTcp } from "../net/tcp_listen.ts";
import { Core } from "./core.ts";
import type { BrokerMetrics } from "./metrics.ts";
import { type CoreOptions, coreSettings } from "./options.ts";
import { serve } from "./serve.ts";
import { beginStop, finishStop, isDrained } from "./shutdown.ts";
import { runDue } from "./tick.ts";
import { Timer } from "./timer.ts";

/** Where a broker listens, and what else it can be told. */
export interface BrokerOptions extends CoreOptions {
  /** An address of this machine; 127.0.0.1 if not given. */
  readonly host?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
}

/** Things that fall due and are handled before links are read again. */
const dueAtOnce = 1_000;
/** How often a stopping broker looks whether its watchers have taken everything. Milliseconds. */
const stopStepMs = 5;

/** A running broker: made by {@link Broker.start}, over with {@link Broker.stop}. */
export class Broker {
  readonly #core: Core;
  readonly #listener: Listener;
  readonly #timer: Timer;
  readonly #host: string;
  #stopped: Promise<void> | undefined;

  private constructor(options: BrokerOptions) {
    const core = new Core(coreSettings(options, drawnClientIds(new Random(freshSeed()))));
    const timer = new Timer({
      clock: core.settings.clock,
      nextMs: () => core.deadlines.nextMs,
      runDue: (nowMs) => runDue(core, nowMs, dueAtOnce),
    });
    const afterwards = () => timer.arm();
    const accept = (link: Link) => serve(core, link, afterwards);
    this.#core = core;
    this.#timer = timer;
    this.#host = options.host ?? "127.0.0.1";
    const refused = (sentence: string) => core.settings.log("warn", sentence);
    this.#listener = listenTcp({ host: this.#host, port: options.port ?? 0 }, accept, refused);
  }

  /**
   * Starts a broker that accepts clients when the promise is fulfilled.
   *
   * @throws UsageError when the address or port cannot be had, or a limit is out of its range
   */
  // deno-lint-ignore require-await
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    return new Broker(options);
  }

  /** The port in use, also when 0 was asked for. */
  get port(): number {
    return this.#listener.port;
  }

  /** Where clients find it, as `mqtt://host:port`. */
  get url(): string {
    return `mqtt://${this.#host.includes(":") ? `[${this.#host}]` : this.#host}:${this.port}`;
  }

  /** What was counted until now. */
  metrics(): BrokerMetrics {
    return this.#core.metrics.snapshot();
  }

  /**
   * Stops: no more links, wills published (see `onShutdown`), watchers given `stopGraceMs` to take them, every client
   * told and closed. Fulfilled when all is closed; a second call awaits the first.
   */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    const { clock, limits } = this.#core.settings;
    this.#listener.close();
    beginStop(this.#core, clock.nowMs());
    await this.#until(() => isDrained(this.#core), limits.stopGraceMs);
    finishStop(this.#core, clock.nowMs());
    this.#timer.stop();
    await this.#until(() => this.#core.connections.size === 0, limits.stopGraceMs);
    for (const { link } of this.#core.connections) link.reset();
    await this.#until(() => this.#core.connections.size === 0, limits.stopGraceMs);
  }

  /** Fulfilled when it is so, or when the time is up. */
  #until(isSo: () => boolean, limitMs: number): Promise<void> {
    const { clock } = this.#core.settings;
    const lastMs = clock.nowMs() + limitMs;
    return new Promise((resolve) => {
      const look = () => isSo() || clock.nowMs() >= lastMs ? resolve() : void setTimeout(look, stopStepMs);
      look();
    });
  }
}

/** Drawn, so that two runs give different ones; within what every server and client must allow. // [MQTT5 3.1.3-5] */
function drawnClientIds(random: Random): () => string {
  const word = () => random.below(0x7fff_ffff).toString(36).padStart(6, "0");
  return () => `auto${word()}${word()}${word()}`;
}
