/**
 * Watches a server's packets, and throws where it breaks a rule of the standard: a broker whose open choices must not
 * count as faults must itself conform. It wraps the broker's link and knows only the packets on the links.
 */
import type { ConnackPacket, ConnectPacket, Packet, PublishPacket, SubscribePacket } from "../../../src/mqtt/packet.ts";
import { matches, parseSharedFilter } from "../../../src/mqtt/topic.ts";
import type { Link, LinkEnd, LinkReceiver } from "../../../src/net/link.ts";
import { PacketStream } from "../../../src/net/packet_stream.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import { packetText } from "../../../src/conformance/probe/packet_text.ts";

/** The server broke a rule of the standard. */
export class ServerFault extends Error {
  override readonly name = "ServerFault";
}

/** The known state of a client's session over all its connections. */
interface Known {
  /** Each filter that the server has granted since the session began, with the highest QoS. */
  readonly filters: Map<string, number>;
  /** Packet identifiers that the client has not acknowledged. */
  readonly inFlight: Set<number>;
  expiryS: number;
  /** When its last connection ended; undefined while it is open. */
  endedMs: number | undefined;
  /** The client sent a CONNECT with Clean Start and saw no answer: the session may have ended. */
  unsure?: boolean;
}

/** Watches all links of one broker. */
export class Referee {
  readonly #known = new Map<string, Known>();
  readonly #nowMs: () => number;
  /** The number of packets read. */
  looked = 0;

  readonly #trace: ((line: string) => void) | undefined;

  /** @param trace receives each packet, for a trace */
  constructor(nowMs: () => number, trace?: (line: string) => void) {
    this.#nowMs = nowMs;
    this.#trace = trace;
  }

  /** Returns a watched link that the broker uses in place of its own. */
  watch(link: Link, name = "link"): Link {
    return new WatchedLink(link, new Hearing(this, this.#known, this.#nowMs, name));
  }

  /** Writes a line of the trace. */
  note(name: string, way: string, what: Packet | string): void {
    if (this.#trace === undefined) return;
    const text = typeof what === "string" ? what : packetText(what);
    this.#trace(`${this.#nowMs()} ${name} ${way} ${text}`);
  }
}

/** One connection. */
class Hearing {
  readonly #referee: Referee;
  readonly #known: Map<string, Known>;
  readonly #nowMs: () => number;
  #connect: ConnectPacket | undefined;
  #session: Known | undefined;
  #state: "before" | "accepted" | "over" = "before";
  readonly #aliases = new Map<number, string>();
  readonly #asked = new Map<number, SubscribePacket>();
  readonly #unsubscribed = new Map<number, number>();
  readonly #published = new Map<number, 1 | 2>();
  readonly #released = new Set<number>();
  readonly #sentHere = new Set<number>();
  #pings = 0;
  #resumed = false;

  constructor(referee: Referee, known: Map<string, Known>, nowMs: () => number, readonly name: string) {
    this.#referee = referee;
    this.#known = known;
    this.#nowMs = nowMs;
  }

  #must(holds: boolean, rule: string, packet: Packet): void {
    if (holds) return;
    const text = JSON.stringify(packet, (_, value) => value instanceof Uint8Array ? `${value.length} bytes` : value);
    throw new ServerFault(`the test broker broke ${rule}: ${text.slice(0, 300)}`);
  }

  fromClient(packet: Packet): void {
    this.#referee.note(this.name, ">", packet);
    switch (packet.type) {
      case "connect":
        return this.#asks(packet);
      case "subscribe":
        return void this.#asked.set(packet.packetId, packet);
      case "unsubscribe":
        return void this.#unsubscribed.set(packet.packetId, packet.topicFilters.length);
      case "publish":
        if (packet.qos > 0) this.#published.set(packet.packetId!, packet.qos as 1 | 2);
        return;
      case "pubrel":
        return void this.#released.add(packet.packetId);
      case "pingreq":
        this.#pings++;
        return;
      case "puback":
      case "pubcomp":
        return void this.#session?.inFlight.delete(packet.packetId);
      case "pubrec":
        if ((packet.reasonCode ?? 0) >= 0x80) this.#session?.inFlight.delete(packet.packetId);
        return;
      case "disconnect":
        return this.#leaves(packet.properties?.sessionExpiryIntervalS);
    }
  }

  #asks(connect: ConnectPacket): void {
    this.#connect = connect;
    const known = this.#known.get(connect.clientId);
    if (known !== undefined && connect.cleanStart) known.unsure = true;
  }

  /** A DISCONNECT changes the session expiry; not from zero to another value. */
  #leaves(expiryS: number | undefined): void {
    const isAllowed = expiryS === 0 || (this.#connect?.properties?.sessionExpiryIntervalS ?? 0) > 0;
    if (expiryS !== undefined && isAllowed && this.#session !== undefined) this.#session.expiryS = expiryS;
  }

  /** The link has ended for one of the two sides. */
  ended(how = "ends"): void {
    if (this.#state !== "over") this.#referee.note(this.name, "=", how);
    if (this.#session !== undefined && this.#state === "accepted") this.#session.endedMs ??= this.#nowMs();
    this.#state = "over";
  }

  fromServer(packet: Packet): void {
    this.#referee.looked++;
    this.#referee.note(this.name, "<", packet);
    const connect = this.#connect;
    this.#must(connect !== undefined || packet.type === "connack", "3.2.0-1", packet);
    this.#must(this.#state !== "over", "3.14.4-1 (a packet after the last)", packet);
    this.#must(packet.type === "connack" || this.#state === "accepted", "3.2.0-1", packet);
    if (connect?.protocolVersion === 5) this.#checkSize(packet, connect);
    switch (packet.type) {
      case "connack":
        return this.#onConnack(packet, connect);
      case "publish":
        return this.#onPublish(packet);
      case "puback":
        return this.#onAnswer(packet, packet.packetId, 1, true);
      case "pubrec":
        return this.#onAnswer(packet, packet.packetId, 2, (packet.reasonCode ?? 0) >= 0x80);
      case "pubcomp":
        this.#must(this.#released.delete(packet.packetId), "2.2.1-5 (PUBCOMP without PUBREL)", packet);
        return;
      case "pubrel":
        return;
      case "suback":
        return this.#onSuback(packet.packetId, packet.reasonCodes, packet);
      case "unsuback":
        return this.#onUnsuback(packet.packetId, packet.reasonCodes.length, packet);
      case "pingresp":
        this.#must(this.#pings-- > 0, "3.12.4-1 (PINGRESP without PINGREQ)", packet);
        return;
      case "disconnect":
        this.#must(connect!.protocolVersion === 5, "3.1.1, 3.14 (DISCONNECT of a server)", packet);
        this.#must((packet.reasonCode ?? 0) >= 0x80, "3.14.2-1", packet);
        this.ended();
        return;
      default:
        this.#must(false, "2.1.2 (a packet that no server sends)", packet);
    }
  }

  #checkSize(packet: Packet, { properties = {} }: ConnectPacket): void {
    const limit = properties.maximumPacketSize ?? Infinity;
    this.#must(encode(packet, 5).length <= limit, "3.1.2-24", packet);
    if (properties.requestProblemInformation !== false) return;
    if (packet.type === "publish" || packet.type === "connack" || packet.type === "disconnect") return;
    const texts = "properties" in packet
      ? packet.properties as { reasonString?: string; userProperties?: unknown }
      : {};
    this.#must(texts?.reasonString === undefined && texts?.userProperties === undefined, "3.1.2-29", packet);
  }

  #onConnack(packet: ConnackPacket, connect: ConnectPacket | undefined): void {
    this.#must(this.#state === "before", "3.2.0-2", packet);
    if (packet.reasonCode !== 0) {
      this.#must(!packet.sessionPresent, "3.2.2-6", packet);
      this.#state = "over";
      return;
    }
    this.#must(connect !== undefined, "3.1.4-5 (an acceptance of no CONNECT)", packet);
    this.#state = "accepted";
    this.#admit(packet, connect!);
  }

  #admit(packet: ConnackPacket, connect: ConnectPacket): void {
    const { protocolVersion, cleanStart, properties } = connect;
    const { assignedClientIdentifier } = packet.properties ?? {};
    const isAssigned = connect.clientId === "" && protocolVersion === 5;
    this.#must(isAssigned === (assignedClientIdentifier !== undefined), "3.2.2-16", packet);
    const clientId = assignedClientIdentifier ?? connect.clientId;
    if (clientId === "") {
      this.#session = { filters: new Map(), inFlight: new Set(), expiryS: 0, endedMs: undefined };
      return;
    }
    const known = this.#known.get(clientId);
    this.#resumed = packet.sessionPresent;
    this.#must(!(packet.sessionPresent && (cleanStart || known === undefined)), "3.2.2-2, 3.2.2-3", packet);
    if (!packet.sessionPresent && !cleanStart && known !== undefined) this.#mustBeOver(known, packet);
    const asked = protocolVersion === 4 ? cleanStart ? 0 : Infinity : properties?.sessionExpiryIntervalS ?? 0;
    const inForce = packet.properties?.sessionExpiryIntervalS ?? asked;
    const session = packet.sessionPresent ? known! : { filters: new Map(), inFlight: new Set<number>() };
    this.#session = Object.assign(session as Known, {
      expiryS: inForce === 0xffff_ffff ? Infinity : inForce,
      endedMs: undefined,
      unsure: false,
    });
    this.#known.set(clientId, this.#session);
  }

  /** A session that no longer exists must have had the time to end. */
  #mustBeOver({ endedMs, expiryS, unsure = false }: Known, packet: Packet): void {
    if (unsure) return;
    const leftMs = endedMs === undefined ? expiryS * 1_000 : endedMs + expiryS * 1_000 - this.#nowMs();
    // Packets in transit take time.
    this.#must(leftMs <= 1_100, "3.1.2-5, 3.2.2-3 (a session was dropped too soon)", packet);
  }

  #onPublish(packet: PublishPacket): void {
    const { qos, packetId, dup, properties } = packet;
    const connect = this.#connect!;
    const session = this.#session!;
    const topic = this.#topicOf(packet);
    if (qos > 0) {
      const isKnown = session.inFlight.has(packetId!);
      // A packet lost in transit before the client's return was an attempt too.
      const isAgain = isKnown || (this.#resumed && !this.#sentHere.has(packetId!));
      this.#must(dup ? isAgain : !isKnown, dup ? "3.3.1-1, 3.3.1-3" : "2.2.1-4", packet);
      const isRepeatedHere = this.#sentHere.has(packetId!) && dup;
      this.#must(
        !(isRepeatedHere && connect.protocolVersion === 5),
        "4.4.0-1 (sent again on a live connection)",
        packet,
      );
      session.inFlight.add(packetId!);
      this.#sentHere.add(packetId!);
      const underWay = [...this.#sentHere].filter((id) => session.inFlight.has(id)).length;
      this.#must(underWay <= (connect.properties?.receiveMaximum ?? 65_535), "4.9.0-2", packet);
    }
    const granted = [...session.filters].filter(([filter]) => matches(filter, topic)).map(([, at]) => at);
    const early = [...this.#asked.values()].flatMap(({ subscriptions }) => subscriptions)
      .filter(({ topicFilter }) => matches(plainFilter(topicFilter), topic)).map((asked) => asked.qos);
    this.#must(granted.length + early.length > 0, "4.7 (no subscription matches)", packet);
    this.#must(qos <= Math.max(...granted, ...early), "3.8.4-8", packet);
    this.#must(properties?.messageExpiryIntervalS !== 0, "3.3.2-5", packet);
  }

  #topicOf({ topic, properties, ...packet }: PublishPacket): string {
    const alias = properties?.topicAlias;
    const whole = { topic, ...packet, ...properties && { properties } };
    if (alias === undefined) {
      this.#must(topic !== "", "4.7.3-1", whole);
      return topic;
    }
    const maximum = this.#connect!.properties?.topicAliasMaximum ?? 0;
    this.#must(alias > 0 && alias <= maximum, "3.1.2-26", whole);
    if (topic !== "") this.#aliases.set(alias, topic);
    this.#must(this.#aliases.has(alias), "3.3.2-7", whole);
    return this.#aliases.get(alias)!;
  }

  #onAnswer(packet: Packet, packetId: number, qos: 1 | 2, isLast: boolean): void {
    this.#must(this.#published.get(packetId) === qos, "2.2.1-5", packet);
    if (isLast || qos === 2) this.#published.delete(packetId);
  }

  #onSuback(packetId: number, codes: readonly number[], packet: Packet): void {
    const asked = this.#asked.get(packetId)?.subscriptions;
    this.#must(asked !== undefined, "2.2.1-6", packet);
    this.#must(codes.length === asked!.length, "3.9.3-1", packet);
    this.#asked.delete(packetId);
    const is5 = this.#connect!.protocolVersion === 5;
    for (const [place, code] of codes.entries()) {
      const { topicFilter, qos } = asked![place]!;
      this.#must(code <= qos || code >= 0x80, "3.8.4-7 (more was granted than was asked for)", packet);
      this.#must(is5 || code <= 2 || code === 0x80, "3.1.1, 3.9.3-2", packet);
      if (code > 2) continue;
      const filter = is5 ? plainFilter(topicFilter) : topicFilter;
      const { filters } = this.#session!;
      filters.set(filter, Math.max(code, filters.get(filter) ?? 0));
    }
  }

  #onUnsuback(packetId: number, codes: number, packet: Packet): void {
    const asked = this.#unsubscribed.get(packetId);
    this.#must(asked !== undefined, "2.2.1-6", packet);
    this.#must(this.#connect!.protocolVersion === 4 || codes === asked, "3.11.3-1", packet);
    this.#unsubscribed.delete(packetId);
  }
}

function plainFilter(filter: string): string {
  return parseSharedFilter(filter)?.filter ?? filter;
}

/** A link of the broker whose packets a referee reads. */
class WatchedLink implements Link {
  readonly #link: Link;
  readonly #hearing: Hearing;
  #fromServer: PacketStream | undefined;
  readonly #fromClient: PacketStream;

  constructor(link: Link, hearing: Hearing) {
    this.#link = link;
    this.#hearing = hearing;
    this.#fromClient = new PacketStream({
      maximumPacketSize: 2 ** 29,
      receiver: {
        onPacket: (packet) => {
          if (packet.type === "connect") this.#fromServer = this.#streamOf(packet.protocolVersion);
          hearing.fromClient(packet);
        },
        onProtocolError: () => {},
      },
    });
  }

  #streamOf(version: 4 | 5): PacketStream {
    return new PacketStream({
      maximumPacketSize: 2 ** 29,
      version,
      receiver: {
        onPacket: (packet) => this.#hearing.fromServer(packet),
        onProtocolError: ({ message }) => {
          throw new ServerFault(`the test broker sent what is no packet: ${message}`);
        },
      },
    });
  }

  get receiver(): LinkReceiver {
    return this.#link.receiver;
  }

  set receiver(receiver: LinkReceiver) {
    this.#link.receiver = {
      onBytes: (bytes) => {
        this.#fromClient.push(bytes);
        receiver.onBytes(bytes);
      },
      onDrain: () => receiver.onDrain(),
      onEnd: (end: LinkEnd) => {
        this.#hearing.ended(`ended by the client or cut: ${end.kind}`);
        receiver.onEnd(end);
      },
    };
  }

  get peer(): string {
    return this.#link.peer;
  }

  get bufferedBytes(): number {
    return this.#link.bufferedBytes;
  }

  get open(): boolean {
    return this.#link.open;
  }

  write(bytes: Uint8Array): boolean {
    // The answer to bytes other than CONNECT has no version; the referee does not read it.
    if (this.#link.open) this.#fromServer?.push(bytes);
    return this.#link.write(bytes);
  }

  end(): void {
    this.#hearing.ended();
    this.#link.end();
  }

  reset(): void {
    this.#hearing.ended();
    this.#link.reset();
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }
}
