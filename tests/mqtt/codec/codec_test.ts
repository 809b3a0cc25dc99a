import assert from "node:assert/strict";
import { InvariantError, ProtocolError } from "../../../src/base/failure.ts";
import { decode, encode, encodePublish, withPacketId } from "../../../src/mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion, PublishPacket } from "../../../src/mqtt/packet.ts";

const empty = new Uint8Array(0);
const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (value: string) => new TextEncoder().encode(value);
const fromHex = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

type Pair = readonly [what: string, version: ProtocolVersion, hex: string, packet: Packet];

const publish = { type: "publish", dup: false, qos: 0, retain: false, topic: "a/b", payload: text("hi") } as const;
const connect4 = { type: "connect", protocolVersion: 4, cleanStart: true, keepAliveS: 60, clientId: "c" } as const;
const connect5 = { ...connect4, protocolVersion: 5 } as const;

/** Written by hand from the standard; the codec must write these bytes and read this packet from them. */
const exact: readonly Pair[] = [
  ["the smallest CONNECT", 4, "100d 00044d515454 04 02 003c 0001 63", connect4],
  ["CONNECT with everything", 4, "101d 00044d515454 04 f6 ffff 0002 6331 0001 77 0003 627965 0001 75 0002 00ff", {
    ...connect4,
    keepAliveS: 65_535,
    clientId: "c1",
    will: { topic: "w", payload: text("bye"), qos: 2, retain: true },
    username: "u",
    password: bytes(0, 255),
  }],
  [
    "a persistent CONNECT with empty credentials and will payload",
    4,
    "1016 00044d515454 04 c4 0000 0001 63 0001 77 0000 0000 0000",
    {
      ...connect4,
      cleanStart: false,
      keepAliveS: 0,
      will: { topic: "w", payload: empty, qos: 0, retain: false },
      username: "",
      password: empty,
    },
  ],
  ["the smallest CONNECT", 5, "100d 00044d515454 05 02 003c 00 0000", { ...connect5, clientId: "" }],
  ["an empty client identifier without clean start", 5, "100d 00044d515454 05 00 003c 00 0000", {
    ...connect5,
    cleanStart: false,
    clientId: "",
  }],
  ["a password without a user name", 5, "1011 00044d515454 05 42 003c 00 0001 63 0001 70", {
    ...connect5,
    password: text("p"),
  }],
  [
    "CONNECT properties that are 0 or empty",
    5,
    "1020 00044d515454 05 02 003c 12 1100000000 220000 1700 1900 150000 160000 0001 63",
    {
      ...connect5,
      properties: {
        sessionExpiryIntervalS: 0,
        topicAliasMaximum: 0,
        requestProblemInformation: false,
        requestResponseInformation: false,
        authenticationMethod: "",
        authenticationData: empty,
      },
    },
  ],
  ["CONNECT properties at their limits", 5, "101b 00044d515454 05 02 003c 0d 11ffffffff 21ffff 27ffffffff 0001 63", {
    ...connect5,
    properties: { sessionExpiryIntervalS: 0xffff_ffff, receiveMaximum: 65_535, maximumPacketSize: 0xffff_ffff },
  }],
  [
    "a will with properties",
    5,
    "1037 00044d515454 05 2e 003c 00 0001 63 22 1800000000 0101 020000000a 030000 08000172 090000 26 0001 61 0000 26 0000 0001 62 0001 77 0001 78",
    {
      ...connect5,
      will: {
        topic: "w",
        payload: text("x"),
        qos: 1,
        retain: true,
        delayIntervalS: 0,
        properties: {
          payloadFormatIndicator: 1,
          messageExpiryIntervalS: 10,
          contentType: "",
          responseTopic: "r",
          correlationData: empty,
          userProperties: [["a", ""], ["", "b"]],
        },
      },
    },
  ],
  ["CONNACK", 4, "2002 01 00", { type: "connack", sessionPresent: true, reasonCode: 0 }],
  ["CONNACK that refuses", 4, "2002 00 05", { type: "connack", sessionPresent: false, reasonCode: 5 }],
  ["CONNACK", 5, "2003 00 00 00", { type: "connack", sessionPresent: false, reasonCode: 0 }],
  ["CONNACK properties", 5, "2014 00 00 11 2400 2500 12000178 13003c 2800 2900 2a00", {
    type: "connack",
    sessionPresent: false,
    reasonCode: 0,
    properties: {
      maximumQoS: 0,
      retainAvailable: false,
      assignedClientIdentifier: "x",
      serverKeepAliveS: 60,
      wildcardSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
    },
  }],
  ["PUBLISH at QoS 0", 4, "3007 0003 612f62 6869", publish],
  ["PUBLISH at QoS 0", 5, "3008 0003 612f62 00 6869", publish],
  ["PUBLISH with all flags", 5, "3d08 0003 612f62 1234 00", {
    ...publish,
    dup: true,
    qos: 2,
    retain: true,
    packetId: 0x1234,
    payload: empty,
  }],
  ["PUBLISH by alias", 5, "3006 0000 03 230001", {
    ...publish,
    topic: "",
    payload: empty,
    properties: { topicAlias: 1 },
  }],
  ["PUBLISH with subscription identifiers", 5, "300d 0001 61 09 0b01 0b8001 0bffff7f", {
    ...publish,
    topic: "a",
    payload: empty,
    properties: { subscriptionIdentifiers: [1, 128, 2_097_151] },
  }],
  ["PUBLISH whose topic begins with U+FEFF", 4, "3006 0004 efbbbf61", { ...publish, topic: "\ufeffa", payload: empty }],
  ["PUBLISH with a topic of control characters, a non-character and a rocket", 4, "300b 0009 01 7f efbfbf f09f9a80", {
    ...publish,
    topic: "\x01\x7f\uffff\u{1f680}",
    payload: empty,
  }],
  ["PUBACK", 4, "4002 ffff", { type: "puback", packetId: 65_535 }],
  ["PUBREC", 5, "5002 0001", { type: "pubrec", packetId: 1 }],
  ["PUBREL", 4, "6202 0100", { type: "pubrel", packetId: 256 }],
  ["PUBCOMP with a reason code", 5, "7003 0001 92", { type: "pubcomp", packetId: 1, reasonCode: 0x92 }],
  ["PUBACK with a reason string", 5, "4008 0001 00 04 1f000178", {
    type: "puback",
    packetId: 1,
    reasonCode: 0,
    properties: { reasonString: "x" },
  }],
  ["SUBSCRIBE", 4, "820a 000a 0001 61 01 0001 23 02", {
    type: "subscribe",
    packetId: 10,
    subscriptions: [{ topicFilter: "a", qos: 1 }, { topicFilter: "#", qos: 2 }],
  }],
  ["SUBSCRIBE with options", 5, "820d 000a 02 0b05 0001 61 2e 0001 2b 10", {
    type: "subscribe",
    packetId: 10,
    subscriptions: [
      { topicFilter: "a", qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
      { topicFilter: "+", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 1 },
    ],
    properties: { subscriptionIdentifier: 5 },
  }],
  ["SUBACK", 4, "9006 000a 00 01 02 80", { type: "suback", packetId: 10, reasonCodes: [0, 1, 2, 0x80] }],
  ["SUBACK", 5, "9005 000a 00 02 9e", { type: "suback", packetId: 10, reasonCodes: [2, 0x9e] }],
  ["UNSUBSCRIBE", 4, "a208 000a 0001 61 0001 62", { type: "unsubscribe", packetId: 10, topicFilters: ["a", "b"] }],
  ["UNSUBSCRIBE", 5, "a206 000a 00 0001 61", { type: "unsubscribe", packetId: 10, topicFilters: ["a"] }],
  ["UNSUBACK", 4, "b002 000a", { type: "unsuback", packetId: 10, reasonCodes: [] }],
  ["UNSUBACK", 5, "b005 000a 00 00 11", { type: "unsuback", packetId: 10, reasonCodes: [0, 0x11] }],
  ["PINGREQ", 4, "c000", { type: "pingreq" }],
  ["PINGRESP", 5, "d000", { type: "pingresp" }],
  ["DISCONNECT", 4, "e000", { type: "disconnect" }],
  ["DISCONNECT", 5, "e000", { type: "disconnect" }],
  ["DISCONNECT with will", 5, "e002 04 00", { type: "disconnect", reasonCode: 4 }],
  ["DISCONNECT that mqtt-packet does not know", 5, "e002 8c 00", { type: "disconnect", reasonCode: 0x8c }],
  ["DISCONNECT that ends the session", 5, "e007 00 05 1100000000", {
    type: "disconnect",
    reasonCode: 0,
    properties: { sessionExpiryIntervalS: 0 },
  }],
  ["DISCONNECT to another server", 5, "e009 9d 07 1c0001 73 1f0000", {
    type: "disconnect",
    reasonCode: 0x9d,
    properties: { serverReference: "s", reasonString: "" },
  }],
  ["AUTH that says nothing", 5, "f000", { type: "auth", reasonCode: 0 }],
  ["AUTH", 5, "f00a 18 08 150001 6d 16000102", {
    type: "auth",
    reasonCode: 0x18,
    properties: { authenticationMethod: "m", authenticationData: bytes(2) },
  }],
];

for (const [what, version, hex, packet] of exact) {
  const name = `${what} (${version === 4 ? "3.1.1" : "5.0"})`;
  const readAs = packet.type === "connect" ? undefined : version;
  Deno.test(`codec: encodes as the standard says: ${name}`, () => {
    assert.equal(encode(packet, version).toHex(), hex.replaceAll(" ", ""));
  });
  Deno.test(`codec: decodes as the standard says: ${name}`, () =>
    assert.deepEqual(decode(fromHex(hex), readAs), packet));
}

/** Longer than necessary, and legal. */
const longForms: readonly Pair[] = [
  ["PINGREQ with a length of two bytes", 4, "c08000", { type: "pingreq" }],
  ["PUBLISH with a length of four bytes", 4, "30838080000001 61", { ...publish, topic: "a", payload: empty }],
  ["PUBACK that says success", 5, "4003 0001 00", { type: "puback", packetId: 1, reasonCode: 0 }],
  ["PUBACK that says success at length", 5, "4004 0001 10 00", { type: "puback", packetId: 1, reasonCode: 0x10 }],
  ["DISCONNECT of one byte", 5, "e001 8e", { type: "disconnect", reasonCode: 0x8e }],
  ["DISCONNECT that says normal", 5, "e002 00 00", { type: "disconnect", reasonCode: 0 }],
];

for (const [what, version, hex, packet] of longForms) {
  Deno.test(`codec: decodes the long form: ${what}`, () => assert.deepEqual(decode(fromHex(hex), version), packet));
}

Deno.test("codec: user properties keep order, repetition, empty values and unusual names", () => {
  const userProperties = [
    ["b", "1"],
    ["a", "2"],
    ["b", ""],
    ["2", "x"],
    ["1", "y"],
    ["__proto__", "z"],
    ["constructor", "toString"],
    ["toString", ""],
    ["hasOwnProperty", "h"],
    ["", ""],
    ["b", "1"],
  ] as const;
  const packet = { ...publish, properties: { userProperties } };
  assert.deepEqual(decode(encode(packet, 5), 5), packet); // [MQTT5 3.3.2-18]
});

Deno.test("codec: user properties of a CONNECT and of its will stay separate", () => {
  const packet: Packet = {
    ...connect5,
    will: {
      topic: "w",
      payload: empty,
      qos: 0,
      retain: false,
      properties: { userProperties: [["w", "1"], ["w", "2"]] },
    },
    properties: { userProperties: [["c", "2"], ["c", "1"]] },
  };
  assert.deepEqual(decode(encode(packet, 5), undefined), packet);
});

Deno.test("codec: a 3.1.1 packet contains no 5.0 property and no 5.0 reason code", () => {
  const properties = { reasonString: "no", userProperties: [["a", "b"]] } as const;
  const pairs: readonly (readonly [Packet, string])[] = [
    [{ ...publish, properties: { contentType: "x" } }, "3007 0003 612f62 6869"],
    [{ type: "puback", packetId: 1, reasonCode: 0x87, properties }, "4002 0001"],
    [{ type: "suback", packetId: 1, reasonCodes: [1, 0x87, 0x9e], properties }, "9005 0001 01 80 80"],
    [{ type: "unsuback", packetId: 1, reasonCodes: [0x11], properties }, "b002 0001"],
    [{ type: "disconnect", reasonCode: 4, properties }, "e000"],
    [
      { type: "subscribe", packetId: 1, subscriptions: [{ topicFilter: "a", qos: 1, noLocal: true }] },
      "8206 0001 0001 61 01",
    ],
    [{ type: "unsubscribe", packetId: 1, topicFilters: ["a"], properties }, "a205 0001 0001 61"],
    [{ type: "connack", sessionPresent: false, reasonCode: 2, properties }, "2002 00 02"],
  ];
  for (const [packet, hex] of pairs) assert.equal(encode(packet, 4).toHex(), hex.replaceAll(" ", ""), packet.type);
});

Deno.test("codec: empty lists of properties encode nothing", () => {
  const properties = { userProperties: [], subscriptionIdentifiers: [] };
  assert.equal(encode({ ...publish, properties }, 5).toHex(), encode(publish, 5).toHex());
});

/** Packets that cannot be encoded, or that a strict reader would refuse. */
const unwritable: readonly (readonly [what: string, version: ProtocolVersion, packet: Packet])[] = [
  ["a topic of 65,536 bytes", 4, { ...publish, topic: "a".repeat(65_536) }],
  ["a topic of 65,536 bytes", 5, { ...publish, topic: "é".repeat(32_768) }],
  ["a topic with a wildcard", 5, { ...publish, topic: "a/#" }],
  ["an empty topic without alias", 5, { ...publish, topic: "" }],
  ["no packet identifier at QoS 1", 4, { ...publish, qos: 1 }],
  ["packet identifier 0", 4, { ...publish, qos: 1, packetId: 0 }],
  ["packet identifier 65,536", 4, { ...publish, qos: 1, packetId: 65_536 }],
  ["packet identifier 0 in PUBACK", 4, { type: "puback", packetId: 0 }],
  ["packet identifier 65,536 in PUBREL", 5, { type: "pubrel", packetId: 65_536 }],
  ["packet identifier 1.5 in PUBREL", 5, { type: "pubrel", packetId: 1.5 }],
  ["a reason code of others", 5, { type: "pubrel", packetId: 1, reasonCode: 0x80 }],
  ["a 5.0 reason code in a 3.1.1 CONNACK", 4, { type: "connack", sessionPresent: false, reasonCode: 0x87 }],
  ["a password without user name in 3.1.1", 4, { ...connect4, password: empty }],
  ["a password of 65,536 bytes", 5, { ...connect5, password: new Uint8Array(65_536) }],
  ["a will payload of 65,536 bytes", 4, {
    ...connect4,
    will: { topic: "w", payload: new Uint8Array(65_536), qos: 0, retain: false },
  }],
  ["a will topic with a wildcard", 4, { ...connect4, will: { topic: "+", payload: empty, qos: 0, retain: false } }],
  ["a keep alive of 65,536", 4, { ...connect4, keepAliveS: 65_536 }],
  ["a receive maximum of 0", 5, { ...connect5, properties: { receiveMaximum: 0 } }],
  ["a topic alias of 65,536", 5, { ...publish, properties: { topicAlias: 65_536 } }],
  ["a message expiry of 2^32", 5, { ...publish, properties: { messageExpiryIntervalS: 2 ** 32 } }],
  ["a content type of 65,536 bytes", 5, { ...publish, properties: { contentType: "a".repeat(65_536) } }],
  ["no subscriptions", 5, { type: "subscribe", packetId: 1, subscriptions: [] }],
  ["no reason codes", 5, { type: "suback", packetId: 1, reasonCodes: [] }],
  ["AUTH in 3.1.1", 4, { type: "auth", reasonCode: 0 }],
  ["AUTH without a method", 5, { type: "auth", reasonCode: 0x18 }],
];

for (const [what, version, packet] of unwritable) {
  Deno.test(`codec: refuses to encode ${what} (${packet.type}, ${version})`, () => {
    assert.throws(() => encode(packet, version), InvariantError);
  });
}

Deno.test("codec: a decoded packet shares no bytes with the frame", () => {
  const packet: PublishPacket = { ...publish, payload: bytes(1, 2), properties: { correlationData: bytes(3) } };
  const frame = encode(packet, 5);
  const read = decode(frame, 5);
  const connect: Packet = {
    ...connect5,
    will: { topic: "w", payload: bytes(1), qos: 0, retain: false },
    password: bytes(9),
  };
  const connectFrame = encode(connect, 5);
  const readConnect = decode(connectFrame, undefined);
  frame.fill(0xff);
  connectFrame.fill(0xff);
  assert.deepEqual(read, packet);
  assert.deepEqual(readConnect, connect);
});

Deno.test("codec: decodes a frame within a larger buffer", () => {
  const stream = fromHex("ffff 3007 0003612f62 6869 ffff");
  assert.deepEqual(decode(stream.subarray(2, 11), 4), publish);
});

Deno.test("codec: a fault, or a CONNECT of another version, does not affect the next packet", () => {
  const four = fromHex("3007 0003612f62 6869");
  const five = fromHex("3008 0003612f62 00 6869");
  const disturb = [
    () => decode(fromHex("100d 00044d515454 05 02 003c 00 0000"), undefined),
    () => decode(fromHex("100d 00044d515454 04 02 003c 0001 63"), undefined),
    () => assert.throws(() => decode(fromHex("3007 0009612f62 6869"), 4), ProtocolError),
    () => assert.throws(() => decode(fromHex("3007 0009612f62 6869"), 5), ProtocolError),
    () => assert.throws(() => decode(fromHex("100d 00044d515454 05 02 003c 09 0000"), undefined), ProtocolError),
  ];
  for (const step of disturb) {
    step();
    assert.deepEqual(decode(four, 4), publish);
    assert.deepEqual(decode(five, 5), publish);
  }
});

Deno.test("codec: one encoding serves many receivers", () => {
  const encoded = encodePublish({ ...publish, qos: 1, properties: { contentType: "x" } }, 5);
  const first = withPacketId(encoded, 0x0102, false).slice(); // the next receiver's packet has the same bytes
  const second = withPacketId(encoded, 65_535, true);
  const properties = { contentType: "x" };
  assert.deepEqual(decode(first, 5), { ...publish, qos: 1, packetId: 0x0102, properties });
  assert.deepEqual(decode(second, 5), { ...publish, qos: 1, packetId: 65_535, dup: true, properties });
  const fresh = encodePublish({ ...publish, qos: 2, dup: true, packetId: 7 }, 4);
  assert.deepEqual(decode(withPacketId(fresh, 8, false), 4), { ...publish, qos: 2, packetId: 8 });
});

Deno.test("codec: finds the packet identifier behind a long fixed header", () => {
  const payload = new Uint8Array(20_000).fill(7);
  const encoded = encodePublish({ ...publish, qos: 2, payload }, 4);
  assert.deepEqual(decode(withPacketId(encoded, 0xabcd, true), 4), {
    ...publish,
    qos: 2,
    packetId: 0xabcd,
    dup: true,
    payload,
  });
});

Deno.test("codec: refuses to write a packet identifier at QoS 0", () => {
  const encoded = encodePublish(publish, 4);
  assert.equal(encoded.packetIdAt, 0);
  assert.equal(encoded.bytes.toHex(), "30070003612f626869");
  assert.throws(() => withPacketId(encoded, 1, false), InvariantError);
  assert.throws(() => withPacketId(encodePublish({ ...publish, qos: 1 }, 4), 0, false), InvariantError);
});
