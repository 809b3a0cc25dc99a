/**
 * A Sparkplug edge node: the messages that a client publishes about itself and its devices, from life to life. Source:
 * Sparkplug 3.0, chapters 5 and 6.
 */
import type { Packet, PublishPacket } from "../../mqtt/packet.ts";
import { dataType, decodePayload, encodePayload, type Metric } from "../../mqtt/sparkplug/payload.ts";
import { deviceTopic, type EdgeNodeName, nodeTopic, readNodeTopic } from "../../mqtt/sparkplug/topic.ts";
import type { SparkplugAuditor } from "../ledger/sparkplug_auditor.ts";
import { type Life, willTopicOf } from "../life/life.ts";
import { birthPayload, deathPayload, rebirthName, sequenceLength } from "../life/sparkplug.ts";
import type { PresenceWord } from "../life/presence_message.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { deviceName, devicesOf, telemetryOf } from "../plan/sparkplug/sparkplug_plan.ts";
import type { ClientConnection } from "./connection.ts";
import type { ClientOutbox } from "./client_outbox.ts";

/** The identifier of the SUBSCRIBE; those of PUBLISH begin at 1 and are used one after the other. */
const subscribeId = 0xfffe;
/** A device dies, and is born again with its next message, after so many messages of the node. */
const deviceDiesEvery = 32;

export class EdgeNode {
  readonly #plan: FleetPlan;
  readonly #auditor: SparkplugAuditor;
  readonly #outbox: ClientOutbox;
  readonly #text: string;
  #life: Life | undefined;
  #name: EdgeNodeName = { group: "", node: "" };
  #seq = 0;
  /** Data messages of all lives: the next one's device follows from it. */
  #data = 0;
  /** The life whose end it has announced. */
  #announced: Life | undefined;
  /** The device that is dead at present. */
  #dead: number | undefined;

  /** @param plan the plan with the settings of the client's group */
  constructor(plan: FleetPlan, auditor: SparkplugAuditor, outbox: ClientOutbox) {
    this.#plan = plan;
    this.#auditor = auditor;
    this.#outbox = outbox;
    this.#text = ".".repeat(telemetryOf(plan)!.sizeBytes);
  }

  /** The client is about to send CONNECT of a life. */
  begin(life: Life): void {
    const topic = willTopicOf(this.#plan, life);
    this.#life = life;
    this.#name = readNodeTopic(topic)!;
    this.#auditor.begin(life, topic);
  }

  /**
   * Publishes the births of the node and its devices, or its death; false where the broker has too many messages
   * unanswered.
   *
   * @param then called once the broker has answered for its death
   */
  say(
    word: PresenceWord,
    connection: ClientConnection,
    nowMs: number,
    then: (nowMs: number) => void = () => {},
  ): boolean {
    if (word === "online") this.#begin(connection, nowMs);
    else return this.#leave(connection, nowMs, then);
    return true;
  }

  /** Subscribes to commands, then publishes the births. [tck-id-message-flow-edge-node-ncmd-subscribe] */
  #begin(connection: ClientConnection, nowMs: number): void {
    const filters = [nodeTopic(this.#name, "NCMD"), deviceTopic(this.#name, "DCMD", "+")];
    const options = connection.version === 5
      ? { noLocal: false, retainAsPublished: false, retainHandling: 0 as const }
      : {};
    const subscriptions = filters.map((topicFilter) => ({ topicFilter, qos: 1 as const, ...options }));
    connection.send({ type: "subscribe", packetId: subscribeId, subscriptions }, nowMs);
    this.#bear(connection, false, nowMs);
  }

  /** NBIRTH with sequence number 0, then DBIRTH of each device. [tck-id-payloads-nbirth-seq] [tck-id-payloads-dbirth-order] */
  #bear(connection: ClientConnection, again: boolean, nowMs: number): void {
    const payload = birthPayload(this.#life!.incarnation, nowMs, this.#values(nowMs));
    this.#seq = 1;
    this.#dead = undefined;
    this.#outbox.publish(connection, { topic: nodeTopic(this.#name, "NBIRTH"), payload, qos: 0, retain: false }, nowMs);
    for (let device = 0; device < devicesOf(this.#plan); device++) {
      this.#sendDevice(connection, "DBIRTH", device, nowMs);
    }
    this.#auditor.born(this.#life!, again, nowMs);
  }

  /** Publishes one message of data: of the node and of each device in turn. */
  publishData(connection: ClientConnection, nowMs: number): boolean {
    const devices = devicesOf(this.#plan);
    const turn = this.#data++ % (devices + 1) - 1;
    const dead = this.#dead;
    if (dead !== undefined) {
      this.#dead = undefined;
      this.#sendDevice(connection, "DBIRTH", dead, nowMs);
    } else if (turn < 0) {
      this.#send(connection, nodeTopic(this.#name, "NDATA"), this.#values(nowMs), nowMs);
    } else if (this.#data % deviceDiesEvery < devices + 1) {
      this.#dead = turn;
      this.#sendDevice(connection, "DDEATH", turn, nowMs);
    } else this.#sendDevice(connection, "DDATA", turn, nowMs);
    return true;
  }

  #sendDevice(connection: ClientConnection, type: "DBIRTH" | "DDATA" | "DDEATH", device: number, nowMs: number): void {
    const metrics = type === "DDEATH" ? [] : this.#values(nowMs);
    this.#send(connection, deviceTopic(this.#name, type, deviceName(device)), metrics, nowMs);
  }

  /** A number, and a text of the size that the plan sets for telemetry. */
  #values(nowMs: number): Metric[] {
    const timestampMs = Math.round(nowMs);
    const value: Metric = { name: "Value", timestampMs, dataType: dataType.double, value: this.#data };
    if (this.#text === "") return [value];
    return [value, { name: "Text", timestampMs, dataType: dataType.string, value: this.#text }];
  }

  /** A message with the next sequence number, at QoS 0 and not retained. [tck-id-payloads-sequence-num-incrementing] */
  #send(connection: ClientConnection, topic: string, metrics: readonly Metric[], nowMs: number): void {
    const seq = this.#seq;
    this.#seq = (seq + 1) % sequenceLength;
    const payload = encodePayload({ timestampMs: Math.round(nowMs), metrics, seq });
    this.#outbox.publish(connection, { topic, payload, qos: 0, retain: false }, nowMs);
  }

  /**
   * A node that leaves publishes NDEATH before DISCONNECT in 3.1.1; in 5.0, its DISCONNECT has the server publish it.
   * [tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt311]
   */
  #leave(connection: ClientConnection, nowMs: number, then: (nowMs: number) => void): boolean {
    const life = this.#life!;
    if (this.#announced === life) return true;
    if (connection.version === 5) {
      this.#announce(life, nowMs);
      then(nowMs);
      return true;
    }
    const payload = deathPayload(life.incarnation, nowMs);
    const message = { topic: nodeTopic(this.#name, "NDEATH"), payload, qos: 1 as const, retain: false };
    const sent = this.#outbox.publish(connection, message, nowMs, (_, atMs) => then(atMs));
    if (sent) this.#announce(life, nowMs);
    return sent;
  }

  #announce(life: Life, nowMs: number): void {
    this.#announced = life;
    this.#auditor.announce(life, nowMs);
  }

  /** Answers a command. [tck-id-operational-behavior-data-commands-rebirth-action-1] */
  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    if (packet.type !== "publish") return;
    if (packet.qos > 0) connection.send({ type: "puback", packetId: packet.packetId! }, nowMs);
    if (this.#isRebirth(packet)) this.#bear(connection, true, nowMs);
  }

  #isRebirth({ topic, payload }: PublishPacket): boolean {
    if (topic !== nodeTopic(this.#name, "NCMD")) return false;
    return decodePayload(payload)?.metrics.some(({ name, value }) => name === rebirthName && value === true) ?? false;
  }
}
