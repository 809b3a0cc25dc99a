/**
 * The retained check: after the run a new subscriber requests the retained wills. On each topic it must find the last
 * will published there. Then it clears the topics, so that the broker keeps no message of the run.
 */
import { sameBytes } from "../../base/bytes.ts";
import type { ConnackPacket, Packet, ProtocolVersion, PublishPacket, SubackPacket } from "../../mqtt/packet.ts";
import { reasonDetails, reasonText } from "../../mqtt/reason.ts";
import { connackText } from "../client/connack_text.ts";
import { plainConnectPacket } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import type { FoundWill } from "../result/retained_counts.ts";
import type { Groups } from "../plan/groups.ts";
import { readWill, type WillMark } from "../life/life.ts";
import { type OwnTopics, ownTopics } from "./own_topics.ts";
import { namesLife, ownPayloadOf } from "../life/own_payload.ts";
import { ownClientId } from "../plan/client_id.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { WatchScope } from "../result/squad_task.ts";

/** After the last retained message so much silence means that there are no more, in milliseconds. */
const quietMs = 1_000;
const grantedWithinMs = 5_000;
/** How many later lives are looked for in a payload. */
const mostMissed = 16;

export class RetainedCheck implements ConnectionOwner {
  /** Receives each retained message found. */
  onFound: (topic: string, found: FoundWill, nowMs: number) => void = () => {};
  readonly #plan: FleetPlan;
  readonly #groups: Groups;
  readonly #own: OwnTopics | undefined;
  readonly #name: string;
  readonly #filters: readonly string[];
  readonly #expected: ReadonlyMap<string, WillMark>;
  readonly #found = new Set<string>();
  readonly #toClear = new Set<string>();
  readonly #connection: ClientConnection;
  #lastMs: number;
  #granted = false;
  #refused = false;
  #refusal: string | undefined;
  #over = false;

  constructor(
    scope: WatchScope,
    groups: Groups,
    world: FleetWorld,
    version: ProtocolVersion,
    filters: readonly string[],
    expected: ReadonlyMap<string, WillMark>,
    nowMs: number,
  ) {
    const { plan, firstBucket } = scope;
    this.#plan = plan;
    this.#own = ownTopics(scope, groups);
    this.#groups = groups;
    // Each squad looks for itself: under one id they would take one another over.
    this.#name = ownClientId(plan, `look${firstBucket}`);
    this.#filters = filters;
    this.#expected = expected;
    this.#lastMs = nowMs;
    this.#connection = new ClientConnection(world, version, this, 0);
  }

  /** True once it has found all, or no further message arrives. */
  done(nowMs: number): boolean {
    // The broker may send retained messages before its SUBACK. MQTT 3.1.1 and 5.0, section 3.8.4
    if (this.#over || (this.#granted && this.#found.size >= this.#expected.size)) return true;
    return nowMs - this.#lastMs > (this.#granted ? quietMs : grantedWithinMs);
  }

  /** Whether it could look at all: the broker accepted it, and granted its subscription. */
  get looked(): boolean {
    return this.#granted && !this.#refused;
  }

  /** Why it could not look, as a text. */
  get refusal(): string {
    return this.#refusal ?? "the broker did not allow it";
  }

  /** Clears every found or expected retained will, and leaves. */
  clear(nowMs: number): void {
    if (this.#over) return;
    for (const topic of new Set([...this.#expected.keys(), ...this.#toClear])) {
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

  onOpen(connection: ClientConnection, nowMs: number): void {
    connection.send(plainConnectPacket(this.#plan, connection.version, this.#name), nowMs);
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    this.#lastMs = nowMs;
    if (packet.type === "connack") this.#onConnack(connection, packet, nowMs);
    else if (packet.type === "suback") this.#onSuback(packet);
    else if (packet.type === "publish") this.#find(packet, nowMs);
  }

  #find(packet: PublishPacket, nowMs: number): void {
    const { topic, retain } = packet;
    const expected = this.#expected.get(topic);
    const mark = readWill(this.#plan, packet) ?? (expected && this.#ownMark(expected, packet));
    // On a topic without the run's name another program may have a retained message, which stays.
    const isOwn = topic.includes(this.#plan.run) || this.#own?.clientOn(topic) !== undefined;
    if (mark !== undefined || isOwn) this.#toClear.add(topic);
    this.#found.add(topic);
    this.onFound(topic, { mark, retain }, nowMs);
  }

  /** The life of a payload of the user's own: the expected one, or a later one that the watcher may have missed. */
  #ownMark({ client, incarnation }: WillMark, { payload }: PublishPacket): WillMark | undefined {
    const plan = this.#groups.planOf(client);
    const most = namesLife(plan) ? incarnation + mostMissed : incarnation;
    for (let life = incarnation; life <= most; life++) {
      const own = ownPayloadOf(plan, "will", { client, incarnation: life });
      if (own !== undefined && sameBytes(own, payload)) return { client, incarnation: life };
    }
    return undefined;
  }

  onOver(): void {
    this.#over = true;
  }

  #onConnack(connection: ClientConnection, packet: ConnackPacket, nowMs: number): void {
    if (packet.reasonCode === 0) return this.#subscribe(connection, nowMs);
    this.#refusal = connackText(connection.version, packet);
    this.#over = this.#refused = true;
  }

  #onSuback({ reasonCodes, properties }: SubackPacket): void {
    this.#granted = true;
    const refused = reasonCodes.find((code) => code > 2);
    if (refused === undefined) return;
    const why = reasonText(refused, "suback") + reasonDetails(properties);
    this.#refusal = `the broker refused its subscription with ${why}`;
    this.#over = this.#refused = true;
  }

  /** At QoS 0 no queue limit of the broker applies between a retained message and its late subscriber. */
  #subscribe(connection: ClientConnection, nowMs: number): void {
    const subscriptions = this.#filters.map((topicFilter) => ({ topicFilter, qos: 0 as const }));
    connection.send({ type: "subscribe", packetId: 1, subscriptions }, nowMs);
  }
}
