/** PUBLISHes that the standard does not allow. */
import type { ConformanceCase } from "../case/case.ts";
import { field, frame } from "../probe/raw_packet.ts";
import { afterConnect, type Malformed } from "./malformed.ts";

/** A PUBLISH with any topic, packet identifier and properties; in 3.1.1 without properties. */
function publish(
  is5: boolean,
  first: number,
  topic: string | readonly number[],
  more: { id?: number; properties?: number[] } = {},
) {
  const { id, properties = [] } = more;
  const identifier = id === undefined ? [] : [id >> 8, id & 0xff];
  return frame(first, [...field(topic), ...identifier, ...(is5 ? [properties.length, ...properties] : []), 0x78]);
}

const malformed: readonly Malformed[] = [
  {
    name: "qos-3",
    title: "a PUBLISH at QoS 3 closes the connection",
    does: "sends a PUBLISH with both bits of its QoS set, and waits for the close",
    rules: { "3.1.1": ["3.3.1-4"], "5.0": ["3.3.1-4", "4.13.1-1"] },
    bytes: (context) => publish(context.is5, 0x36, context.topic(), { id: 1 }),
  },
  {
    name: "packet-id-0",
    title: "a PUBLISH at QoS 1 with packet identifier 0 closes the connection",
    does: "sends a PUBLISH at QoS 1 whose packet identifier is 0, and waits for the close",
    rules: { "3.1.1": ["2.3.1-1", "4.8.0-1"], "5.0": ["2.2.1-3", "4.13.1-1"] },
    needs: ["qos1"],
    bytes: (context) => publish(context.is5, 0x32, context.topic(), { id: 0 }),
  },
  {
    name: "topic-plus",
    title: "a PUBLISH to a topic with + closes the connection",
    does: "sends a PUBLISH to a topic with a wildcard, and waits for the close",
    rules: { "3.1.1": ["3.3.2-2", "4.7.1-1"], "5.0": ["3.3.2-2", "4.7.0-1"] },
    bytes: (context) => publish(context.is5, 0x30, context.topic("+")),
  },
  {
    name: "topic-hash",
    title: "a PUBLISH to a topic with # closes the connection",
    does: "sends a PUBLISH to a topic with a wildcard, and waits for the close",
    rules: { "3.1.1": ["3.3.2-2", "4.7.1-1"], "5.0": ["3.3.2-2", "4.7.0-1"] },
    bytes: (context) => publish(context.is5, 0x30, context.topic("#")),
  },
  {
    name: "topic-empty",
    title: "a PUBLISH to an empty topic, in 5.0 without an alias, closes the connection",
    does: "sends a PUBLISH whose topic has no character, and waits for the close",
    rules: { "3.1.1": ["4.7.3-1"], "5.0": ["3.3.2.1", "4.13.1-1"] },
    bytes: (context) => publish(context.is5, 0x30, ""),
  },
  {
    name: "topic-null",
    title: "a PUBLISH to a topic with U+0000 closes the connection",
    does: "sends a PUBLISH whose topic holds U+0000, and waits for the close",
    rules: { "3.1.1": ["4.7.3-2"], "5.0": ["4.7.3-2", "1.5.4-2"] },
    bytes: (context) => publish(context.is5, 0x30, `${context.topic()}\u0000`),
  },
  {
    name: "topic-not-utf-8",
    title: "a PUBLISH to a topic that is not UTF-8 closes the connection",
    does: "sends a PUBLISH whose topic holds a lone surrogate, and waits for the close",
    rules: { "3.1.1": ["3.3.2-1"], "5.0": ["3.3.2-1", "1.5.4-1"] },
    bytes: (context) => publish(context.is5, 0x30, [0x61, 0xed, 0xa0, 0x80]),
  },
  {
    name: "topic-overlong",
    title: "a PUBLISH to a topic in overlong UTF-8 closes the connection",
    does: "sends a PUBLISH whose topic writes / in two bytes, and waits for the close",
    rules: { "3.1.1": ["3.3.2-1"], "5.0": ["3.3.2-1", "1.5.4-1"] },
    bytes: (context) => publish(context.is5, 0x30, [0x61, 0xc0, 0xaf]),
  },
  {
    name: "cut-short",
    title: "a PUBLISH whose topic is longer than the packet closes the connection",
    does: "sends a PUBLISH that ends within its topic, and waits for the close",
    rules: { "3.1.1": ["4.8.0-1"], "5.0": ["4.13.1-1"] },
    bytes: () => frame(0x30, [0, 200, 0x61, 0x62]),
  },
  {
    name: "response-topic-wildcard",
    title: "a Response Topic with a wildcard closes the connection",
    does: "sends a PUBLISH whose Response Topic is a/+, and waits for the close",
    rules: { "5.0": ["3.3.2-14", "4.13.1-1"] },
    bytes: (context) => publish(true, 0x30, context.topic(), { properties: [0x08, ...field("a/+")] }),
  },
  {
    name: "subscription-identifier",
    title: "a PUBLISH of a client with a Subscription Identifier closes the connection",
    does: "sends a PUBLISH with Subscription Identifier 1, and waits for the close",
    rules: { "5.0": ["3.3.4-6", "4.13.1-1"] },
    bytes: (context) => publish(true, 0x30, context.topic(), { properties: [0x0b, 1] }),
  },
  {
    name: "alias-0",
    title: "a Topic Alias of 0 closes the connection",
    does: "sends a PUBLISH with Topic Alias 0, and waits for the close",
    rules: { "5.0": ["3.3.2-8", "4.13.1-1"] },
    bytes: (context) => publish(true, 0x30, context.topic(), { properties: [0x23, 0, 0] }),
  },
  {
    name: "pubrel-reserved-bits",
    title: "a PUBREL with other reserved bits than 0010 closes the connection",
    does: "sends a PUBREL that begins with 0x60, and waits for the close",
    rules: { "3.1.1": ["2.2.2-2"], "5.0": ["3.6.1-1"] },
    bytes: () => [0x60, 2, 0, 1],
  },
  {
    name: "puback-reserved-bits",
    title: "a PUBACK with reserved bits set closes the connection",
    does: "sends a PUBACK that begins with 0x41, and waits for the close",
    rules: { "3.1.1": ["2.2.2-2"], "5.0": ["2.1.3-1", "4.13.1-1"] },
    bytes: () => [0x41, 2, 0, 1],
  },
];

export const publishMalformedCases: readonly ConformanceCase[] = malformed.map((one) => afterConnect("publish", one));
