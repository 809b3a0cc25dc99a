/**
 * One look at retained messages: a new subscriber requests the topic of each client, a bounded number at a time, so
 * that no queue limit of the broker applies. First it must find the last message of its canary.
 */
import { sameBytes } from "../../base/bytes.ts";
import { Acknowledger } from "./acknowledger.ts";
import type { PacketFault } from "../../mqtt/codec/lenient.ts";
import type { Packet, ProtocolVersion, PublishPacket, QoS, SubackPacket } from "../../mqtt/packet.ts";
import { reasonDetails, reasonText } from "../../mqtt/reason.ts";
import { connackText } from "../client/connack_text.ts";
import { plainConnectPacket, plainKeepAliveS } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";
import { endText } from "../oracle/end_text.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { PresenceCanary } from "./presence_canary.ts";
import { readPresenceMark } from "../life/presence_message.ts";
import { type SeenMessage, seenMessage, type SeenWill } from "../oracle/will_compare.ts";

/** The message found on the topic of one client. */
export interface Reading {
  readonly client: number;
  /** The instant of the request. */
  readonly fromMs: number;
  /** Undefined without a message. */
  readonly packet: SeenMessage | undefined;
  readonly seen: SeenWill;
}

/** The subject of one look. */
interface LookOrder {
  readonly plan: FleetPlan;
  readonly world: FleetWorld;
  readonly version: ProtocolVersion;
  /** Names the subscriber. */
  readonly clientId: string;
  readonly canary: PresenceCanary;
  /** The clients to look at, by topic. */
  readonly clients: ReadonlyMap<string, number>;
  onRead(reading: Reading, nowMs: number): void;
}

/** A requested topic. */
interface ReadTopic {
  readonly client: number;
  readonly fromMs: number;
  granted: QoS | undefined;
  packet: SeenMessage | undefined;
}

type Step = "speaking" | "connecting" | "proving" | "reading" | "over";

/** Topics of one SUBSCRIBE at most: far below the queue limit of any broker. */
const mostInBatch = 100;
/** A SUBSCRIBE without its topics: fixed header, packet identifier, property length. */
const headBytes = 8;
/** Of a topic in a SUBSCRIBE, besides its characters: their length, and the options. */
const topicBytes = 3;
const utf8 = new TextEncoder();
/** After so long without an answer the reader requests the next topics; a late message may still arrive. */
const slowMs = 100;
/** So long after the last answer no further message arrives. */
const quietMs = 1_000;
const answeredWithinMs = 5_000;

export class PresenceReader implements ConnectionOwner {
  readonly #order: LookOrder;
  /** The QoS of its subscriptions. */
  #qos: QoS = 2;
  readonly #queue: string[];
  readonly #asked = new Map<string, ReadTopic>();
  readonly #acknowledger = new Acknowledger();
  #connection: ClientConnection | undefined;
  #step: Step = "speaking";
  #batch: string[] = [];
  #batchSize = mostInBatch;
  /** The broker's Maximum Packet Size. */
  #mostBytes = Infinity;
  #packetId = 0;
  #lastMs: number;
  #blindness: string | undefined;

  constructor(order: LookOrder, nowMs: number) {
    this.#order = order;
    this.#queue = [...order.clients.keys()].toReversed();
    this.#lastMs = nowMs;
  }

  get done(): boolean {
    return this.#step === "over";
  }

  /** Why it could not look, in a sentence; undefined where it could. */
  get blindness(): string | undefined {
    return this.#blindness;
  }

  /** Continues as time passes. */
  turn(nowMs: number): void {
    const sinceMs = nowMs - this.#lastMs;
    switch (this.#step) {
      case "speaking":
        return this.#speak(sinceMs, nowMs);
      case "connecting":
        return sinceMs > answeredWithinMs
          ? this.#blind(`it could not connect within ${answeredWithinMs / 1_000} s`)
          : undefined;
      case "proving":
        return sinceMs > answeredWithinMs
          ? this.#blind(`it did not find the retained message of a canary on ${this.#order.canary.topic}`)
          : undefined;
      case "reading":
        return this.#read(sinceMs, nowMs);
    }
  }

  /** Removes the retained messages on the topics of all clients and canaries, and leaves. */
  clear(topics: Iterable<string>, nowMs: number): void {
    const connection = this.#connection;
    if (connection === undefined || connection.over) return;
    for (const topic of topics) {
      // A retained message with no payload removes the one before it. [MQTT311 3.3.1-10] [MQTT5 3.3.1-6]
      connection.send({ type: "publish", dup: false, qos: 0, retain: true, topic, payload: new Uint8Array(0) }, nowMs);
    }
  }

  /** Leaves. */
  retire(nowMs: number): void {
    this.#step = "over";
    this.#order.canary.giveUp();
    this.#connection?.send({ type: "disconnect" }, nowMs);
    this.#connection?.end();
    this.#connection = undefined;
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    const { plan, version, clientId } = this.#order;
    connection.send(plainConnectPacket(plan, version, clientId), nowMs);
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number, faults?: readonly PacketFault[]): void {
    switch (packet.type) {
      case "connack":
        if (packet.reasonCode !== 0) return this.#blind(connackText(connection.version, packet));
        this.#qos = Math.min(this.#order.plan.watchQos, packet.properties?.maximumQoS ?? 2) as QoS;
        connection.keepAlive(packet.properties?.serverKeepAliveS ?? plainKeepAliveS, nowMs);
        this.#mostBytes = packet.properties?.maximumPacketSize ?? Infinity;
        this.#step = "proving";
        return this.#subscribe([this.#order.canary.topic], nowMs);
      case "suback":
        return this.#onGranted(packet, nowMs);
      case "publish":
        return this.#onPublish(connection, seenMessage(packet, faults), nowMs);
      case "pubrel":
        return this.#acknowledger.pubrel(connection, packet.packetId, nowMs);
    }
  }

  onOver(_connection: ClientConnection, end: ConnectionEnd): void {
    if (this.#step !== "over") this.#blind(endText(end));
  }

  #speak(sinceMs: number, nowMs: number): void {
    const { canary, world, version } = this.#order;
    if (canary.failure !== undefined) return this.#blind(canary.failure);
    if (sinceMs > answeredWithinMs) {
      return this.#blind(`the broker did not acknowledge the retained message of a canary`);
    }
    if (!canary.said) return;
    this.#step = "connecting";
    this.#lastMs = nowMs;
    this.#connection = new ClientConnection(world, version, this, 0);
  }

  #read(sinceMs: number, nowMs: number): void {
    if (this.#batch.some((topic) => this.#asked.get(topic)?.granted === undefined && this.#asked.has(topic))) {
      if (sinceMs > answeredWithinMs) this.#blind("the broker did not answer its subscription");
      return;
    }
    if (this.#queue.length > 0) return sinceMs > slowMs ? this.#next(nowMs) : undefined;
    if (this.#asked.size > 0 && sinceMs <= quietMs) return;
    for (const [topic, asked] of this.#asked) this.#report(topic, asked, nowMs);
    this.#step = "over";
  }

  /** Requests the next topics, without those whose message it found. */
  #next(nowMs: number): void {
    const found = this.#batch.filter((topic) => !this.#asked.has(topic));
    if (found.length > 0) {
      this.#connection!.send({ type: "unsubscribe", packetId: this.#nextId(), topicFilters: found }, nowMs);
    }
    this.#subscribe(this.#taken(), nowMs);
  }

  /** The next topics: no more than the broker grants, nor than fit into its Maximum Packet Size. [MQTT5 3.2.2-15] */
  #taken(): string[] {
    const topics: string[] = [];
    let leftBytes = this.#mostBytes - headBytes;
    while (this.#queue.length > 0 && topics.length < this.#batchSize) {
      leftBytes -= utf8.encode(this.#queue.at(-1)!).length + topicBytes;
      if (leftBytes < 0 && topics.length > 0) break;
      topics.push(this.#queue.pop()!);
    }
    return topics;
  }

  #subscribe(topics: string[], nowMs: number): void {
    this.#batch = topics;
    this.#lastMs = nowMs;
    for (const topic of topics) {
      const client = this.#order.clients.get(topic) ?? this.#order.canary.life.client;
      this.#asked.set(topic, { client, fromMs: nowMs, granted: undefined, packet: undefined });
    }
    const subscriptions = topics.map((topicFilter) => ({ topicFilter, qos: this.#qos }));
    this.#connection!.send({ type: "subscribe", packetId: this.#nextId(), subscriptions }, nowMs);
  }

  #onGranted({ reasonCodes: codes, properties }: SubackPacket, nowMs: number): void {
    const refused = this.#batch.filter((_, place) => (codes[place] ?? 0x80) > 2);
    const [first] = refused;
    const code = codes[this.#batch.indexOf(first ?? "")] ?? 0x80;
    if (first !== undefined && (this.#batch.length === 1 || !isQuota(code))) {
      const why = reasonText(code, "suback") + reasonDetails(properties);
      return this.#blind(`the broker refused its subscription to ${first} with ${why}`);
    }
    const granted = this.#batch.flatMap((topic, place) =>
      refused.includes(topic) ? [] : [[topic, codes[place]]] as const
    );
    if (refused.length > 0) this.#askLater(refused, granted.length);
    for (const [topic, code] of granted) {
      const asked = this.#asked.get(topic);
      if (asked !== undefined) asked.granted = code as QoS;
    }
    this.#lastMs = nowMs;
    for (const [topic] of granted) this.#found(topic, nowMs);
  }

  /** A client may have no more subscriptions than a broker's limit: it requests the rest in smaller parts. */
  #askLater(refused: readonly string[], granted: number): void {
    this.#batchSize = Math.max(1, granted > 0 ? granted : this.#batch.length >> 1);
    this.#batch = this.#batch.filter((topic) => !refused.includes(topic));
    for (const topic of refused.toReversed()) {
      this.#asked.delete(topic);
      this.#queue.push(topic);
    }
  }

  #onPublish(connection: ClientConnection, packet: SeenMessage, nowMs: number): void {
    if (this.#acknowledger.publish(connection, packet, nowMs)) return;
    const asked = this.#asked.get(packet.topic);
    if (asked === undefined || asked.packet !== undefined) return;
    asked.packet = packet;
    this.#lastMs = nowMs;
    this.#found(packet.topic, nowMs);
  }

  /** A topic whose message and SUBACK have arrived, in any order. */
  #found(topic: string, nowMs: number): void {
    const asked = this.#asked.get(topic);
    if (asked?.packet === undefined || asked.granted === undefined) return;
    if (this.#step === "proving") this.#prove(asked.packet);
    else this.#report(topic, asked, nowMs);
    this.#asked.delete(topic);
    if (this.#step !== "reading" || this.#batch.some((each) => this.#asked.has(each))) return;
    if (this.#queue.length > 0) this.#next(nowMs);
    else if (this.#asked.size === 0) this.#step = "over";
  }

  #prove({ payload }: PublishPacket): void {
    const { plan, canary, clients } = this.#order;
    const isItsOwn = sameBytes(canary.payload, payload) ||
      readPresenceMark(plan, payload)?.client === canary.life.client;
    if (!isItsOwn) {
      return this.#blind(`it found another message than its canary's on ${canary.topic}`);
    }
    this.#step = clients.size === 0 ? "over" : "reading";
  }

  #report(topic: string, { client, fromMs, granted = 0, packet }: ReadTopic, nowMs: number): void {
    this.#asked.delete(topic);
    this.#order.onRead({ client, fromMs, packet, seen: { version: this.#order.version, grantedQos: granted } }, nowMs);
  }

  #nextId(): number {
    return this.#packetId = this.#packetId % 65_535 + 1;
  }

  #blind(sentence: string): void {
    this.#blindness ??= sentence;
    this.#step = "over";
  }
}

/** True for a code that may be about a limit: Failure of 3.1.1 and Unspecified error, or Quota exceeded. */
function isQuota(code: number): boolean {
  return code === 0x80 || code === 0x97;
}
