/**
 * A simulated client with an identity: it outlives its connections and keeps the state that the standard requires of a
 * client; the simulation decides when it reads and answers.
 */
import assert from "node:assert/strict";
import type { Packet, PublishPacket, QoS } from "../../../src/mqtt/packet.ts";
import type { Due, ModelConnect } from "./model_state.ts";
import { checkAnswer, checkPublish, mayBeMissing, type Slack } from "./reading.ts";
import { type SimWorld, Wire } from "./wire.ts";

/** One of the client's own messages whose acknowledgements are incomplete. */
interface Open {
  readonly packet: PublishPacket;
  released: boolean;
}

/** A packet that the client has read and not answered. */
interface Unanswered {
  readonly type: "puback" | "pubrec" | "pubcomp" | "pubrel";
  readonly packetId: number;
}

const encoder = new TextEncoder();

export class SimClient {
  wire: Wire | undefined;
  welcome = false;
  maximumPacketSize = Infinity;
  receiveMaximum = 65_535;
  /** Packet identifiers read on this connection whose acknowledgement has not reached the broker. */
  readonly inflight = new Set<number>();
  readonly #world: SimWorld;
  readonly #slack: Slack;
  readonly #open = new Map<number, Open>();
  #unanswered: Unanswered[] = [];
  readonly #aliases = new Map<number, string>();

  /** @param onRead called with each message that the client reads */
  constructor(
    world: SimWorld,
    readonly name: string,
    slack: Slack,
    readonly onRead?: (due: Due, writtenMs: number) => void,
  ) {
    this.#world = world;
    this.#slack = slack;
  }

  get online(): boolean {
    return this.wire !== undefined && !this.wire.connection.over && this.welcome;
  }

  get openCount(): number {
    return this.#open.size;
  }

  get unansweredCount(): number {
    return this.#unanswered.length;
  }

  /** Opens a link and sends nothing. */
  dial(version: 4 | 5, highWaterBytes: number): Wire {
    this.#unanswered = [];
    this.#aliases.clear();
    this.welcome = false;
    this.inflight.clear();
    const wire = new Wire(this.#world, this.name, version, highWaterBytes, (packet, atMs) => this.#take(packet, atMs));
    return this.wire = wire;
  }

  connect(asked: ModelConnect, receiveMaximum: number, highWaterBytes: number): Wire {
    const wire = this.dial(asked.version, highWaterBytes);
    this.maximumPacketSize = asked.maximumPacketSize;
    this.receiveMaximum = asked.version === 5 ? receiveMaximum : 65_535;
    wire.send(connectPacketOf(asked, receiveMaximum), (model, connection, nowMs) => {
      if (connection.online) model.fault(connection, nowMs);
      else model.connect(connection, asked, nowMs);
    });
    return wire;
  }

  /** Publishes with the lowest free packet identifier. */
  publish(qos: QoS, topic: string, payload: string, retain: boolean, expiryS?: number, alias?: number): void {
    let packetId = 1;
    while (this.#open.has(packetId)) packetId++;
    const properties = { ...expiryS && { messageExpiryIntervalS: expiryS }, ...alias && { topicAlias: alias } };
    const head = { type: "publish", dup: false, qos, retain, topic, payload: encoder.encode(payload) } as const;
    const packet: PublishPacket = { ...head, ...qos > 0 && { packetId }, properties };
    if (qos > 0) {
      this.#open.set(packetId, {
        packet: { ...packet, properties: { ...expiryS && { messageExpiryIntervalS: expiryS } } },
        released: false,
      });
    }
    this.#send(packet);
  }

  #send(packet: PublishPacket): void {
    const { qos, retain, properties, packetId = 0 } = packet;
    const payload = new TextDecoder().decode(packet.payload);
    const version = this.wire!.version;
    const expiryS = version === 5 ? properties?.messageExpiryIntervalS : undefined;
    const alias = version === 5 ? properties?.topicAlias : undefined;
    this.wire!.send(packet, (model, connection, atMs) => {
      if (!connection.online) return model.fault(connection, atMs);
      if (alias !== undefined && packet.topic !== "") connection.aliases.set(alias, packet.topic);
      const topic = packet.topic === "" ? connection.aliases.get(alias!)! : packet.topic;
      const message = { topic, payload, qos, retain, expiryS, publisherId: connection.clientId, atMs };
      model.published(connection, message, packetId);
    });
  }

  /** Answers the oldest unanswered packet, in some cases with a refusal. */
  answer(refuse: boolean): void {
    const next = this.#unanswered.shift();
    if (next === undefined || !this.online) return;
    const { type, packetId } = next;
    const refused = refuse && type !== "pubcomp" && type !== "pubrel" && this.wire!.version === 5;
    this.wire!.send({ type, packetId, ...refused && { reasonCode: 0x80 } }, (model, connection) => {
      if (type === "pubrel") model.released(connection, packetId);
      else {
        const closes = type === "puback" || type === "pubcomp" || refused;
        if (closes && connection === this.wire?.connection) this.inflight.delete(packetId);
        model.acknowledged(connection, type, packetId, refused);
      }
    });
  }

  #take(packet: Packet, writtenMs: number): void {
    const { connection } = this.wire!;
    this.#world.trace(() => `${this.name} ← ${said(packet)}`);
    switch (packet.type) {
      case "publish":
        return this.#takePublish(packet, writtenMs);
      case "pubrel":
        assert.ok(this.#isReceived(packet.packetId), `${this.name} got PUBREL ${packet.packetId} out of nowhere`);
        this.#unanswered.push({ type: "pubcomp", packetId: packet.packetId });
        return;
      case "disconnect":
        assert.ok(connection.over, `${this.name} got DISCONNECT and the model does not know why`);
        return;
      case "connack":
        checkAnswer(this.name, connection, packet);
        if (packet.reasonCode === 0) this.#begin(packet.sessionPresent);
        return;
      default:
        checkAnswer(this.name, connection, packet);
        this.#advance(packet);
    }
  }

  #isReceived(packetId: number): boolean {
    return this.wire!.connection.session!.due.some((due) => due.packetId === packetId && due.state === "received");
  }

  #takePublish(packet: PublishPacket, writtenMs: number): void {
    const { connection } = this.wire!;
    const topicAlias = packet.properties?.topicAlias;
    if (topicAlias !== undefined && packet.topic !== "") this.#aliases.set(topicAlias, packet.topic);
    const named = packet.topic === "" ? { ...packet, topic: this.#aliases.get(topicAlias!)! } : packet;
    const { model } = this.#world;
    const { due } = checkPublish(this.name, connection, named, writtenMs, this.#slack, model.shared, model.handedOn);
    this.onRead?.(due, writtenMs);
    if (packet.qos === 0) return;
    const { size } = this.inflight.add(packet.packetId!);
    assert.ok(size <= this.receiveMaximum, `${this.name} has ${size} in flight, and allows ${this.receiveMaximum}`);
    this.#unanswered.push({ type: packet.qos === 1 ? "puback" : "pubrec", packetId: packet.packetId! });
  }

  /** CONNACK: the session and its handshakes continue, or a new session begins. */
  #begin(sessionPresent: boolean): void {
    this.welcome = true;
    if (!sessionPresent) this.#open.clear();
    for (const [packetId, { packet, released }] of this.#open) {
      if (!released) this.#send({ ...packet, dup: true });
      else this.#release(packetId);
    }
  }

  #release(packetId: number): void {
    this.wire!.send({ type: "pubrel", packetId }, (model, connection) => model.released(connection, packetId));
  }

  #advance(packet: Packet): void {
    if (packet.type === "puback" || packet.type === "pubcomp") this.#open.delete(packet.packetId);
    if (packet.type !== "pubrec") return;
    if (packet.reasonCode !== undefined && packet.reasonCode >= 0x80) return void this.#open.delete(packet.packetId);
    const open = this.#open.get(packet.packetId);
    if (open !== undefined) open.released = true;
    this.#release(packet.packetId);
  }

  /** All packets are read and answered, and the broker has handled them: no exchange may be open. */
  checkComplete(nowMs: number): void {
    const { connection } = this.wire!;
    assert.deepEqual(connection.answers, [], `${this.name} is still due answers`);
    const left = [...connection.atMostOnce, ...connection.session!.due];
    const missing = left.filter((due) => due.state !== "due" || !mayBeMissing(due, connection, nowMs, this.#slack));
    assert.deepEqual(
      missing.map(({ message, state }) => `${message.payload} ${state}`),
      [],
      `${this.name} misses messages`,
    );
  }
}

function connectPacketOf(asked: ModelConnect, receiveMaximum: number): Packet {
  const topicAliasMaximum = receiveMaximum % 3; // any value will do
  const { clientId, version, cleanStart, keepAliveS, expiryS, will, badLogin, maximumPacketSize } = asked;
  const size = Number.isFinite(maximumPacketSize) ? { maximumPacketSize } : {};
  return {
    type: "connect",
    protocolVersion: version,
    clientId,
    cleanStart,
    keepAliveS,
    ...badLogin && { username: "nobody" },
    ...version === 5 && { properties: { sessionExpiryIntervalS: expiryS, receiveMaximum, topicAliasMaximum, ...size } },
    ...will && {
      will: {
        topic: will.message.topic,
        payload: encoder.encode(will.message.payload),
        qos: will.message.qos as QoS,
        retain: will.message.retain,
        ...version === 5 && will.delayS > 0 && { delayIntervalS: will.delayS },
        ...version === 5 && will.message.expiryS && { properties: { messageExpiryIntervalS: will.message.expiryS } },
      },
    },
  };
}

function said(packet: Packet): string {
  if (packet.type === "publish") {
    const { qos, topic, retain, dup, packetId = "" } = packet;
    const text = new TextDecoder().decode(packet.payload).slice(0, 12);
    return `publish ${topic} "${text}" qos${qos} ${packetId}${retain ? " retain" : ""}${dup ? " dup" : ""}`;
  }
  const { packetId = "", reasonCode = "", reasonCodes = "", sessionPresent = "" } = packet as unknown as Record<
    string,
    unknown
  >;
  return `${packet.type} ${packetId} ${reasonCode}${reasonCodes} ${sessionPresent}`;
}
