/**
 * The fuzzer's corpus: the refused packets of fixtures/packets, and one packet of each kind that the encoder can write.
 */
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { MessageProperties, Packet, ProtocolVersion } from "../../src/mqtt/packet.ts";

/** The bytes of a packet, and its protocol version. */
export interface Seedling {
  readonly version: ProtocolVersion;
  readonly bytes: Uint8Array;
}

const text = new TextEncoder();
const properties: MessageProperties = {
  payloadFormatIndicator: 1,
  messageExpiryIntervalS: 60,
  contentType: "text/plain",
  responseTopic: "answers/here",
  correlationData: Uint8Array.of(1, 2, 3),
  userProperties: [["name", "value"], ["name", "again"]],
};

const will = { topic: "fuzz/will", payload: text.encode("gone"), qos: 2, retain: true } as const;

const ofClients: readonly Packet[] = [
  { type: "publish", dup: false, qos: 0, retain: false, topic: "fuzz/a", payload: text.encode("zero") },
  {
    type: "publish",
    dup: false,
    qos: 1,
    retain: true,
    topic: "fuzz/b",
    packetId: 7,
    payload: text.encode("one"),
    properties,
  },
  {
    type: "publish",
    dup: true,
    qos: 2,
    retain: false,
    topic: "fuzz/c",
    packetId: 8,
    payload: text.encode("two"),
    properties: { topicAlias: 3 },
  },
  {
    type: "subscribe",
    packetId: 9,
    subscriptions: [{ topicFilter: "fuzz/#", qos: 2, noLocal: true }, { topicFilter: "+/b", qos: 1 }],
  },
  {
    type: "subscribe",
    packetId: 10,
    subscriptions: [{ topicFilter: "$share/g/fuzz/+", qos: 1 }],
    properties: { subscriptionIdentifier: 300 },
  },
  { type: "unsubscribe", packetId: 11, topicFilters: ["fuzz/#", "+/b"] },
  { type: "puback", packetId: 1 },
  { type: "pubrec", packetId: 2, reasonCode: 0x80, properties: { reasonString: "no" } },
  { type: "pubrel", packetId: 8 },
  { type: "pubcomp", packetId: 3 },
  { type: "pingreq" },
  { type: "disconnect", reasonCode: 0x04, properties: { sessionExpiryIntervalS: 5 } },
  { type: "auth", reasonCode: 0x18, properties: { authenticationMethod: "m", authenticationData: Uint8Array.of(9) } },
];

const ofServers: readonly Packet[] = [
  { type: "connack", sessionPresent: false, reasonCode: 0 },
  { type: "suback", packetId: 1, reasonCodes: [0, 1] },
  { type: "unsuback", packetId: 1, reasonCodes: [0] },
  { type: "pingresp" },
];

/** A complete CONNECT of a fuzzing client. */
export function connectOf(
  version: ProtocolVersion,
  clientId: string,
  cleanStart: boolean,
  expiryS: number,
): Uint8Array {
  return encode({
    type: "connect",
    protocolVersion: version,
    clientId,
    cleanStart,
    keepAliveS: 10,
    will: { ...will, ...version === 5 && { delayIntervalS: 2, properties } },
    ...version === 5 && { properties: { sessionExpiryIntervalS: expiryS, receiveMaximum: 3, topicAliasMaximum: 2 } },
    username: "fuzz",
    password: text.encode("word"),
  }, version);
}

function encodedFor(version: ProtocolVersion): Seedling[] {
  const packets = [...ofClients, ...ofServers].filter(({ type }) => version === 5 || type !== "auth");
  const encoded = packets.map((packet) => ({ version, bytes: encode(packet, version) }));
  return [...encoded, { version, bytes: connectOf(version, "fuzz-corpus", false, 60) }];
}

interface Refused {
  readonly version: ProtocolVersion;
  readonly hex: string;
}

/** The whole corpus, in the same order in each run. */
export function corpus(): readonly Seedling[] {
  const file = new URL("../../fixtures/packets/refused.json", import.meta.url);
  const refused = JSON.parse(Deno.readTextFileSync(file)) as readonly Refused[];
  const fromFile = refused.map(({ version, hex }) => ({ version, bytes: Uint8Array.fromHex(hex) }));
  return [...encodedFor(4), ...encodedFor(5), ...fromFile.filter(({ bytes }) => bytes.length > 0)];
}
