/**
 * The packets of the test broker to one client, and their optional parts: reason strings, user properties, topic
 * aliases. All of them within the client's limits.
 */
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { Message } from "../../../src/mqtt/message.ts";
import type {
  ConnectPacket,
  Packet,
  ProtocolVersion,
  PublishPacket,
  ReasonProperties,
} from "../../../src/mqtt/packet.ts";
import type { Choices } from "./open_choices.ts";
import type { OpenLane } from "./open_lane.ts";
import type { OpenDeps, Outgoing } from "./open_session.ts";

/** The client that receives its packets. */
export interface Addressee {
  readonly version: ProtocolVersion;
  readonly connect: ConnectPacket | undefined;
}

/** The most bytes that a topic alias adds to a packet: the property, and a longer length of all properties. */
const aliasRoomBytes = 5;

export class OpenWriter {
  readonly #deps: OpenDeps;
  readonly #lane: OpenLane;
  readonly #to: Addressee;
  readonly #aliases = new Map<string, number>();

  constructor(deps: OpenDeps, lane: OpenLane, to: Addressee) {
    this.#deps = deps;
    this.#lane = lane;
    this.#to = to;
  }

  get #choices(): Choices {
    return this.#deps.choices;
  }

  get #nowMs(): number {
    return this.#deps.nowMs();
  }

  /** The largest packet that the client accepts. */
  get #limit(): number {
    return this.#to.connect?.properties?.maximumPacketSize ?? Infinity;
  }

  /** True for a packet that the client accepts. */
  fits(packet: Packet): boolean {
    return encode(packet, this.#to.version).length <= this.#limit;
  }

  /** Writes an answer, with the server's optional parts where permitted. */
  send(packet: Packet, written?: () => void): void {
    const bytes = encode(this.#withOptionalParts(packet), this.#to.version);
    this.#lane.send(bytes, "slow: an answer", this.#nowMs, written);
  }

  /** Writes a packet that a message waits for, within its bound. */
  hurry(packet: Packet): void {
    this.#lane.send(encode(this.#withOptionalParts(packet), this.#to.version), "slow: an answer", -Infinity);
  }

  /** The packet with a reason string and user properties, if chosen, permitted and not too large. */
  #withOptionalParts(packet: Packet): Packet {
    const choices = this.#choices;
    const hasReasonString = packet.type !== "publish" && packet.type !== "pingresp" && packet.type !== "auth";
    if (this.#to.version === 4 || !hasReasonString) return packet;
    const isAsked = this.#to.connect?.properties?.requestProblemInformation !== false;
    if (!isAsked && packet.type !== "connack" && packet.type !== "disconnect") return packet;
    const more: ReasonProperties = {
      ...choices.makes("reason string") && choices.random.below(2) === 0 && { reasonString: "as the server sees it" },
      ...choices.makes("user properties of the server") && choices.random.below(2) === 0 &&
        { userProperties: [["server", "open"], ["server", "again"]] as const },
    };
    if (Object.keys(more).length === 0) return packet;
    const properties = "properties" in packet ? packet.properties : undefined;
    const extended = { ...packet, properties: { ...properties, ...more } } as Packet;
    if (!this.fits(extended)) return packet;
    if (more.reasonString !== undefined) choices.made("reason string");
    if (more.userProperties !== undefined) choices.made("user properties of the server");
    return extended;
  }

  /** Writes a message; false if it is too large for the client. */
  publish(outgoing: Outgoing, packetId: number | undefined, dup: boolean): boolean {
    const { message, qos, retain, identifiers } = outgoing;
    const { topic, payload, publishedAtMs } = message;
    const base: PublishPacket = { type: "publish", dup, qos, retain, topic, payload, ...packetId && { packetId } };
    if (this.#to.version === 4) {
      this.#send(base, publishedAtMs);
      return true;
    }
    const properties = {
      ...this.#sentProperties(message),
      ...identifiers.length > 0 && { subscriptionIdentifiers: identifiers },
    };
    const isPlain = Object.keys(properties).length === 0;
    const packet: PublishPacket = isPlain ? base : { ...base, properties };
    const sizeBytes = encode(packet, 5).length;
    if (sizeBytes > this.#limit) return false; // [MQTT5 3.1.2-25]
    const hasRoom = sizeBytes + aliasRoomBytes <= this.#limit;
    this.#send(hasRoom ? this.#aliased(packet) : packet, publishedAtMs);
    return true;
  }

  /** Its properties, with its remaining expiry. [MQTT5 3.3.2-6] */
  #sentProperties({ properties = {}, publishedAtMs }: Message): Message["properties"] {
    const { messageExpiryIntervalS } = properties;
    if (messageExpiryIntervalS === undefined) return properties;
    const waitedS = Math.floor((this.#nowMs - publishedAtMs) / 1_000);
    return { ...properties, messageExpiryIntervalS: Math.max(1, messageExpiryIntervalS - waitedS) };
  }

  #aliased(packet: PublishPacket): PublishPacket {
    const choices = this.#choices;
    const maximum = Math.min(this.#to.connect?.properties?.topicAliasMaximum ?? 0, 3);
    const uses = "topic alias: towards clients, within their maximum";
    if (maximum === 0 || !choices.makes(uses)) return packet;
    const known = this.#aliases.get(packet.topic);
    const topicAlias = known ?? 1 + choices.random.below(maximum);
    if (known === undefined) {
      for (const [topic, alias] of this.#aliases) if (alias === topicAlias) this.#aliases.delete(topic);
      this.#aliases.set(packet.topic, topicAlias);
    }
    choices.made(uses);
    const topic = known !== undefined && choices.random.below(4) > 0 ? "" : packet.topic;
    return { ...packet, topic, properties: { ...packet.properties, topicAlias } };
  }

  #send(packet: PublishPacket, sinceMs: number): void {
    this.#lane.send(encode(packet, this.#to.version), "slow: a message", sinceMs);
  }
}
