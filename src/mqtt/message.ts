/**
 * An application message, published by a client or as a will, in the form in which the broker and its retained store
 * keep it. Plain data without the properties of one connection (packet identifier, DUP, topic alias, subscription
 * identifiers).
 */
import type { ConnectWill, MessageProperties, PublishPacket, PublishProperties, QoS } from "./packet.ts";
import { isWellFormed } from "./utf8.ts";

export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** As published; a receiver gets the lesser of this and that of its subscription. */
  readonly qos: QoS;
  /** As published; the subscription determines what a receiver sees. */
  readonly retain: boolean;
  /** 5.0; absent if there are none. */
  readonly properties?: MessageProperties;
  /** Time when this server accepted it, in milliseconds of its own clock; message expiry counts from here. */
  readonly publishedAtMs: number;
}

/**
 * The message in a PUBLISH.
 *
 * @param topic the topic name, with a topic alias already resolved
 */
export function messageOf(packet: PublishPacket, topic: string, nowMs: number): Message {
  const { payload, qos, retain } = packet;
  const properties = packet.properties && withoutHopProperties(packet.properties);
  return { topic, payload, qos, retain, ...properties && { properties }, publishedAtMs: nowMs };
}

/** The message in a will, from its publication on. */
export function messageOfWill(will: ConnectWill, nowMs: number): Message {
  const { topic, payload, qos, retain, properties } = will;
  return { topic, payload, qos, retain, ...properties && { properties }, publishedAtMs: nowMs };
}

/**
 * Whether the payload is UTF-8 text, if its Payload Format Indicator says so. The standard leaves the check to the
 * receiver, and names reason code 0x99 for a mismatch. U+0000 is allowed in a payload.
 *
 * Source: MQTT 5.0, sections 3.1.3.2.3 and 3.3.2.3.2.
 */
export function keepsPayloadFormat(payload: Uint8Array, properties: MessageProperties | undefined): boolean {
  return properties?.payloadFormatIndicator !== 1 || isWellFormed(payload);
}

/** A topic alias is valid for one connection, subscription identifiers for one subscriber. */
function withoutHopProperties(properties: PublishProperties): MessageProperties | undefined {
  const { topicAlias: _alias, subscriptionIdentifiers: _identifiers, ...kept } = properties;
  return Object.keys(kept).length > 0 ? kept : undefined;
}
