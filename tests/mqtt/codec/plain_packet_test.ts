/**
 * Plain packets have their own code path beside the library's. Both must read and write with the same result, faults
 * included. They share the strict walk (see `check_test.ts`), so these tests compare what each makes of the bytes.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InvariantError, ProtocolError } from "../../../src/base/failure.ts";
import { checkPacket } from "../../../src/mqtt/codec/check.ts";
import { decode, encode } from "../../../src/mqtt/codec/codec.ts";
import { readByLibrary, writeByLibrary } from "../../../src/mqtt/codec/library_codec.ts";
import type { Packet, ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { mutations, packets, plainPackets, readingVersion } from "./random_packets.ts";

/** The outcome: the value, or the kind of the failure and its reason code. */
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
  const walked = checkPacket(frame, version);
  if (frame[0] === 0xf0 && frame.length === 2) return { type: "auth", reasonCode: 0 }; // the library cannot
  return readByLibrary(frame, walked, version);
}

/** For these types the library's errors differ, and it writes some of them in the long form. */
function isShort({ type }: Packet): boolean {
  return /^(pub(ack|rec|rel|comp)|ping.*|disconnect|auth)$/.test(type);
}

const strangeText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom("a/+", "+a", "#", "\0", "", "$share/g/a", "$share/", "a".repeat(60)),
  fc.constantFrom("a".repeat(65_535), "a".repeat(65_536), "é".repeat(32_767), "é".repeat(32_768), "\ud800"),
);
const strangeNumber = fc.constantFrom(-1, 0, 1, 2, 1.5, 65_535, 65_536, 0xffff_ffff, 2 ** 32);
const strangeCode = fc.integer({ min: -1, max: 256 });
const strangeBytes = fc.constantFrom(65_535, 65_536).map((size) => new Uint8Array(size));

const strangeField = {
  dup: fc.boolean(),
  packetId: strangeNumber,
  topic: strangeText,
  clientId: strangeText,
  username: strangeText,
  password: strangeBytes,
  topicFilter: strangeText,
  noLocal: fc.boolean(),
  sessionPresent: fc.boolean(),
  reasonCode: strangeCode,
  reasonCodes: fc.array(strangeCode, { maxLength: 2 }),
  subscriptions: fc.constant([]),
  topicFilters: fc.array(strangeText, { maxLength: 2 }),
  keepAliveS: strangeNumber,
  delayIntervalS: strangeNumber,
  sessionExpiryIntervalS: strangeNumber,
  receiveMaximum: strangeNumber,
  topicAlias: strangeNumber,
  payloadFormatIndicator: strangeNumber,
  messageExpiryIntervalS: strangeNumber,
  contentType: strangeText,
  responseTopic: strangeText,
  correlationData: strangeBytes,
  userProperties: fc.array(fc.tuple(strangeText, strangeText), { maxLength: 2 }),
  properties: fc.constantFrom({ serverKeepAliveS: 1 }, { topicAlias: 1 }, { receiveMaximum: 1 }, {}),
};

/** Replaces one or two of the fields that a packet has. */
const strangeFields = fc.subarray(Object.keys(strangeField) as (keyof typeof strangeField)[], {
  minLength: 1,
  maxLength: 2,
})
  .chain((names) =>
    fc.record(Object.fromEntries(names.map((name) => [name, strangeField[name] as fc.Arbitrary<unknown>])))
  );

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && !Array.isArray(value);
}

/** The packet with the strange fields in it, its will, its properties and its subscriptions. */
function withStrange(said: object, strange: object): object {
  const inside = Object.entries(said).map(([name, value]) => {
    if (name in strange) return [name, strange[name as never]];
    if (Array.isArray(value)) {
      return [
        name,
        value.map((each) => isPlainObject(each) ? withStrange(each, strange) : each),
      ];
    }
    const isPart = name === "will" || name === "properties";
    return [name, isPart ? withStrange(value, strange) : value];
  });
  return Object.fromEntries(inside);
}

for (const version of [4, 5] as const) {
  const named = version === 4 ? "3.1.1" : "5.0";
  const either = fc.oneof(packets(version), plainPackets(version));

  Deno.test(`plain packets: both decoders read what the library writes alike (${named})`, () => {
    fc.assert(
      fc.property(either, (packet) => {
        const frame = writeByLibrary(packet, version);
        const reading = readingVersion(packet, version);
        assert.deepEqual(decode(frame, reading), readTheLibrarysWay(frame, reading));
      }),
      { numRuns: 6_000 },
    );
  });

  Deno.test(`plain packets: both encoders write the same bytes (${named})`, () => {
    fc.assert(
      fc.property(either.filter((packet) => !isShort(packet)), (packet) => {
        assert.equal(encode(packet, version).toHex(), writeByLibrary(packet, version).toHex());
      }),
      { numRuns: 6_000 },
    );
  });

  Deno.test(`plain packets: both decoders read or refuse changed bytes alike (${named})`, () => {
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

  Deno.test(`plain packets: both encoders refuse an invalid packet (${named})`, () => {
    let written = 0;
    fc.assert(
      fc.property(plainPackets(version).filter((packet) => !isShort(packet)), strangeFields, (packet, strange) => {
        const said = withStrange(packet, strange) as Packet;
        const ours = outcome(() => encode(said, version).toHex());
        assert.equal(ours, outcome(() => writeByLibrary(said, version).toHex()));
        if (ours !== "not written") written++;
      }),
      { numRuns: 5_000 },
    );
    assert.ok(written > 500 && written < 4_900, `${written} of 5,000 were written`);
  });
}
