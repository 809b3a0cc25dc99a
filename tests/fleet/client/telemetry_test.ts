/** Telemetry: its long-term rate for any length of a turn, and which clients publish. */
import assert from "node:assert/strict";
import type { FleetPlan } from "../../../src/fleet/plan/plan.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { TelemetryPump } from "../../../src/fleet/client/telemetry.ts";
import { faultsOf, FleetStage } from "../../support/fleet_stage.ts";
import { aPlan } from "../sample_life.ts";

class Client {
  up = true;
  readonly sent: { topic: string; sizeBytes: number; qos: number; atMs: number }[] = [];

  constructor(readonly number: number) {}

  publish(topic: string, payload: Uint8Array, qos: 0 | 1 | 2, atMs: number): boolean {
    this.sent.push({ topic, sizeBytes: payload.length, qos, atMs });
    return true;
  }
}

function pumpOf(plan: FleetPlan, clients: number): [TelemetryPump, Client[]] {
  const all = Array.from({ length: clients }, (_, number) => new Client(number));
  return [new TelemetryPump(all, new Groups(plan, "mix")), all];
}

const loud = (perSecond: number) => aPlan({ telemetry: { perSecond, sizeBytes: 32, qos: 1 } });

Deno.test("telemetry: a plan without telemetry publishes nothing", () => {
  const [pump, clients] = pumpOf(aPlan(), 3);
  pump.start(0);
  pump.turn(500);
  assert.deepEqual({ sent: pump.sent, flatMap: clients.flatMap(({ sent }) => sent) }, { sent: 0, flatMap: [] });
});

for (const stepMs of [1, 7.3, 100, 999]) {
  Deno.test(`telemetry: the rate holds over ten minutes in turns of ${stepMs} ms, and each client has its share`, () => {
    const [pump, clients] = pumpOf(loud(0.7), 30);
    pump.start(0);
    for (let nowMs = 0; nowMs <= 600_000; nowMs += stepMs) pump.turn(nowMs);
    const due = 0.7 * 30 * 600;
    assert.ok(Math.abs(pump.sent - due) <= 0.7 * 30 + 1, `${pump.sent} sent, ${due} due`);
    for (const { sent, number } of clients) {
      assert.ok(Math.abs(sent.length - due / 30) <= 2, `client ${number}: ${sent.length}`);
      assert.deepEqual({ sizeBytes: sent[0]!.sizeBytes, qos: sent[0]!.qos, topic: sent[0]!.topic }, {
        sizeBytes: 32,
        qos: 1,
        topic: `mqtt-sim/r1/telemetry/${number}`,
      });
    }
  });
}

Deno.test("telemetry: an offline client skips its turn, and no other client publishes for it", () => {
  const [pump, clients] = pumpOf(loud(10), 2);
  clients[0]!.up = false;
  pump.start(0);
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 10) pump.turn(nowMs);
  assert.equal(clients[0]!.sent.length, 0);
  assert.ok(Math.abs(clients[1]!.sent.length - 100) <= 1);
});

Deno.test("telemetry: after a pause of the machine the fleet makes up for at most one second", () => {
  const [pump] = pumpOf(loud(10), 10);
  pump.start(0);
  pump.turn(60_000);
  assert.equal(pump.sent, 100);
});

for (const qos of [0, 1, 2] as const) {
  Deno.test(`telemetry: a fleet that publishes at QoS ${qos} while it is killed passes, at its rate`, () => {
    const stage = new FleetStage({
      telemetry: { perSecond: 2, sizeBytes: 16, qos },
      killShares: [{ mode: "reset", weight: 1 }],
      durationMs: 60_000,
      protocolSpoken: "mix",
    });
    let published = 0;
    const route = stage.broker.route.bind(stage.broker);
    stage.broker.route = (packet) => {
      if (packet.topic.includes("/telemetry/")) published++;
      route(packet);
    };
    const result = stage.finish();
    assert.deepEqual({ verdict: result.verdict, faultsOf: faultsOf(result), lost: result.clients.lost }, {
      verdict: "pass",
      faultsOf: {},
      lost: 0,
    });
    // 20 clients; 5 % of them die each second and stay away for about 1 s.
    const due = 2 * 20 * 60 / 1.05;
    assert.ok(Math.abs(published - due) < due * 0.05, `${published} published, ${due} due`);
    const { telemetrySent, telemetry } = stage.squad.result();
    assert.equal(telemetrySent, published);
    const { sent, acknowledged, withheld } = telemetry!.all!;
    assert.deepEqual({ sent, withheld }, { sent: published, withheld: 0 });
    // A message in flight when its client dies is never acknowledged.
    assert.ok(qos === 0 ? acknowledged === 0 : acknowledged <= sent && acknowledged > sent * 0.95, `${acknowledged}`);
  });
}

Deno.test("telemetry: a client without PUBACK publishes no more than its limit of unacknowledged messages", () => {
  const stage = new FleetStage({
    telemetry: { perSecond: 20, sizeBytes: 16, qos: 1 },
    killRate: { kind: "count", perSecond: 0 },
    durationMs: 30_000,
    clients: 2,
    script: { acknowledge: () => false },
  });
  const published = new Map<string, number>();
  const { broker } = stage;
  stage.runUntil(() => stage.squad.phase === "drain");
  for (const side of broker.connections) {
    const count = side.packets.filter((packet) =>
      packet.type === "publish" && packet.topic.includes("/telemetry/")
    ).length;
    if (count > 0) published.set(side.clientId, count);
  }
  // 20 a second for 30 s would be 600.
  const { sent, acknowledged, withheld } = stage.finish().telemetry!;
  assert.deepEqual({ sent, acknowledged }, { sent: 200, acknowledged: 0 });
  assert.ok(Math.abs(withheld - 1_000) <= 2, `${withheld} withheld`);
  assert.deepEqual([...published.values()], [100, 100]);
});
