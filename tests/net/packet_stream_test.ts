/** Splitting bytes into packets for any chunk sizes; the stream stops at the first fault. */
import assert from "node:assert/strict";
import { ProtocolError } from "../../src/base/failure.ts";
import { encode } from "../../src/mqtt/codec/codec.ts";
import type { ConnectPacket, Packet, ProtocolVersion } from "../../src/mqtt/packet.ts";
import { PacketStream } from "../../src/net/packet_stream.ts";
import { eachCase } from "../support/steps.ts";

/** Records the calls of a stream. */
class Sink {
  readonly packets: Packet[] = [];
  readonly errors: ProtocolError[] = [];
  readonly stream: PacketStream;
  /** Called with each packet. */
  then: (packet: Packet) => void = () => {};

  constructor(
    { maximumPacketSize = 1 << 20, version }: { maximumPacketSize?: number; version?: ProtocolVersion } = {},
  ) {
    const receiver = {
      onPacket: (packet: Packet) => {
        this.packets.push(packet);
        this.then(packet);
      },
      onProtocolError: (error: ProtocolError) => this.errors.push(error),
    };
    this.stream = new PacketStream({ maximumPacketSize, receiver, ...version && { version } });
  }
}

const encoder = new TextEncoder();

function publish(text: string): Packet {
  return { type: "publish", dup: false, qos: 0, retain: false, topic: "t", payload: encoder.encode(text) };
}

function connect(protocolVersion: ProtocolVersion): ConnectPacket {
  return { type: "connect", protocolVersion, cleanStart: true, keepAliveS: 10, clientId: "c" };
}

function joined(packets: readonly Packet[], version: ProtocolVersion): Uint8Array {
  return Uint8Array.from(packets.flatMap((packet) => [...encode(packet, version)]));
}

const session: readonly Packet[] = [
  connect(5),
  {
    type: "subscribe",
    packetId: 1,
    subscriptions: [{ topicFilter: "a/+", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
  },
  publish("x".repeat(300)),
  { type: "pingreq" },
  publish(""),
  { type: "puback", packetId: 7 },
  { type: "disconnect", reasonCode: 4 },
];
const bytes = joined(session, 5);

/** The calls when all bytes arrive in one chunk. */
function whole(): Packet[] {
  const sink = new Sink();
  sink.stream.push(bytes);
  return sink.packets;
}

Deno.test("packet stream: several packets in one chunk arrive one by one, in order", () => {
  assert.deepEqual(whole().map(({ type }) => type), session.map(({ type }) => type));
});

Deno.test("packet stream: a cut at any place gives the same packets", () => {
  for (let at = 0; at <= bytes.length; at++) {
    const sink = new Sink();
    sink.stream.push(bytes.slice(0, at));
    sink.stream.push(bytes.slice(at));
    assert.deepEqual(sink.packets, whole(), `cut at ${at}`);
    assert.equal(sink.stream.partial, false);
  }
});

for (const size of [1, 2, 3, 7, 100, 299]) {
  Deno.test(`packet stream: pieces of ${size} give the same packets`, () => {
    const sink = new Sink();
    for (let at = 0; at < bytes.length; at += size) sink.stream.push(bytes.slice(at, at + size));
    assert.deepEqual(sink.packets, whole());
    assert.equal(sink.stream.partial, false);
  });
}

Deno.test("packet stream: a packet arrives with its last byte, and not before", () => {
  const one = encode(publish("will"), 5);
  const sink = new Sink({ version: 5 });
  for (const [place, byte] of one.entries()) {
    assert.equal(sink.packets.length, 0);
    sink.stream.push(Uint8Array.of(byte));
    assert.equal(sink.stream.partial, place < one.length - 1);
  }
  assert.equal(sink.packets.length, 1);
});

Deno.test("packet stream: the caller may reuse pushed bytes", async (t) => {
  await eachCase(t, [0, 5, 40], (cut) => {
    const sink = new Sink({ version: 5 });
    const chunks = [encode(publish("first will"), 5).slice(), encode(publish("a".repeat(60)), 5).slice()];
    const all = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    for (const piece of [all.slice(0, cut), all.slice(cut)]) {
      sink.stream.push(piece);
      piece.fill(0xff);
    }
    const texts = sink.packets.map((packet) => packet.type === "publish" && new TextDecoder().decode(packet.payload));
    assert.deepEqual(texts, ["first will", "a".repeat(60)]);
  });
});

Deno.test("packet stream: the version comes from CONNECT or from the caller", async (t) => {
  await eachCase(t, [4, 5] as const, (version) => {
    const sink = new Sink();
    assert.equal(sink.stream.version, undefined);
    sink.stream.push(encode(connect(version), version));
    assert.equal(sink.stream.version, version);
    assert.equal(new Sink({ version }).stream.version, version);
  });
});

Deno.test("packet stream: refuses a second CONNECT", () => {
  const sink = new Sink();
  sink.stream.push(joined([connect(5), connect(5)], 5));
  assert.deepEqual({ packets: sink.packets.length, errors: sink.errors.length }, { packets: 1, errors: 1 });
  assert.equal(sink.errors[0]!.reasonCode, 0x82);
});

Deno.test("packet stream: accepts a packet of exactly the maximum size", () => {
  const one = encode(publish("x".repeat(90)), 5);
  const sink = new Sink({ version: 5, maximumPacketSize: one.length });
  sink.stream.push(one);
  assert.deepEqual({ packets: sink.packets.length, errors: sink.errors.length }, { packets: 1, errors: 0 });
});

for (const [what, pieces] of [["at once", [5]], ["byte by byte", [1, 2, 3]]] as const) {
  Deno.test(`packet stream: refuses a packet above the maximum by its header alone, ${what}`, () => {
    const sink = new Sink({ version: 5, maximumPacketSize: 100 });
    const header = Uint8Array.of(0x30, 0xff, 0x7f, 0, 1);
    const cuts = [0, ...pieces];
    cuts.forEach((from, place) => sink.stream.push(header.slice(from, cuts[place + 1] ?? header.length)));
    assert.deepEqual(sink.errors.map(({ reasonCode, message }) => [reasonCode, message]), [
      [0x95, "a packet of 16386 bytes is larger than the 100 allowed"],
    ]);
    assert.equal(sink.stream.partial, false, "nothing of it is kept");
  });
}

const malformed: readonly [what: string, bytes: number[]][] = [
  ["a type that is none", [0x00, 0x00]],
  ["a length of five bytes", [0x30, 0xff, 0xff, 0xff, 0xff]],
  ["reserved flags", [0xc1, 0x00]],
  ["QoS 3", [0x36, 7, 0, 1, 0x61, 0, 1, 0, 0]],
];
for (const [what, bad] of malformed) {
  for (const cut of [0, 1]) {
    Deno.test(`packet stream: ${what} stops it${cut > 0 ? ", also when it comes in pieces" : ""}`, () => {
      const sink = new Sink({ version: 5 });
      sink.stream.push(joined([publish("before")], 5));
      if (cut > 0) sink.stream.push(Uint8Array.from(bad.slice(0, cut)));
      sink.stream.push(Uint8Array.of(...bad.slice(cut), ...joined([publish("after")], 5)));
      sink.stream.push(joined([publish("later")], 5));
      assert.equal(sink.packets.length, 1, "what came before it is read, and nothing after");
      assert.deepEqual(sink.errors.map(({ reasonCode }) => reasonCode), [0x81]);
      assert.equal(sink.stream.partial, false);
    });
  }
}

Deno.test("packet stream: a receiver's ProtocolError stops it, and each other error is passed on", () => {
  const sink = new Sink({ version: 5 });
  sink.then = () => {
    throw new ProtocolError(0x82, "not now");
  };
  sink.stream.push(joined([publish("a"), publish("b")], 5));
  assert.deepEqual({ packets: sink.packets.length, errors: sink.errors.map(({ message }) => message) }, {
    packets: 1,
    errors: ["not now"],
  });
  const broken = new Sink({ version: 5 });
  broken.then = () => {
    throw new Error("our own fault");
  };
  assert.throws(() => broken.stream.push(encode(publish("a"), 5)), { message: "our own fault" });
});

Deno.test("packet stream: a stop within a chunk ends the reading", () => {
  const sink = new Sink({ version: 5 });
  sink.then = () => sink.stream.stop();
  sink.stream.push(joined([publish("a"), publish("b")], 5).slice(0, -1));
  sink.stream.push(Uint8Array.of(0x62));
  assert.deepEqual({ packets: sink.packets.length, errors: sink.errors.length, partial: sink.stream.partial }, {
    packets: 1,
    errors: 0,
    partial: false,
  });
});

Deno.test("packet stream: a large packet in small pieces needs only the memory of its bytes", () => {
  const one = encode(publish("x".repeat(1_000_000)), 5);
  const sink = new Sink({ version: 5 });
  for (let at = 0; at < one.length; at += 100) sink.stream.push(one.subarray(at, at + 100));
  assert.equal(sink.packets.length, 1);
});

Deno.test("packet stream: a lenient stream delivers a packet with its faults and continues; a strict one ends", () => {
  // A PUBLISH with Will Delay Interval, a property that only wills may have; then PINGRESP.
  const stray = Uint8Array.of(0x30, 0x0a, 0, 1, 0x74, 5, 0x18, 0, 0, 0, 3, 0x68, 0xd0, 0);
  const came: [string, number][] = [];
  const errors: ProtocolError[] = [];
  const receiver = {
    onPacket: (packet: Packet, faults: readonly unknown[] = []) => came.push([packet.type, faults.length]),
    onProtocolError: (error: ProtocolError) => errors.push(error),
  };
  new PacketStream({ maximumPacketSize: 1 << 20, receiver, version: 5, lenient: true }).push(stray);
  assert.deepEqual(came, [["publish", 1], ["pingresp", 0]]);
  assert.equal(errors.length, 0);
  new PacketStream({ maximumPacketSize: 1 << 20, receiver, version: 5 }).push(stray);
  assert.equal(came.length, 2);
  assert.equal(errors.length, 1);
});

Deno.test("packet stream: a lenient stream ends at a ProtocolError of its receiver", () => {
  const errors: ProtocolError[] = [];
  const receiver = {
    onPacket: () => {
      throw new ProtocolError(0x82, "refused");
    },
    onProtocolError: (error: ProtocolError) => errors.push(error),
  };
  new PacketStream({ maximumPacketSize: 1 << 20, receiver, version: 5, lenient: true }).push(Uint8Array.of(0xd0, 0));
  assert.deepEqual(errors.map(({ message }) => message), ["refused"]);
});
