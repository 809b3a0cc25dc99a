/** The lenient reader: what a judging client can still read of a faulty packet of a server. */
import assert from "node:assert/strict";
import { ProtocolError } from "../../../src/base/failure.ts";
import { decode, encode } from "../../../src/mqtt/codec/codec.ts";
import { decodeLeniently, type PacketFault, packetFaultText, propertyTitle } from "../../../src/mqtt/codec/lenient.ts";
import type { Packet, ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { propertyTable } from "../../../src/mqtt/codec/property_table.ts";

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

const willDelay: PacketFault = { kind: "property", id: 0x18, name: "Will Delay Interval", value: 3 };

const readable: readonly [what: string, version: ProtocolVersion, hex: string, Packet, PacketFault[]][] = [
  [
    "M4: a Will Delay Interval in a PUBLISH at QoS 0",
    5,
    "300c 0001 74 05 18 00000003 6869",
    { type: "publish", dup: false, qos: 0, retain: false, topic: "t", payload: fromHex("6869") },
    [willDelay],
  ],
  [
    "M4: a Will Delay Interval in a PUBLISH at QoS 1, between properties that belong there",
    5,
    "3313 0001 74 0007 0c 0101 18 00000003 02 00000009 68",
    {
      type: "publish",
      dup: false,
      qos: 1,
      retain: true,
      topic: "t",
      packetId: 7,
      payload: fromHex("68"),
      properties: { payloadFormatIndicator: 1, messageExpiryIntervalS: 9 },
    },
    [willDelay],
  ],
  [
    "a Reason String in a PUBLISH",
    5,
    "300a 0001 74 05 1f 0002 6f6b 68",
    { type: "publish", dup: false, qos: 0, retain: false, topic: "t", payload: fromHex("68") },
    [{ kind: "property", id: 0x1f, name: "Reason String", value: "ok" }],
  ],
  [
    "a Subscription Identifier in a CONNACK",
    5,
    "2005 00 00 02 0b 05",
    { type: "connack", sessionPresent: false, reasonCode: 0 },
    [{ kind: "property", id: 0x0b, name: "Subscription Identifier", value: 5 }],
  ],
  [
    "M5: a PUBACK with 0x01",
    5,
    "4003 0009 01",
    { type: "puback", packetId: 9, reasonCode: 1 },
    [{ kind: "reasonCode", code: 1 }],
  ],
  [
    "a SUBACK with 0x82 for one filter of two",
    5,
    "9005 0001 00 01 82",
    { type: "suback", packetId: 1, reasonCodes: [1, 0x82] },
    [{ kind: "reasonCode", code: 0x82 }],
  ],
  [
    "F4: a DISCONNECT with reason code and properties in 3.1.1",
    4,
    "e002 8b 00",
    { type: "disconnect" },
    [{ kind: "leftOver", bytes: 2 }],
  ],
  [
    "F4: a CONNACK of 3.1.1 with a reason code of 5.0",
    4,
    "2002 00 85",
    { type: "connack", sessionPresent: false, reasonCode: 0x85 },
    [{ kind: "reasonCode", code: 0x85 }],
  ],
  [
    "a PUBACK of 3.1.1 in the form of 5.0",
    4,
    "4004 0009 10 00",
    { type: "puback", packetId: 9 },
    [{ kind: "leftOver", bytes: 2 }],
  ],
];

for (const [what, version, hex, packet, faults] of readable) {
  Deno.test(`lenient: decodes with its faults: ${what}`, () => {
    const frame = fromHex(hex);
    assert.throws(() => decode(frame, version), ProtocolError);
    assert.deepEqual(decodeLeniently(frame, version), { packet, faults });
  });
}

const unreadable: readonly [what: string, version: ProtocolVersion, hex: string][] = [
  ["an unknown property", 5, "3009 0001 74 05 7f 00000003"],
  ["a misplaced property that runs past its end", 5, "3006 0001 74 02 18 00"],
  ["a topic with a wildcard besides a misplaced property", 5, "3009 0001 23 05 18 00000003"],
  ["a packet of a client", 5, "8206 0001 00 0001 74"],
  ["QoS 3", 5, "3609 0001 74 0001 00 686868"],
  ["session present in a refusal", 5, "2003 01 87 00"],
];

for (const [what, version, hex] of unreadable) {
  Deno.test(`lenient: refuses ${what}`, () => {
    assert.equal(decodeLeniently(fromHex(hex), version), undefined);
  });
}

Deno.test("lenient: returns nothing for a packet without a fault", () => {
  const publish: Packet = { type: "publish", dup: false, qos: 0, retain: false, topic: "t", payload: fromHex("68") };
  assert.equal(decodeLeniently(encode(publish, 5), 5), undefined);
  assert.equal(decodeLeniently(encode({ type: "disconnect" }, 4), 4), undefined);
});

Deno.test("lenient: describes faults", () => {
  assert.equal(
    packetFaultText(willDelay, 5),
    "with the property Will Delay Interval (0x18), which does not belong there",
  );
  assert.equal(
    packetFaultText({ kind: "reasonCode", code: 1 }, 5),
    "with the reason code 0x01, which MQTT 5.0 does not allow there",
  );
  assert.equal(packetFaultText({ kind: "leftOver", bytes: 2 }, 4), "with 2 bytes after its end");
});

Deno.test("lenient: names properties as the standard does", () => {
  const titles = [0x24, 0x26, 0x18, 0x0b].map((id) => propertyTitle(propertyTable.get(id)!));
  assert.deepEqual(titles, ["Maximum QoS", "User Property", "Will Delay Interval", "Subscription Identifier"]);
});
