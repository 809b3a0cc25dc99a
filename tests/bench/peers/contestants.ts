/** The compared brokers, each in its own process, pinned to core 0 once it listens. */
import { ChildProcess } from "../../support/machine/child_process.ts";
import { freePort } from "../../support/machine/free_port.ts";
import { type BrokerPeer, mosquitto, startAedes, startOurBroker } from "../../support/brokers/peers.ts";
import { pin } from "./process_cost.ts";

/** A broker that the bench can measure. */
export interface Contestant {
  readonly name: string;
  /** Its configuration if it is not the default, as a text for the table. */
  readonly setup: string;
  /** The most rounds, for a slow broker. */
  readonly roundsAtMost?: number;
  /** @param runtimeFlags flags for the runtime of our own broker */
  start(runtimeFlags?: readonly string[]): Promise<BrokerPeer>;
}

/** The core of the brokers; the generator has the other one. */
export const brokerCore = 0;
export const generatorCore = 1;

const epoll = ["--engine", "epoll"];
const deno = ["--engine", "deno"];

/**
 * The first three settings: without them mosquitto drops messages in a storm's queue, and would win by losing them. The
 * last two: it logs as ours does, and writes no line for each connection, which would slow it and the generator.
 */
const mosquittoLines = [
  ...["max_queued_messages 0", "max_inflight_messages 0", "set_tcp_nodelay true"],
  ...["log_type error", "log_type warning"],
];

/** mosquitto without its start line; its open port shows that it runs. */
async function startMosquitto(): Promise<BrokerPeer> {
  if (mosquitto.program === "") throw new Error(`mosquitto is missing: ${mosquitto.install}`);
  const port = freePort();
  const path = await Deno.makeTempFile({ prefix: "mosquitto", suffix: ".conf" });
  const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "log_dest stderr", ...mosquittoLines];
  await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
  await Deno.chmod(path, 0o644); // mosquitto reads it as another user
  const child = new ChildProcess(mosquitto.program, ["-c", path]);
  try {
    await accepts(port, child);
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  } finally {
    await Deno.remove(path);
  }
  const stop = () => child[Symbol.asyncDispose]();
  return { host: "127.0.0.1", port, url: `mqtt://127.0.0.1:${port}`, child, [Symbol.asyncDispose]: stop };
}

/** Returns when a program listens on the port. */
async function accepts(port: number, child: ChildProcess, limitMs = 10_000): Promise<void> {
  for (const untilMs = performance.now() + limitMs; performance.now() < untilMs;) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`mosquitto does not listen after ${limitMs} ms:\n${child.said}`);
}

async function pinned(starting: Promise<BrokerPeer>): Promise<BrokerPeer> {
  const peer = await starting;
  await pin(peer.child.pid, brokerCore);
  return peer;
}

function ours(name: string, engine: readonly string[]): Contestant {
  return { name, setup: engine.join(" "), start: (flags) => pinned(startOurBroker(engine, flags)) };
}

/** Our broker with each will on disk before its CONNACK. */
function stored(name: string, engine: readonly string[]): Contestant {
  const start = async (flags: readonly string[] = []) => {
    const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-bench" });
    const peer = await pinned(startOurBroker([...engine, "--store", `${folder}/store.db`], flags));
    const stop = async () => {
      await peer[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    };
    return { ...peer, [Symbol.asyncDispose]: stop };
  };
  return { name, setup: `${engine.join(" ")} --store FILE`, start };
}

/** Brokers that take part only in workloads with a store. */
export const storedNames: readonly string[] = ["mqtt-sim store", "mqtt-sim deno store"];

export const contestants: readonly Contestant[] = [
  { name: "mosquitto", setup: mosquittoLines.join("; "), start: () => pinned(startMosquitto()) },
  { name: "aedes", setup: "no persistence", roundsAtMost: 3, start: () => pinned(startAedes()) },
  ours("mqtt-sim epoll", epoll),
  ours("mqtt-sim deno", deno),
  stored("mqtt-sim store", epoll),
  stored("mqtt-sim deno store", deno),
];
