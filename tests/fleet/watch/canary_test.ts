/** During kills canaries continue, so that the run reports a watcher that stops receiving. */
import assert from "node:assert/strict";
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import { FleetStage } from "../../support/fleet_stage.ts";

const plan = { killRate: { kind: "count", perSecond: 4 }, durationMs: 22_000 } as const;

function startsWith(packet: PublishPacket, text: string): boolean {
  return new TextDecoder().decode(packet.payload).startsWith(text);
}

/** Drops the messages that `hidden` selects, except the first of them. */
function afterTheFirst(hidden: (packet: PublishPacket) => boolean) {
  let seen = 0;
  return { hide: (_: string, packet: PublishPacket) => hidden(packet) && ++seen > 1 };
}

Deno.test("canary: publishes every five seconds, and its wills are not counted as wills of the fleet", () => {
  const result = new FleetStage(plan).finish();
  assert.equal(result.verdict, "pass", result.reason);
  assert.deepEqual(result.controls, { total: 5, blind: 0, lost: 0 });
  assert.deepEqual(result.warnings, []);
});

Deno.test("canary: the run reports a watcher that receives no more messages as blind", () => {
  const script = afterTheFirst((packet) => startsWith(packet, "mqtt-sim-control "));
  const { controls, warnings } = new FleetStage({ ...plan, script }).finish();
  assert.deepEqual(controls, { total: 5, blind: 4, lost: 0 });
  assert.match(warnings.join(), /in 4 of 5 canary kills a watcher did not receive a message/);
});

Deno.test("section 1: a watcher that goes blind during kills makes the run void, and no will is missing", () => {
  let messages = 0;
  const stage = new FleetStage({ ...plan, script: { hide: () => ++messages > 40 } });
  const result = stage.finish();
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
  assert.match(
    result.reason,
    /^the watcher cannot receive wills: a message that a canary published on \S+ did not reach it$/,
  );
  assert.equal(result.wills.missing, 0);
});

const isControlWill = (packet: PublishPacket) =>
  startsWith(packet, "mqtt-sim ") && Number(packet.topic.split("/").at(-2)) >= 20;

Deno.test("section 1: the lost will of a canary is a fault with its rule, and the run fails", () => {
  const { controls, verdict, exitCode, reason, faults, wills } = new FleetStage({
    ...plan,
    script: afterTheFirst(isControlWill),
  }).finish();
  assert.deepEqual(controls, { total: 5, blind: 0, lost: 4 });
  assert.deepEqual({ verdict, exitCode, missing: wills.missing }, { verdict: "fail", exitCode: 1, missing: 0 });
  assert.match(reason, /of 5 wills of canaries: 4 missing$/);
  assert.equal(faults.length, 4);
  assert.deepEqual(
    [faults[0]!.client, faults[0]!.verdict, faults[0]!.rule],
    ["mqtt-sim-stage-21 (control)", "missing", "MQTT 5.0, 3.1.2-8"],
  );
});

Deno.test("section 1: a broker that loses every will fails, and the counts are those of the broker", () => {
  let lost = 0;
  const script = { publish: () => (lost++, []) };
  const { verdict, exitCode, wills, controls } = new FleetStage({ ...plan, script }).finish();
  assert.deepEqual({ verdict, exitCode }, { verdict: "fail", exitCode: 1 });
  assert.deepEqual(controls, { total: 5, blind: 0, lost: 5 });
  assert.deepEqual([wills.missing, wills.missing + controls.lost], [wills.expected, lost]);
  assert.ok(wills.missing > 70, `${wills.missing} missing`);
});

Deno.test("section 1: one of three watchers that receives no will is a fault too", () => {
  const hide = (clientId: string, packet: PublishPacket) => clientId.endsWith("-w1") && startsWith(packet, "mqtt-sim ");
  const { verdict, wills, controls } = new FleetStage({ ...plan, fanOut: 3, script: { hide } }).finish();
  assert.deepEqual({ verdict, missing: wills.missing, lost: controls.lost }, {
    verdict: "fail",
    missing: wills.expected,
    lost: controls.total,
  });
});

const altered: readonly [what: string, change: Partial<PublishPacket>][] = [
  ["another QoS", { qos: 0 }],
  ["another payload", { payload: new Uint8Array([1, 2, 3]) }],
  ["a retain flag", { retain: true }],
];
for (const [what, change] of altered) {
  Deno.test(`section 5: the altered will of a canary is a fault like any other: ${what}`, () => {
    const publish = ({ clientId }: { readonly clientId: string }) =>
      Number(clientId.split("-").at(-1)) >= 20 ? [{ change }] : [{}];
    const result = new FleetStage({ ...plan, script: { publish } }).finish();
    assert.deepEqual(result.controls, { total: 5, blind: 0, lost: 0, altered: 5 });
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "fail", exitCode: 1 });
    assert.match(result.reason, /of 5 wills of canaries: 5 altered$/);
    assert.deepEqual(new Set(result.faults.map(({ verdict }) => verdict)), new Set(["altered"]));
    assert.equal(result.wills.unwanted, 0);
  });
}

Deno.test("section 5: duplicate and late wills of canaries are counted", () => {
  const twice = new FleetStage({
    ...plan,
    script: { publish: ({ clientId }) => isControl(clientId) ? [{}, {}] : [{}] },
  });
  assert.deepEqual(twice.finish().controls, { total: 5, blind: 0, lost: 0, duplicate: 5 });
  const publish = ({ clientId }: { readonly clientId: string }) => [{ afterMs: isControl(clientId) ? 3_000 : 0 }];
  const late = new FleetStage({ ...plan, script: { publish } }).finish();
  assert.deepEqual(late.controls, { total: 5, blind: 0, lost: 0, late: 5 });
  assert.equal(late.verdict, "fail");
});

function isControl(clientId: string): boolean {
  return Number(clientId.split("-").at(-1)) >= 20;
}

Deno.test("canary: a canary whose message was not received disconnects, and no will of it is due", () => {
  const stage = new FleetStage({ ...plan, script: afterTheFirst((packet) => startsWith(packet, "mqtt-sim-control ")) });
  const { wills } = stage.finish();
  assert.equal(wills.unwanted, 0);
  const last = stage.broker.connections.filter(({ clientId }) => isControl(clientId)).at(-1)!;
  const types = last.packets.map(({ type }) => type).filter((type) => type !== "pingreq");
  assert.deepEqual(types, ["connect", "publish", "disconnect"]);
});

Deno.test("canary: sends a message that a limit of the broker refuses again, and the run continues", () => {
  let refused = 0;
  const swallow = (packet: PublishPacket) => startsWith(packet, "mqtt-sim-control ") && refused < 2;
  const acknowledge = (packet: PublishPacket) => swallow(packet) ? (refused++, 0x97) : true;
  const result = new FleetStage({ ...plan, script: { swallow, acknowledge } }).finish();
  assert.equal(result.verdict, "pass", result.reason);
  assert.equal(refused, 2);
});

const refusing: readonly [what: string, code: number, reason: RegExp][] = [
  [
    "for good",
    0x97,
    /^a canary could not publish: the broker refused its message with 0x97 \(Quota exceeded\)/,
  ],
  ["as not authorized", 0x87, /^a canary could not publish: the broker refused its message with 0x87/],
];
for (const [what, code, reason] of refusing) {
  Deno.test(`canary: a message that the broker refuses ${what} is reported, and the watcher is not blind`, () => {
    const result = new FleetStage({ ...plan, script: { swallow: () => true, acknowledge: () => code } }).finish();
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
    assert.match(result.reason, reason);
  });
}
