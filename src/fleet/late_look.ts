/**
 * The late look: after the run a new subscriber asks for the retained wills. On each topic it must find the last will
 * that was published there. Then the topics are cleared, so that a run leaves nothing behind.
 */
import type { Packet, ProtocolVersion, PublishPacket } from "../mqtt/packet.ts";
import { plainConnectPacket } from "./connect_packet.ts";
import { Connection, type ConnectionOwner, type World } from "./connection.ts";
import { readWillMark, type WillMark } from "./life.ts";
import type { FleetPlan } from "./plan.ts";

/** What a late subscriber found. */
export interface LateLookCounts {
  expected: number;
  right: number;
  /** Another will than the last, or not marked as retained. */
  wrong: number;
  missing: number;
}

/** After the last retained message so much silence means that there are no more, in milliseconds. */
const quietMs = 1_000;
const grantedWithinMs = 5_000;

export class LateLook implements ConnectionOwner {
  readonly #plan: FleetPlan;
  readonly #filters: readonly string[];
  readonly #expected: ReadonlyMap<string, WillMark>;
  readonly #found = new Map<string, PublishPacket>();
  readonly #connection: Connection;
  #lastMs: number;
  #granted = false;
  #refused = false;
  #over = false;

  constructor(
    plan: FleetPlan,
    world: World,
    version: ProtocolVersion,
    filters: readonly string[],
    expected: ReadonlyMap<string, WillMark>,
    nowMs: number,
  ) {
    this.#plan = plan;
    this.#filters = filters;
    this.#expected = expected;
    this.#lastMs = nowMs;
    this.#connection = new Connection(world, version, this, 0);
  }

  /** True once all was found, or nothing more comes. */
  done(nowMs: number): boolean {
    if (this.#over || this.#found.size >= this.#expected.size) return true;
    return nowMs - this.#lastMs > (this.#granted ? quietMs : grantedWithinMs);
  }

  /** Whether it could look at all: it was let in, and its subscription granted. */
  get looked(): boolean {
    return this.#granted && !this.#refused;
  }

  /** What was found so far against what must be there. */
  counts(): LateLookCounts {
    const counts: LateLookCounts = { expected: this.#expected.size, right: 0, wrong: 0, missing: 0 };
    for (const [topic, mark] of this.#expected) counts[this.#verdict(topic, mark)]++;
    return counts;
  }

  /** Clears every retained will that was found or expected, and leaves. */
  clear(nowMs: number): void {
    if (this.#over) return;
    for (const topic of new Set([...this.#expected.keys(), ...this.#found.keys()])) {
      // A retained message with no payload removes the one before it. [MQTT311 3.3.1-10] [MQTT5 3.3.1-6]
      this.#connection.send(
        { type: "publish", dup: false, qos: 0, retain: true, topic, payload: new Uint8Array(0) },
        nowMs,
      );
    }
    this.#connection.send({ type: "disconnect" }, nowMs);
    this.#connection.end();
    this.#over = true;
  }

  onOpen(connection: Connection, nowMs: number): void {
    const { clientPrefix, run } = this.#plan;
    connection.send(plainConnectPacket(this.#plan, connection.version, `${clientPrefix}-${run}-look`), nowMs);
  }

  onPacket(connection: Connection, packet: Packet, nowMs: number): void {
    this.#lastMs = nowMs;
    if (packet.type === "connack") this.#onConnack(connection, packet.reasonCode, nowMs);
    else if (packet.type === "suback") this.#onSuback(packet.reasonCodes);
    else if (packet.type === "publish") this.#found.set(packet.topic, packet);
  }

  onOver(): void {
    this.#over = true;
  }

  #onConnack(connection: Connection, reasonCode: number, nowMs: number): void {
    if (reasonCode === 0) this.#subscribe(connection, nowMs);
    else this.#over = this.#refused = true;
  }

  #onSuback(reasonCodes: readonly number[]): void {
    this.#granted = true;
    if (reasonCodes.some((code) => code > 2)) this.#over = this.#refused = true;
  }

  /** At QoS 0 no queue limit of the broker's stands between a retained message and its late subscriber. */
  #subscribe(connection: Connection, nowMs: number): void {
    const subscriptions = this.#filters.map((topicFilter) => ({ topicFilter, qos: 0 as const }));
    connection.send({ type: "subscribe", packetId: 1, subscriptions }, nowMs);
  }

  #verdict(topic: string, { client, incarnation }: WillMark): "right" | "wrong" | "missing" {
    const packet = this.#found.get(topic);
    if (packet === undefined) return "missing";
    const mark = readWillMark(this.#plan, packet.payload);
    // A message from the store is marked as retained. [MQTT311 3.3.1-8] [MQTT5 3.3.1-8]
    return packet.retain && mark?.client === client && mark.incarnation === incarnation ? "right" : "wrong";
  }
}
