/**
 * The canary: before the measurement, and every few seconds during the kills, a client beside each watcher publishes a
 * message, and the fleet then kills it. If the message does not arrive, the watcher is blind and no later finding is
 * valid. If the message arrives and the will does not, the broker lost a will: that is a fault like any other.
 */
import type {
  AcknowledgePacket,
  ConnackPacket,
  Packet,
  ProtocolVersion,
  PublishPacket,
  QoS,
} from "../../mqtt/packet.ts";
import { isPassingRefusal, reasonDetails, reasonText } from "../../mqtt/reason.ts";
import { connackText } from "../client/connack_text.ts";
import { connectPacketOf } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import type { FleetWorld, Wakeable } from "../client/fleet_world.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";
import type { CanarySight } from "../result/canary_counts.ts";
import { endText } from "../oracle/end_text.ts";
import type { Alteration } from "../oracle/expectation.ts";
import { deathAsBirth } from "../plan/sparkplug/sparkplug_plan.ts";
import { beginLife, type Life, willTopicOf } from "../life/life.ts";
import { canaryPlanOf } from "../plan/make_plan.ts";
import { birthPayload } from "../life/sparkplug.ts";
import { watcherNodeOf } from "../plan/cluster_node.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { retryAfterMs } from "../client/retry.ts";
import { compareWill, type SeenWill } from "../oracle/will_compare.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const markName = "mqtt-sim-control ";
const markBytes = encoder.encode(markName);

/** True for the messages of any canary. */
export function isCanaryMark(payload: Uint8Array): boolean {
  return markBytes.every((byte, at) => payload[at] === byte);
}

type Step = "connecting" | "publishing" | "killed" | "passed";

export class Canary implements ConnectionOwner, Wakeable {
  readonly #plan: FleetPlan;
  readonly #world: FleetWorld;
  #connection: ClientConnection;
  readonly #life: Life;
  readonly #mark: string;
  readonly #unseen = new Set<number>();
  readonly #startedMs: number;
  #step: Step = "connecting";
  #connectSent = false;
  #qos: QoS = 0;
  #refusals = 0;
  #refusal: string | undefined;
  #gaveUp = false;
  #failure: string | undefined;

  /** @param number names the canary: beyond all clients of the run */
  constructor(plan: FleetPlan, world: FleetWorld, number: number, bucket: number, version: ProtocolVersion) {
    this.#plan = canaryPlanOf(plan);
    this.#world = world;
    this.#life = beginLife(this.#plan, { number, bucket, version }, 1);
    this.#mark = `${markName}${plan.run} ${number}`;
    this.#startedMs = world.clock.nowMs();
    this.#connection = new ClientConnection(world, version, this, number, undefined, this.#life.node ?? 0);
  }

  get passed(): boolean {
    return this.#step === "passed";
  }

  /** Its arrivals so far: neither its message nor its will, the message alone, or both. */
  get seen(): CanarySight {
    if (this.#step === "passed") return "both";
    return this.#step === "killed" ? "message" : "nothing";
  }

  /** The text of the broker's refusal for now; undefined where it accepts the canary. */
  get refusal(): string | undefined {
    return this.#step === "connecting" ? this.#refusal : undefined;
  }

  /** Whether the broker accepted it. */
  get connected(): boolean {
    return this.#life.connectedMs !== undefined;
  }

  /** Its life: it has an end once every watcher has received its message. */
  get life(): Life {
    return this.#life;
  }

  /** The topic of its will. */
  get topic(): string {
    return willTopicOf(this.#plan, this.#life);
  }

  /** The topic of its message: that of its will, or of the birth certificate of an edge node. */
  get messageTopic(): string {
    return this.#plan.sparkplug ? deathAsBirth(this.topic) : this.topic;
  }

  /** The instant at which its present wait began. */
  get sinceMs(): number {
    return this.#life.end?.doneMs ?? this.#startedMs;
  }

  /** Why it failed, in a sentence; undefined while it may still pass. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Why the watcher is blind if time is up now, in a sentence; undefined once every watcher has its message. */
  get waitsFor(): string | undefined {
    switch (this.#step) {
      case "connecting":
        return "a canary could not connect";
      case "publishing":
        if (this.#refusal !== undefined) return `a canary could not publish: ${this.#refusal}`;
        return `the watcher cannot receive wills: a message that a canary published on ${this.messageTopic} did not reach it`;
      default:
        return undefined;
    }
  }

  /** Whether this copy of the watcher has not received the message expected now. */
  isUnseen(copy: number): boolean {
    return this.#unseen.has(copy);
  }

  /** Whether a payload is the message of this canary. */
  isMessage(payload: Uint8Array): boolean {
    return decoder.decode(payload) === this.#mark;
  }

  /** A watcher of its bucket received its message. */
  seeMessage(copy: number, nowMs: number): void {
    if (this.#step === "publishing") this.#tick(copy, () => this.#kill(nowMs));
  }

  /** A watcher of its bucket received its will. Returns the differences from the requested will. */
  seeWill(packet: PublishPacket, copy: number, seen: SeenWill): readonly Alteration[] {
    if (this.#step === "killed") this.#tick(copy, () => this.#step = "passed");
    return compareWill(this.#plan, this.#life, packet, seen);
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    this.#life.sentMs = nowMs;
    connection.send(connectPacketOf(this.#plan, this.#life), nowMs);
    this.#connectSent = true;
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    if (packet.type === "puback" && this.#step === "publishing") return this.#onPuback(packet, nowMs);
    if (packet.type !== "connack" || this.#step !== "connecting") return;
    if (packet.reasonCode !== 0) return this.#refused(connection, packet, nowMs);
    this.#step = "publishing";
    this.#refusal = undefined;
    this.#life.connectedMs = nowMs;
    connection.keepAlive(packet.properties?.serverKeepAliveS ?? this.#plan.keepAliveS, nowMs); // [MQTT5 3.2.2-21]
    this.#expectAll();
    // Through the same queue as the wills: at QoS 0 only where they are, or where the server takes no more.
    this.#qos = this.#life.qos === 0 || packet.properties?.maximumQoS === 0 ? 0 : 1; // [MQTT5 3.2.2-11]
    this.#publish(nowMs);
  }

  #publish(nowMs: number): void {
    const topic = this.messageTopic;
    // [tck-id-payloads-nbirth-qos]
    const qos = this.#plan.sparkplug ? 0 : this.#qos;
    const id = qos === 0 ? {} : { packetId: 1 };
    const payload = this.#plan.sparkplug ? birthPayload(this.#life.incarnation, nowMs) : encoder.encode(this.#mark);
    this.#connection.send({ type: "publish", dup: false, qos, retain: false, topic, payload, ...id }, nowMs);
  }

  /** The canary repeats a message that the broker refuses for a limit. */
  #onPuback({ reasonCode = 0, properties }: AcknowledgePacket, nowMs: number): void {
    if (reasonCode < 0x80) return;
    const code = reasonText(reasonCode, "puback") + reasonDetails(properties);
    this.#refusal = `the broker refused its message with ${code}`;
    if (!isPassingRefusal(5, reasonCode)) return this.#fail(this.#refusal);
    this.#world.wakes.add(nowMs + retryAfterMs(++this.#refusals), this);
  }

  #refused(connection: ClientConnection, packet: ConnackPacket, nowMs: number): void {
    const sentence = connackText(connection.version, packet);
    if (!isPassingRefusal(connection.version, packet.reasonCode)) return this.#fail(sentence);
    // A limit of the broker: its next CONNECT may succeed.
    this.#refusal = sentence;
    this.#connectSent = false;
    this.#world.wakes.add(nowMs + retryAfterMs(++this.#refusals), this);
    connection.end();
  }

  wake(nowMs: number): void {
    if (this.#gaveUp || this.#connection.over && this.#step === "publishing") return;
    if (this.#step === "publishing" && this.#refusal !== undefined) return this.#publish(nowMs);
    if (this.#step !== "connecting") return;
    const { client, node = 0 } = this.#life;
    this.#connection = new ClientConnection(this.#world, this.#connection.version, this, client, undefined, node);
  }

  /** Ends the wait: an online canary leaves properly, so that no will of it is due. */
  giveUp(nowMs: number): void {
    this.#gaveUp = true;
    if (this.#connection.over || this.#life.end !== undefined) return;
    if (!this.#connectSent) return this.#connection.reset();
    this.#connection.send({ type: "disconnect" }, nowMs);
    this.#connection.end();
  }

  onOver(connection: ClientConnection, end: ConnectionEnd): void {
    if (connection !== this.#connection || (this.#step === "connecting" && this.#refusals > 0)) return;
    if (this.#step === "connecting" || this.#step === "publishing") this.#fail(endText(end));
  }

  #kill(nowMs: number): void {
    this.#step = "killed";
    this.#expectAll();
    const mode = this.#world.canReset ? "reset" : "close";
    this.#life.lastPacketMs = this.#connection.lastSentMs;
    this.#life.end = { mode, dueMs: nowMs, doneMs: nowMs, silent: false };
    if (this.#world.canReset) this.#connection.reset();
    else this.#connection.end();
  }

  /** In a cluster, a canary proves the watchers of its own node: what crosses nodes is under test. */
  #expectAll(): void {
    const { bucket, node = 0 } = this.#life;
    for (let copy = 0; copy < this.#plan.fanOut; copy++) {
      if (watcherNodeOf(this.#plan, bucket, copy) === node) this.#unseen.add(copy);
    }
  }

  #tick(copy: number, then: () => void): void {
    this.#unseen.delete(copy);
    if (this.#unseen.size === 0) then();
  }

  #fail(sentence: string): void {
    const what = this.#step === "connecting" ? `connect with its will of QoS ${this.#life.qos}` : "publish";
    this.#failure ??= `a canary could not ${what}: ${sentence}`;
  }
}
