import assert from "node:assert/strict";
import { mayCarry, ReasonCode, reasonName, returnCodeOf } from "../../src/mqtt/reason.ts";
import type { PacketType } from "../../src/mqtt/packet.ts";

/** The tables of sections 3.2 to 3.15, each as the list of the codes of its packet. */
const carried: Partial<Record<PacketType, string>> = {
  connack: "00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f",
  puback: "00 10 80 83 87 90 91 97 99",
  pubrec: "00 10 80 83 87 90 91 97 99",
  pubrel: "00 92",
  pubcomp: "00 92",
  suback: "00 01 02 80 83 87 8f 91 97 9e a1 a2",
  unsuback: "00 11 80 83 87 8f 91",
  disconnect: "00 04 80 81 82 83 87 89 8b 8c 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2",
  auth: "00 18 19",
  publish: "",
  pingreq: "",
};

for (const [packet, codes] of Object.entries(carried)) {
  Deno.test(`reason: ${packet} may carry its reason codes and no others`, () => {
    const allowed = new Set(codes.split(" ").filter((code) => code !== "").map((code) => parseInt(code, 16)));
    for (let code = 0; code < 256; code++) {
      assert.equal(mayCarry(packet as PacketType, code), allowed.has(code), `0x${code.toString(16)}`);
    }
  });
}

Deno.test("reason: a reason code has one name, and 0x00 one for each use", () => {
  assert.equal(reasonName(ReasonCode.sessionTakenOver), "Session taken over");
  assert.equal(reasonName(0, "disconnect"), "Normal disconnection");
  assert.equal(reasonName(0, "suback"), "Granted QoS 0");
  assert.equal(reasonName(0, "connack"), "Success");
  assert.equal(reasonName(0xff), "0xff");
  assert.equal(reasonName(0x05), "0x05");
});

Deno.test("reason: each named reason code belongs to a packet", () => {
  const packets = Object.keys(carried) as PacketType[];
  for (const [name, code] of Object.entries(ReasonCode)) {
    assert.equal(packets.some((packet) => mayCarry(packet, code)), true, name);
  }
});

Deno.test("reason: maps reason codes to the nearest 3.1.1 return code, or to none", () => {
  assert.equal(returnCodeOf(ReasonCode.success), 0);
  assert.equal(returnCodeOf(ReasonCode.notAuthorized), 5);
  assert.equal(returnCodeOf(ReasonCode.unsupportedProtocolVersion), 1);
  assert.equal(returnCodeOf(ReasonCode.clientIdentifierNotValid), 2);
  assert.equal(returnCodeOf(ReasonCode.serverBusy), 3);
  assert.equal(returnCodeOf(ReasonCode.badUsernameOrPassword), 4);
  assert.equal(returnCodeOf(ReasonCode.banned), 5);
  assert.equal(returnCodeOf(ReasonCode.malformedPacket), undefined);
});
