/**
 * Plain packets have a way of their own, beside the library's: both must read and write alike, faults included. The
 * two share the strict walk, which `check_test.ts` tries; what they do not share is what is made of the bytes.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InvariantError, ProtocolError } from "../../src/base/failure.ts";
import { checkPacket } from "../../src/mqtt/check.ts";
import { decode, encode } from "../../src/mqtt/codec.ts";
import { readByLibrary, writeByLibrary } from "../../src/mqtt/library_codec.ts";
import type { Packet, ProtocolVersion } from "../../src/mqtt/packet.ts";
import { mutations, packets, plainPackets, publishes, readingVersion } from "./random_packets.ts";

/** What became of it: the value, or the kind of failure and its reason code. */
function outcome(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof ProtocolError) return { refused: error.reasonCode, says: error.message };
    assert.ok(error instanceof InvariantError, String(error));
    return "not written";
  }
}

function readTheLibrarysWay(frame: Uint8Array, version: ProtocolVersion | undefined): Packet {
  const checked = checkPacket(frame, version);
  if (checked.packet === "auth" && frame.length === 2) return { type: "auth", reasonCode: 0 }; // it cannot
  return readByLibrary(frame, checked, version);
}

/** Its walk names what is wrong with an acknowledgement in other words, and the library writes some of them at length. */
function isShort({ type }: Packet): boolean {
  return /^(pub(ack|rec|rel|comp)|ping.*|disconnect|auth)$/.test(type);
}

for (const version of [4, 5] as const) {
  const named = version === 4 ? "3.1.1" : "5.0";
  const either = fc.oneof(packets(version), plainPackets(version));

  Deno.test(`plain packets: what the library writes is read as the library reads it (${named})`, () => {
    fc.assert(
      fc.property(either, (packet) => {
        const frame = writeByLibrary(packet, version);
        const reading = readingVersion(packet, version);
        assert.deepEqual(decode(frame, reading), readTheLibrarysWay(frame, reading));
      }),
      { numRuns: 6_000 },
    );
  });

  Deno.test(`plain packets: what is written is what the library writes, to the byte (${named})`, () => {
    fc.assert(
      fc.property(either.filter((packet) => !isShort(packet)), (packet) => {
        assert.equal(encode(packet, version).toHex(), writeByLibrary(packet, version).toHex());
      }),
      { numRuns: 6_000 },
    );
  });

  Deno.test(`plain packets: changed bytes are read, or refused, as on the library's way (${named})`, () => {
    fc.assert(
      fc.property(mutations(version, (packet) => encode(packet, version)), ({ frame, version }) => {
        assert.deepEqual(
          outcome(() => decode(frame, version)),
          outcome(() => readTheLibrarysWay(frame, version)),
        );
      }),
      { numRuns: 10_000 },
    );
  });

  Deno.test(`plain packets: what a PUBLISH may not say is not written either way (${named})`, () => {
    const topic = fc.oneof(
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.constantFrom("a", "é", "a/+", "#", "\0", "", "a".repeat(65_535), "é".repeat(32_768), "a".repeat(60)),
    );
    const strange = fc.record({ topic, dup: fc.boolean(), packetId: fc.integer({ min: -1, max: 65_537 }) });
    let written = 0;
    fc.assert(
      fc.property(publishes(version), strange, (packet, parts) => {
        const said = { ...packet, ...parts } as Packet;
        const ours = outcome(() => encode(said, version).toHex());
        assert.equal(ours, outcome(() => writeByLibrary(said, version).toHex()));
        if (ours !== "not written") written++;
      }),
      { numRuns: 2_000 },
    );
    assert.ok(written > 100 && written < 1_900, `${written} of 2,000 were written`);
  });
}
