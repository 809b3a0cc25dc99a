/**
 * The codec and the packet stream alone: each mutated packet is refused with a ProtocolError or decoded; a decoded
 * packet can be encoded, and decoded again with the same result. A stream cut anywhere gives the same packets as in one
 * piece.
 */
import assert from "node:assert/strict";
import { ProtocolError } from "../../src/base/failure.ts";
import { Random } from "../../src/base/random.ts";
import { decode, encode } from "../../src/mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion } from "../../src/mqtt/packet.ts";
import { PacketStream } from "../../src/net/packet_stream.ts";
import { corpus } from "./corpus.ts";
import { mutated } from "./mutate.ts";

const seedlings = corpus();
const versions: readonly (ProtocolVersion | undefined)[] = [undefined, 4, 5];

/** Runs one seed; returns the number of packets. */
export function fuzzCodec(seed: number, packets: number): number {
  const random = new Random(seed);
  for (let packet = 0; packet < packets; packet++) {
    const bytes = mutated(random, seedlings);
    const version = versions[random.below(3)];
    try {
      checkOne(bytes, version);
      if (packet % 8 === 0) checkCuts(bytes, version, random);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`version ${version ?? "not known yet"}, bytes ${bytes.toHex()}: ${why}`, { cause: error });
    }
  }
  return packets;
}

function checkOne(bytes: Uint8Array, version: ProtocolVersion | undefined): void {
  const packet = readOrRefused(bytes, version);
  if (packet === undefined) return;
  const own = packet.type === "connect" ? packet.protocolVersion : version!;
  const again = decode(encode(packet, own), packet.type === "connect" ? undefined : own);
  assert.deepStrictEqual(plain(again), plain(packet), "it is read, written and read again as another packet");
}

/** A packet may contain or omit reason code 0. */
function plain(packet: Packet): unknown {
  if (!("reasonCode" in packet) || packet.reasonCode !== 0) return packet;
  const { reasonCode: _success, ...rest } = packet;
  return rest;
}

function readOrRefused(bytes: Uint8Array, version: ProtocolVersion | undefined): Packet | undefined {
  try {
    return decode(bytes, version);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return undefined;
  }
}

/** Compares three copies that are cut anywhere with the stream in one piece. */
function checkCuts(bytes: Uint8Array, version: ProtocolVersion | undefined, random: Random): void {
  const stream = Uint8Array.of(...bytes, ...bytes, ...bytes);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length;) {
    const size = 1 + random.below(Math.max(2, bytes.length));
    pieces.push(stream.slice(at, at + size));
    at += size;
  }
  assert.deepStrictEqual(eventsOf(pieces, version), eventsOf([stream], version), "cut, it is read otherwise");
}

function eventsOf(pieces: readonly Uint8Array[], version: ProtocolVersion | undefined): unknown[] {
  const events: unknown[] = [];
  const stream = new PacketStream({
    maximumPacketSize: 10_000,
    ...version !== undefined && { version },
    receiver: {
      onPacket: (packet) => void events.push(packet),
      onProtocolError: ({ reasonCode, message }) => void events.push(reasonCode, message),
    },
  });
  for (const piece of pieces) stream.push(piece);
  return events;
}
