/**
 * One link to the broker under test: it sends any bytes, and waits for answers within stated times. By itself a probe
 * only acknowledges received messages, and an option turns that off.
 */
import { formatMs } from "../../base/units.ts";
import type {
  ConnackPacket,
  Packet,
  PacketType,
  PublishPacket,
  SubackPacket,
  Subscription,
} from "../../mqtt/packet.ts";
import { compareMessage, type Difference, type SentMessage } from "./message_compare.ts";
import { CaseFailure, type CaseFault, NotTestable, SubscriptionRefused } from "../model/outcome.ts";
import { hexByte, packetText } from "./packet_text.ts";
import { endText, type ProbeEnd } from "./probe_end.ts";
import { type PacketOf, ProbeLink, type ReceivedPacket } from "./probe_link.ts";

export type { PacketOf, ReceivedPacket } from "./probe_link.ts";

/**
 * Codes with which a server may refuse a well-formed subscription: for its limits, its load or its access control.
 * Another code, such as 0x91, states a false reason.
 */
const mayRefuse: ReadonlySet<number> = new Set([0x80, 0x83, 0x87, 0x8f, 0x97, 0x9e, 0xa1, 0xa2]);

/** When something is due that is not due now. */
export interface DueWindow {
  /** The instant from which is counted, such as {@link Probe.endedMs}. */
  readonly sinceMs: number;
  /** How long after it. */
  readonly afterMs: number;
  /** The latest time after it, where that is later; the bound for lateness is added. */
  readonly byMs?: number;
}

/** One link to the broker under test. */
export class Probe extends ProbeLink {
  /** The answer to CONNECT, once it was taken. */
  connack: ConnackPacket | undefined;
  /**
   * The Session Expiry Interval in seconds: the value in CONNECT, and the server's (5.0, section 3.2.2.3.2).
   */
  askedExpiryS = 0;
  /** The session expiry of the connection, in seconds. */
  sessionExpiryS = 0;
  /** The QoS that the broker granted to each subscription of its session, by topic filter. */
  granted = new Map<string, number>();

  /** Subscribes, and returns the SUBACK; a refusal fails the case. */
  async subscribe(
    topicFilter: string,
    { qos = 2, ...options }: Partial<Omit<Subscription, "topicFilter">> = {},
    subscriptionIdentifier?: number,
  ): Promise<SubackPacket> {
    const packetId = this.nextPacketId();
    const rap = this.version === 5 ? { retainAsPublished: true } : {};
    this.send({
      type: "subscribe",
      packetId,
      subscriptions: [{ topicFilter, qos, ...rap, ...options }],
      ...subscriptionIdentifier !== undefined && { properties: { subscriptionIdentifier } },
    });
    const suback = await this.expect("suback", (packet) => packet.packetId === packetId);
    const code = suback.reasonCodes[0]!;
    if (code > 2) {
      const message = `the subscription to ${topicFilter} was refused with ${hexByte(code)}`;
      if (mayRefuse.has(code)) throw new SubscriptionRefused(message, { kind: "refused", code });
      throw new CaseFailure(message, { kind: "refused", code });
    }
    this.granted.set(topicFilter, code);
    return suback;
  }

  /** Publishes, waits until the broker has it, and returns its last answer; undefined at QoS 0. */
  async publish(message: SentMessage): Promise<Packet | undefined> {
    const { qos } = message;
    const id = qos === 0 ? {} : { packetId: this.nextPacketId() };
    this.send({ type: "publish", dup: false, ...message, ...id });
    if (qos === 0) return undefined;
    const mine = (packet: { readonly packetId: number }) => packet.packetId === id.packetId;
    if (qos === 1) return await this.expect("puback", mine);
    const received = await this.expect("pubrec", mine);
    return (received.reasonCode ?? 0) >= 0x80 ? received : await this.expect("pubcomp", mine);
  }

  /**
   * The case is not testable unless the broker has granted this QoS: it may grant less than requested, and then need
   * not keep messages for an offline client. [MQTT5 3.8.4-7] [MQTT311 3.9.3-2]
   */
  requiresGranted(qos: number, topicFilter: string): this {
    const granted = this.granted.get(topicFilter) ?? 0;
    if (granted < qos) throw new NotTestable(`the broker grants QoS ${granted} to a subscription that requests more`);
    return this;
  }

  /** PINGREQ, and PINGRESP: the broker has read all that was sent before. */
  async ping(): Promise<void> {
    this.send({ type: "pingreq" });
    await this.expect("pingresp");
  }

  /** Takes the first packet of a type and skips those before it. Fails when none comes in time. */
  async expect<T extends PacketType>(
    type: T,
    isIt: (packet: PacketOf<T>) => boolean = () => true,
    withinMs = this.deps.bounds.answerMs,
  ): Promise<PacketOf<T>> {
    const find = () =>
      this.inbox.findIndex(({ packet }) => packet.type === type && isIt(packet as unknown as PacketOf<T>));
    await this.patience.until(() => find() >= 0 || this.over, withinMs);
    const place = find();
    if (place < 0) throw this.#missing(type.toUpperCase(), withinMs);
    return this.inbox.splice(place, 1)[0]!.packet as unknown as PacketOf<T>;
  }

  /** Takes a message that needs an answer; fails where it came at QoS 0, which has none. */
  async expectNumbered(): Promise<PublishPacket & { readonly packetId: number }> {
    const packet = await this.expect("publish");
    const { packetId } = packet;
    if (packetId === undefined) throw new CaseFailure(`${this.name} got ${packetText(packet)}, but not at QoS 1 or 2`);
    return { ...packet, packetId };
  }

  /** Takes the very next packet of any type. Fails when none comes in time. */
  async next(withinMs = this.deps.bounds.answerMs): Promise<Packet> {
    await this.patience.until(() => this.inbox.length > 0 || this.over, withinMs);
    const arrival = this.inbox.shift();
    if (arrival === undefined) throw this.#missing("packet", withinMs);
    return arrival.packet;
  }

  /**
   * Takes a message, and fails unless it equals the sent one. Without `due` it is due now; with it, neither sooner nor
   * later than the bounds allow.
   */
  async receives(message: SentMessage, due?: DueWindow): Promise<ReceivedPacket<PublishPacket>> {
    const arrival = await this.#take(message, due, false);
    if (due !== undefined) this.#checkInstant(arrival, due);
    return arrival;
  }

  /** Takes the retained message for a new subscription: equal to the sent one, with the flag set. */
  async finds(message: SentMessage): Promise<ReceivedPacket<PublishPacket>> {
    try {
      return await this.#take(message, undefined, true);
    } catch (error) {
      const isMissing = error instanceof CaseFailure && error.fault.kind === "missing";
      if (message.qos > 0 || !isMissing) throw error;
      // A server may drop such a message whenever it likes. MQTT 5.0, 3.3.1.3; MQTT 3.1.1, 3.3.1-7
      throw new NotTestable("the broker does not keep retained messages of QoS 0, which the standard permits");
    }
  }

  /**
   * Fails when a message comes, or has come and was not taken, and when the link ends, for then this probe is blind.
   *
   * @param forMs from now; the bound for silence if not given
   */
  receivesNothing(forMs = this.deps.bounds.silenceMs): Promise<void> {
    return this.silence(forMs, ["publish"]);
  }

  /** Fails when a packet comes, or has come and was not taken; of certain types if they are named. */
  async silence(forMs = this.deps.bounds.silenceMs, types?: readonly PacketType[]): Promise<void> {
    const unasked = () => this.inbox.find(({ packet }) => types === undefined || types.includes(packet.type));
    await this.patience.until(() => unasked() !== undefined || this.over, forMs);
    const arrival = unasked();
    if (arrival !== undefined) {
      const fault = { kind: "unwanted" } as const;
      throw new CaseFailure(`${this.name} got ${packetText(arrival.packet)} although nothing was due`, fault);
    }
    if (this.over) throw new CaseFailure(`the connection of ${this.name} ended: ${endText(this.ended!)}`, this.#end());
  }

  /**
   * Waits for the broker to close; unread packets may come first, and unreadable bytes are no obstacle. Fails when the
   * link stays open.
   */
  async expectClose(withinMs = this.deps.bounds.answerMs): Promise<ProbeEnd> {
    await this.patience.until(() => this.closed !== undefined, withinMs);
    const end = this.closed;
    if (end === undefined) {
      const fault = { kind: "not closed", lookedMs: withinMs } as const;
      throw new CaseFailure(`the connection of ${this.name} was not closed ${within(withinMs)}`, fault);
    }
    return { ...end, ...this.#disconnect() };
  }

  /**
   * Waits for the broker to close at an instant, and returns how it did: fails when it closes later than the bounds
   * allow, and when it does not close. It does not judge an earlier close.
   */
  async expectCloseBy(due: DueWindow): Promise<ProbeEnd> {
    const { lateMs } = this.deps.bounds;
    const keepAliveS = keepAliveOf(due);
    const dueMs = due.sinceMs + (due.byMs ?? due.afterMs);
    const end = () => this.closed;
    await this.patience.until(() => end() !== undefined, dueMs + lateMs - this.nowMs);
    if (end() === undefined) {
      await this.patience.until(() => end() !== undefined, this.deps.lookOnMs(keepAliveS));
    }
    const closed = end();
    const byMs = (closed?.atMs ?? this.nowMs) - dueMs;
    if (closed === undefined) {
      const fault = { kind: "not closed", lookedMs: byMs, keepAliveS } as const;
      throw new CaseFailure(
        `the connection of ${this.name} was open ${formatMs(byMs)} after it was due to close`,
        fault,
      );
    }
    if (byMs > lateMs) {
      const fault = { kind: "late", byMs, keepAliveS } as const;
      throw new CaseFailure(`the connection of ${this.name} was closed ${formatMs(byMs)} after it was due`, fault);
    }
    return { ...closed, ...this.#disconnect() };
  }

  /** The broker refuses the CONNECT: it closes the link, with a CONNACK that refuses or without one. */
  async expectRefused(): Promise<ProbeEnd & { readonly connack?: ConnackPacket }> {
    const { answerMs } = this.deps.bounds;
    const answer = () => this.inbox.map(({ packet }) => packet).find((packet) => packet.type === "connack");
    await this.patience.until(() => this.closed !== undefined || answer()?.reasonCode === 0, answerMs);
    if (answer()?.reasonCode === 0) {
      throw new CaseFailure(`the CONNECT of ${this.name} was accepted`, { kind: "accepted" });
    }
    const connack = answer();
    return { ...await this.expectClose(), ...connack && { connack } };
  }

  /** Whether the CONNECT that was sent is refused: false when it is accepted, or not answered in time. */
  async isRefused(): Promise<boolean> {
    const answer = () => this.peek("connack")[0];
    await this.patience.until(() => this.over || answer() !== undefined, this.deps.bounds.answerMs);
    const connack = answer();
    if (connack !== undefined) return connack.reasonCode !== 0;
    return this.ended !== undefined && this.ended.how.kind !== "error";
  }

  /** Waits without reading. */
  async idle(ms: number): Promise<void> {
    await this.patience.until(() => false, ms);
  }

  /** The QoS that was granted for a topic, or else the highest that this probe was granted; 2 where it was none. */
  grantedQos(topic: string): number {
    return this.granted.get(topic) ?? (this.granted.size === 0 ? 2 : Math.max(...this.granted.values()));
  }

  #disconnect(): Pick<ProbeEnd, "disconnect"> {
    const disconnect = this.inbox.map(({ packet }) => packet).find((packet) => packet.type === "disconnect");
    return disconnect === undefined ? {} : { disconnect };
  }

  /** The failure when a link has ended that must stay open. */
  #end(): CaseFault {
    return { kind: this.ended!.how.kind === "malformed" ? "malformed" : "closed" };
  }

  #missing(what: string, withinMs: number, fault: CaseFault = { kind: "missing", lookedMs: 0 }): CaseFailure {
    const others = this.inbox.map(({ packet }) => packetText(packet));
    const instead = others.length === 0 ? "" : `; it got ${others.slice(0, 3).join(" and ")}`;
    if (this.over) {
      return new CaseFailure(`${this.name} got no ${what}: ${endText(this.ended!)}${instead}`, this.#end());
    }
    return new CaseFailure(`${this.name} got no ${what} ${within(withinMs)}${instead}`, fault);
  }

  #noMessage(message: SentMessage, withinMs: number, fault: CaseFault): CaseFailure {
    const other = this.inbox.find(({ packet }) => packet.type === "publish")?.packet as PublishPacket | undefined;
    if (other === undefined) return this.#missing(`message on ${message.topic}`, withinMs, fault);
    const differs = compareMessage(other, message, { version: this.version, grantedQos: 2 });
    return altered(`${this.name} got another message than was sent`, differs);
  }

  /** Takes a message, and fails unless it equals the sent one and comes before the bounds end. */
  async #take(
    message: SentMessage,
    due: DueWindow | undefined,
    isFound: boolean,
  ): Promise<ReceivedPacket<PublishPacket>> {
    const { answerMs, lateMs } = this.deps.bounds;
    const dueMs = due === undefined ? this.nowMs : due.sinceMs + (due.byMs ?? due.afterMs);
    const untilMs = dueMs + (due === undefined ? answerMs : lateMs);
    const keepAliveS = due === undefined ? 0 : keepAliveOf(due);
    const find = () => this.inbox.findIndex(({ packet }) => packet.type === "publish" && hasSameBytes(packet, message));
    const fromMs = this.nowMs;
    await this.patience.until(() => find() >= 0 || this.over, untilMs - fromMs);
    if (find() < 0 && !this.over && this.peek("publish").length === 0) {
      await this.patience.until(() => find() >= 0 || this.over, this.deps.lookOnMs(keepAliveS));
    }
    const place = find();
    if (place < 0) {
      const lookedMs = this.nowMs - dueMs;
      throw this.#noMessage(message, this.nowMs - fromMs, { kind: "missing", lookedMs, keepAliveS });
    }
    const arrival = this.inbox.splice(place, 1)[0]! as ReceivedPacket<PublishPacket>;
    const seen = { version: this.version, grantedQos: this.grantedQos(message.topic), isFound };
    const differs = compareMessage(arrival.packet, message, seen);
    if (differs.length > 0) throw altered("the message came altered", differs);
    const byMs = arrival.atMs - dueMs;
    if (arrival.atMs > untilMs) {
      const fault = { kind: "late", byMs, keepAliveS } as const;
      throw new CaseFailure(`the message came ${formatMs(byMs)} after it was due`, fault);
    }
    return arrival;
  }

  #checkInstant({ atMs }: ReceivedPacket, due: DueWindow): void {
    const { bounds, originMs, transcript } = this.deps;
    const tookMs = atMs - due.sinceMs;
    transcript.add(atMs - originMs, this.name, "=", `came ${formatMs(tookMs)} after, due at ${formatMs(due.afterMs)}`);
    const byMs = due.afterMs - tookMs;
    if (byMs > bounds.earlyMs) {
      const fault = { kind: "early", byMs, keepAliveS: keepAliveOf(due) } as const;
      throw new CaseFailure(
        `the message came after ${formatMs(tookMs)}, and was due after ${formatMs(due.afterMs)}`,
        fault,
      );
    }
  }
}

/** The keep alive in seconds, where it decides when something is due: between 1 and 1.5 times it. */
function keepAliveOf({ afterMs, byMs = afterMs }: DueWindow): number {
  return (byMs - afterMs) / 500;
}

function altered(what: string, differs: readonly Difference[]): CaseFailure {
  const parts = differs.map(({ part }) => part);
  return new CaseFailure(`${what}: ${differs.map(({ text }) => text).join(", ")}`, { kind: "altered", parts });
}

function hasSameBytes(packet: PublishPacket, { topic, payload }: SentMessage): boolean {
  return packet.topic === topic && packet.payload.length === payload.length &&
    packet.payload.every((byte, index) => byte === payload[index]);
}

function within(ms: number): string {
  return `within ${formatMs(ms)}`;
}
