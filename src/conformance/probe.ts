/**
 * One link to the broker under test: any bytes go out, and what comes back is waited for within stated times. A probe
 * does nothing by itself but acknowledge what it is sent, and that can be turned off.
 */
import type { ProtocolError } from "../base/failure.ts";
import { formatMs } from "../base/units.ts";
import { encode } from "../mqtt/codec.ts";
import type {
  ConnackPacket,
  DisconnectPacket,
  Packet,
  PacketType,
  ProtocolVersion,
  PublishPacket,
  SubackPacket,
  Subscription,
} from "../mqtt/packet.ts";
import type { DialReceiver, Link, LinkEnd } from "../net/link.ts";
import { type PacketReceiver, PacketStream } from "../net/packet_stream.ts";
import { answerTo } from "./answer_to.ts";
import type { Bounds } from "./bounds.ts";
import { compareMessage, type SentMessage } from "./message_compare.ts";
import { CaseFailure } from "./outcome.ts";
import { hexByte, packetText } from "./packet_text.ts";
import { Patience } from "./patience.ts";
import { endText, type ProbeEnd } from "./probe_end.ts";
import type { Transcript } from "./transcript.ts";
import type { World } from "./world.ts";

/** What a probe is made of. */
export interface ProbeParts {
  readonly world: World;
  readonly bounds: Bounds;
  readonly transcript: Transcript;
  /** When the case began. */
  readonly originMs: number;
}

/** The packets of one type. */
export type PacketOf<T extends PacketType> = Packet extends infer P
  ? P extends { readonly type: infer U } ? T extends U ? P : never : never
  : never;

/** A packet, and when it came. */
export interface Arrival<P extends Packet = Packet> {
  readonly packet: P;
  readonly atMs: number;
}

/** When something is due that is not due now. */
export interface Due {
  /** The instant from which is counted, such as {@link Probe.endedMs}. */
  readonly sinceMs: number;
  /** How long after it. */
  readonly afterMs: number;
}

/** Far above any packet that a case can cause. */
const maximumPacketSize = 4 * 1_048_576;

/** One link to the broker under test. */
export class Probe implements DialReceiver, PacketReceiver {
  /** The answer to CONNECT, once it was taken. */
  connack: ConnackPacket | undefined;
  /** Whether PUBLISH, PUBREC and PUBREL are answered by themselves. */
  acknowledges = true;
  /** When something was sent last. */
  sentMs = 0;
  /** When this side ended the connection, or asked for it by DISCONNECT. */
  endedMs = 0;
  readonly #parts: ProbeParts;
  readonly #link: Link;
  readonly #stream: PacketStream;
  readonly #inbox: Arrival[] = [];
  readonly #granted = new Map<string, number>();
  readonly #patience: Patience;
  #end: ProbeEnd | undefined;
  #packetId = 0;

  /** @param name what transcripts and sentences call it */
  constructor(parts: ProbeParts, readonly name: string, readonly version: ProtocolVersion) {
    this.#parts = parts;
    this.#patience = new Patience(parts.world);
    this.#stream = new PacketStream({ maximumPacketSize, receiver: this, version });
    this.#link = parts.world.dial(this);
  }

  /** Sends packets, in one write. */
  send(...packets: readonly Packet[]): this {
    const encoded = packets.map((packet) => encode(packet, this.version));
    packets.forEach((packet, index) => this.#log(">", packetText(packet), encoded[index]));
    return this.#write(Uint8Array.from(encoded.flatMap((bytes) => [...bytes])));
  }

  /** Sends bytes, be they a packet or not; `what` says what they are. */
  sendBytes(bytes: Iterable<number>, what: string): this {
    const sent = Uint8Array.from(bytes);
    this.#log(">", what, sent);
    return this.#write(sent);
  }

  /** A packet identifier that was not used on this link. */
  nextPacketId(): number {
    return ++this.#packetId;
  }

  /** Ends by RST, without a word; by FIN where the runtime cannot. */
  reset(): this {
    return this.#leave("reset", () => this.#link.reset());
  }

  /** Ends by FIN, without a word. */
  close(): this {
    return this.#leave("closed", () => this.#link.end());
  }

  /** Sends DISCONNECT; the link is left to the broker. */
  disconnect(reasonCode?: number, properties?: DisconnectPacket["properties"]): this {
    this.send({
      type: "disconnect",
      ...reasonCode !== undefined && { reasonCode },
      ...properties && { properties },
    });
    this.endedMs = this.sentMs;
    return this;
  }

  /** Subscribes, and answers the SUBACK; a refusal fails the case. */
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
    if (code > 2) throw new CaseFailure(`the subscription to ${topicFilter} was refused with ${hexByte(code)}`);
    this.#granted.set(topicFilter, code);
    return suback;
  }

  /** Publishes, waits until the broker has it, and answers what it said last; nothing at QoS 0. */
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

  /** PINGREQ, and PINGRESP: the broker has read all that was sent before. */
  async ping(): Promise<void> {
    this.send({ type: "pingreq" });
    await this.expect("pingresp");
  }

  /** Takes the first packet of a type, whatever came before it. Fails when none comes in time. */
  async expect<T extends PacketType>(
    type: T,
    isIt: (packet: PacketOf<T>) => boolean = () => true,
    withinMs = this.#parts.bounds.answerMs,
  ): Promise<PacketOf<T>> {
    const find = () =>
      this.#inbox.findIndex(({ packet }) => packet.type === type && isIt(packet as unknown as PacketOf<T>));
    await this.#patience.until(() => find() >= 0 || this.#end !== undefined, withinMs);
    const place = find();
    if (place < 0) throw new CaseFailure(this.#missing(type.toUpperCase(), withinMs));
    return this.#inbox.splice(place, 1)[0]!.packet as unknown as PacketOf<T>;
  }

  /** Takes the very next packet, whatever it is. Fails when none comes in time. */
  async next(withinMs = this.#parts.bounds.answerMs): Promise<Packet> {
    await this.#patience.until(() => this.#inbox.length > 0 || this.#end !== undefined, withinMs);
    const arrival = this.#inbox.shift();
    if (arrival === undefined) throw new CaseFailure(this.#missing("packet", withinMs));
    return arrival.packet;
  }

  /**
   * Takes a message, and fails unless it is as it was sent. Without `due` it is due now; with it, neither sooner nor
   * later than the bounds allow.
   */
  async receives(message: SentMessage, due?: Due): Promise<Arrival<PublishPacket>> {
    const { bounds, world } = this.#parts;
    const untilMs = due === undefined
      ? world.clock.nowMs() + bounds.answerMs
      : due.sinceMs + due.afterMs + bounds.lateMs;
    const arrival = await this.#take(message, untilMs, false);
    if (due !== undefined) this.#checkInstant(arrival, due);
    return arrival;
  }

  /** Takes a retained message that a new subscription finds: as it was sent, with the flag set. */
  async finds(message: SentMessage): Promise<Arrival<PublishPacket>> {
    return await this.#take(message, this.#parts.world.clock.nowMs() + this.#parts.bounds.answerMs, true);
  }

  /** Takes what has come of a type and was not taken. */
  take<T extends PacketType>(type: T): PacketOf<T>[] {
    const taken = this.#inbox.filter(({ packet }) => packet.type === type);
    for (const arrival of taken) this.#inbox.splice(this.#inbox.indexOf(arrival), 1);
    return taken.map(({ packet }) => packet as unknown as PacketOf<T>);
  }

  /**
   * Fails when a message comes, or has come and was not taken, and when the link ends, for then this probe is blind.
   *
   * @param forMs from now; the bound for silence if not given
   */
  receivesNothing(forMs = this.#parts.bounds.silenceMs): Promise<void> {
    return this.silence(forMs, ["publish"]);
  }

  /** Fails when a packet comes, or has come and was not taken; of certain types if they are named. */
  async silence(forMs = this.#parts.bounds.silenceMs, types?: readonly PacketType[]): Promise<void> {
    const unasked = () => this.#inbox.find(({ packet }) => types === undefined || types.includes(packet.type));
    await this.#patience.until(() => unasked() !== undefined || this.#end !== undefined, forMs);
    const arrival = unasked();
    if (arrival !== undefined) {
      throw new CaseFailure(`${this.name} got ${packetText(arrival.packet)} where nothing was due`);
    }
    if (this.#end !== undefined) throw new CaseFailure(`the connection of ${this.name} ended: ${endText(this.#end)}`);
  }

  /** Waits for the broker to close; what was not taken before may come with it. Fails when it stays open. */
  async expectClose(withinMs = this.#parts.bounds.answerMs): Promise<ProbeEnd> {
    await this.#patience.until(() => this.#end !== undefined, withinMs);
    const end = this.#end;
    if (end === undefined) throw new CaseFailure(`the connection of ${this.name} was not closed ${within(withinMs)}`);
    if (end.how.kind === "malformed") throw new CaseFailure(`${this.name}: ${endText(end)}`);
    const disconnect = this.#inbox.map(({ packet }) => packet).find((packet) => packet.type === "disconnect");
    return { ...end, ...disconnect && { disconnect } };
  }

  /** The CONNECT that was sent is not let in: closed, with a CONNACK that refuses or without one. */
  async expectRefused(): Promise<ProbeEnd & { readonly connack?: ConnackPacket }> {
    const { answerMs } = this.#parts.bounds;
    const answer = () => this.#inbox.map(({ packet }) => packet).find((packet) => packet.type === "connack");
    await this.#patience.until(() => this.#end !== undefined || answer()?.reasonCode === 0, answerMs);
    if (answer()?.reasonCode === 0) throw new CaseFailure(`the CONNECT of ${this.name} was accepted`);
    const connack = answer();
    return { ...await this.expectClose(), ...connack && { connack } };
  }

  /** Waits without looking at anything. */
  async idle(ms: number): Promise<void> {
    await this.#patience.until(() => false, ms);
  }

  /** The QoS that was granted for a topic, or else the highest that this probe was granted; 2 where it was none. */
  grantedQos(topic: string): number {
    return this.#granted.get(topic) ?? (this.#granted.size === 0 ? 2 : Math.max(...this.#granted.values()));
  }

  /** True once nothing more comes. */
  get over(): boolean {
    return this.#end !== undefined;
  }

  /** How the link ended, once it has. */
  get ended(): ProbeEnd | undefined {
    return this.#end;
  }

  /** Ends whatever is open and whoever waits. */
  callOff(): void {
    if (this.#end === undefined) this.#link.reset();
    this.#patience.callOff();
  }

  onOpen(): void {
    this.#log("=", `open to ${this.#link.peer}`);
  }

  onDrain(): void {}

  onBytes(bytes: Uint8Array): void {
    this.#received = bytes;
    this.#stream.push(bytes);
    this.#patience.lookAgain();
  }

  onPacket(packet: Packet): void {
    // The bytes of what came in one read stand with its first packet.
    this.#log("<", packetText(packet), this.#received);
    this.#received = undefined;
    this.#inbox.push({ packet, atMs: this.#nowMs });
    const answer = this.acknowledges ? answerTo(packet) : undefined;
    if (answer !== undefined && this.#end === undefined) this.send(answer);
  }

  onProtocolError({ message }: ProtocolError): void {
    this.#log("<", `malformed: ${message}`, this.#received);
    this.#finish({ kind: "malformed", message });
    this.#link.reset();
  }

  onEnd(end: LinkEnd): void {
    this.#finish(end);
  }

  #received: Uint8Array | undefined;

  get #nowMs(): number {
    return this.#parts.world.clock.nowMs();
  }

  #write(bytes: Uint8Array): this {
    this.sentMs = this.#nowMs;
    this.#link.write(bytes);
    return this;
  }

  #leave(text: string, act: () => void): this {
    this.endedMs = this.#nowMs;
    this.#log("=", `${text} by this side`);
    act();
    return this;
  }

  #finish(how: ProbeEnd["how"]): void {
    if (this.#end !== undefined) return;
    this.#end = { how, atMs: this.#nowMs };
    this.#log("=", endText(this.#end));
    this.#stream.stop();
    this.#patience.lookAgain();
  }

  #log(direction: ">" | "<" | "=", text: string, bytes?: Uint8Array): void {
    this.#parts.transcript.add(this.#nowMs - this.#parts.originMs, this.name, direction, text, bytes);
  }

  #missing(what: string, withinMs: number): string {
    const others = this.#inbox.map(({ packet }) => packetText(packet));
    const instead = others.length === 0 ? "" : `; there came ${others.slice(0, 3).join(" and ")}`;
    if (this.#end !== undefined) return `${this.name} got no ${what}: ${endText(this.#end)}${instead}`;
    return `${this.name} got no ${what} ${within(withinMs)}${instead}`;
  }

  #noMessage(message: SentMessage, withinMs: number): string {
    const other = this.#inbox.find(({ packet }) => packet.type === "publish")?.packet as PublishPacket | undefined;
    if (other === undefined) return this.#missing(`message on ${message.topic}`, withinMs);
    const differs = compareMessage(other, message, { version: this.version, grantedQos: 2 });
    return `${this.name} got another message than was sent: ${differs.join(", ")}`;
  }

  /** Takes a message, and fails unless it is as it was sent. */
  async #take(message: SentMessage, untilMs: number, isFound: boolean): Promise<Arrival<PublishPacket>> {
    const leftMs = untilMs - this.#nowMs;
    const find = () =>
      this.#inbox.findIndex(({ packet }) => packet.type === "publish" && hasSameBytes(packet, message));
    await this.#patience.until(() => find() >= 0 || this.#end !== undefined, leftMs);
    const place = find();
    if (place < 0) throw new CaseFailure(this.#noMessage(message, leftMs));
    const arrival = this.#inbox.splice(place, 1)[0]! as Arrival<PublishPacket>;
    const seen = { version: this.version, grantedQos: this.grantedQos(message.topic), isFound };
    const differs = compareMessage(arrival.packet, message, seen);
    if (differs.length > 0) throw new CaseFailure(`the message came altered: ${differs.join(", ")}`);
    return arrival;
  }

  #checkInstant({ atMs }: Arrival, due: Due): void {
    const { bounds, originMs, transcript } = this.#parts;
    const tookMs = atMs - due.sinceMs;
    transcript.add(atMs - originMs, this.name, "=", `came ${formatMs(tookMs)} after, due at ${formatMs(due.afterMs)}`);
    if (tookMs < due.afterMs - bounds.earlyMs) {
      throw new CaseFailure(`the message came after ${formatMs(tookMs)}, and was due after ${formatMs(due.afterMs)}`);
    }
  }
}

function hasSameBytes(packet: PublishPacket, { topic, payload }: SentMessage): boolean {
  return packet.topic === topic && packet.payload.length === payload.length &&
    packet.payload.every((byte, index) => byte === payload[index]);
}

function within(ms: number): string {
  return `within ${formatMs(ms)}`;
}
