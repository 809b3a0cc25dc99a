/**
 * The cost of a store: the same traffic on a broker in memory, on one whose acknowledgements outlive its process, and
 * on one whose acknowledgements outlive a power failure. Clients and broker share one thread, so the ratio of the
 * broker alone is higher than this one.
 */
import { Broker } from "../../src/broker/broker.ts";
import type { StoreOption } from "../../src/broker/options/options.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { aWill, bytesOf } from "../broker/stage.ts";
import { CrashPeer } from "../support/crash/crash_peer.ts";

const messages = 1_000;
const clients = 200;
const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 3_600 } } as const;

interface Running {
  readonly broker: Broker;
  readonly sender: CrashPeer;
  /** Resolves when the watcher has all messages and the sender all acknowledgements. */
  until(taken: number, acknowledged: number): Promise<void>;
}

async function start(store: StoreOption): Promise<Running> {
  const broker = await Broker.start({ store });
  let [taken, acknowledged] = [0, 0];
  let look = () => {};
  const watcher = new CrashPeer(broker.port, { clientId: "watcher", ...lasting }, (packet: Packet) => {
    if (packet.type !== "publish") return;
    taken++;
    if (packet.qos === 1) watcher.send({ type: "puback", packetId: packet.packetId! });
    look();
  });
  await watcher.connack;
  watcher.send({ type: "subscribe", packetId: 1, subscriptions: [{ topicFilter: "#", qos: 1 }] });
  const sender = new CrashPeer(broker.port, { clientId: "sender", ...lasting }, () => {
    acknowledged++;
    look();
  });
  await sender.connack;
  const until = (wantTaken: number, wantAcknowledged: number) => {
    [taken, acknowledged] = [0, 0];
    return new Promise<void>((resolve) =>
      look = () => taken >= wantTaken && acknowledged >= wantAcknowledged ? resolve() : undefined
    );
  };
  return { broker, sender, until };
}

async function sendAll({ sender, until }: Running): Promise<void> {
  const done = until(messages, messages);
  const message = { type: "publish", topic: "t", qos: 1, retain: false, dup: false } as const;
  for (let n = 1; n <= messages; n++) sender.send({ ...message, packetId: n, payload: bytesOf(`message ${n}`) });
  await done;
}

async function killAll({ broker, until }: Running): Promise<void> {
  const will = aWill({ qos: 1 });
  const peers = Array.from({ length: clients }, (_, n) => {
    return new CrashPeer(broker.port, { clientId: `c${n}`, ...lasting, will }, () => {});
  });
  await Promise.all(peers.map((peer) => peer.connack));
  const done = until(clients, 0);
  for (const peer of peers) peer.destroy();
  await done;
}

/** In a temporary folder that is removed after the benches. */
function path(): string {
  const folder = Deno.makeTempDirSync({ prefix: "mqtt-sim-bench-" });
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return `${folder}/store.db`;
}

const stores: readonly (readonly [string, StoreOption])[] = [
  ["memory", "memory"],
  ["store that outlives its process", { path: path(), outlives: "process" }],
  ["store that outlives a power failure", { path: path(), outlives: "power" }],
];

for (const [name, store] of stores) {
  const running = await start(store);
  Deno.bench({
    name: `${messages} QoS 1 messages from one session to another: ${name}`,
    group: "messages",
    baseline: store === "memory",
    n: 15,
    warmup: 3,
    fn: () => sendAll(running),
  });
  Deno.bench({
    name: `${clients} lasting clients with a will connect, are killed, and their wills are read: ${name}`,
    group: "wills",
    baseline: store === "memory",
    n: 15,
    warmup: 3,
    fn: () => killAll(running),
  });
}
