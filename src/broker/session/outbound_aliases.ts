/**
 * Topic aliases from the broker to one client, on one connection: the first topics that are sent get one each, as many
 * as the client and the broker allow, and keep it. Nothing is replaced, so that a storm of topics used once costs no
 * more than the table.
 *
 * QoS 2 is sent whole: MQTT.js 5.16 hands such a message to the application with the empty topic of its alias.
 */
import type { EncodedPublish } from "../../mqtt/codec/codec.ts";
import { splicePublish, topicAliasBytes } from "../../mqtt/codec/spliced_publish.ts";

/** A topic name as short as its alias gains nothing: two bytes and the property's identifier. */
const shortestBytes = 4;

export class OutboundAliases {
  readonly #limit: number;
  readonly #byTopic = new Map<string, number>();

  /** @param limit at least 1, at most what the client allows */
  constructor(limit: number) {
    this.#limit = limit; // [MQTT5 3.1.2-26] [MQTT5 3.3.2-11]
  }

  /** The PUBLISH as this client gets it: with an alias in place of its topic, with both, or as it is. */
  apply(encoded: EncodedPublish, topic: string, maximumPacketSize: number): EncodedPublish {
    if (isQoS2(encoded)) return encoded;
    const alias = this.#byTopic.get(topic);
    if (alias !== undefined) return splicePublish(encoded, topicAliasBytes(alias), false);
    if (this.#byTopic.size >= this.#limit || topic.length < shortestBytes) return encoded;
    const introduced = splicePublish(encoded, topicAliasBytes(this.#byTopic.size + 1), true);
    return introduced.bytes.length > maximumPacketSize ? encoded : introduced;
  }

  /** What {@link apply} altered has been sent: the client knows the topic's alias from now on. */
  sent(topic: string): void {
    if (!this.#byTopic.has(topic)) this.#byTopic.set(topic, this.#byTopic.size + 1);
  }
}

function isQoS2({ bytes }: EncodedPublish): boolean {
  return (bytes[0]! & 0x06) === 0x04;
}
