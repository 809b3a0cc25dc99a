import type { Protocol } from "../model/protocol.ts";

/** Bytes that a connected client may not send. */
export interface Provocation {
  /** For the ids of cases. */
  readonly name: string;
  /** Its name for people. */
  readonly what: string;
  /** The statement that it breaks, in the versions in which it is sent. */
  readonly rules: Readonly<Partial<Record<Protocol, string>>>;
  /** The same in both versions, or by version where they differ. */
  readonly bytes: readonly number[] | Readonly<Partial<Record<Protocol, readonly number[]>>>;
}

const fault = { "3.1.1": "4.8.0-1", "5.0": "4.13.1-1" } as const;

/** All provocations. Topic `a` has no subscriber. */
export const provocations: readonly Provocation[] = [
  { name: "type-0", what: "a packet of type 0", rules: fault, bytes: [0x00, 0x00] },
  {
    name: "type-15",
    what: "a packet of type 15",
    rules: { "3.1.1": "4.8.0-1" },
    bytes: [0xf0, 0x00],
  },
  {
    name: "auth-unasked",
    what: "AUTH without an authentication method",
    rules: { "5.0": "4.12.0-7" },
    bytes: [0xf0, 0x02, 0x19, 0x00],
  },
  { name: "connack", what: "a CONNACK", rules: fault, bytes: { "3.1.1": [0x20, 2, 0, 0], "5.0": [0x20, 3, 0, 0, 0] } },
  { name: "pingresp", what: "a PINGRESP", rules: fault, bytes: [0xd0, 0x00] },
  {
    name: "length-of-five-bytes",
    what: "a remaining length of five bytes",
    rules: fault,
    bytes: [0x30, 0xff, 0xff, 0xff, 0xff, 0x01],
  },
  {
    name: "publish-qos-3",
    what: "a PUBLISH with both QoS bits set",
    rules: { "3.1.1": "3.3.1-4", "5.0": "3.3.1-4" },
    bytes: { "3.1.1": [0x36, 5, 0, 1, 0x61, 0, 1], "5.0": [0x36, 6, 0, 1, 0x61, 0, 1, 0] },
  },
  {
    name: "publish-id-0",
    what: "a PUBLISH at QoS 1 with packet identifier 0",
    rules: { "3.1.1": "2.3.1-1", "5.0": "2.2.1-3" },
    bytes: { "3.1.1": [0x32, 5, 0, 1, 0x61, 0, 0], "5.0": [0x32, 6, 0, 1, 0x61, 0, 0, 0] },
  },
  {
    name: "publish-wildcard",
    what: "a PUBLISH to the topic a/#",
    rules: { "3.1.1": "3.3.2-2", "5.0": "3.3.2-2" },
    bytes: { "3.1.1": [0x30, 5, 0, 3, 0x61, 0x2f, 0x23], "5.0": [0x30, 6, 0, 3, 0x61, 0x2f, 0x23, 0] },
  },
  {
    name: "publish-ill-formed-topic",
    what: "a PUBLISH to a topic that is not UTF-8",
    rules: { "3.1.1": "1.4.0-1", "5.0": "1.5.4-1" },
    bytes: { "3.1.1": [0x30, 4, 0, 2, 0xc3, 0x28], "5.0": [0x30, 5, 0, 2, 0xc3, 0x28, 0] },
  },
  {
    name: "publish-nul-topic",
    what: "a PUBLISH to a topic with U+0000",
    rules: { "3.1.1": "4.7.3-2", "5.0": "4.7.3-2" },
    bytes: { "3.1.1": [0x30, 4, 0, 2, 0x61, 0x00], "5.0": [0x30, 5, 0, 2, 0x61, 0x00, 0] },
  },
  {
    name: "publish-empty-topic",
    what: "a PUBLISH to an empty topic without an alias",
    rules: { "3.1.1": "4.7.3-1", "5.0": "4.13.1-1" },
    bytes: { "3.1.1": [0x30, 3, 0, 0, 0x78], "5.0": [0x30, 4, 0, 0, 0, 0x78] },
  },
  {
    name: "publish-alias-0",
    what: "a PUBLISH with topic alias 0",
    rules: { "5.0": "3.3.2-8" },
    bytes: [0x30, 7, 0, 1, 0x61, 3, 0x23, 0, 0],
  },
  {
    name: "publish-property-twice",
    what: "a PUBLISH with two content types",
    rules: { "5.0": "4.13.1-1" },
    bytes: [0x30, 12, 0, 1, 0x61, 8, 0x03, 0, 1, 0x61, 0x03, 0, 1, 0x61],
  },
  {
    name: "publish-unknown-property",
    what: "a PUBLISH with a property that does not exist",
    rules: { "5.0": "4.13.1-1" },
    bytes: [0x30, 6, 0, 1, 0x61, 2, 0x7f, 0],
  },
  {
    name: "publish-subscription-identifier",
    what: "a PUBLISH with a subscription identifier",
    rules: { "5.0": "3.3.4-6" },
    bytes: [0x30, 6, 0, 1, 0x61, 2, 0x0b, 1],
  },
  {
    name: "pubrel-flags",
    what: "a PUBREL with its reserved flags at 0",
    rules: { "3.1.1": "2.2.2-2", "5.0": "3.6.1-1" },
    bytes: [0x60, 2, 0, 1],
  },
  {
    name: "subscribe-flags",
    what: "a SUBSCRIBE with its reserved flags at 0",
    rules: { "3.1.1": "2.2.2-2", "5.0": "3.8.1-1" },
    bytes: { "3.1.1": [0x80, 6, 0, 1, 0, 1, 0x61, 0], "5.0": [0x80, 7, 0, 1, 0, 0, 1, 0x61, 0] },
  },
  {
    name: "subscribe-nothing",
    what: "a SUBSCRIBE without a topic filter",
    rules: { "3.1.1": "4.8.0-1", "5.0": "3.8.3-2" },
    bytes: { "3.1.1": [0x82, 2, 0, 1], "5.0": [0x82, 3, 0, 1, 0] },
  },
  {
    name: "subscribe-reserved-options",
    what: "a SUBSCRIBE with reserved bits in its options",
    rules: { "3.1.1": "3.8.3-4", "5.0": "3.8.3-5" },
    bytes: { "3.1.1": [0x82, 6, 0, 1, 0, 1, 0x61, 0xc0], "5.0": [0x82, 7, 0, 1, 0, 0, 1, 0x61, 0xc0] },
  },
  {
    name: "pingreq-flags",
    what: "a PINGREQ with reserved flags set",
    rules: { "3.1.1": "2.2.2-2", "5.0": "4.13.1-1" },
    bytes: [0xc1, 0x00],
  },
];

/** The bytes for a version in which it is sent. */
export function provocationBytes({ bytes }: Provocation, protocol: Protocol): readonly number[] {
  return "length" in bytes ? bytes as readonly number[] : bytes[protocol]!;
}
