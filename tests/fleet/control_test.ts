/** While clients are killed, controls go on: a watcher that goes blind then is told. */
import assert from "node:assert/strict";
import type { PublishPacket } from "../../src/mqtt/packet.ts";
import { FleetStage } from "../support/fleet_stage.ts";

const plan = { killRate: { kind: "count", perSecond: 4 }, durationMs: 22_000 } as const;

function startsWith(packet: PublishPacket, text: string): boolean {
  return new TextDecoder().decode(packet.payload).startsWith(text);
}

/** Hides what `hidden` is true of, but not from the first control on. */
function afterTheFirst(hidden: (packet: PublishPacket) => boolean) {
  let seen = 0;
  return { hide: (_: string, packet: PublishPacket) => hidden(packet) && ++seen > 1 };
}

Deno.test("controls go on every five seconds, and are no wills of the fleet", () => {
  const result = new FleetStage(plan).finish();
  assert.equal(result.verdict, "pass", result.reason);
  assert.deepEqual(result.controls, { total: 5, blind: 0, lost: 0 });
  assert.deepEqual(result.warnings, []);
});

Deno.test("a watcher that no longer sees messages is told as blind", () => {
  const script = afterTheFirst((packet) => startsWith(packet, "mqtt-sim-control "));
  const { controls, warnings } = new FleetStage({ ...plan, script }).finish();
  assert.deepEqual(controls, { total: 5, blind: 4, lost: 0 });
  assert.match(warnings.join(), /in 4 of 5 controls a watcher did not see a message/);
});

Deno.test("a control whose will does not come, though its message did, is told apart", () => {
  const isControlWill = (packet: PublishPacket) =>
    startsWith(packet, "mqtt-sim ") && Number(packet.topic.split("/").at(-2)) >= 20;
  const { controls, warnings } = new FleetStage({ ...plan, script: afterTheFirst(isControlWill) }).finish();
  assert.deepEqual(controls, { total: 5, blind: 0, lost: 4 });
  assert.match(warnings.join(), /in 4 of 5 controls a will did not come, though the watcher saw a message just before/);
});
