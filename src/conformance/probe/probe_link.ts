/**
 * The lower half of a probe: its link, and the record of sent and received packets. `probe.ts` has the expectations of
 * cases.
 */
import { joinedBytes } from "../../base/bytes.ts";
import { ConnectAuth } from "../../auth/connect_auth.ts";
import type { Authenticator } from "../../auth/exchange.ts";
import type { ProtocolError } from "../../base/failure.ts";
import { encode } from "../../mqtt/codec/codec.ts";
import type { PacketFault } from "../../mqtt/codec/lenient.ts";
import type {
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  Packet,
  PacketType,
  ProtocolVersion,
} from "../../mqtt/packet.ts";
import type { DialReceiver, Link, LinkEnd } from "../../net/link.ts";
import { type PacketReceiver, PacketStream } from "../../net/packet_stream.ts";
import { answerTo } from "./answer_to.ts";
import type { Bounds } from "../model/bounds.ts";
import { type KnownLimits, overLimit } from "../model/known_limits.ts";
import { NotTestable } from "../model/outcome.ts";
import { faultsOf, type SideFault, unreadable } from "./packet_faults.ts";
import { packetText } from "./packet_text.ts";
import { Patience } from "./patience.ts";
import { endText, type ProbeEnd } from "./probe_end.ts";
import { refusalForLoad } from "./refused_for_load.ts";
import type { Transcript } from "./transcript.ts";
import type { TimedWorld } from "../../net/world.ts";

/** The dependencies of a probe. */
export interface ProbeDeps {
  /** The clock and the links. */
  readonly world: TimedWorld;
  /** The time bounds. */
  readonly bounds: Bounds;
  /** Gets each packet. */
  readonly transcript: Transcript;
  /** When the case began. */
  readonly originMs: number;
  /** Enhanced authentication of the first CONNECT, where the check has a method. */
  readonly auth?: Authenticator | undefined;
  /** The known limits of the broker before the probe's own CONNACK. */
  readonly limits: KnownLimits;
  /** How long the probe waits after the bounds, to distinguish late from missing. */
  readonly lookOnMs: (keepAliveS: number) => number;
  /** A fault of the broker that the case is not about. */
  readonly onSideFault: (fault: SideFault) => void;
  /** The broker refused a packet for its load, with its reason. */
  readonly onRefusedForLoad: (what: string) => void;
  /** The link did not open. */
  readonly onUnreachable: (how: string) => void;
}

/** The packets of one type. */
export type PacketOf<T extends PacketType> = Packet extends infer P
  ? P extends { readonly type: infer U } ? T extends U ? P : never : never
  : never;

/** A packet, and when it came. */
export interface ReceivedPacket<P extends Packet = Packet> {
  /** The packet. */
  readonly packet: P;
  /** When the packet came, in milliseconds of the clock. */
  readonly atMs: number;
}

/** Far above any packet that a case can cause. */
const maximumPacketSize = 4 * 1_048_576;

/** The lower half of a probe. */
export class ProbeLink implements DialReceiver, PacketReceiver {
  /** Whether PUBLISH, PUBREC and PUBREL are answered by themselves. */
  acknowledges = true;
  /** Whether the probe decodes received bytes; the transcript has them in any case. */
  reads = true;
  /** Whether packets go out that the broker has announced not to take; else the case is not testable. */
  exceeds = false;
  /** Whether a forbidden field in the broker's packets is a fault: not where it may answer in another version. */
  judgesPackets = true;
  /** When something was sent last. */
  sentMs = 0;
  /** When this side ended the connection, or sent DISCONNECT. */
  endedMs = 0;
  /** The clock, the bounds and the transcript. */
  protected readonly deps: ProbeDeps;
  /** Waits for packets. */
  protected readonly patience: Patience;
  /** The received packets that no call has taken, in order. */
  protected readonly inbox: ReceivedPacket[] = [];
  readonly #link: Link;
  readonly #stream: PacketStream;
  #end: ProbeEnd | undefined;
  #received: Uint8Array | undefined;
  #lastBytes = new Uint8Array();
  #packetId = 0;
  #opened = false;
  #unreadable: ProbeEnd | undefined;
  #limits: KnownLimits;
  #auth: ConnectAuth | undefined;
  /** CONNECT is sent, and enhanced authentication is not over. */
  #authenticates = false;
  /** Messages above QoS 0 that the broker has not acknowledged. */
  readonly #unacknowledged = new Set<number>();
  /** For each PINGREQ that is not answered, whether it was sent by {@link staysAlive}. */
  readonly #pings: boolean[] = [];

  /** @param name the name of the probe in transcripts and sentences */
  /**
   * Makes one end of a connection.
   *
   * @param deps the clock, the bounds and the transcript
   * @param name the name of the connection in the transcript
   * @param version the MQTT version
   */
  constructor(deps: ProbeDeps, readonly name: string, readonly version: ProtocolVersion) {
    this.deps = deps;
    this.patience = new Patience(deps.world);
    this.#limits = deps.limits;
    this.#stream = new PacketStream({ maximumPacketSize, receiver: this, version, lenient: true });
    this.#link = deps.world.dial(this);
  }

  /** Sends packets, in one write. @throws NotTestable for a packet that the broker has announced not to take */
  send(...packets: readonly Packet[]): this {
    const [connect, ...others] = packets;
    if (connect?.type === "connect" && this.#opensWithMethod && !hasMethod(connect)) {
      if (others.length > 0) this.#authenticatesAlone();
      return this.#authenticate(connect);
    }
    if (this.#authenticates && connect?.type !== "disconnect") this.#authenticatesAlone();
    return this.#sendPackets(packets);
  }

  #sendPackets(packets: readonly Packet[]): this {
    const encoded = packets.map((packet) => encode(packet, this.version));
    packets.forEach((packet, index) => this.#account(packet, encoded[index]!.length));
    packets.forEach((packet, index) => this.log(">", packetText(packet), encoded[index]));
    return this.#write(encoded.length === 1 ? encoded[0]! : joinedBytes(encoded));
  }

  /** Sends bytes, a packet or not; `what` describes them. */
  sendBytes(bytes: Iterable<number>, what: string): this {
    const sent = Uint8Array.from(bytes);
    if (this.#opensWithMethod && sent[0] === 0x10) {
      throw new NotTestable("the case sends CONNECT as bytes, which have no authentication method");
    }
    this.log(">", what, sent);
    return this.#write(sent);
  }

  /** Whether the next CONNECT needs the method of the check. */
  get #opensWithMethod(): boolean {
    return this.deps.auth !== undefined && this.version === 5 && this.#auth === undefined;
  }

  /** [MQTT5 3.1.2-30] */
  #authenticatesAlone(): never {
    throw new NotTestable(
      "the case sends packets before CONNACK, which a client with an authentication method must not",
    );
  }

  #authenticate(connect: ConnectPacket): this {
    this.#authenticates = true;
    this.#auth = new ConnectAuth(this.deps.auth!, connect, {
      send: (packet) => void this.#sendPackets([packet]),
      fail: (sentence) => {
        this.log("=", `enhanced authentication failed: ${sentence}`);
        this.reset();
      },
    });
    this.#auth.start();
    return this;
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

  /** The received packets of a type that no call has taken; they remain. */
  peek<T extends PacketType>(type: T): PacketOf<T>[] {
    return this.inbox.flatMap(({ packet }) => packet.type === type ? [packet as unknown as PacketOf<T>] : []);
  }

  /** Takes the received packets of a type that no call has taken. */
  take<T extends PacketType>(type: T): PacketOf<T>[] {
    const taken = this.inbox.filter(({ packet }) => packet.type === type);
    for (const arrival of taken) this.inbox.splice(this.inbox.indexOf(arrival), 1);
    return taken.map(({ packet }) => packet as unknown as PacketOf<T>);
  }

  /** True after the last readable packet. */
  get over(): boolean {
    return this.ended !== undefined;
  }

  /** How the link ended, once it has; or the unreadable bytes, after which the probe reads no more. */
  get ended(): ProbeEnd | undefined {
    return this.#unreadable ?? this.#end;
  }

  /** How the link ended; unreadable bytes before the end do not count. */
  get closed(): ProbeEnd | undefined {
    return this.#end;
  }

  /** Sends PINGREQ twice within each keep alive, unseen by the case, until the link ends. */
  staysAlive(keepAliveS: number): void {
    this.deps.world.after(500 * keepAliveS, () => {
      if (this.over || this.endedMs > 0) return;
      const { sentMs } = this;
      this.#pings.push(true);
      this.#write(encode({ type: "pingreq" }, this.version));
      this.sentMs = sentMs;
      this.staysAlive(keepAliveS);
    });
  }

  /** Closes all connections and ends all waits. */
  callOff(): void {
    if (this.#end === undefined) this.#link.reset();
    this.patience.callOff();
  }

  /** The link is open. */
  onOpen(): void {
    this.#opened = true;
    this.log("=", `open to ${this.#link.peer}`);
  }

  /** No packet waits for room to write. */
  onDrain(): void {}

  /** Bytes came. */
  onBytes(bytes: Uint8Array): void {
    this.#received = bytes;
    this.#lastBytes = bytes.slice();
    if (this.reads && this.#unreadable === undefined) this.#stream.push(bytes);
    else this.log("<", "bytes that are not read", bytes);
    this.patience.lookAgain();
  }

  /** A whole packet came. */
  onPacket(packet: Packet, faults: readonly PacketFault[] = []): void {
    if (packet.type === "pingresp" && this.#pings.shift() === true) return;
    // The first packet of a read has the bytes of the whole read.
    this.log("<", packetText(packet), this.#received);
    this.#received = undefined;
    if (this.judgesPackets) faultsOf(packet, faults, this.version).forEach(this.deps.onSideFault);
    const refusal = refusalForLoad(packet, this.version);
    if (refusal !== undefined) this.deps.onRefusedForLoad(refusal);
    if (packet.type === "auth" && this.#authenticates) return this.#auth!.onAuth(packet);
    if (packet.type === "connack") {
      this.#authenticates = false;
      if (packet.reasonCode === 0 && this.#auth?.onAccepted(packet) === false) return;
      this.#connected(packet);
    }
    if ("packetId" in packet && packet.packetId !== undefined) this.#acknowledged(packet);
    this.inbox.push({ packet, atMs: this.nowMs });
    const answer = this.acknowledges ? answerTo(packet) : undefined;
    if (answer !== undefined && this.#end === undefined) this.send(answer);
  }

  /** The bytes are no packet: the probe reads no more, and keeps the link to observe its end. */
  onProtocolError({ message }: ProtocolError): void {
    this.log("<", `malformed: ${message}`, this.#received);
    const bytes = this.#lastBytes;
    this.#unreadable = { how: { kind: "malformed", message, bytes }, atMs: this.nowMs };
    if (this.judgesPackets) this.deps.onSideFault(unreadable(message, bytes, this.version));
    this.patience.lookAgain();
  }

  /** The link is over. */
  onEnd(end: LinkEnd): void {
    this.#finish(end);
    if (!this.#opened && end.kind === "error") this.deps.onUnreachable(`${end.code}: ${end.message}`);
  }

  /** Monotonic milliseconds. */
  protected get nowMs(): number {
    return this.deps.world.clock.nowMs();
  }

  /** Writes a line of the transcript. */
  protected log(direction: ">" | "<" | "=", text: string, bytes?: Uint8Array): void {
    this.deps.transcript.add(this.nowMs - this.deps.originMs, this.name, direction, text, bytes);
  }

  /** Records a sent packet. */
  #account(packet: Packet, sizeBytes: number): void {
    const reason = this.exceeds ? undefined : overLimit(packet, sizeBytes, this.#limits);
    if (reason !== undefined) throw new NotTestable(reason);
    if (packet.type === "pingreq") this.#pings.push(false);
    if (packet.type !== "publish" || packet.qos === 0) return;
    this.#unacknowledged.add(packet.packetId!);
    const { receiveMaximum = 65_535 } = this.#limits.announced;
    if (this.exceeds || this.#unacknowledged.size <= receiveMaximum) return;
    throw new NotTestable(
      `the broker announces Receive Maximum ${receiveMaximum}, and the case sends ${this.#unacknowledged.size} ` +
        `messages above QoS 0 without waiting`,
    );
  }

  #connected({ reasonCode, properties = {} }: ConnackPacket): void {
    if (reasonCode === 0 && this.version === 5) this.#limits = { announced: properties };
  }

  #acknowledged(packet: Packet & { readonly packetId?: number }): void {
    const isLast = packet.type === "puback" || packet.type === "pubcomp" ||
      (packet.type === "pubrec" && (packet.reasonCode ?? 0) >= 0x80);
    if (isLast) this.#unacknowledged.delete(packet.packetId!);
  }

  #write(bytes: Uint8Array): this {
    this.sentMs = this.nowMs;
    this.#link.write(bytes);
    return this;
  }

  #leave(text: string, act: () => void): this {
    this.endedMs = this.nowMs;
    this.log("=", `${text} by this side`);
    act();
    return this;
  }

  #finish(how: ProbeEnd["how"]): void {
    if (this.#end !== undefined) return;
    this.#end = { how, atMs: this.nowMs };
    this.log("=", endText(this.#end));
    this.#stream.stop();
    this.#auth?.stop();
    this.patience.lookAgain();
  }
}

/** The case has its own method or data. */
function hasMethod({ properties: { authenticationMethod, authenticationData } = {} }: ConnectPacket): boolean {
  return (authenticationMethod ?? authenticationData) !== undefined;
}
