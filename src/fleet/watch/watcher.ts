/**
 * A watcher: a client that subscribes to a part of the topic space and notes each will that arrives. Where the plan
 * restarts the broker it has a session, and resumes it: messages published during its absence arrive then.
 */
import { Acknowledger } from "./acknowledger.ts";
import type { PacketFault } from "../../mqtt/codec/lenient.ts";
import type { ConnackPacket, Packet, ProtocolVersion, PublishPacket, QoS, SubackPacket } from "../../mqtt/packet.ts";
import { isPassingRefusal, reasonDetails, reasonText } from "../../mqtt/reason.ts";
import { connackText } from "../client/connack_text.ts";
import { plainConnectPacket, plainKeepAliveS, watcherConnectPacket } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import type { FleetWorld, Wakeable } from "../client/fleet_world.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";
import { disconnectText, endText } from "../oracle/end_text.ts";
import { retryAfterMs } from "../client/retry.ts";
import { ownClientId } from "../plan/client_id.ts";
import { hasOutage } from "../plan/phases.ts";
import { watcherNodeOf } from "../plan/cluster_node.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { seenMessage, type SeenWill } from "../oracle/will_compare.ts";

/** The place of a watcher among the others. */
interface WatcherPost {
  /** Numbers it among all watchers of the run, and names it. */
  readonly number: number;
  readonly bucket: number;
  /** The number of the watcher among those with the same wills, from 0. */
  readonly copy: number;
  readonly topicFilters: readonly string[];
}

/** The callbacks of a watcher. */
export interface WatcherHost {
  readonly plan: FleetPlan;
  readonly world: FleetWorld;
  onWill(watcher: Watcher, packet: PublishPacket, nowMs: number): void;
  /** The broker delivered a message of this watcher once more, under the packet identifier that it had before. */
  onRedelivery(watcher: Watcher, packet: PublishPacket, nowMs: number): void;
  /** It cannot watch, or no longer. */
  onBlind(watcher: Watcher, sentence: string): void;
}

/** The fate of a watcher in a restart of the broker. */
type Return =
  /** Its connection was open all through it. */
  | { readonly kind: "survived" }
  | { readonly kind: "back"; readonly atMs: number; readonly forgotten: boolean };

/** The pause after a failed CONNECT while the broker is coming back, in milliseconds. */
const retryMs = 100;

const decoder = new TextDecoder("latin1");

export class Watcher implements ConnectionOwner, Wakeable {
  readonly #host: WatcherHost;
  readonly #version: ProtocolVersion;
  #connection: ClientConnection;
  /** Whether it has a session to resume, and has had a connection. */
  readonly #persistent: boolean;
  #resumes = false;
  /** A session of this name existed before its own: it removes that first, with the messages kept for it. */
  #removes = false;
  /** A broker restart is under way: a connection that ends is no fault. */
  #restarting = false;
  #dials = false;
  /** CONNECTs that a limit of the broker refused, since the last one that it did not. */
  #refusals = 0;
  #refusal: string | undefined;
  /** The QoS of its subscription. */
  #qos: QoS = 2;
  #asked = false;
  #return: Return | undefined;
  /** The last QoS 1 message of each packet identifier: the broker may deliver it once more on a later connection. */
  readonly #taken = new Map<number, { readonly what: string; readonly connection: ClientConnection }>();
  #heardMs = 0;
  readonly post: WatcherPost;
  #seen: SeenWill;
  #ready = false;
  #retired = false;
  #left = false;
  readonly #acknowledger = new Acknowledger();

  constructor(host: WatcherHost, post: WatcherPost, version: ProtocolVersion) {
    this.#host = host;
    this.post = post;
    this.#version = version;
    this.#persistent = hasOutage(host.plan);
    this.#seen = { version, grantedQos: 2 };
    this.#connection = this.#open();
  }

  /** A broker restart is about to begin. */
  expectRestart(): void {
    this.#restarting = true;
    this.#return = undefined;
  }

  /** The broker serves again: it reconnects as soon as the old connection is over. */
  comeBack(): void {
    this.#dials = true;
    if (this.#connection.over) this.#dial();
  }

  /** Its fate in the restart; undefined until that is decided. */
  get returned(): Return | undefined {
    return this.#return;
  }

  /** The time is over: a connection that is still open was open all through the restart. */
  endRestart(): void {
    if (!this.#connection.over && this.#ready) this.#return ??= { kind: "survived" };
  }

  /** The restart is over for all. */
  forgetRestart(): void {
    this.#restarting = this.#dials = false;
  }

  wake(): void {
    const dials = this.#restarting ? this.#dials : this.#refusals > 0;
    if (dials && this.#connection.over && !this.#retired) this.#dial();
  }

  #dial(): void {
    this.#connection = this.#open();
  }

  #open(): ClientConnection {
    const { number, bucket, copy } = this.post;
    const { plan, world } = this.#host;
    const node = watcherNodeOf(plan, bucket, copy);
    const connection = new ClientConnection(world, this.#version, this, number, undefined, node);
    connection.stampArrivals();
    return connection;
  }

  /** When the last packet arrived: until then it certainly received wills. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** The text of the broker's refusal for now; undefined where it accepts the watcher. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** True once the broker has granted the subscription. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Its expectations of a will. */
  get seen(): SeenWill {
    return this.#seen;
  }

  get #name(): string {
    return `watcher ${this.post.number}`;
  }

  /** Leaves properly. */
  retire(nowMs: number): void {
    if (this.#left) return;
    this.#left = this.#retired = true;
    // With its session: 3.1.1 has no expiry, and the sweep removes its sessions.
    const ends = this.#persistent && this.#version === 5;
    const properties = ends ? { properties: { sessionExpiryIntervalS: 0 } } : {};
    this.#connection.send({ type: "disconnect", ...properties }, nowMs);
    this.#connection.end();
  }

  /** The client id under which the broker may have a session that only a clean CONNECT removes. */
  get leftBehind(): string | undefined {
    return this.#persistent && this.#version === 4 ? this.#clientId : undefined;
  }

  get #clientId(): string {
    const { plan } = this.#host;
    return ownClientId(plan, `w${this.post.number}`);
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    const { plan } = this.#host;
    const packet = this.#persistent && !this.#removes
      ? watcherConnectPacket(plan, connection.version, this.#clientId)
      : plainConnectPacket(plan, connection.version, this.#clientId);
    connection.send(packet, nowMs);
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number, faults?: readonly PacketFault[]): void {
    if (connection !== this.#connection) return;
    this.#heardMs = nowMs;
    switch (packet.type) {
      case "connack":
        return this.#onConnack(connection, packet, nowMs);
      case "suback":
        return this.#onGranted(packet, nowMs);
      case "publish":
        return this.#onPublish(connection, seenMessage(packet, faults), nowMs);
      case "pubrel":
        return this.#acknowledger.pubrel(connection, packet.packetId, nowMs);
      case "disconnect":
        // A server that shuts down may announce it. [MQTT5 3.14.1-1]
        if (this.#restarting) return;
        return this.#blind(disconnectText({ kind: "disconnect", packet, version: connection.version }));
    }
  }

  onOver(connection: ClientConnection, end: ConnectionEnd, nowMs: number): void {
    if (connection !== this.#connection) return;
    if (!this.#restarting && this.#refusals > 0 && !this.#ready) return;
    if (!this.#restarting) return this.#blind(endText(end) + this.#qosAdvice);
    this.#ready = false;
    this.#host.world.wakes.add(nowMs + retryMs, this);
  }

  #onConnack(connection: ClientConnection, packet: ConnackPacket, nowMs: number): void {
    // A broker that is only just up may refuse for now: its closing of the connection has it tried again.
    if (packet.reasonCode !== 0 && this.#restarting) return connection.end();
    if (packet.reasonCode !== 0 && !this.#ready && isPassingRefusal(connection.version, packet.reasonCode)) {
      return this.#tryLater(connection, connackText(connection.version, packet), nowMs);
    }
    if (packet.reasonCode !== 0) return this.#blind(connackText(connection.version, packet));
    this.#refusals = 0;
    this.#refusal = undefined;
    // The broker announces the highest QoS that it supports; some close after a SUBSCRIBE with more. [MQTT5 3.2.2-9]
    this.#qos = Math.min(this.#host.plan.watchQos, packet.properties?.maximumQoS ?? 2) as QoS;
    connection.keepAlive(packet.properties?.serverKeepAliveS ?? plainKeepAliveS, nowMs);
    if (this.#resumes && packet.sessionPresent) return this.#resumed(nowMs);
    if (this.#persistent && !this.#resumes && packet.sessionPresent !== this.#removes) {
      return this.#again(connection, packet.sessionPresent, nowMs);
    }
    // The broker has no state of the exchanges of a lost session.
    this.#acknowledger.forget();
    this.#taken.clear();
    this.#subscribe(connection, nowMs);
  }

  /** A limit of the broker refused it: its next CONNECT may succeed. */
  #tryLater(connection: ClientConnection, sentence: string, nowMs: number): void {
    this.#refusal = sentence;
    this.#host.world.wakes.add(nowMs + retryAfterMs(++this.#refusals), this);
    connection.end();
  }

  /** Connects again: to remove a session that an earlier run of this name has left, or once that is removed. */
  #again(connection: ClientConnection, removes: boolean, nowMs: number): void {
    this.#removes = removes;
    connection.send({ type: "disconnect" }, nowMs);
    connection.end();
    this.#dial();
  }

  /** Its subscriptions exist, and the messages kept for it follow. [MQTT311 3.1.2-5] [MQTT5 3.1.2-5] */
  #resumed(nowMs: number): void {
    this.#ready = true;
    this.#return = { kind: "back", atMs: nowMs, forgotten: false };
  }

  #subscribe(connection: ClientConnection, nowMs: number): void {
    const options = connection.version === 5
      ? { noLocal: false, retainAsPublished: true, retainHandling: 2 as const }
      : {};
    const qos = this.#qos;
    const subscriptions = this.post.topicFilters.map((topicFilter) => ({ topicFilter, qos, ...options }));
    this.#asked = true;
    connection.send({ type: "subscribe", packetId: 1, subscriptions }, nowMs);
  }

  #onGranted({ reasonCodes: codes, properties }: SubackPacket, nowMs: number): void {
    const refused = codes.findIndex((code) => code > 2);
    if (refused >= 0) {
      const code = reasonText(codes[refused]!, "suback");
      return this.#blind(
        `the broker refused the subscription to ${this.post.topicFilters[refused]} with ${code}${
          reasonDetails(properties)
        }`,
      );
    }
    this.#seen = { ...this.#seen, grantedQos: Math.min(...codes) as QoS };
    this.#ready = true;
    if (this.#resumes) this.#return = { kind: "back", atMs: nowMs, forgotten: true };
    this.#resumes = this.#persistent;
  }

  #onPublish(connection: ClientConnection, packet: PublishPacket, nowMs: number): void {
    const isRepeated = this.#acknowledger.publish(connection, packet, nowMs) ||
      (packet.qos === 1 && this.#persistent && this.#isRepeated(connection, packet));
    if (isRepeated) this.#host.onRedelivery(this, packet, nowMs);
    else this.#host.onWill(this, packet, nowMs);
  }

  /**
   * A message once more: the broker lost its acknowledgement as it went down. On a later connection of the session the
   * same message under the same packet identifier is that, with the DUP flag or without. [MQTT311 4.4.0-1]
   * [MQTT5 4.4.0-1]
   */
  #isRepeated(connection: ClientConnection, { packetId, dup, topic, payload }: PublishPacket): boolean {
    const what = `${topic} ${decoder.decode(payload)}`;
    const taken = this.#taken.get(packetId!);
    this.#taken.set(packetId!, { what, connection });
    return taken?.what === what && (dup || taken.connection !== connection);
  }

  /** A broker of 3.1.1 cannot announce that it does not support QoS 2; it may close the connection. */
  get #qosAdvice(): string {
    if (!this.#asked || this.#ready || this.#qos < 2) return "";
    return " after its SUBSCRIBE with QoS 2; --watch-qos 1 subscribes with QoS 1";
  }

  #blind(sentence: string): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#host.onBlind(this, `${this.#name} cannot receive wills: ${sentence}`);
  }
}
