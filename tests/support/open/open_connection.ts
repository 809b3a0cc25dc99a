/**
 * One connection of the test broker that makes open choices: the packets of a client, and the standard's requirements
 * for each.
 */
import { messageOf } from "../../../src/mqtt/message.ts";
import type {
  AcknowledgePacket,
  ConnectPacket,
  DisconnectPacket,
  Packet,
  ProtocolVersion,
  PublishPacket,
  QoS,
  SubscribePacket,
  Subscription,
  UnsubscribePacket,
} from "../../../src/mqtt/packet.ts";
import { isSharedFilter, isValidTopicName, matches, parseSharedFilter } from "../../../src/mqtt/topic.ts";
import type { ProtocolError } from "../../../src/base/failure.ts";
import type { Link, LinkReceiver } from "../../../src/net/link.ts";
import { type PacketReceiver, PacketStream } from "../../../src/net/packet_stream.ts";
import type { OpenBroker, OpenEnding } from "./open_broker.ts";
import type { OpenChoice } from "./open_choices.ts";
import { OpenLane } from "./open_lane.ts";
import { OpenWriter } from "./open_writer.ts";
import type { Carrier, OpenSession, OpenSubscription, Outgoing } from "./open_session.ts";

/** Codes that a server may use for a fault in a packet, besides the code that the standard names. */
const faultCodes = [0x80, 0x81, 0x82] as const;

export class OpenConnection implements LinkReceiver, PacketReceiver, Carrier {
  session: OpenSession | undefined;
  connect: ConnectPacket | undefined;
  /** Keep alive in force, in seconds. */
  keepAliveS = 0;
  readonly #broker: OpenBroker;
  readonly #link: Link;
  readonly #lane: OpenLane;
  readonly #writer: OpenWriter;
  readonly #stream: PacketStream;
  readonly #aliasesIn = new Map<number, string>();
  /** QoS 2 packet identifiers of the client that are not released. */
  readonly #unanswered = new Set<number>();
  #heardMs: number;
  #over = false;
  #patience = 0;

  constructor(broker: OpenBroker, link: Link) {
    this.#broker = broker;
    this.#link = link;
    const { choices, later, nowMs } = broker.deps;
    this.#lane = new OpenLane(link, choices, later, nowMs);
    this.#writer = new OpenWriter(broker.deps, this.#lane, this);
    this.#heardMs = nowMs();
    this.#stream = new PacketStream({ maximumPacketSize: broker.maximumPacketSize, receiver: this });
    link.receiver = this;
  }

  get version(): ProtocolVersion {
    return this.#stream.version ?? this.#stream.claimedVersion ?? 4;
  }

  get quota(): number {
    return this.connect?.properties?.receiveMaximum ?? 65_535;
  }

  get busy(): boolean {
    return this.#lane.busy;
  }

  get over(): boolean {
    return this.#over;
  }

  get #nowMs(): number {
    return this.#broker.deps.nowMs();
  }

  get #choices() {
    return this.#broker.deps.choices;
  }

  onBytes(bytes: Uint8Array): void {
    this.#stream.push(bytes);
  }

  onDrain(): void {}

  onEnd(): void {
    this.#end("gone");
    this.#lane.stop();
  }

  onProtocolError({ reasonCode }: ProtocolError): void {
    if (reasonCode === 0x95) {
      this.#choices.made("maximum packet size: small, announced; a larger packet ends the connection");
    }
    if (this.version === 4 && reasonCode === 0x84) return this.#refuse(1);
    this.fail(reasonCode);
  }

  onPacket(packet: Packet): void {
    if (this.#over) return;
    this.#heardMs = this.#nowMs;
    if (packet.type === "connect") return this.#broker.admit(this, packet);
    const { session } = this;
    if (session === undefined) return this.fail(0x82);
    switch (packet.type) {
      case "publish":
        return this.#onPublish(packet, session);
      case "puback":
      case "pubrec":
      case "pubcomp":
        return this.#onAcknowledge(packet, session);
      case "pubrel":
        return this.#onRelease(packet, session);
      case "subscribe":
        return this.#onSubscribe(packet, session);
      case "unsubscribe":
        return this.#onUnsubscribe(packet, session);
      case "pingreq":
        return this.#onPing(session);
      case "disconnect":
        return this.#onDisconnect(packet, session);
      default:
        return this.fail(0x82);
    }
  }

  /** Writes a packet. */
  send(packet: Packet, written?: () => void): void {
    this.#writer.send(packet, written);
  }

  /** Refuses a CONNECT: with CONNACK or without one. */
  #refuse(reasonCode: number): void {
    this.#end("refused");
    // In 3.1.1 these two always get an answer. [MQTT311 3.1.2-2] [MQTT311 3.1.3-8]
    const isOwed = this.version === 4 && (reasonCode === 1 || reasonCode === 2);
    if (isOwed || !this.#choices.does("close: without DISCONNECT or CONNACK before it")) {
      this.send({ type: "connack", sessionPresent: false, reasonCode });
    }
    this.#close();
  }

  /** Refuses a CONNECT with the code in its version. */
  refuse(reasonCode: number, returnCode: number | undefined): void {
    if (this.version === 5) return this.#refuse(reasonCode);
    if (returnCode !== undefined) return this.#refuse(returnCode);
    this.#end("refused");
    this.#close();
  }

  /** Closes because of the client's action, or of a limit. */
  fail(reasonCode: number, ending: OpenEnding = "fault"): void {
    const choices = this.#choices;
    const isFault = reasonCode === 0x81 || reasonCode === 0x82;
    const other = isFault && choices.does("close: another of the reason codes that fit");
    const code = other ? choices.pick(faultCodes) : reasonCode;
    if (this.session === undefined) return this.refuse(code, undefined);
    this.#end(ending);
    if (this.version === 5 && !choices.does("close: without DISCONNECT or CONNACK before it")) this.#say(code);
    this.#close();
  }

  /** Closes because another connection takes over the session. [MQTT5 3.1.4-3] */
  takenOver(): void {
    if (this.version === 5) this.#say(0x8e);
    this.#end("taken over");
    this.#close();
  }

  #say(reasonCode: number): void {
    const refers = (reasonCode === 0x9c || reasonCode === 0x9d) && this.#choices.does("server reference");
    const properties = refers ? { properties: { serverReference: "other.example:1883" } } : {};
    const packet: DisconnectPacket = { type: "disconnect", reasonCode, ...properties };
    if (this.#writer.fits(packet)) this.send(packet);
  }

  #close(): void {
    this.#lane.close(this.#choices.does("close: by reset") ? "reset" : "end");
  }

  /** Writes a last packet at once, before the waiting ones. */
  sayLast(bytes: Uint8Array): void {
    if (!this.#lane.busy) this.#link.write(bytes);
  }

  /** The broker is killed: it sends no more. */
  cut(): void {
    this.#over = true;
    this.#stream.stop();
    this.#lane.stop();
    this.#link.reset();
  }

  /** Ignores the rest of this connection. */
  #end(ending: OpenEnding): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream.stop();
    this.#broker.ended(this, ending);
  }

  /** The broker has accepted the CONNECT. */
  open(session: OpenSession, connect: ConnectPacket, keepAliveS: number): void {
    this.session = session;
    this.connect = connect;
    this.keepAliveS = keepAliveS;
    if (keepAliveS > 0) this.#listen();
  }

  /** Checks for silence. */
  #listen(): void {
    const { choices, later } = this.#broker.deps;
    const early = choices.does("keep alive: a silent client is closed before 1.5 times keep alive");
    const ms = this.keepAliveS * 1_000 * (early ? 1 + choices.random.below(500) / 1_000 : 1.5);
    const turn = ++this.#patience;
    const look = (waitMs: number) =>
      later(waitMs, () => {
        if (this.#over || turn !== this.#patience) return;
        const leftMs = this.#heardMs + ms - this.#nowMs;
        if (leftMs > 0) look(leftMs);
        else this.fail(0x8d, "silent");
      });
    look(ms);
  }

  publish(outgoing: Outgoing, packetId: number | undefined, dup: boolean): boolean {
    return this.#writer.publish(outgoing, packetId, dup);
  }

  release(packetId: number): void {
    this.#writer.hurry({ type: "pubrel", packetId });
  }

  #onPing(session: OpenSession): void {
    if (session.holds && !this.#choices.does("order: a message overtakes a PINGRESP or follows it")) session.pump();
    this.send({ type: "pingresp" });
  }

  #onPublish(packet: PublishPacket, session: OpenSession): void {
    const topic = this.#topicOf(packet);
    if (topic === undefined) return;
    const { qos, packetId } = packet;
    if (packet.properties?.subscriptionIdentifiers !== undefined) return this.fail(0x82); // [MQTT5 3.3.4-6]
    if (qos > this.#broker.admission.qosLimit(this.version)) {
      return this.#limited(0x9b, "maximum qos: 0 or 1, announced");
    }
    if (packet.retain && !this.#broker.admission.retains(this.version)) {
      return this.#limited(0x9a, "retain: not available, announced");
    }
    if (topic.split("/").length > this.#broker.admission.levelsLimit) {
      return this.#limited(0x90, "refusal: a topic of too many levels");
    }
    if (qos > 0) {
      const { receiveMaximum } = this.#broker.admission;
      this.#unanswered.add(packetId!);
      if (this.version === 5 && this.#unanswered.size > receiveMaximum) {
        return this.#limited(0x93, "receive maximum: a client that exceeds it is disconnected");
      }
    }
    if (qos === 2 && session.unreleased.has(packetId!)) return this.#answer("pubrec", packetId!, 0, qos);
    const code = this.#broker.judge(this, packet, topic);
    if (code === "close") return this.fail(this.version === 5 ? 0x87 : 0x80);
    this.#accept(packet, topic, code, session);
  }

  #accept(packet: PublishPacket, topic: string, code: number, session: OpenSession): void {
    const { qos, packetId } = packet;
    const message = messageOf(packet, topic, this.#nowMs);
    const later = qos === 2 && this.#choices.does("qos 2: delivered on PUBREL instead of PUBLISH");
    let found = 1;
    if (code < 0x80) {
      if (qos === 2) session.unreleased.set(packetId!, later ? message : undefined);
      if (later) found = 1;
      else found = this.#broker.route(message, session.clientId);
    }
    if (qos === 0) return;
    const none = found === 0 && this.version === 5 && this.#choices.does("no matching subscribers: 0x10");
    this.#answer(qos === 1 ? "puback" : "pubrec", packetId!, none ? 0x10 : code, qos);
  }

  #answer(type: "puback" | "pubrec", packetId: number, code: number, qos: QoS): void {
    const isLast = qos === 1 || code >= 0x80;
    const reason = this.version === 5 && code !== 0 ? { reasonCode: code } : {};
    const sent = isLast ? () => void this.#unanswered.delete(packetId) : undefined;
    this.send({ type, packetId, ...reason }, sent);
  }

  #limited(reasonCode: number, choice: OpenChoice): void {
    this.#choices.made(choice);
    if (this.version === 4) this.#choices.made("limits in 3.1.1: kept, for it cannot announce them");
    this.fail(reasonCode);
  }

  /** The topic name; undefined if the packet broke a rule about it. */
  #topicOf({ topic, properties }: PublishPacket): string | undefined {
    const alias = properties?.topicAlias;
    if (alias === undefined) {
      if (isValidTopicName(topic)) return topic;
      return void this.fail(topic === "" ? 0x82 : 0x90);
    }
    if (alias === 0 || alias > this.#broker.admission.aliasesIn) return void this.fail(0x94); // [MQTT5 3.3.2-9]
    this.#choices.made("topic alias maximum: aliases of clients are taken");
    if (topic !== "") this.#aliasesIn.set(alias, topic);
    return this.#aliasesIn.get(alias) ?? void this.fail(0x82);
  }

  #onAcknowledge(packet: AcknowledgePacket, session: OpenSession): void {
    const known = session.acknowledged(packet);
    if (known || packet.type !== "pubrec" || (packet.reasonCode ?? 0) >= 0x80) return;
    this.send({ type: "pubrel", packetId: packet.packetId, ...this.#notFound() });
  }

  #onRelease({ packetId }: AcknowledgePacket, session: OpenSession): void {
    const isKnown = session.unreleased.has(packetId);
    const message = session.unreleased.get(packetId);
    session.unreleased.delete(packetId);
    if (message !== undefined) this.#broker.route(message, session.clientId);
    const sent = () => void this.#unanswered.delete(packetId);
    this.send({ type: "pubcomp", packetId, ...isKnown ? {} : this.#notFound() }, sent);
  }

  #notFound(): { reasonCode?: number } {
    return this.version === 5 && this.#choices.does("packet identifier not found: 0x92") ? { reasonCode: 0x92 } : {};
  }

  #onSubscribe(packet: SubscribePacket, session: OpenSession): void {
    const { packetId, subscriptions, properties } = packet;
    const identifier = properties?.subscriptionIdentifier;
    const retained: Outgoing[] = [];
    const reasonCodes = subscriptions.map((asked) => this.#subscribe(asked, identifier, session, retained));
    const early = retained.length > 0 && this.#choices.does("order: retained messages before SUBACK");
    if (early) { for (const each of retained) session.take(each); }
    this.send({ type: "suback", packetId, reasonCodes });
    if (!early) { for (const each of retained) session.take(each); }
  }

  #subscribe(asked: Subscription, identifier: number | undefined, session: OpenSession, retained: Outgoing[]): number {
    const refused = this.#broker.admission.subscriptionRefusal(this.version, asked.topicFilter, identifier);
    if (refused !== undefined) return this.version === 5 ? refused : 0x80;
    const { topicFilter, noLocal = false, retainAsPublished = false, retainHandling = 0 } = asked;
    const shared = this.version === 5 && isSharedFilter(topicFilter) ? parseSharedFilter(topicFilter) : undefined;
    const granted = this.#broker.admission.grant(asked.qos, this.version);
    const isNew = !session.subscriptions.has(topicFilter);
    const subscription: OpenSubscription = {
      asked: topicFilter,
      filter: shared?.filter ?? topicFilter,
      ...shared && { group: shared.group },
      granted,
      noLocal,
      retainAsPublished,
      ...identifier !== undefined && { identifier },
    };
    session.subscriptions.set(topicFilter, subscription);
    if (shared !== undefined || retainHandling === 2 || (retainHandling === 1 && !isNew)) return granted;
    for (const message of this.#broker.retained) {
      if (!matches(subscription.filter, message.topic)) continue;
      const qos = Math.min(message.qos, granted) as QoS;
      retained.push({ message, qos, retain: true, identifiers: identifier === undefined ? [] : [identifier] });
    }
    return granted;
  }

  #onUnsubscribe({ packetId, topicFilters }: UnsubscribePacket, session: OpenSession): void {
    const found = topicFilters.map((filter) => session.subscriptions.delete(filter));
    const reasonCodes = this.version === 4 ? [] : found.map((was) => was ? 0 : 0x11);
    this.send({ type: "unsuback", packetId, reasonCodes });
  }

  #onDisconnect({ reasonCode = 0, properties }: DisconnectPacket, session: OpenSession): void {
    const expiryS = properties?.sessionExpiryIntervalS;
    if (this.version === 5 && expiryS !== undefined) {
      const asked = this.connect!.properties?.sessionExpiryIntervalS ?? 0;
      if (expiryS > 0 && asked === 0) return this.fail(0x82);
      session.expiryS = expiryS === 0xffff_ffff ? Infinity : expiryS;
    }
    // [MQTT5 3.14.4-3] [MQTT311 3.14.4-3]
    if (this.version === 4 || reasonCode === 0) this.#broker.forgetWill(session);
    this.#end("left");
    this.#lane.close("end");
  }
}
