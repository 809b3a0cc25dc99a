/**
 * The broker that the fleet command starts where the user names none: in a separate thread and, if the fleet restarts
 * it, on a store in a temporary folder; a restart kills it and starts it again on its port.
 */
import { UsageError } from "../../base/failure.ts";
import { monotonicClock } from "../../base/clock.ts";
import type { BrokerThreadOptions } from "../../broker/thread_messages.ts";
import type { EngineChoice } from "../../net/engine.ts";
import { BrokerThread } from "../../broker/broker_thread.ts";

/** The parts of a broker in a thread that the command needs. */
export interface EmbeddedBroker {
  readonly url: string;
  /** Resolves with the reason if the thread ends without a request; else never. */
  readonly crash: Promise<Error>;
  stop(): Promise<unknown>;
  /** Ends the connection of a client, as an operator does. */
  disconnectClient(clientId: string): Promise<boolean>;
  /** Kills it, and starts it again after so many milliseconds. */
  restart?(downMs: number): Promise<void>;
}

/** The port and the store of a thread that was killed are free again soon after; how long that may take, and how often to look. */
const freedWithinMs = 10_000;
const lookEveryMs = 20;

/** Starts one. */
export async function startEmbedded(
  onWarning: (text: string) => void,
  engine: EngineChoice,
  restarts: boolean,
): Promise<EmbeddedBroker> {
  const log: BrokerThreadOptions["log"] = (level, message) =>
    level === "warn" ? onWarning(`embedded broker: ${message}`) : undefined;
  if (!restarts) return await BrokerThread.start({ engine, log });
  return await RestartableBroker.start({ engine, log });
}

/** A broker with a store that outlives its thread, not this program. */
export class RestartableBroker implements EmbeddedBroker {
  readonly #folder: string;
  readonly #options: BrokerThreadOptions;
  readonly #crash = Promise.withResolvers<Error>();
  #thread: BrokerThread;

  private constructor(folder: string, options: BrokerThreadOptions, thread: BrokerThread) {
    this.#folder = folder;
    this.#options = { ...options, port: thread.port };
    this.#thread = thread;
    this.#watch();
  }

  static async start(options: BrokerThreadOptions): Promise<RestartableBroker> {
    const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-broker-" });
    try {
      // The thread is killed, not the machine.
      const stored = { ...options, store: { path: `${folder}/broker.db`, outlives: "process" } } as const;
      return new RestartableBroker(folder, stored, await BrokerThread.start(stored));
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  get url(): string {
    return this.#thread.url;
  }

  get crash(): Promise<Error> {
    return this.#crash.promise;
  }

  disconnectClient(clientId: string): Promise<boolean> {
    return this.#thread.disconnectClient(clientId);
  }

  async restart(downMs: number): Promise<void> {
    await this.#thread.kill();
    await new Promise((resolve) => setTimeout(resolve, downMs));
    this.#thread = await this.#again();
    this.#watch();
  }

  async stop(): Promise<void> {
    try {
      await this.#thread.stop();
    } finally {
      await Deno.remove(this.#folder, { recursive: true });
    }
  }

  async #again(): Promise<BrokerThread> {
    const untilMs = monotonicClock.nowMs() + freedWithinMs;
    for (;;) {
      try {
        return await BrokerThread.start(this.#options);
      } catch (error) {
        if (!(error instanceof UsageError) || monotonicClock.nowMs() > untilMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      }
    }
  }

  #watch(): void {
    void this.#thread.crash.then(this.#crash.resolve);
  }
}
