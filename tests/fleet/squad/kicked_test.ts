/** Kill mode kicked over simulated time: commands that take long, wills before the close, and a broker that does not close. */
import assert from "node:assert/strict";
import { FleetStage, type StageOptions } from "../../support/fleet_stage.ts";

const size = { clients: 6, killRate: { kind: "count", perSecond: 2 }, durationMs: 3_000 } as const;
const kicked: StageOptions = { ...size, killShares: [{ mode: "kicked", weight: 1 }] };

/** Ends the connection of a client after some time, and publishes its will after another. */
function endsLate(closeMs: number, willMs: number): NonNullable<StageOptions["kick"]> {
  return (clientId, broker) => {
    const client = broker.online(clientId)!;
    const { topic, payload, qos, retain, properties = {} } = client.will!;
    broker.later(closeMs, () => client.drop());
    broker.later(willMs, () => broker.route({ type: "publish", dup: false, topic, payload, qos, retain, properties }));
  };
}

Deno.test("kicked: latency counts from the close, not from the start of a command that takes 700 ms", () => {
  const { verdict, kills, latencyMs } = new FleetStage({ ...kicked, kick: endsLate(700, 730) }).finish();
  assert.deepEqual([verdict, kills.byMode.kicked!.expected, kills.byMode.kicked!.onTime], ["pass", 5, 5]);
  const { count, min, max } = latencyMs.byMode.kicked!;
  assert.ok(count === 5 && min! >= 10 && max! <= 40, JSON.stringify(latencyMs.byMode.kicked));
});

Deno.test("kicked: a will between the start of the command and the close is not early", () => {
  const { verdict, faults, kills } = new FleetStage({ ...kicked, kick: endsLate(300, 100) }).finish();
  assert.deepEqual([verdict, faults, kills.byMode.kicked!.onTime], ["pass", [], 5]);
});

Deno.test("kicked: a client is kicked once, and further kills wait until its connection is over", () => {
  const commands: string[] = [];
  const stage = new FleetStage({
    ...kicked,
    clients: 1,
    kick: (clientId, broker) => {
      commands.push(clientId);
      broker.later(1_800, () => broker.online(clientId)?.close("gone", false));
    },
  });
  const { verdict, kills } = stage.finish();
  // Two kills a second for 3 s: without waiting there would be a command for each.
  assert.deepEqual([verdict, kills.byMode.kicked!.kills], ["pass", commands.length]);
  assert.ok(commands.length >= 1 && commands.length <= 3, `${commands.length} commands`);
});

Deno.test("kicked: a broker that does not close the connection makes the run void, with the client's name", () => {
  const { verdict, reason } = new FleetStage({ ...kicked, kick: () => {} }).finish();
  assert.equal(verdict, "void");
  assert.match(reason, /^the broker did not close the connection of mqtt-sim-stage-\d within 15 s of the kick$/);
});

Deno.test("kicked: the kill phase waits for a command that is under way at its end", () => {
  const stage = new FleetStage({
    ...kicked,
    durationMs: 1_000,
    reconnectAfterMs: "never",
    kick: (clientId, broker) => broker.later(9_000, () => broker.online(clientId)?.close("gone", false)),
  });
  const { verdict, kills, durationMs } = stage.finish();
  assert.deepEqual([verdict, kills.byMode.kicked!.onTime, kills.byMode.kicked!.kills], ["pass", 1, 1]);
  assert.ok(durationMs > 9_000);
});
