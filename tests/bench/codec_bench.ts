/**
 * Decoding and encoding, with one group for each packet. For plain packets, the library's path beside ours: the strict
 * walk, then mqtt-packet; or mqtt-packet, then the walk.
 */
import { checkPacket } from "../../src/mqtt/codec/check.ts";
import { decode, encode, encodePublish, withPacketId } from "../../src/mqtt/codec/codec.ts";
import { readByLibrary, writeByLibrary } from "../../src/mqtt/codec/library_codec.ts";
import type {
  ConnectPacket,
  MessageProperties,
  Packet,
  ProtocolVersion,
  PublishPacket,
} from "../../src/mqtt/packet.ts";

const text = new TextEncoder();
const connect: ConnectPacket = {
  type: "connect",
  protocolVersion: 5,
  clientId: "device-0001234",
  cleanStart: false,
  keepAliveS: 60,
  properties: { sessionExpiryIntervalS: 3_600, receiveMaximum: 100 },
  will: {
    topic: "devices/0001234/status",
    payload: text.encode("offline"),
    qos: 1,
    retain: true,
    delayIntervalS: 30,
  },
};
const publish: PublishPacket = {
  type: "publish",
  dup: false,
  qos: 1,
  retain: false,
  topic: "devices/0001234/t",
  packetId: 17,
  payload: text.encode("21.5"),
};
const properties: MessageProperties = {
  payloadFormatIndicator: 1,
  messageExpiryIntervalS: 60,
  contentType: "application/json",
  responseTopic: "devices/0001234/answers",
  correlationData: text.encode("12345678"),
  userProperties: [["trace", "abcdef"], ["unit", "kelvin"]],
};

const plain: readonly (readonly [what: string, Packet])[] = [
  ["CONNECT with a will", connect],
  ["CONNECT with a will and all its properties", { ...connect, will: { ...connect.will!, properties } }],
  ["CONNACK", {
    type: "connack",
    sessionPresent: false,
    reasonCode: 0,
    properties: { maximumPacketSize: 1_048_576, topicAliasMaximum: 64 },
  }],
  ["PUBLISH", publish],
  ["PUBLISH of 1 KB", { ...publish, payload: new Uint8Array(1_024).fill(0x61) }],
  ["PUBLISH with all of a message's properties", { ...publish, properties }],
  ["SUBSCRIBE", {
    type: "subscribe",
    packetId: 1,
    subscriptions: [{
      topicFilter: "devices/+/t",
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    }],
  }],
  ["SUBACK", { type: "suback", packetId: 1, reasonCodes: [1] }],
];
for (const [what, packet] of plain) bothWays(what, packet, 5);
bothWays("CONNECT with a will, 3.1.1", withoutFive(connect), 4);

function withoutFive({ properties: _properties, will, ...rest }: ConnectPacket): ConnectPacket {
  const { delayIntervalS: _delay, ...kept } = will!;
  return { ...rest, protocolVersion: 4, cleanStart: true, will: kept };
}

function bothWays(what: string, packet: Packet, version: ProtocolVersion): void {
  const frame = encode(packet, version);
  const reading = packet.type === "connect" ? undefined : version;
  const read = `decode ${what}`;
  const written = `encode ${what}`;
  Deno.bench({ name: read, group: read, baseline: true, fn: () => void decode(frame, reading) });
  Deno.bench({
    name: `${read}, the library's way`,
    group: read,
    fn: () => void readByLibrary(frame, checkPacket(frame, reading), reading),
  });
  Deno.bench({ name: written, group: written, baseline: true, fn: () => void encode(packet, version) });
  Deno.bench({
    name: `${written}, the library's way`,
    group: written,
    fn: () => void writeByLibrary(packet, version),
  });
}

const reasoned: Packet = { type: "puback", packetId: 17, reasonCode: 0x87, properties: { reasonString: "not yours" } };
const reasonedBytes = encode(reasoned, 5);
const puback: Packet = { type: "puback", packetId: 17 };
const pubackBytes = encode(puback, 5);
const once = encodePublish(publish, 5);

Deno.bench("decode PUBACK with its reason in words", () => void decode(reasonedBytes, 5));
Deno.bench("encode PUBACK with its reason in words", () => void encode(reasoned, 5));
Deno.bench("decode PUBACK", () => void decode(pubackBytes, 5));
Deno.bench("encode PUBACK", () => void encode(puback, 5));
Deno.bench("one receiver's copy of a PUBLISH", () => void withPacketId(once, 18, false));
