/** A fleet of edge nodes on a scripted broker: what each node sends, by the assertions of Sparkplug 3.0. */
import assert from "node:assert/strict";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import type { ConnectPacket, PublishPacket } from "../../../src/mqtt/packet.ts";
import {
  dataType,
  decodePayload,
  encodePayload,
  loadSparkplug,
  type Payload,
} from "../../../src/mqtt/sparkplug/payload.ts";
import { bdSeqIn } from "../../../src/fleet/life/sparkplug.ts";
import { FleetStage, stageClients } from "../../support/fleet_stage.ts";

await loadSparkplug();

interface Sent {
  readonly type: string;
  readonly device: string | undefined;
  readonly payload: Payload;
  readonly packet: PublishPacket;
}

class NodeStage {
  readonly connects: ConnectPacket[] = [];
  readonly stage: FleetStage;
  readonly #sent = new Map<string, Sent[]>();

  constructor(request: Partial<PlanRequest>, protocolSpoken: "3.1.1" | "5" = "5") {
    this.stage = new FleetStage({
      sparkplug: true,
      killRate: { kind: "count", perSecond: 0 },
      durationMs: 10_000,
      ...request,
      protocolSpoken,
      script: {
        connack: (connect) => this.connects.push(connect) && 0,
        swallow: (packet) => this.#note(packet),
      },
    });
  }

  #note(packet: PublishPacket): false {
    const [, , type, node, device] = packet.topic.split("/");
    const payload = packet.topic.includes("/STATE/") ? undefined : decodePayload(packet.payload);
    if (payload === undefined) return false;
    const sent = this.#sent.get(node!) ?? [];
    this.#sent.set(node!, [...sent, { type: type!, device, payload, packet }]);
    return false;
  }

  /** The messages of a client, in their order. */
  of(client: number): readonly Sent[] {
    return this.#sent.get(`mqtt-sim-stage-${client}`) ?? [];
  }
}

const typesOf = (sent: readonly Sent[]) =>
  sent.map(({ type, device }) => device === undefined ? type : `${type} ${device}`);

Deno.test("edge node: CONNECT has NDEATH as its will, and NBIRTH the same bdSeq", () => {
  const nodes = new NodeStage({
    killShares: [{ mode: "reset", weight: 1 }],
    killRate: { kind: "count", perSecond: 40 },
  });
  nodes.stage.finish();
  const own = nodes.connects.filter(({ clientId }) => clientId === "mqtt-sim-stage-3");
  assert.ok(own.length > 3);
  for (const [life, { will, cleanStart }] of own.entries()) {
    assert.deepEqual([cleanStart, will!.qos, will!.retain], [true, 1, false]);
    assert.equal(will!.topic, "spBv1.0/mqtt-sim-stage-0/NDEATH/mqtt-sim-stage-3");
    const death = decodePayload(will!.payload)!;
    assert.deepEqual(death.metrics.map(({ name, dataType, value }) => [name, dataType, value]), [["bdSeq", 4, life]]);
    assert.equal(death.seq, undefined);
  }
  const births = nodes.of(3).filter(({ type }) => type === "NBIRTH");
  assert.deepEqual(births.map(({ payload }) => bdSeqIn(payload)), own.map((_, life) => life));
});

Deno.test("edge node: births first, one sequence number for all messages, which wraps after 255", () => {
  const nodes = new NodeStage({ telemetry: { perSecond: 50, sizeBytes: 3, qos: 0 }, durationMs: 8_000 });
  nodes.stage.finish();
  const sent = nodes.of(3).filter(({ type }) => type !== "NDEATH");
  assert.ok(sent.length > 300, `only ${sent.length} messages`);
  assert.deepEqual(sent.map(({ payload }) => payload.seq), sent.map((_, place) => place % 256));
  assert.deepEqual(typesOf(sent).slice(0, 3), ["NBIRTH", "DBIRTH device-0", "DBIRTH device-1"]);
  for (const type of ["NDATA", "DDATA device-0", "DDATA device-1", "DDEATH device-0"]) {
    assert.ok(typesOf(sent).includes(type), type);
  }
  for (const { packet, payload, type } of sent) {
    assert.deepEqual([packet.qos, packet.retain], [0, false]);
    assert.ok(payload.timestampMs! > 0);
    if (type !== "DDEATH") assert.ok(payload.metrics.some(({ name, value }) => name === "Text" && value === "..."));
  }
});

Deno.test("edge node: a dead device sends no data before it is born again", () => {
  const nodes = new NodeStage({ telemetry: { perSecond: 50, sizeBytes: 0, qos: 0 }, durationMs: 8_000 });
  nodes.stage.finish();
  const types = typesOf(nodes.of(3));
  const deaths = types.flatMap((type, place) => type.startsWith("DDEATH") ? [place] : []);
  assert.ok(deaths.length > 3);
  for (const place of deaths) assert.equal(types[place + 1]?.replace("DBIRTH", "DDEATH") ?? "", types[place]);
});

function command(topic: string, name: string, value: boolean): PublishPacket {
  const metrics = [{ name, dataType: dataType.boolean, value }];
  const payload = encodePayload({ timestampMs: 1, metrics });
  return { type: "publish", topic, payload, qos: 0, retain: false, dup: false };
}

Deno.test("edge node: a Rebirth command makes one node publish its births again, with the same bdSeq", () => {
  const nodes = new NodeStage({ durationMs: 4_000 });
  const { stage } = nodes;
  stage.runUntil(() => stage.squad.phase === "kill").runFor(500);
  const ncmd = "spBv1.0/mqtt-sim-stage-0/NCMD/mqtt-sim-stage-3";
  stage.broker.route(command(ncmd, "Node Control/Rebirth", false));
  stage.broker.route(command(ncmd, "Node Control/Reboot", true));
  stage.broker.route(command(ncmd.replace("-3", "-33"), "Node Control/Rebirth", true));
  stage.broker.route({ ...command(ncmd, "x", true), payload: new TextEncoder().encode("no payload") });
  stage.runFor(100);
  const births = () => nodes.of(3).filter(({ type }) => type === "NBIRTH");
  assert.equal(births().length, 1);
  stage.broker.route(command(ncmd, "Node Control/Rebirth", true));
  const result = stage.finish();
  assert.deepEqual(births().map(({ payload }) => [bdSeqIn(payload), payload.seq]), [[0, 0], [0, 0]]);
  const types = typesOf(nodes.of(3));
  assert.deepEqual(types.slice(types.lastIndexOf("NBIRTH")).slice(1, 3), ["DBIRTH device-0", "DBIRTH device-1"]);
  assert.deepEqual(result.sparkplug!.births, { sent: stageClients + 1, seen: stageClients + 1 });
  assert.equal(result.sparkplug!.rebirths, 1);
});

Deno.test("edge node: one that leaves publishes NDEATH at QoS 1 before DISCONNECT in 3.1.1, and none itself in 5.0", () => {
  for (const [protocol, own] of [["3.1.1", 1], ["5", 0]] as const) {
    const nodes = new NodeStage({ durationMs: 1_000 }, protocol);
    const result = nodes.stage.finish();
    const deaths = nodes.of(3).filter(({ type }) => type === "NDEATH");
    assert.equal(deaths.length, own);
    for (const { packet, payload } of deaths) {
      assert.deepEqual([packet.qos, packet.retain, bdSeqIn(payload), payload.seq], [1, false, 0, undefined]);
    }
    assert.deepEqual(result.sparkplug!.ownDeaths, { sent: stageClients, seen: stageClients });
  }
});
