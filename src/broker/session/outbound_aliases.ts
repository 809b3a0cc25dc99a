/**
 * Topic aliases from the broker to one client, on one connection. The first topics get one each, up to the limits of
 * the client and the broker, and keep it. No alias is replaced, so that many topics that are used once cost no more
 * than the table.
 *
 * The broker sends QoS 2 without an alias: MQTT.js 5.16 passes such a message to the application with the empty topic
 * of its alias.
 */
import type { EncodedPublish } from "../../mqtt/codec/codec.ts";
import { splicePublish, topicAliasBytes } from "../../mqtt/codec/spliced_publish.ts";

/** An alias does not shorten a topic name of this length: it takes two bytes and the property's identifier. */
const shortestBytes = 4;

export class OutboundAliases {
  readonly #limit: number;
  readonly #byTopic = new Map<string, number>();

  /** @param limit at least 1, at most the client's limit */
  constructor(limit: number) {
    this.#limit = limit; // [MQTT5 3.1.2-26] [MQTT5 3.3.2-11]
  }

  /** The PUBLISH in this client's form: with an alias in place of its topic, with both, or unchanged. */
  apply(encoded: EncodedPublish, topic: string, maximumPacketSize: number): EncodedPublish {
    if (isQoS2(encoded)) return encoded;
    const alias = this.#byTopic.get(topic);
    if (alias !== undefined) return splicePublish(encoded, topicAliasBytes(alias), false);
    if (this.#byTopic.size >= this.#limit || topic.length < shortestBytes) return encoded;
    const introduced = splicePublish(encoded, topicAliasBytes(this.#byTopic.size + 1), true);
    return introduced.bytes.length > maximumPacketSize ? encoded : introduced;
  }

  /** Records that the result of {@link apply} was sent: the client knows the topic's alias from now on. */
  sent(topic: string): void {
    if (!this.#byTopic.has(topic)) this.#byTopic.set(topic, this.#byTopic.size + 1);
  }
}

function isQoS2({ bytes }: EncodedPublish): boolean {
  return (bytes[0]! & 0x06) === 0x04;
}
