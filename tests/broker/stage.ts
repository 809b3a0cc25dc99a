/**
 * A broker core with clients on memory links under a manual clock. A test advances the clock, and the broker handles
 * each deadline exactly at its instant.
 */
import { ManualClock } from "../../src/base/clock.ts";
import type { Core } from "../../src/broker/core/core.ts";
import { startCore } from "../../src/broker/serve/start_core.ts";
import { type CoreOptions, coreSettings } from "../../src/broker/options/options.ts";
import { serve } from "../../src/broker/serve/serve.ts";
import { runDue } from "../../src/broker/serve/tick.ts";
import { encode } from "../../src/mqtt/codec/codec.ts";
import type {
  ConnackPacket,
  ConnectPacket,
  ConnectWill,
  Packet,
  PacketType,
  ProtocolVersion,
  PublishPacket,
  QoS,
  Subscription,
} from "../../src/mqtt/packet.ts";
import type { Link, LinkEnd, LinkReceiver } from "../../src/net/link.ts";
import { memoryLinkPair } from "../../src/net/memory_link.ts";
import { PacketStream } from "../../src/net/packet_stream.ts";

/** CONNECT; fields with a default may be absent. `version` is 5 by default. */
export interface ConnectAsked extends Partial<Omit<ConnectPacket, "type" | "protocolVersion">> {
  readonly version?: ProtocolVersion;
}

/** The packet type with this `type` field. */
type PacketOf<T extends PacketType> = Packet extends infer P ? P extends { readonly type: infer U } ? T extends U ? P
    : never
  : never
  : never;

/** A packet and its arrival time. */
export interface Arrival {
  readonly packet: Packet;
  readonly atMs: number;
}

export class Stage {
  readonly clock: ManualClock;
  readonly core: Core;
  readonly logged: string[] = [];
  readonly #tasks: (() => void)[] = [];
  #drawn = 0;

  constructor({ clock = new ManualClock(), ...options }: CoreOptions & { readonly clock?: ManualClock } = {}) {
    this.clock = clock;
    const endOfTurn = (task: () => void) => void this.#tasks.push(task);
    const log = (level: string, message: string) => void this.logged.push(`${level}: ${message}`);
    this.core = startCore(coreSettings({ clock, log, endOfTurn, ...options }, () => `assigned${++this.#drawn}`));
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  /** Runs all tasks that are due now. */
  settle(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
  }

  /** Runs `count` tasks and what they cause, and leaves the rest: for a broker that dies half way. */
  settleSome(count: number): void {
    for (let left = count; left > 0 && this.#tasks.length > 0; left--) this.#tasks.shift()!();
  }

  /** Advances the clock, and stops at each instant at which the broker has a deadline. */
  advance(byMs: number): void {
    this.settle();
    const untilMs = this.nowMs + byMs;
    while (this.core.deadlines.nextMs <= untilMs) {
      this.clock.advance(Math.max(0, this.core.deadlines.nextMs - this.nowMs));
      runDue(this.core, this.nowMs);
      this.settle();
    }
    this.clock.advance(untilMs - this.nowMs);
  }

  /** Opens a link to the broker and sends nothing. */
  dial(version: ProtocolVersion = 5): Client {
    const [near, far] = memoryLinkPair((task) => this.#tasks.push(task));
    const client = new Client(this, far, version);
    serve(this.core, near, () => {});
    return client;
  }

  /** Opens a link and sends CONNECT; CONNACK is there on return unless the login takes time. */
  connect(asked: ConnectAsked = {}, { acknowledges = true } = {}): Client {
    const client = this.dial(asked.version);
    client.acknowledges = acknowledges;
    client.send(connectPacket(asked));
    return client;
  }

  /** Connects a client with a subscription, by default to all topics at QoS 2. */
  watch(topicFilter = "#", options: Partial<Subscription> = {}, asked: ConnectAsked = {}): Client {
    const client = this.connect({ clientId: `watcher${++this.#drawn}`, ...asked });
    client.subscribe(topicFilter, options);
    client.arrivals.length = 0;
    return client;
  }
}

export class Client implements LinkReceiver {
  readonly arrivals: Arrival[] = [];
  /** How the link ended; undefined while it is open. */
  end: LinkEnd | undefined;
  /** When the link ended. */
  endMs: number | undefined;
  /** Whether the client acknowledges PUBLISH, PUBREC and PUBREL at once. */
  acknowledges = true;
  readonly #stage: Stage;
  readonly #stream: PacketStream;
  #lastPacketId = 0;

  constructor(stage: Stage, readonly link: Link, readonly version: ProtocolVersion) {
    this.#stage = stage;
    const onPacket = (packet: Packet) => this.#take(packet);
    const onProtocolError = (error: Error) => {
      throw error;
    };
    this.#stream = new PacketStream({ maximumPacketSize: 2 ** 28, version, receiver: { onPacket, onProtocolError } });
    link.receiver = this;
  }

  send(...packets: readonly Packet[]): this {
    const encoded = packets.map((packet) => encode(packet, this.version));
    return this.sendBytes(encoded.flatMap((bytes) => [...bytes]));
  }

  /** Sends bytes in one write. */
  sendBytes(bytes: Iterable<number>): this {
    this.link.write(Uint8Array.from(bytes));
    this.#stage.settle();
    return this;
  }

  subscribe(topicFilter: string, options: Partial<Subscription> = {}, subscriptionIdentifier?: number): this {
    const properties = subscriptionIdentifier === undefined ? {} : { properties: { subscriptionIdentifier } };
    const subscriptions = [{ topicFilter, qos: 2, ...options } as const];
    return this.send({ type: "subscribe", packetId: this.nextPacketId(), subscriptions, ...properties });
  }

  publish(topic: string, payload = "", more: Partial<PublishPacket> = {}): this {
    const qos = more.qos ?? 0;
    const packetId = qos > 0 ? { packetId: this.nextPacketId() } : {};
    const packet = { type: "publish", dup: false, qos, retain: false, topic, payload: bytesOf(payload) } as const;
    return this.send({ ...packet, ...packetId, ...more });
  }

  disconnect(reasonCode?: number, sessionExpiryIntervalS?: number): this {
    return this.send({
      type: "disconnect",
      ...(reasonCode !== undefined && { reasonCode }),
      ...(sessionExpiryIntervalS !== undefined && { properties: { sessionExpiryIntervalS } }),
    });
  }

  /** Ends the link without DISCONNECT, by RST or FIN. */
  die(how: "reset" | "end" = "reset"): this {
    this.link[how]();
    this.#stage.settle();
    return this;
  }

  nextPacketId(): number {
    return ++this.#lastPacketId;
  }

  /** The packets of one type received, in order. */
  of<T extends PacketType>(type: T): PacketOf<T>[] {
    return this.arrivals.flatMap(({ packet }) => packet.type === type ? [packet as never] : []);
  }

  get connack(): ConnackPacket | undefined {
    return this.of("connack")[0];
  }

  /** The messages received, as `topic payload`. */
  get messages(): string[] {
    return this.of("publish").map(({ topic, payload }) => `${topic} ${textOf(payload)}`);
  }

  /** The arrival times of the messages, in milliseconds. */
  get messageTimes(): number[] {
    return this.arrivals.flatMap(({ packet, atMs }) => packet.type === "publish" ? [atMs] : []);
  }

  onBytes(bytes: Uint8Array): void {
    this.#stream.push(bytes);
  }

  onDrain(): void {}

  onEnd(end: LinkEnd): void {
    this.end = end;
    this.endMs = this.#stage.nowMs;
  }

  #take(packet: Packet): void {
    this.arrivals.push({ packet, atMs: this.#stage.nowMs });
    if (!this.acknowledges) return;
    const answer = answerTo(packet);
    if (answer !== undefined) this.link.write(encode(answer, this.version));
  }
}

function answerTo(packet: Packet): Packet | undefined {
  if (packet.type === "publish" && packet.qos === 1) return { type: "puback", packetId: packet.packetId! };
  if (packet.type === "publish" && packet.qos === 2) return { type: "pubrec", packetId: packet.packetId! };
  if (packet.type === "pubrec") return { type: "pubrel", packetId: packet.packetId };
  if (packet.type === "pubrel") return { type: "pubcomp", packetId: packet.packetId };
  return undefined;
}

export function connectPacket({ version = 5, ...asked }: ConnectAsked = {}): ConnectPacket {
  return { type: "connect", protocolVersion: version, cleanStart: true, keepAliveS: 0, clientId: "client", ...asked };
}

/** A will, by default with topic `will` and payload `gone`. */
export function aWill(more: Partial<ConnectWill> = {}): ConnectWill {
  return { topic: "will", payload: bytesOf("gone"), qos: 1 as QoS, retain: false, ...more };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
