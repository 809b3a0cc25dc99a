/**
 * A message as it came, compared with the message as it was sent, published or as a will.
 */
import { sameBytes } from "../../base/bytes.ts";
import type { MessageProperties, ProtocolVersion, PublishPacket, QoS, UserProperty } from "../../mqtt/packet.ts";
import { payloadText } from "./packet_text.ts";

/** A message as a client sends it. */
export interface SentMessage {
  /** The topic. */
  readonly topic: string;
  /** The payload. */
  readonly payload: Uint8Array;
  /** The quality of service. */
  readonly qos: QoS;
  /** The retain flag. */
  readonly retain: boolean;
  /** The properties that are expected. */
  readonly properties?: MessageProperties;
}

/** The part of the receiver's subscription that affects a message. */
export interface SeenBy {
  readonly version: ProtocolVersion;
  readonly grantedQos: number;
  /** True for the answer to a new subscription: it has the RETAIN flag set. */
  readonly isFound?: boolean;
}

/** One part of a message that differs. */
export interface Difference {
  readonly part: string;
  /** The actual and the expected value, in words. */
  readonly text: string;
}

/** The differences; empty when there are none. Assumes that a 5.0 receiver subscribes with Retain As Published. */
export function compareMessage(
  came: PublishPacket,
  sent: SentMessage,
  { version, grantedQos, isFound = false }: SeenBy,
): Difference[] {
  const differs: Difference[] = [];
  const note = (part: string, is: unknown, due: unknown) =>
    differs.push({ part, text: `${part} is ${shown(is)}, not ${shown(due)}` });
  if (came.topic !== sent.topic) note("topic", came.topic, sent.topic);
  if (!sameBytes(came.payload, sent.payload)) note("payload", came.payload, sent.payload);
  const qos = Math.min(sent.qos, grantedQos); // [MQTT5 3.8.4-8] [MQTT311 3.8.4-6]
  if (came.qos !== qos) note("QoS", came.qos, qos);
  // [MQTT5 3.3.1-12] [MQTT5 3.3.1-13] [MQTT311 3.3.1-8] [MQTT311 3.3.1-9]
  const retain = isFound || (version === 5 && sent.retain);
  if (came.retain !== retain) note("retain", came.retain, retain);
  if (version === 5) compareProperties(came.properties ?? {}, sent.properties ?? {}, note);
  return differs;
}

function compareProperties(
  came: MessageProperties,
  sent: MessageProperties,
  note: (what: string, is: unknown, due: unknown) => void,
): void {
  // Indicator 0 means the same as none.
  const [format, due] = [came.payloadFormatIndicator ?? 0, sent.payloadFormatIndicator ?? 0];
  if (format !== due) note("payload format indicator", came.payloadFormatIndicator, sent.payloadFormatIndicator);
  const plain = ["contentType", "responseTopic"] as const;
  for (const name of plain) if (came[name] !== sent[name]) note(names[name], came[name], sent[name]);
  if (!sameBytes(came.correlationData, sent.correlationData)) {
    note("correlation data", came.correlationData, sent.correlationData);
  }
  if (!sameExpiry(came.messageExpiryIntervalS, sent.messageExpiryIntervalS)) {
    note("message expiry interval", came.messageExpiryIntervalS, sent.messageExpiryIntervalS);
  }
  if (!samePairs(came.userProperties ?? [], sent.userProperties ?? [])) {
    note("user properties", came.userProperties, sent.userProperties);
  }
}

const names = {
  contentType: "content type",
  responseTopic: "response topic",
} as const;

/**
 * Subtracts the time that a message has waited in the server. [MQTT5 3.3.2-6] Another case covers an interval that the
 * server adds to a message without one: it does not affect the other rules.
 */
function sameExpiry(came: number | undefined, sent: number | undefined): boolean {
  return sent === undefined || (came !== undefined && came <= sent);
}

/** Order and repetition are kept. [MQTT5 3.3.2-18] */
function samePairs(came: readonly UserProperty[], sent: readonly UserProperty[]): boolean {
  return came.length === sent.length &&
    came.every(([name, value], place) => name === sent[place]![0] && value === sent[place]![1]);
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return payloadText(value);
  return value === undefined ? "absent" : JSON.stringify(value);
}
