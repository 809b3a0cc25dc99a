/**
 * What a broker's process costs, side by side: its CPU time while clients connect, while all are idle, while they ping,
 * and while all are reset at once before watchers who receive every will. Brokers take turns, and the generator is the
 * same for all; CPU time is the operating system's count, so that other load on the machine hardly matters.
 *
 *   deno task bench:storm [--clients 3000] [--watchers 1,10] [--rounds 3] [--brokers epoll,deno,mosquitto]
 */
import { encode } from "../../src/mqtt/codec.ts";
import type { ConnectPacket, Packet } from "../../src/mqtt/packet.ts";
import { chooseEngine, engines } from "../../src/net/engine.ts";
import type { DialReceiver, Link } from "../../src/net/link.ts";
import { PacketStream } from "../../src/net/packet_stream.ts";
import { cpuMsOf } from "./cpu_time.ts";
import { type BrokerPeer, startMosquitto, startOurBroker } from "../support/peers.ts";

const phases = ["connect", "idle", "steady", "storm"] as const;
type Costs = Record<typeof phases[number] | "stormWall", number>;

const idleMs = 2_000;
const steadyMs = 2_000;
const pingsPerSecond = 2_000;
/** Clients that connect at one time. */
const connecting = 200;

function option(name: string, usual: string): string {
  const at = Deno.args.indexOf(name);
  return at < 0 ? usual : Deno.args[at + 1]!;
}

const clientCount = Number(option("--clients", "3000"));
const watcherCounts = option("--watchers", "1,10").split(",").map(Number);
const rounds = Number(option("--rounds", "3"));
const kinds = option("--brokers", "epoll,deno,mosquitto").split(",");
const engine = engines[(await chooseEngine("auto")).name];

function start(kind: string): Promise<BrokerPeer> {
  return kind === "mosquitto" ? startMosquitto(quiet) : startOurBroker(["--engine", kind]);
}

/** It neither logs what it does, nor drops what it is given. */
const quiet = ["log_type none", "log_type information", "max_queued_messages 0"];

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A client that counts what it is sent. */
class Client implements DialReceiver {
  readonly link: Link;
  readonly #stream: PacketStream;
  readonly #answered = Promise.withResolvers<void>();
  publishes = 0;

  constructor(port: number, readonly first: Packet) {
    this.#stream = new PacketStream({ maximumPacketSize: 1e6, receiver: this, version: 5 });
    this.link = engine.dial({ host: "127.0.0.1", port }, this);
  }

  /** Once the last packet has been answered. */
  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  onOpen(): void {
    this.link.write(encode(this.first, 5));
  }

  onBytes(bytes: Uint8Array): void {
    this.#stream.push(bytes);
  }

  onPacket({ type }: Packet): void {
    if (type === "publish") this.publishes++;
    if (type === "suback" || (type === "connack" && (this.first as ConnectPacket).will !== undefined)) {
      this.#answered.resolve();
    } else if (type === "connack") {
      const subscriptions = [{ topicFilter: "devices/#", qos: 0 as const }];
      this.link.write(encode({ type: "subscribe", packetId: 1, subscriptions }, 5));
    }
  }

  onProtocolError(error: Error): void {
    throw error;
  }

  onDrain(): void {}

  onEnd(): void {}
}

function connectPacket(clientId: string, topic?: string): Packet {
  const plain = { type: "connect", protocolVersion: 5, cleanStart: true, keepAliveS: 0, clientId } as const;
  if (topic === undefined) return plain;
  return { ...plain, will: { topic, payload: new Uint8Array(64), qos: 0, retain: false } };
}

async function connectAll(port: number): Promise<Client[]> {
  const clients: Client[] = [];
  for (let from = 0; from < clientCount; from += connecting) {
    const size = Math.min(connecting, clientCount - from);
    const more = Array.from({ length: size }, (_, at) => {
      const name = `device-${from + at}`;
      return new Client(port, connectPacket(name, `devices/${name}/status`));
    });
    await Promise.all(more.map(({ answered }) => answered));
    clients.push(...more);
  }
  return clients;
}

/** One by one, spread evenly over the time. */
async function ping(clients: readonly Client[]): Promise<void> {
  const bytes = encode({ type: "pingreq" }, 5);
  const beganMs = performance.now();
  for (let sent = 0; sent < pingsPerSecond * steadyMs / 1_000;) {
    const due = (performance.now() - beganMs) * pingsPerSecond / 1_000;
    for (; sent < due; sent++) clients[sent * 7 % clients.length]!.link.write(bytes);
    await later(1);
  }
  await later(50);
}

async function storm(clients: readonly Client[], watchers: readonly Client[]): Promise<number> {
  const beganMs = performance.now();
  for (const { link } of clients) link.reset();
  const lastMs = beganMs + 10_000;
  while (watchers.some(({ publishes }) => publishes < clients.length)) {
    if (performance.now() > lastMs) throw new Error(`wills are missing: ${watchers.map((each) => each.publishes)}`);
    await later(2);
  }
  return performance.now() - beganMs;
}

async function measure(kind: string, watcherCount: number): Promise<Costs> {
  await using broker = await start(kind);
  const costs: Costs = { connect: 0, idle: 0, steady: 0, storm: 0, stormWall: 0 };
  const counted = async (phase: typeof phases[number], task: () => Promise<unknown>) => {
    const before = cpuMsOf(broker.child.pid);
    await task();
    costs[phase] = cpuMsOf(broker.child.pid) - before;
  };
  const watchers = Array.from({ length: watcherCount }, (_, at) => new Client(broker.port, connectPacket(`w${at}`)));
  await Promise.all(watchers.map(({ answered }) => answered));
  let clients: Client[] = [];
  await counted("connect", async () => clients = await connectAll(broker.port));
  await later(500);
  await counted("idle", () => later(idleMs));
  await counted("steady", () => ping(clients));
  await counted("storm", async () => costs.stormWall = await storm(clients, watchers));
  for (const { link } of watchers) link.end();
  return costs;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!;
}

for (const watcherCount of watcherCounts) {
  const found = new Map<string, Costs[]>(kinds.map((kind) => [kind, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const kind of kinds) {
      // One after another: they are not to share the machine. The first round warms it up.
      const costs = await measure(kind, watcherCount);
      if (round > 0) found.get(kind)!.push(costs);
    }
  }
  print(
    `${clientCount} clients, ${watcherCount} watchers; the broker's CPU in ms, medians of ${rounds} (storm: least to most)`,
  );
  for (const [kind, all] of found) {
    const cells = phases.map((phase) => `${phase} ${median(all.map((each) => each[phase])).toFixed(0)}`);
    const storms = all.map((each) => each.storm);
    const wall = median(all.map((each) => each.stormWall));
    print(
      `  ${kind.padEnd(10)} ${cells.join(", ")} (${Math.min(...storms).toFixed(0)} to ${
        Math.max(...storms).toFixed(0)
      }),` +
        ` ${wall.toFixed(0)} ms of wall clock`,
    );
  }
}
Deno.exit(0);
