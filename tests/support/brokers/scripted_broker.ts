/**
 * A small broker that follows a script: it accepts every client, keeps wills, publishes to subscribers, and breaks the
 * standard where its script says so. Written independently of src/broker, because a fleet tested only against its own
 * broker proves only that the two agree. Links in memory, a manual clock.
 */
import { Buffer } from "node:buffer";
import type { Clock } from "../../../src/base/clock.ts";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { encode, encodePublish, withPacketId } from "../../../src/mqtt/codec/codec.ts";
import { splicePublish } from "../../../src/mqtt/codec/spliced_publish.ts";
import type { ConnectPacket, Packet, PublishPacket, QoS, SubscribePacket } from "../../../src/mqtt/packet.ts";
import type { Ending, HeldWill, Script } from "./script.ts";
import type { Link, LinkEnd, LinkReceiver } from "../../../src/net/link.ts";
import { type PacketReceiver, PacketStream } from "../../../src/net/packet_stream.ts";

export type { Delivery, Ending, HeldWill, Script } from "./script.ts";

/** A delayed will, by client id. */
interface Waiting {
  readonly will: HeldWill;
  readonly deadline: { readonly pending: boolean };
}

export class ScriptedBroker {
  /** All connections so far, in order. */
  readonly connections: BrokerSide[] = [];
  readonly retained = new Map<string, PublishPacket>();
  readonly #storedMs = new WeakMap<PublishPacket, number>();
  readonly clock: Clock;
  readonly script: Script;
  readonly #deadlines = new Deadlines<() => void>();
  readonly #online = new Map<string, BrokerSide>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(clock: Clock, script: Script) {
    this.clock = clock;
    this.script = script;
  }

  get nextMs(): number {
    return this.#deadlines.nextMs;
  }

  /** Runs the work that is due. */
  turn(nowMs: number): void {
    for (let act = this.#deadlines.takeDue(nowMs); act !== undefined; act = this.#deadlines.takeDue(nowMs)) act();
  }

  /** Accepts a link. */
  accept(link: Link): void {
    this.connections.push(new BrokerSide(this, link));
  }

  /** The open connection of a client. */
  online(clientId: string): BrokerSide | undefined {
    return this.#online.get(clientId);
  }

  /** The client identifiers of open connections. */
  get clientIds(): string[] {
    return [...this.#online.keys()];
  }

  later(afterMs: number, act: () => void): { readonly pending: boolean } {
    return this.#deadlines.add(this.clock.nowMs() + afterMs, act);
  }

  cancel(deadline: { readonly pending: boolean }): void {
    this.#deadlines.cancel(deadline as never);
  }

  /** Sends to each subscriber with a matching filter. */
  route(packet: PublishPacket): void {
    if (packet.retain) this.#store(packet);
    for (const side of this.#online.values()) side.deliver(packet, false);
  }

  #store(packet: PublishPacket): void {
    const { topic } = packet;
    const older = this.retained.get(topic);
    const kept = this.script.retain === undefined ? packet : this.script.retain(packet, older);
    if (packet.payload.length === 0 || kept === undefined) return void this.retained.delete(topic);
    this.retained.set(topic, kept);
    if (!this.#storedMs.has(kept)) this.#storedMs.set(kept, this.clock.nowMs());
  }

  /** A retained message with its remaining expiry. */
  fromStore(packet: PublishPacket): PublishPacket {
    const { properties } = packet;
    if (properties?.messageExpiryIntervalS === undefined) return packet;
    const waitedS = Math.floor((this.clock.nowMs() - this.#storedMs.get(packet)!) / 1_000);
    const messageExpiryIntervalS = properties.messageExpiryIntervalS - waitedS;
    return { ...packet, properties: { ...properties, messageExpiryIntervalS } };
  }

  /** A CONNECT: takes over the older connection, and handles waiting wills. */
  admit(side: BrokerSide, connect: ConnectPacket): void {
    const { clientId, cleanStart } = connect;
    const older = this.#online.get(clientId);
    if (older !== undefined) older.close("taken over", cleanStart);
    const waiting = this.#waiting.get(clientId);
    this.#waiting.delete(clientId);
    this.#online.set(clientId, side);
    if (waiting === undefined || !waiting.deadline.pending) return;
    this.cancel(waiting.deadline);
    if (cleanStart || this.script.resume?.(waiting.will) === true) this.#publish(waiting.will);
  }

  /** A connection has ended: its will waits, is due now, or is discarded. */
  release(side: BrokerSide, ending: Ending, cleanStart: boolean): void {
    const { will, sessionExpiryS, clientId } = side;
    if (this.#online.get(clientId) === side) this.#online.delete(clientId);
    if (will === undefined) return;
    const delayMs = Math.min(will.delayIntervalS ?? 0, sessionExpiryS) * 1_000;
    const endedByTakeover = ending === "taken over" && cleanStart;
    const asked = ending === "left" ? undefined : endedByTakeover ? 0 : delayMs;
    const waitMs = this.script.wait === undefined ? asked : this.script.wait(will, ending, asked);
    if (waitMs === undefined) return;
    if (waitMs === 0) return this.#publish(will);
    const deadline = this.later(waitMs, () => this.#publish(will));
    this.#waiting.set(clientId, { will, deadline });
  }

  #publish(will: HeldWill): void {
    const { topic, payload, qos, retain, properties } = will;
    for (const { afterMs = 0, change } of this.script.publish?.(will) ?? [{}]) {
      const packet: PublishPacket = {
        type: "publish",
        dup: false,
        qos,
        retain,
        topic,
        payload,
        ...properties && { properties },
        ...change,
      };
      if (afterMs === 0) this.route(packet);
      else this.later(afterMs, () => this.route(packet));
    }
  }
}

/** One connection, on the broker's side. */
export class BrokerSide implements LinkReceiver, PacketReceiver {
  /** All bytes received. */
  readonly #chunks: Uint8Array[] = [];
  readonly packets: Packet[] = [];
  clientId = "";
  keepAliveS = 0;
  sessionExpiryS = 0;
  will: HeldWill | undefined;
  /** How its link ended, and when. */
  end: LinkEnd | undefined;
  endMs: number | undefined;
  readonly openedMs: number;
  readonly #broker: ScriptedBroker;
  readonly #link: Link;
  readonly #stream = new PacketStream({ maximumPacketSize: 1 << 20, receiver: this });
  #subscriptions: { filter: string; granted: QoS; retainAsPublished: boolean }[] = [];
  #released = false;
  #patience: { readonly pending: boolean } | undefined;
  #packetId = 0;

  constructor(broker: ScriptedBroker, link: Link) {
    this.#broker = broker;
    this.#link = link;
    this.openedMs = broker.clock.nowMs();
    link.receiver = this;
  }

  send(packet: Packet): void {
    this.#link.write(encode(packet, this.#stream.version ?? 5));
  }

  /** Closes, and makes the will due. */
  close(ending: Ending, cleanStart = false): void {
    this.#release(ending, cleanStart);
    const { linger } = this.#broker.script;
    const lingerMs = linger === undefined ? 0 : linger(ending);
    if (lingerMs === 0) this.#link.end();
    else if (lingerMs !== undefined) this.#broker.later(lingerMs, () => this.#link.end());
  }

  /** Closes, and does not publish the will. */
  drop(how: "end" | "reset" = "end"): void {
    this.#release("left", false);
    this.#link[how]();
  }

  /** Sends a message if a subscription matches it. */
  deliver(packet: PublishPacket, fromStore: boolean): void {
    const subscription = this.#subscriptions.find(({ filter }) => matches(filter, packet.topic));
    if (subscription === undefined || this.#broker.script.hide?.(this.clientId, packet) === true) return;
    const qos = Math.min(packet.qos, subscription.granted) as QoS;
    const retain = (fromStore && packet.retain) || (packet.retain && subscription.retainAsPublished);
    const { packetId: _, ...message } = packet;
    if (qos > 0) this.#packetId = this.#packetId % 65_535 + 1;
    const sent: PublishPacket = { ...message, qos, retain, dup: false, ...qos > 0 && { packetId: this.#packetId } };
    const stray = this.#stream.version === 5 ? this.#broker.script.stray?.(packet) : undefined;
    if (stray === undefined) return this.send(sent);
    const spliced = splicePublish(encodePublish(sent, 5), stray, true);
    this.#link.write(qos > 0 ? withPacketId(spliced, this.#packetId, false) : spliced.bytes);
  }

  /** All bytes that the client sent. */
  get bytes(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#chunks));
  }

  onBytes(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice());
    this.#stream.push(bytes);
  }

  onDrain(): void {}

  onEnd(end: LinkEnd): void {
    this.end = end;
    this.endMs = this.#broker.clock.nowMs();
    this.#release("gone", false);
  }

  onProtocolError(): void {
    if (this.#broker.script.takesFaults !== true) this.close("fault");
  }

  onPacket(packet: Packet): void {
    this.packets.push(packet);
    this.#listenOn();
    switch (packet.type) {
      case "connect":
        return this.#connect(packet);
      case "subscribe":
        return this.#subscribe(packet);
      case "publish":
        if (this.#broker.script.swallow?.(packet) !== true) this.#broker.route(packet);
        return this.#acknowledge(packet);
      case "pubrel":
        return this.send({ type: "pubcomp", packetId: packet.packetId });
      case "pubrec":
        return this.send({ type: "pubrel", packetId: packet.packetId });
      case "pingreq":
        return this.#broker.script.pong?.(this.clientId) === false ? undefined : this.send({ type: "pingresp" });
      case "unsubscribe":
        this.#subscriptions = this.#subscriptions.filter(({ filter }) => !packet.topicFilters.includes(filter));
        return this.send({
          type: "unsuback",
          packetId: packet.packetId,
          reasonCodes: this.#stream.version === 4 ? [] : packet.topicFilters.map(() => 0),
        });
      case "disconnect":
        return this.close((packet.reasonCode ?? 0) === 0 || this.#stream.version === 4 ? "left" : "disconnect");
    }
  }

  #acknowledge(packet: PublishPacket): void {
    const { qos, packetId } = packet;
    const acknowledged = this.#broker.script.acknowledge?.(packet) ?? true;
    if (qos === 0 || acknowledged === false) return;
    const answer = this.#stream.version === 5 ? this.#broker.script.answer?.(packet) : undefined;
    if (answer !== undefined) return void this.#link.write(answer);
    const reason = acknowledged === true ? {} : { reasonCode: acknowledged };
    this.send({ type: qos === 1 ? "puback" : "pubrec", packetId: packetId!, ...reason });
  }

  #connect(connect: ConnectPacket): void {
    const { script } = this.#broker;
    const code = script.connack === undefined ? 0 : script.connack(connect);
    if (code === undefined) return;
    if (code === 0) this.#admit(connect);
    const { serverKeepAliveS, longestSessionS: longestS, maximumPacketSize } = script;
    const capped = longestS !== undefined && (connect.properties?.sessionExpiryIntervalS ?? 0) > longestS;
    const properties = {
      ...script.announce,
      ...serverKeepAliveS !== undefined && { serverKeepAliveS },
      ...capped && { sessionExpiryIntervalS: longestS },
      ...maximumPacketSize !== undefined && { maximumPacketSize },
    };
    this.send({
      type: "connack",
      sessionPresent: code === 0 && script.sessionPresent?.(connect) === true,
      reasonCode: code,
      ...Object.keys(properties).length > 0 && { properties },
    });
    if (code !== 0) this.#link.end();
  }

  #admit(connect: ConnectPacket): void {
    const { clientId, keepAliveS, properties, will } = connect;
    this.clientId = clientId;
    this.#broker.admit(this, connect);
    this.keepAliveS = this.#broker.script.serverKeepAliveS ?? keepAliveS;
    const { longestSessionS = Infinity } = this.#broker.script;
    this.sessionExpiryS = Math.min(properties?.sessionExpiryIntervalS ?? 0, longestSessionS);
    this.will = will && { ...will, clientId };
    this.#listenOn();
  }

  /** Restarts the keep alive timer. */
  #listenOn(): void {
    if (this.#patience !== undefined) this.#broker.cancel(this.#patience);
    const ms = this.keepAliveS * 1_000 * (this.#broker.script.patience ?? 1.5);
    if (ms > 0 && !this.#released) this.#patience = this.#broker.later(ms, () => this.close("silent"));
  }

  #subscribe({ packetId, subscriptions }: SubscribePacket): void {
    const { grant, subscriptionsAtMost = Infinity } = this.#broker.script;
    const codes = subscriptions.map((each, place) => {
      if (this.#subscriptions.length + place >= subscriptionsAtMost) return this.#stream.version === 5 ? 0x97 : 0x80;
      return grant === undefined ? each.qos : grant(each);
    });
    if (codes.some((code) => code === undefined)) return;
    const suback = () => this.send({ type: "suback", packetId, reasonCodes: codes as number[] });
    const { retainedFirst = false } = this.#broker.script;
    if (!retainedFirst) suback();
    for (const [place, { topicFilter, retainAsPublished = false, retainHandling = 0 }] of subscriptions.entries()) {
      if (codes[place]! > 2) continue;
      this.#subscriptions.push({ filter: topicFilter, granted: codes[place] as QoS, retainAsPublished });
      if (retainHandling !== 0) continue;
      for (const packet of this.#broker.retained.values()) {
        if (matches(topicFilter, packet.topic)) this.deliver(this.#broker.fromStore(packet), true);
      }
    }
    if (retainedFirst) suback();
  }

  #release(ending: Ending, cleanStart: boolean): void {
    if (this.#released) return;
    this.#released = true;
    this.#stream.stop();
    if (this.#patience !== undefined) this.#broker.cancel(this.#patience);
    if (this.clientId !== "") this.#broker.release(this, ending, cleanStart);
  }
}

/** Filters with + only; the fleet uses no others. */
function matches(filter: string, topic: string): boolean {
  const [asked, levels] = [filter.split("/"), topic.split("/")];
  return asked.length === levels.length && asked.every((level, place) => level === "+" || level === levels[place]);
}
