/**
 * Redelivery over a restart, under a manual clock: the acknowledgement of a will is lost with the broker, and the will
 * arrives again in the resumed session, with its packet identifier.
 */
import assert from "node:assert/strict";
import { frameSize } from "../../src/mqtt/codec/frame.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import type { DialReceiver } from "../../src/net/link.ts";
import { faultsOf } from "../support/fleet_stage.ts";
import type { SimulatedBroker } from "../support/brokers/simulated_broker.ts";
import { simulateFleet } from "../support/simulated_fleet.ts";

const plan: Partial<PlanRequest> = {
  clients: 20,
  sessionExpiryS: 60,
  killShares: [{ mode: "reset", weight: 1 }],
  killRate: { kind: "count", perSecond: 8 },
  phases: [{ kind: "kill", durationMs: 3_000 }, { kind: "restart", downMs: 1_500 }, {
    kind: "kill",
    durationMs: 3_000,
  }],
};

const [connack, publish, dupFlag, qosFlags] = [0x20, 0x30, 0x08, 0x06];

const decoder = new TextDecoder("latin1");

/** The packets in these bytes. */
function packets(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = frameSize(bytes, at, bytes.length);
    found.push(bytes.slice(at, at + size));
    at += size;
  }
  return found;
}

/** Delivers the last message with a QoS again, after the CONNACK of a resumed session, as `change` makes it. */
function redelivers(qos: 1 | 2, change: (packet: Uint8Array) => Uint8Array): (broker: SimulatedBroker) => void {
  return (broker) => {
    const dial = broker.dial.bind(broker);
    let last: Uint8Array | undefined;
    broker.dial = (receiver: DialReceiver) => {
      let isWatcher = false;
      const link = dial({
        onOpen: () => receiver.onOpen(),
        onDrain: () => receiver.onDrain(),
        onEnd: (end) => receiver.onEnd(end),
        onBytes: (bytes) => {
          for (const packet of packets(bytes)) {
            receiver.onBytes(packet);
            if ((packet[0]! & 0xf0) === publish && (packet[0]! & qosFlags) >> 1 === qos) last = packet;
            // Session Present is the lowest bit of the first byte after the fixed header.
            const resumed = packet[0] === connack && (packet[2]! & 1) === 1;
            if (!isWatcher || !resumed || last === undefined) continue;
            receiver.onBytes(change(last));
            last = undefined;
          }
        },
      });
      const write = link.write.bind(link);
      link.write = (bytes) => {
        isWatcher ||= decoder.decode(bytes).includes("mqtt-sim-sim-w0");
        return write(bytes);
      };
      return link;
    };
  };
}

function withFlags(packet: Uint8Array, flags: number): Uint8Array {
  return packet.with(0, packet[0]! & ~dupFlag | flags);
}

function run(qos: 1 | 2, change: (packet: Uint8Array) => Uint8Array, protocol: "3.1.1" | "5"): FleetResult {
  const request = { ...plan, willQos: qos, ...protocol === "3.1.1" && { cleanStart: "yes" as const } };
  return simulateFleet({ plan: request, protocol, first: redelivers(qos, change) });
}

for (const protocol of ["3.1.1", "5"] as const) {
  Deno.test(`F14: a redelivery with DUP over a restart is no duplicate: ${protocol}`, () => {
    const result = run(1, (packet) => withFlags(packet, dupFlag), protocol);
    assert.deepEqual({ verdict: result.verdict, faults: result.faults, faultsOf: faultsOf(result) }, {
      verdict: "pass",
      faults: [],
      faultsOf: {},
    }, result.reason);
    assert.deepEqual(result.redeliveries, { total: 1, withoutDup: 0 });
  });

  Deno.test(`F14: a redelivery without DUP is a fault of its own kind, and no duplicate: ${protocol}`, () => {
    const result = run(1, (packet) => withFlags(packet, 0), protocol);
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode, faultsOf: faultsOf(result) }, {
      verdict: "fail",
      exitCode: 1,
      faultsOf: {},
    }, result.reason);
    assert.match(result.reason, /^of \d+ wills that were due: 1 redelivered without DUP$/);
    assert.deepEqual(result.redeliveries, { total: 1, withoutDup: 1 });
    const version = protocol === "5" ? "MQTT 5.0" : "MQTT 3.1.1";
    assert.deepEqual(result.faults.map(({ verdict, rule }) => [verdict, rule]), [[
      "redelivery",
      `${version}, 3.3.1-1`,
    ]]);
    assert.match(result.faults[0]!.text, /came again under its packet identifier, without DUP$/);
  });

  Deno.test(`F14: the same will under another packet identifier is a duplicate: ${protocol}`, () => {
    // The identifier follows the topic.
    const renamed = (packet: Uint8Array) => {
      const headerSize = packet.findIndex((byte, at) => at > 0 && byte < 0x80) + 1;
      const idAt = headerSize + 2 + (packet[headerSize]! << 8 | packet[headerSize + 1]!);
      return withFlags(packet, 0).with(idAt, packet[idAt]! ^ 0x40);
    };
    const result = run(1, renamed, protocol);
    assert.deepEqual({ verdict: result.verdict, faultsOf: faultsOf(result) }, {
      verdict: "fail",
      faultsOf: { duplicate: 1 },
    }, result.reason);
    assert.equal(result.redeliveries, undefined);
  });
}
