/** Each kill mode as the broker sees it: the bytes after CONNECT, and the end of the link. */
import assert from "node:assert/strict";
import { decode, encode } from "../../../src/mqtt/codec/codec.ts";
import { frameSize } from "../../../src/mqtt/codec/frame.ts";
import { type KillMode, killModes } from "../../../src/fleet/plan/kill_mode.ts";
import { FleetStage } from "../../support/fleet_stage.ts";
import type { BrokerSide } from "../../support/brokers/scripted_broker.ts";

const pingreq = [0xc0, 0x00];

/** The killed connections of a fleet with one kill mode, as the broker saw them. */
function killed(mode: KillMode, version: 4 | 5): BrokerSide[] {
  const stage = new FleetStage({
    killShares: [{ mode, weight: 1 }],
    killRate: { kind: "count", perSecond: 8 },
    durationMs: 12_000,
    protocolSpoken: version === 4 ? "3.1.1" : "5",
  });
  stage.runUntil(() => stage.squad.phase === "drain");
  const fleet = stage.broker.connections.filter(({ clientId }) => /^mqtt-sim-stage-\d$|-1\d$/.test(clientId));
  const online = new Set(stage.broker.clientIds.map((clientId) => stage.broker.online(clientId)));
  const dead = fleet.filter((side) => !online.has(side));
  assert.ok(dead.length >= 20, `only ${dead.length} were killed`);
  return dead;
}

/** The bytes after CONNECT, without PINGREQ. */
function lastBytes({ bytes }: BrokerSide): number[] {
  let from = frameSize(bytes, 0, bytes.length);
  while (bytes[from] === pingreq[0] && bytes[from + 1] === pingreq[1]) from += 2;
  return [...bytes.subarray(from)];
}

/** The distinct last bytes of the connections, as hexadecimal. */
function distinctLastBytes(sides: readonly BrokerSide[]): string[] {
  return [...new Set(sides.map((side) => lastBytes(side).map((byte) => byte.toString(16).padStart(2, "0")).join(" ")))]
    .toSorted();
}

function ends(sides: readonly BrokerSide[]): string[] {
  return [...new Set(sides.map(({ end }) => end?.kind ?? "open"))].toSorted();
}

/** The bytes after CONNECT, and how the broker's link may end; `closed` means that the broker closed it. */
const table: readonly [mode: KillMode, words: string[], ends: string[]][] = [
  ["reset", [""], ["reset"]],
  ["close", [""], ["fin"]],
  ["freeze", [""], ["closed"]],
  ["half-packet", ["30 1c 00 0d 6d 71 74 74 2d"], ["closed", "fin"]],
  ["garbage", [
    "00 00",
    "30 05 00 02 c3 28 00",
    "30 ff ff ff ff 01",
    "36 07 00 01 61 00 01 00 00",
    "60 02 00 01",
  ], ["closed"]],
  ["disconnect-with-will", ["e0 02 04 00"], ["closed", "fin"]],
  ["leave", ["e0 00"], ["closed", "fin"]],
];
for (const [mode, words, endings] of table) {
  for (const version of [4, 5] as const) {
    if (version === 4 && mode === "disconnect-with-will") continue;
    Deno.test(`kill on the wire: ${mode}, ${version === 4 ? "3.1.1" : "5.0"}`, () => {
      const sides = killed(mode, version);
      assert.deepEqual(distinctLastBytes(sides), words);
      assert.ok(ends(sides).every((end) => endings.includes(end)), `${ends(sides)}`);
    });
  }
}

Deno.test("kill on the wire: the codec refuses each piece of garbage as malformed", () => {
  for (const version of [4, 5] as const) {
    for (const words of table.find(([mode]) => mode === "garbage")![1]) {
      const bytes = Uint8Array.from(words.split(" "), (hex) => parseInt(hex, 16));
      assert.throws(() => {
        const size = frameSize(bytes, 0, bytes.length);
        assert.equal(size, bytes.length, "garbage must not wait for more bytes");
        decode(bytes, version);
      }, { name: "ProtocolError" });
    }
  }
});

Deno.test("kill on the wire: disconnect-error sends each code that a client may send, and no other", () => {
  // Section 3.14.2.1: the codes with the column "Client" or "Client and Server".
  const allowed = [0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];
  const words = distinctLastBytes(killed("disconnect-error", 5));
  assert.deepEqual(words, allowed.map((code) => `e0 02 ${code.toString(16)} 00`));
});

Deno.test("kill on the wire: half a packet is the first half of a valid packet", () => {
  const half = Uint8Array.of(0x30, 0x1c, 0, 0x0d, 0x6d, 0x71, 0x74, 0x74, 0x2d);
  assert.ok(frameSize(half, 0, half.length) > half.length);
});

Deno.test("kill on the wire: second-connect repeats the CONNECT of the life", () => {
  for (const version of [4, 5] as const) {
    for (const side of killed("second-connect", version)) {
      const first = side.bytes.subarray(0, frameSize(side.bytes, 0, side.bytes.length));
      assert.deepEqual(lastBytes(side), [...first]);
      assert.equal(side.end?.kind, "closed", "it is for the broker to close");
    }
  }
});

Deno.test("kill on the wire: takeover sends CONNECT with the same client id on a new link and nothing on the old one", () => {
  for (const side of killed("takeover", 5)) {
    assert.deepEqual(lastBytes(side), []);
    assert.equal(side.end?.kind, "closed", "it is for the broker to close");
  }
});

Deno.test("kill on the wire: slow-loris sends a packet byte by byte, and never its end", () => {
  for (const version of [4, 5] as const) {
    const sides = killed("slow-loris", version);
    const longest = sides.map(lastBytes).toSorted((one, other) => other.length - one.length)[0]!;
    // A keep alive of 10 s, a byte a second, closed by the broker after 15 s.
    assert.ok(longest.length >= 13 && longest.length <= 16, `${longest.length} bytes`);
    for (const side of sides) {
      const bytes = lastBytes(side);
      assert.deepEqual(bytes, longest.slice(0, bytes.length));
      assert.equal(side.end?.kind ?? "closed", "closed", "it is for the broker to close");
    }
    assert.ok(frameSize(Uint8Array.from(longest), 0, longest.length) > 101);
  }
});

Deno.test("kill on the wire: stall subscribes to its own topic and publishes 8 MiB to it", () => {
  const [side] = killed("stall", 5);
  let bytes = Uint8Array.from(lastBytes(side!));
  const packets = [];
  while (bytes.length > 0) {
    const size = frameSize(bytes, 0, bytes.length);
    packets.push(decode(bytes.subarray(0, size), 5));
    bytes = bytes.slice(size);
    if (packets.length === 2) break;
  }
  const [subscribe, publish] = packets;
  assert.ok(subscribe?.type === "subscribe" && publish?.type === "publish");
  assert.equal(publish.topic, subscribe.subscriptions[0]!.topicFilter);
  assert.ok(side!.bytes.length > 8 * 1_024 * 1_024, `${side!.bytes.length} bytes`);
});

Deno.test("kill on the wire: vanish sends nothing, and the broker's link has no end but the broker's own", () => {
  for (const side of killed("vanish", 5)) {
    assert.deepEqual(lastBytes(side), []);
    assert.equal(side.end?.kind ?? "closed", "closed");
  }
});

Deno.test("kill on the wire: kicked sends nothing, and the broker closes", () => {
  for (const version of [4, 5] as const) {
    for (const side of killed("kicked", version)) {
      assert.deepEqual(lastBytes(side), []);
      assert.equal(side.end?.kind, "closed");
    }
  }
});

Deno.test("kill on the wire: the table has each kill mode", () => {
  const shown = [
    ...table.map(([mode]) => mode),
    "disconnect-error",
    "second-connect",
    "takeover",
    "slow-loris",
    "stall",
    "vanish",
    "kicked",
    "refused-login",
  ];
  assert.deepEqual(shown.toSorted(), [...killModes].toSorted());
});

Deno.test("kill on the wire: CONNECT contains the complete will of the life", () => {
  const stage = new FleetStage({ willDelayS: 3, sessionExpiryS: 60, willQos: 2, willRetain: true, username: "u" });
  stage.runUntil(() => stage.squad.ready);
  const side = stage.broker.online("mqtt-sim-stage-5")!;
  const { bytes } = side;
  const connect = decode(bytes.subarray(0, frameSize(bytes, 0, bytes.length)), undefined);
  assert.equal(connect.type, "connect");
  if (connect.type !== "connect") return;
  const { will, ...rest } = connect;
  assert.deepEqual(rest, {
    type: "connect",
    protocolVersion: 5,
    cleanStart: false,
    keepAliveS: 4,
    clientId: "mqtt-sim-stage-5",
    username: "u",
    properties: { sessionExpiryIntervalS: 60 },
  });
  assert.deepEqual({ topic: will!.topic, qos: will!.qos, retain: will!.retain, delayIntervalS: will!.delayIntervalS }, {
    topic: "mqtt-sim/stage/0/5/will",
    qos: 2,
    retain: true,
    delayIntervalS: 3,
  });
  assert.match(new TextDecoder().decode(will!.payload), /^mqtt-sim stage 5 1 [0-9a-f]{8} [a-z]+$/);
  assert.equal(encode(connect, 5).length, side.bytes.length);
});
