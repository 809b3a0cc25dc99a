/**
 * The embedded broker for a check: with a login, so that the check can try wrong ones; with a topic that refuses
 * publishing; and with a store, so that the check can restart it.
 */
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { freshSeed } from "../../base/random.ts";
import { Broker, type BrokerOptions } from "../../broker/broker.ts";
import type { CheckLogin } from "../../conformance/context/case_context.ts";
import type { EngineChoice } from "../../net/engine.ts";

/** A broker to check. */
export interface CheckTarget {
  readonly url: string;
  readonly login: CheckLogin;
  readonly deniedTopic: string;
  /** Stops it and starts it again with its store, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const deniedTopic = "mqtt-sim/denied";

/** Starts the embedded broker. @throws UsageError when the engine is not available */
export async function startCheckTarget(engine: EngineChoice): Promise<CheckTarget> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-check" });
  const login = { username: "check", password: freshSeed().toString(36) };
  const options: BrokerOptions = {
    engine,
    // The check tests the broker, not the disk.
    store: { path: `${folder}/store.db`, outlives: "process" },
    sysIntervalMs: 1_000,
    authenticate: ({ username, password }) => {
      const isRight = username === login.username && new TextDecoder().decode(password) === login.password;
      return isRight ? "accept" : "bad-credentials";
    },
    authorize: (_, action, topic) => action !== "publish" || topic !== deniedTopic,
  };
  try {
    let broker = await Broker.start(options);
    const { url, port } = broker;
    return {
      url,
      login,
      deniedTopic,
      async restart() {
        await broker.stop();
        broker = await startAgain({ ...options, port });
      },
      async stop() {
        await broker.stop();
        await Deno.remove(folder, { recursive: true });
      },
    };
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

/** How long a port may take to be free again, and how often it is tried. Milliseconds. */
const freeWithinMs = 5_000;
const tryEveryMs = 20;

/** The listener of a broker that has stopped gives its port back a little later. */
async function startAgain(options: BrokerOptions): Promise<Broker> {
  const lastMs = monotonicClock.nowMs() + freeWithinMs;
  for (;;) {
    try {
      return await Broker.start(options);
    } catch (error) {
      if (!(error instanceof UsageError) || monotonicClock.nowMs() >= lastMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, tryEveryMs));
    }
  }
}
