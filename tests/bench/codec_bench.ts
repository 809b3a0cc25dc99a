/** Bytes to packets and back. */
import { decode, encode, encodePublish, withPacketId } from "../../src/mqtt/codec.ts";
import type { ConnectPacket, PublishPacket } from "../../src/mqtt/packet.ts";

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
    properties: { contentType: "text/plain", userProperties: [["reason", "lost"]] },
  },
};
const small: PublishPacket = {
  type: "publish",
  dup: false,
  qos: 1,
  retain: false,
  topic: "devices/0001234/t",
  packetId: 17,
  payload: text.encode("21.5"),
};
const large: PublishPacket = {
  ...small,
  payload: new Uint8Array(1_024).fill(0x61),
  properties: {
    payloadFormatIndicator: 1,
    messageExpiryIntervalS: 60,
    contentType: "application/json",
    responseTopic: "devices/0001234/answers",
    correlationData: text.encode("12345678"),
    userProperties: [["trace", "abcdef"], ["unit", "kelvin"]],
  },
};

const connectBytes = encode(connect, 5);
const smallBytes = encode(small, 5);
const largeBytes = encode(large, 5);
const pubackBytes = encode({ type: "puback", packetId: 17 }, 5);
const once = encodePublish(small, 5);

Deno.bench({ name: "decode CONNECT with a will", group: "decode", fn: () => void decode(connectBytes, undefined) });
Deno.bench({ name: "decode PUBLISH, small", group: "decode", baseline: true, fn: () => void decode(smallBytes, 5) });
Deno.bench({ name: "decode PUBLISH, 1 KB and properties", group: "decode", fn: () => void decode(largeBytes, 5) });
Deno.bench({ name: "decode PUBACK", group: "decode", fn: () => void decode(pubackBytes, 5) });

Deno.bench({ name: "encode CONNECT with a will", group: "encode", fn: () => void encode(connect, 5) });
Deno.bench({ name: "encode PUBLISH, small", group: "encode", baseline: true, fn: () => void encode(small, 5) });
Deno.bench({ name: "encode PUBLISH, 1 KB and properties", group: "encode", fn: () => void encode(large, 5) });
Deno.bench({ name: "encode PUBACK", group: "encode", fn: () => void encode({ type: "puback", packetId: 17 }, 5) });
Deno.bench({ name: "one receiver's copy of a PUBLISH", group: "encode", fn: () => void withPacketId(once, 18, false) });
