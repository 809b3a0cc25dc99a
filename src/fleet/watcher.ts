/**
 * A watcher: a client of its own that subscribes to a part of the topic space and notes each will that comes.
 */
import { encode } from "../mqtt/codec.ts";
import type { Packet, ProtocolVersion, PublishPacket, QoS } from "../mqtt/packet.ts";
import { connackText } from "./connack_text.ts";
import { plainConnectPacket, plainKeepAliveS } from "./connect_packet.ts";
import { Connection, type ConnectionEnd, type ConnectionOwner, endText, type World } from "./connection.ts";
import type { FleetPlan } from "./plan.ts";
import type { SeenWill } from "./will_compare.ts";

/** Where a watcher stands. */
export interface WatcherPost {
  /** Numbers it among all watchers of the run, and names it. */
  readonly number: number;
  readonly bucket: number;
  /** Which of the watchers with the same wills it is, from 0. */
  readonly copy: number;
  readonly topicFilters: readonly string[];
}

/** What a watcher calls. */
export interface WatcherHost {
  readonly plan: FleetPlan;
  readonly world: World;
  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number): void;
  /** It cannot watch, or no longer. */
  onBlind(watcher: Watcher, sentence: string): void;
}

export class Watcher implements ConnectionOwner {
  readonly #host: WatcherHost;
  readonly #connection: Connection;
  readonly post: WatcherPost;
  #seen: SeenWill;
  #ready = false;
  #retired = false;
  /** QoS 2 packets that came and were not released: a repetition of one of them is no second will. [MQTT5 4.3.3-2] */
  readonly #unreleased = new Set<number>();

  constructor(host: WatcherHost, post: WatcherPost, version: ProtocolVersion) {
    this.#host = host;
    this.post = post;
    this.#seen = { version, grantedQos: 2 };
    this.#connection = new Connection(host.world, version, this, post.number);
  }

  /** True once the broker has granted the subscription. */
  get ready(): boolean {
    return this.#ready;
  }

  /** What it may expect of a will. */
  get seen(): SeenWill {
    return this.#seen;
  }

  get #name(): string {
    return `watcher ${this.post.number}`;
  }

  /** Leaves properly. */
  retire(nowMs: number): void {
    this.#retired = true;
    this.#connection.send({ type: "disconnect" }, nowMs);
    this.#connection.end();
  }

  onOpen(connection: Connection, nowMs: number): void {
    const { plan } = this.#host;
    connection.send(
      plainConnectPacket(plan, connection.version, `${plan.clientPrefix}-${plan.run}-w${this.post.number}`),
      nowMs,
    );
  }

  onPacket(connection: Connection, packet: Packet, nowMs: number): void {
    switch (packet.type) {
      case "connack":
        if (packet.reasonCode !== 0) return this.#blind(connackText(connection.version, packet.reasonCode));
        connection.keepAlive(packet.properties?.serverKeepAliveS ?? plainKeepAliveS, nowMs);
        return this.#subscribe(connection, nowMs);
      case "suback":
        return this.#onGranted(packet.reasonCodes);
      case "publish":
        return this.#onPublish(connection, packet, nowMs);
      case "pubrel":
        this.#unreleased.delete(packet.packetId);
        return connection.sendBytes(encode({ type: "pubcomp", packetId: packet.packetId }, connection.version), nowMs);
      case "disconnect":
        return this.#blind(`the broker disconnected it with reason code ${packet.reasonCode ?? 0}`);
    }
  }

  onOver(_connection: Connection, end: ConnectionEnd): void {
    this.#blind(endText(end));
  }

  #subscribe(connection: Connection, nowMs: number): void {
    const options = connection.version === 5
      ? { noLocal: false, retainAsPublished: true, retainHandling: 2 as const }
      : {};
    const subscriptions = this.post.topicFilters.map((topicFilter) => ({ topicFilter, qos: 2 as const, ...options }));
    connection.send({ type: "subscribe", packetId: 1, subscriptions }, nowMs);
  }

  #onGranted(codes: readonly number[]): void {
    const refused = codes.findIndex((code) => code > 2);
    if (refused >= 0) {
      const hex = codes[refused]!.toString(16).padStart(2, "0");
      return this.#blind(
        `the broker refused the subscription to ${this.post.topicFilters[refused]} with code 0x${hex}`,
      );
    }
    this.#seen = { ...this.#seen, grantedQos: Math.min(...codes) as QoS };
    this.#ready = true;
  }

  #onPublish(connection: Connection, packet: PublishPacket, nowMs: number): void {
    const { packetId } = packet;
    if (packet.qos === 1) {
      connection.sendBytes(encode({ type: "puback", packetId: packetId! }, connection.version), nowMs);
    }
    if (packet.qos === 2) {
      connection.sendBytes(encode({ type: "pubrec", packetId: packetId! }, connection.version), nowMs);
      if (this.#unreleased.has(packetId!)) return;
      this.#unreleased.add(packetId!);
    }
    this.#host.onWill(this, packet, nowMs);
  }

  #blind(sentence: string): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#host.onBlind(this, `${this.#name} is blind: ${sentence}`);
  }
}
