/** The observations of check beside its cases: faulty packets, refusals for load, and its own lateness. */
import assert from "node:assert/strict";
import { ManualClock } from "../../src/base/clock.ts";
import { LagWatch } from "../../src/conformance/check/lag_watch.ts";
import {
  faultsOf,
  sessionPresentFault,
  type SideFault,
  unreadable,
} from "../../src/conformance/probe/packet_faults.ts";
import { refusalForLoad } from "../../src/conformance/probe/refused_for_load.ts";
import { SideResults } from "../../src/conformance/check/side_results.ts";
import type { TimedWorld } from "../../src/net/world.ts";
import type { PacketFault } from "../../src/mqtt/codec/lenient.ts";
import type { Packet, ProtocolVersion } from "../../src/mqtt/packet.ts";

const property: PacketFault = { kind: "property", id: 0x18, name: "Will Delay Interval", value: 3 };
const code = (value: number): PacketFault => ({ kind: "reasonCode", code: value });
const leftOver: PacketFault = { kind: "leftOver", bytes: 2 };
const publish: Packet = { type: "publish", dup: false, topic: "t", payload: new Uint8Array(), qos: 0, retain: false };
const puback = (reasonCode: number): Packet => ({ type: "puback", packetId: 1, reasonCode });
const answered = (type: "pubrec" | "pubrel" | "pubcomp"): Packet => ({ type, packetId: 1, reasonCode: 1 });
const suback: Packet = { type: "suback", packetId: 1, reasonCodes: [3] };
const unsuback: Packet = { type: "unsuback", packetId: 1, reasonCodes: [3] };
const connack = (reasonCode: number): Packet => ({ type: "connack", sessionPresent: false, reasonCode });
const disconnect = (reasonCode?: number): Packet => ({
  type: "disconnect",
  ...reasonCode !== undefined && { reasonCode },
});

/** The id and the rules of the one fault of a packet. */
const table: readonly [packet: Packet, fault: PacketFault, version: ProtocolVersion, id: string, rules: string[]][] = [
  [publish, property, 5, "broker/publish-will-delay-interval", ["2.2.2.2", "4.13.1-1"]],
  [connack(1), code(1), 5, "broker/connack-code-0x01", ["3.2.2-8"]],
  [connack(9), code(9), 4, "broker/connack-code-0x09", ["3.2.2.3"]],
  [puback(1), code(1), 5, "broker/puback-code-0x01", ["3.4.2-1"]],
  [answered("pubrec"), code(1), 5, "broker/pubrec-code-0x01", ["3.5.2-1"]],
  [answered("pubrel"), code(1), 5, "broker/pubrel-code-0x01", ["3.6.2-1"]],
  [answered("pubcomp"), code(1), 5, "broker/pubcomp-code-0x01", ["3.7.2-1"]],
  [suback, code(3), 5, "broker/suback-code-0x03", ["3.9.3-2"]],
  [suback, code(3), 4, "broker/suback-code-0x03", ["3.9.3-2"]],
  [unsuback, code(3), 5, "broker/unsuback-code-0x03", ["3.11.3-2"]],
  [disconnect(1), code(1), 5, "broker/disconnect-code-0x01", ["3.14.2-1"]],
  [{ type: "auth", reasonCode: 1 }, code(1), 5, "broker/auth-code-0x01", ["3.15.2-1"]],
  [puback(1), code(1), 4, "broker/puback-code-0x01", ["2.4"]],
  [puback(1), leftOver, 4, "broker/puback-length", ["2.2.3"]],
];

for (const [packet, fault, version, id, rules] of table) {
  Deno.test(`side faults: ${id} in ${version}`, () => {
    const [found, ...others] = faultsOf(packet, [fault], version);
    assert.deepEqual({ id: found!.id, rules: found!.rules, others }, { id, rules, others: [] });
    assert.match(found!.title, new RegExp(packet.type.toUpperCase()));
    assert.match(found!.reason, new RegExp(`^the broker sent a ${packet.type.toUpperCase()} `));
  });
}

Deno.test("side faults: a valid packet has none, except a DISCONNECT of a 3.1.1 broker", () => {
  assert.deepEqual(faultsOf(publish, [], 4), []);
  assert.deepEqual(faultsOf(disconnect(), [], 5), []);
  const [found] = faultsOf(disconnect(), [leftOver], 4);
  assert.deepEqual({ id: found!.id, rules: found!.rules }, { id: "broker/disconnect", rules: ["3.14"] });
  assert.equal(faultsOf(publish, [property, code(1)], 5).length, 2);
});

Deno.test("side faults: names the type of an unreadable packet where it is known", () => {
  const of = (message: string, first: number, version: ProtocolVersion) => {
    const { id, rules } = unreadable(message, Uint8Array.of(first, 0), version);
    return [id, ...rules];
  };
  assert.deepEqual(of("PUBACK: too short", 0x40, 5), ["broker/malformed-puback", "4.13.1-1"]);
  assert.deepEqual(of("PUBACK: too short", 0x40, 4), ["broker/malformed-puback", "4.8.0-1"]);
  assert.deepEqual(of("reserved packet type", 0xf0, 4), ["broker/malformed-packet", "4.8.0-1"]);
  assert.deepEqual(of("DISCONNECT: too short", 0xe0, 5), ["broker/malformed-disconnect", "4.13.1-1"]);
  assert.deepEqual(of("DISCONNECT: too short", 0xe0, 4), ["broker/disconnect", "3.14"]);
  assert.deepEqual(of("DISCONNECT: reserved bits", 0xef, 4), ["broker/disconnect", "3.14"]);
});

Deno.test("side faults: Session Present after a clean start, by version", () => {
  const of = (version: ProtocolVersion) => [sessionPresentFault(version).id, ...sessionPresentFault(version).rules];
  assert.deepEqual(of(5), ["broker/session-present", "3.2.2-2", "3.2.2-4"]);
  assert.deepEqual(of(4), ["broker/session-present", "3.2.2-1"]);
});

const refusals: readonly [packet: Packet, version: ProtocolVersion, expected: string | undefined][] = [
  [connack(0x88), 5, "CONNACK 0x88 (Server unavailable)"],
  [connack(0x89), 5, "CONNACK 0x89 (Server busy)"],
  [connack(0x97), 5, "CONNACK 0x97 (Quota exceeded)"],
  [connack(0x9f), 5, "CONNACK 0x9f (Connection rate exceeded)"],
  [connack(0x87), 5, undefined],
  [connack(0), 5, undefined],
  [connack(0x03), 5, undefined],
  [connack(3), 4, "CONNACK 0x03"],
  [connack(2), 4, undefined],
  [connack(4), 4, undefined],
  [connack(0x88), 4, undefined],
  [disconnect(0x96), 5, "DISCONNECT 0x96 (Message rate too high)"],
  [disconnect(), 5, undefined],
  [disconnect(3), 4, undefined],
  [puback(0x97), 5, "PUBACK 0x97 (Quota exceeded)"],
  [{ type: "pubrec", packetId: 1, reasonCode: 0x97 }, 5, "PUBREC 0x97 (Quota exceeded)"],
  [{ type: "puback", packetId: 1 }, 5, undefined],
  [{ type: "pubcomp", packetId: 1, reasonCode: 0x97 }, 5, undefined],
  [publish, 5, undefined],
];

for (const [packet, version, expected] of refusals) {
  const { type, reasonCode } = packet as { type: string; reasonCode?: number };
  Deno.test(`refused for load: ${type} ${reasonCode} in ${version}`, () => {
    const said = refusalForLoad(packet, version);
    if (version === 5 || expected === undefined) assert.equal(said, expected);
    else assert.ok(said!.startsWith(expected), String(said));
  });
}

const strange: SideFault = { id: "broker/strange", rules: ["1"], title: "it is not strange", reason: "it was strange" };
const odd: SideFault = { ...strange, id: "broker/odd", reason: "it was odd" };
const line = { atMs: 0, link: "client", direction: ">", text: "first" } as const;

Deno.test("side results: has each fault once for a version, with its count and cases", () => {
  const side = new SideResults();
  assert.deepEqual(side.results(), []);
  side.add([strange, odd], { where: "one", protocol: "5.0", transcript: [line] });
  side.add([strange], { where: "one", protocol: "5.0", transcript: [] });
  side.add([strange], { where: "two", protocol: "5.0", transcript: [] });
  side.add([strange], { where: "one", protocol: "3.1.1", transcript: [] });
  side.add([strange], { where: "one", protocol: "3.1.1", transcript: [] });
  const results = side.results();
  assert.deepEqual(results.map(({ protocol, id, reason }) => [protocol, id, reason]), [
    ["5.0", "broker/strange", "it was strange, 3 times, in 2 cases, one first"],
    ["5.0", "broker/odd", "it was odd, once, in one"],
    ["3.1.1", "broker/strange", "it was strange, 2 times, in one"],
  ]);
  const [first] = results;
  const { does: _, reason: __, ...more } = first!;
  assert.deepEqual(more, {
    ...{ id: "broker/strange", area: "broker", title: strange.title, protocol: "5.0", rules: ["1"] },
    ...{ outcome: "fail", fault: { kind: "other" }, seenIn: ["one", "two"], notes: [], durationMs: 0 },
    transcript: [line],
  });
});

/** A lag watch with checks every 100 ms and a minimum of 50 ms, and a timer that the test fires. */
class Lag {
  readonly clock = new ManualClock(1_000);
  timer: (() => void) | undefined;
  askedMs: number | undefined;
  readonly watch: LagWatch;

  constructor() {
    const after = (ms: number, act: () => void) => {
      this.askedMs = ms;
      this.timer = act;
      return () => this.timer = undefined;
    };
    this.watch = new LagWatch({ clock: this.clock, after } as Partial<TimedWorld> as TimedWorld, 50);
  }

  /** Fires the timer `afterMs` after its start. */
  fires(afterMs: number): void {
    this.clock.advance(afterMs);
    this.timer!();
  }
}

Deno.test("lag: counts milliseconds beyond the due time when they exceed the minimum", () => {
  const lag = new Lag();
  assert.equal(lag.askedMs, 100);
  lag.clock.advance(150);
  assert.equal(lag.watch.worstMs(), 0, "50 ms late now");
  lag.clock.advance(-150);
  lag.fires(150);
  assert.equal(lag.watch.worstMs(), 0, "50 ms late");
  lag.fires(151);
  assert.equal(lag.watch.worstMs(), 51);
  lag.fires(100);
  assert.equal(lag.watch.worstMs(), 51);
  lag.fires(180);
  assert.equal(lag.watch.worstMs(), 80);
});

Deno.test("lag: counts a delay only if it ended after the requested time", () => {
  const lag = new Lag();
  lag.fires(190);
  assert.equal(lag.watch.worstMs(1_189), 90);
  assert.equal(lag.watch.worstMs(1_190), 0);
  lag.clock.advance(151);
  assert.equal(lag.watch.worstMs(1_190), 51, "late now");
  assert.equal(lag.watch.worstMs(1_341), 0);
  lag.watch.stop();
  assert.equal(lag.timer, undefined);
});
