/** One message to any number of receivers. Owns its encodings: one for each form that receivers need. */
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
  /** The identity whose rights the message was published with; undefined if the broker has no login checks. */
  readonly owner: Identity | undefined;
}

/** A message with its publisher. */
export class Publication {
  readonly message: Message;
  readonly publisher: Publisher;
  /** Its position in the order of publication; 0 for a message from the store. */
  order = 0;
  /** Its cost in memory, in bytes. */
  readonly sizeBytes: number;
  /** Queues and topics that refer to it. */
  #holders = 0;
  /** Its place in the store, once it has one; managed by the store. */
  stored: MessagePlace | undefined;
  /**
   * Between {@link keepForms} and {@link dropForms}: the form that was requested first, for most messages the only one.
   */
  #firstForm = -1;
  #first: EncodedPublish | undefined;
  /** By form. */
  #others: (EncodedPublish | undefined)[] | undefined;
  #encodedExpiryS = -1;
  #keepsForms = false;

  /** @param isWill whether it is a will; dropped wills are counted separately */
  constructor(message: Message, publisher: Publisher, readonly isWill = false) {
    this.message = message;
    this.publisher = publisher;
    this.sizeBytes = cost.message + messageBytes(message);
  }

  /** Adds one queue or topic that refers to it. */
  hold(memory: Memory): void {
    if (this.#holders++ === 0) memory.add(this.sizeBytes);
  }

  /** Removes one queue or topic that refers to it. */
  release(memory: Memory): void {
    if (--this.#holders === 0) memory.add(-this.sizeBytes);
  }

  /** The memory cost of one more holder, in bytes. */
  get costBytes(): number {
    return this.#holders === 0 ? this.sizeBytes : 0;
  }

  /** Keeps each encoded form from now on, for the next receivers. */
  keepForms(): void {
    this.#keepsForms = true;
  }

  /** The size of the kept forms, in bytes. */
  get formBytes(): number {
    return [this.#first, ...this.#others ?? []].reduce((sum, form) => sum + (form?.bytes.length ?? 0), 0);
  }

  /** Drops the encoded forms, so that a queued or retained message costs only itself. */
  dropForms(): void {
    this.#keepsForms = false;
    this.#first = this.#others = undefined;
  }

  /** The end of the message expiry interval; Infinity without one. */
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

  /**
   * The packet for receivers with this version, QoS and retain flag. At QoS 1 and 2 the caller sets its packet
   * identifier.
   */
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

  /** Without a packet identifier: each receiver's copy gets its own. */
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

  /**
   * Remaining seconds of the message expiry interval; -1 without one. A message that was already sent once may be past
   * it: 0.
   */
  #remainingExpiryS(nowMs: number): number {
    const expiryS = this.message.properties?.messageExpiryIntervalS;
    if (expiryS === undefined) return -1;
    return Math.max(0, expiryS - Math.floor((nowMs - this.message.publishedAtMs) / 1_000)); // [MQTT5 3.3.2-6]
  }
}

/** The cost of the texts and payloads of a message, in bytes. */
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
