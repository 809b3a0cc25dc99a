/**
 * A broker core and clients on memory links under a manual clock: time moves when a test moves it, and everything that
 * is due at an instant happens at that instant.
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

/** CONNECT without what has a default; `version` is 5 unless said. */
export interface ConnectAsked extends Partial<Omit<ConnectPacket, "type" | "protocolVersion">> {
  readonly version?: ProtocolVersion;
}

/** The form of the packets of one type. */
type PacketOf<T extends PacketType> = Packet extends infer P ? P extends { readonly type: infer U } ? T extends U ? P
    : never
  : never
  : never;

/** A packet and when it came. */
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

  /** Lets everything happen that happens now. */
  settle(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task();
  }

  /** Lets some of it happen, with what follows from it, and leaves the rest: for a broker that dies half way. */
  settleSome(count: number): void {
    for (let left = count; left > 0 && this.#tasks.length > 0; left--) this.#tasks.shift()!();
  }

  /** Moves time on, and stops at each instant at which the broker has something due. */
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

  /** A link to the broker with nothing sent on it. */
  dial(version: ProtocolVersion = 5): Client {
    const [near, far] = memoryLinkPair((task) => this.#tasks.push(task));
    const client = new Client(this, far, version);
    serve(this.core, near, () => {});
    return client;
  }

  /** A link with CONNECT sent, and answered unless the login takes its time. */
  connect(asked: ConnectAsked = {}, { acknowledges = true } = {}): Client {
    const client = this.dial(asked.version);
    client.acknowledges = acknowledges;
    client.send(connectPacket(asked));
    return client;
  }

  /** A client that is subscribed, by default to everything at QoS 2. */
  watch(topicFilter = "#", options: Partial<Subscription> = {}, asked: ConnectAsked = {}): Client {
    const client = this.connect({ clientId: `watcher${++this.#drawn}`, ...asked });
    client.subscribe(topicFilter, options);
    client.arrivals.length = 0;
    return client;
  }
}

export class Client implements LinkReceiver {
  readonly arrivals: Arrival[] = [];
  /** How the link ended, once it has. */
  end: LinkEnd | undefined;
  /** When it ended. */
  endMs: number | undefined;
  /** Whether PUBLISH and its like are acknowledged at once. */
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

  /** Sends bytes as one write. */
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

  /** Goes away without a word: by RST, or by FIN. */
  die(how: "reset" | "end" = "reset"): this {
    this.link[how]();
    this.#stage.settle();
    return this;
  }

  nextPacketId(): number {
    return ++this.#lastPacketId;
  }

  /** Packets of one type that have come, in order. */
  of<T extends PacketType>(type: T): PacketOf<T>[] {
    return this.arrivals.flatMap(({ packet }) => packet.type === type ? [packet as never] : []);
  }

  get connack(): ConnackPacket | undefined {
    return this.of("connack")[0];
  }

  /** Messages that have come, as `topic payload`. */
  get messages(): string[] {
    return this.of("publish").map(({ topic, payload }) => `${topic} ${textOf(payload)}`);
  }

  /** When messages came, in milliseconds. */
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

/** A will with topic `will` and payload `gone` unless said otherwise. */
export function aWill(more: Partial<ConnectWill> = {}): ConnectWill {
  return { topic: "will", payload: bytesOf("gone"), qos: 1 as QoS, retain: false, ...more };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
