/**
 * Random packets and random bytes. A failure prints fast-check's seed and path; add a failing seed to `codec_test.ts`
 * as a fixed case.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolError } from "../../../src/base/failure.ts";
import { decode, encode, encodePublish, frameSize, withPacketId } from "../../../src/mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { mutations, packetId, packets, publishes, readingVersion } from "./random_packets.ts";

const runs = { numRuns: 1_000 };

for (const version of [4, 5] as const) {
  const named = version === 4 ? "3.1.1" : "5.0";

  Deno.test(`codec: decodes each encoded packet unchanged (${named})`, () => {
    fc.assert(
      fc.property(packets(version), (packet) => {
        const frame = encode(packet, version);
        assert.deepEqual(decode(frame, readingVersion(packet, version)), packet);
        assert.equal(frameSize(frame, 0, frame.length), frame.length);
      }),
      { numRuns: 4_000 },
    );
  });

  Deno.test(`codec: a receiver's copy differs in packet identifier and DUP alone (${named})`, () => {
    fc.assert(
      fc.property(publishes(version), packetId, fc.boolean(), (drawn, packetId, dup) => {
        const packet = { ...drawn as Packet & { type: "publish" }, qos: 1 as const };
        const copy = withPacketId(encodePublish(packet, version), packetId, dup);
        assert.deepEqual(decode(copy, version), { ...packet, packetId, dup });
      }),
      runs,
    );
  });

  Deno.test(`codec: random bytes are refused or decoded (${named})`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => refusedOrRead(bytes, version)), {
      numRuns: 5_000,
    });
  });

  Deno.test(`codec: random bytes behind a valid fixed header are refused or decoded (${named})`, () => {
    const first = fc.constantFrom(0x10, 0x20, 0x30, 0x32, 0x3d, 0x40, 0x62, 0x82, 0x90, 0xa2, 0xb0, 0xe0, 0xf0);
    fc.assert(
      fc.property(first, fc.uint8Array({ maxLength: 40 }), (first, body) => {
        refusedOrRead(Uint8Array.of(first, body.length, ...body), version);
      }),
      { numRuns: 5_000 },
    );
  });

  Deno.test(`codec: packets with changed, dropped or added bytes are refused or decoded (${named})`, () => {
    fc.assert(
      fc.property(mutations(version, (packet) => encode(packet, version)), ({ frame, version }) => {
        refusedOrRead(frame, version);
      }),
      { numRuns: 10_000 },
    );
  });
}

/**
 * A packet that the codec reads can be written and read again with the same result; the strict walk refuses the others.
 */
function refusedOrRead(frame: Uint8Array, version: ProtocolVersion | undefined): void {
  let packet: Packet;
  try {
    packet = decode(frame, version);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    assert.ok(!error.message.includes("it cannot be read"), `mqtt-packet alone refused ${frame.toHex()}`);
    return;
  }
  const writtenFor = packet.type === "connect" ? packet.protocolVersion : version!;
  const again = decode(encode(packet, writtenFor), version);
  assert.deepEqual(withoutZeroReason(again), withoutZeroReason(packet));
}

/** A packet may contain or omit reason code 0 without properties. */
function withoutZeroReason(packet: Packet): unknown {
  if (!("reasonCode" in packet) || packet.reasonCode !== 0 || "properties" in packet) return packet;
  const { reasonCode: _zero, ...rest } = packet;
  return rest;
}
