/** The brokers that stand side by side, each a process of its own, tied to core 0 once it listens. */
import { type BrokerPeer, startAedes, startMosquitto, startOurBroker } from "../../support/peers.ts";
import { pin } from "./process_cost.ts";

/** A broker that can be measured. */
export interface Contestant {
  readonly name: string;
  /** How it is set up, where that is not its default; for the reader of the table. */
  readonly setup: string;
  start(): Promise<BrokerPeer>;
}

/** The core of the brokers; the generator has the other one. */
export const brokerCore = 0;
export const generatorCore = 1;

/** Without these mosquitto drops what a storm queues, and would win by losing. */
const mosquittoLines = ["max_queued_messages 0", "max_inflight_messages 0", "set_tcp_nodelay true"];

async function pinned(starting: Promise<BrokerPeer>): Promise<BrokerPeer> {
  const peer = await starting;
  await pin(peer.child.pid, brokerCore);
  return peer;
}

function ours(name: string, setup: string, args: readonly string[]): Contestant {
  return { name, setup, start: () => pinned(startOurBroker(args)) };
}

/** With every will on disk before its CONNACK. */
async function startStored(): Promise<BrokerPeer> {
  const folder = await Deno.makeTempDir();
  const peer = await pinned(startOurBroker(["--engine", "epoll", "--store", `${folder}/store.db`]));
  const stop = async () => {
    await peer[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
  return { ...peer, [Symbol.asyncDispose]: stop };
}

export const contestants: readonly Contestant[] = [
  { name: "mosquitto", setup: mosquittoLines.join("; "), start: () => pinned(startMosquitto(mosquittoLines)) },
  { name: "aedes", setup: "no persistence", start: () => pinned(startAedes()) },
  ours("mqtt-sim epoll", "--engine epoll", ["--engine", "epoll"]),
  ours("mqtt-sim deno", "--engine deno", ["--engine", "deno"]),
  { ...ours("mqtt-sim store", "--engine epoll --store on a disk", ["--engine", "epoll"]), start: startStored },
];
