/**
 * One message on its way to its receivers. Owns its encodings: one for each form that receivers need, however many
 * receivers there are.
 */
import { type EncodedPublish, encodePublish } from "../../mqtt/codec/codec.ts";
import { splicePublish, subscriptionIdentifierBytes } from "../../mqtt/codec/spliced_publish.ts";
import type { Message } from "../../mqtt/message.ts";
import type { MessageProperties, ProtocolVersion, PublishPacket, QoS } from "../../mqtt/packet.ts";
import type { Identity } from "../access/identity.ts";
import { cost, type Memory, textBytes } from "../limits/memory.ts";
import type { MessagePlace } from "./place.ts";

/** The client that published a message, also by its will. */
export interface Publisher {
  /** For No Local. */
  readonly clientId: string;
  /** Whose rights the message was published with; undefined where the broker decides on no logins. */
  readonly owner: Identity | undefined;
}

/** A message with its publisher. */
export class Publication {
  readonly message: Message;
  readonly publisher: Publisher;
  /** Its place in the order of publication; 0 of one that a store held. */
  order = 0;
  /** What it costs in memory, in bytes. */
  readonly sizeBytes: number;
  /** Queues and topics that hold it. */
  #holders = 0;
  /** Its place in the store, once it has one; the store's own. */
  stored: MessagePlace | undefined;
  /** Between {@link keepForms} and {@link dropForms}: the form that was asked for first, for most messages the only one. */
  #firstForm = -1;
  #first: EncodedPublish | undefined;
  /** By form. */
  #others: (EncodedPublish | undefined)[] | undefined;
  #encodedExpiryS = -1;
  #keepsForms = false;

  /** @param isWill whether it was published for a client that is gone; counted apart where it is dropped */
  constructor(message: Message, publisher: Publisher, readonly isWill = false) {
    this.message = message;
    this.publisher = publisher;
    this.sizeBytes = cost.message + messageBytes(message);
  }

  /** One more queue or topic holds it. */
  hold(memory: Memory): void {
    if (this.#holders++ === 0) memory.add(this.sizeBytes);
  }

  /** One less holds it. */
  release(memory: Memory): void {
    if (--this.#holders === 0) memory.add(-this.sizeBytes);
  }

  /** What one more holder costs in memory, in bytes. */
  get costBytes(): number {
    return this.#holders === 0 ? this.sizeBytes : 0;
  }

  /** Keeps each encoded form from now on, for the receivers that follow. */
  keepForms(): void {
    this.#keepsForms = true;
  }

  /** What the encoded forms that are kept take, in bytes. */
  get formBytes(): number {
    return [this.#first, ...this.#others ?? []].reduce((sum, form) => sum + (form?.bytes.length ?? 0), 0);
  }

  /** Forgets the encoded forms: a message that waits or is retained costs no more than itself. */
  dropForms(): void {
    this.#keepsForms = false;
    this.#first = this.#others = undefined;
  }

  /** When its message expiry interval will have passed; Infinity where it has none. */
  get expiresAtMs(): number {
    const expiryS = this.message.properties?.messageExpiryIntervalS;
    return expiryS === undefined ? Infinity : this.message.publishedAtMs + expiryS * 1_000;
  }

  /** Whether its message expiry interval has passed. */
  expired(nowMs: number): boolean {
    const expiryS = this.message.properties?.messageExpiryIntervalS;
    if (expiryS === undefined || nowMs === this.message.publishedAtMs) return false;
    return nowMs - this.message.publishedAtMs >= expiryS * 1_000; // [MQTT5 3.3.2-5]
  }

  /** The packet for receivers of that version, QoS and retain flag. At QoS 1 and 2 its packet identifier is to be set. */
  encode(
    version: ProtocolVersion,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[] | undefined,
    nowMs: number,
  ): EncodedPublish {
    const encoded = this.#encode(version, qos, retain, nowMs);
    if (version === 4 || subscriptionIdentifiers === undefined) return encoded;
    return splicePublish(encoded, subscriptionIdentifierBytes(subscriptionIdentifiers), true); // [MQTT5 3.3.4-3]
  }

  #encode(version: ProtocolVersion, qos: QoS, retain: boolean, nowMs: number): EncodedPublish {
    const expiryS = this.#remainingExpiryS(nowMs);
    if (expiryS !== this.#encodedExpiryS) {
      this.#first = this.#others = undefined;
      this.#encodedExpiryS = expiryS;
    }
    if (!this.#keepsForms) return encodePublish(this.#packet(qos, retain, expiryS), version);
    const form = (version === 5 ? 6 : 0) + 2 * qos + (retain ? 1 : 0);
    if (this.#first === undefined) {
      this.#firstForm = form;
      return this.#first = encodePublish(this.#packet(qos, retain, expiryS), version);
    }
    if (form === this.#firstForm) return this.#first;
    return (this.#others ??= [])[form] ??= encodePublish(this.#packet(qos, retain, expiryS), version);
  }

  /** Without a packet identifier, for each receiver's copy gets one of its own. */
  #packet(qos: QoS, retain: boolean, expiryS: number): PublishPacket {
    const { topic, payload, properties } = this.message;
    if (properties === undefined) return { type: "publish", dup: false, qos, retain, topic, payload };
    return {
      type: "publish",
      dup: false, // [MQTT5 3.3.1-3] [MQTT311 3.3.1-3]
      qos,
      retain,
      topic,
      payload,
      properties: {
        ...properties, // [MQTT5 3.3.2-4] [MQTT5 3.3.2-15] [MQTT5 3.3.2-16] [MQTT5 3.3.2-17] [MQTT5 3.3.2-20]
        ...(expiryS >= 0 && { messageExpiryIntervalS: expiryS }),
      },
    };
  }

  /** Seconds that are left of its life; -1 when it has no end. A message already sent once may be past it: 0. */
  #remainingExpiryS(nowMs: number): number {
    const expiryS = this.message.properties?.messageExpiryIntervalS;
    if (expiryS === undefined) return -1;
    return Math.max(0, expiryS - Math.floor((nowMs - this.message.publishedAtMs) / 1_000)); // [MQTT5 3.3.2-6]
  }
}

/** What the texts and payloads of a message cost, in bytes. */
export function messageBytes(message: Pick<Message, "topic" | "payload" | "properties">): number {
  return textBytes(message.topic) + message.payload.length + propertiesBytes(message.properties);
}

function propertiesBytes(properties: MessageProperties | undefined): number {
  if (properties === undefined) return 0;
  const { contentType = "", responseTopic = "", correlationData, userProperties = [] } = properties;
  let bytes = textBytes(contentType) + textBytes(responseTopic) + (correlationData?.length ?? 0);
  for (const [name, value] of userProperties) bytes += cost.userProperty + textBytes(name) + textBytes(value);
  return bytes;
}
