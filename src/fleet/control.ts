/**
 * The control: before anything is measured, a client of each watcher's own publishes a message and is then killed. If
 * either is not seen, the watcher is blind and nothing that follows would mean anything.
 */
import type { Packet, ProtocolVersion, PublishPacket } from "../mqtt/packet.ts";
import { connackText } from "./connack_text.ts";
import { connectPacketOf } from "./connect_packet.ts";
import { Connection, type ConnectionEnd, type ConnectionOwner, endText, type World } from "./connection.ts";
import { beginLife, clientIdOf, type Life, readWillMark, willOf } from "./life.ts";
import type { FleetPlan } from "./plan.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const markName = "mqtt-sim-control ";
const markBytes = encoder.encode(markName);

/** True for what any control client publishes. */
export function isControlMark(payload: Uint8Array): boolean {
  return markBytes.every((byte, at) => payload[at] === byte);
}

/** How far a control came: its message was not seen, its will was not, or both were. */
export type ControlSight = "nothing" | "message" | "both";

type Step = "connecting" | "publishing" | "killed" | "passed";

export class Control implements ConnectionOwner {
  readonly #plan: FleetPlan;
  readonly #world: World;
  readonly #connection: Connection;
  readonly #life: Life;
  readonly #mark: string;
  readonly #unseen = new Set<number>();
  #step: Step = "connecting";
  #failure: string | undefined;

  /** @param number names the control client: beyond all clients of the run */
  constructor(plan: FleetPlan, world: World, number: number, bucket: number, version: ProtocolVersion) {
    // A control's will is neither delayed nor retained: it asks of the broker no more than any will does.
    this.#plan = { ...plan, willDelayS: 0, willRetain: false, cleanStart: "yes", sessionExpiryS: 0 };
    this.#world = world;
    this.#life = beginLife(this.#plan, { number, bucket, version }, 1);
    this.#mark = `${markName}${plan.run} ${number}`;
    this.#connection = new Connection(world, version, this, number);
  }

  get passed(): boolean {
    return this.#step === "passed";
  }

  /** How far it came: its message was not seen yet, its will was not, or both were. */
  get seen(): ControlSight {
    if (this.#step === "passed") return "both";
    return this.#step === "killed" ? "message" : "nothing";
  }

  /** Why it failed, in a sentence; undefined while it may still pass. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** What it waits for, in a sentence, for when time is up. */
  get waitsFor(): string {
    const { topic } = willOf(this.#plan, this.#life);
    switch (this.#step) {
      case "connecting":
        return "a control client could not connect";
      case "publishing":
        return `the watcher is blind: a message that a control client published on ${topic} did not reach it`;
      default:
        return `the will of a control client did not come: the watcher sees messages on ${topic}, but no will of a ` +
          `client that was ${this.#world.canReset ? "reset" : "closed without DISCONNECT"} (QoS ${this.#life.qos})`;
    }
  }

  /** A watcher of this bucket saw a message. Answers true when it was the control's. */
  see(packet: PublishPacket, copy: number): boolean {
    if (isControlMark(packet.payload) && decoder.decode(packet.payload) === this.#mark) {
      if (this.#step === "publishing") this.#tick(copy, () => this.#kill());
      return true;
    }
    if (readWillMark(this.#plan, packet.payload)?.client !== this.#life.client) return false;
    if (this.#step === "killed") this.#tick(copy, () => this.#step = "passed");
    return true;
  }

  onOpen(connection: Connection, nowMs: number): void {
    connection.send(connectPacketOf(this.#plan, this.#life, clientIdOf(this.#plan, this.#life.client)), nowMs);
  }

  onPacket(connection: Connection, packet: Packet, nowMs: number): void {
    if (packet.type !== "connack" || this.#step !== "connecting") return;
    if (packet.reasonCode !== 0) return this.#fail(connackText(connection.version, packet.reasonCode));
    this.#step = "publishing";
    this.#expectAll();
    const { topic } = willOf(this.#plan, this.#life);
    // Through the same queue as the wills: at QoS 0 only where they are.
    const qos = this.#life.qos === 0 ? 0 : 1;
    const id = qos === 0 ? {} : { packetId: 1 };
    const payload = encoder.encode(this.#mark);
    connection.send({ type: "publish", dup: false, qos, retain: false, topic, payload, ...id }, nowMs);
  }

  /** Waits no longer. */
  giveUp(): void {
    this.#connection.reset();
  }

  onOver(_connection: Connection, end: ConnectionEnd): void {
    if (this.#step === "connecting" || this.#step === "publishing") this.#fail(endText(end));
  }

  #kill(): void {
    this.#step = "killed";
    this.#expectAll();
    if (this.#world.canReset) this.#connection.reset();
    else this.#connection.end();
  }

  #expectAll(): void {
    for (let copy = 0; copy < this.#plan.fanOut; copy++) this.#unseen.add(copy);
  }

  #tick(copy: number, then: () => void): void {
    this.#unseen.delete(copy);
    if (this.#unseen.size === 0) then();
  }

  #fail(sentence: string): void {
    this.#failure ??= `a control client could not ${this.#step === "connecting" ? "connect" : "publish"}: ${sentence}`;
  }
}
