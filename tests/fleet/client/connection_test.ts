/**
 * How a connection handles a broker that violates the standard outside of wills: it ends or continues, and reports why.
 */
import assert from "node:assert/strict";
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import { faultsOf, FleetStage, stageClients, type StageOptions } from "../../support/fleet_stage.ts";

const plan: StageOptions = { killRate: { kind: "count", perSecond: 4 }, durationMs: 12_000 };

function isWill({ payload }: PublishPacket): boolean {
  return new TextDecoder().decode(payload).startsWith("mqtt-sim ");
}

/** Will Delay Interval 3 s: a property that a will may have, and a PUBLISH may not. */
const willDelay = Uint8Array.of(0x18, 0, 0, 0, 3);
const strayInWills = { stray: (packet: PublishPacket) => isWill(packet) ? willDelay : undefined };

for (
  const [what, options] of [
    ["usual", {}],
    ["delayed", { willDelayS: 3, sessionExpiryS: 60, reconnectAfterMs: "never" }],
  ] as const
) {
  Deno.test(`M4: a Will Delay Interval in the PUBLISH of a will is an altered will, and the run goes on: ${what}`, () => {
    const result = new FleetStage({ ...plan, ...options, script: strayInWills }).finish();
    assert.deepEqual(
      { verdict: result.verdict, exitCode: result.exitCode },
      { verdict: "fail", exitCode: 1 },
      result.reason,
    );
    assert.ok(result.wills.expected > 15, `${result.wills.expected} wills`);
    assert.deepEqual(faultsOf(result), { altered: result.wills.expected });
    assert.equal(result.faults[0]!.text, "came with Will Delay Interval, which no PUBLISH may have");
    assert.equal(result.controls.altered, result.controls.total);
    assert.ok(result.latencyMs.all.count >= result.wills.expected, "times are measured");
  });
}

Deno.test("M4: presence: a Will Delay Interval in a retained will is an altered state, and the checks continue", () => {
  const result = new FleetStage({ ...plan, presence: true, reconnectAfterMs: "never", script: strayInWills }).finish();
  assert.equal(result.verdict, "fail", result.reason);
  assert.ok(result.presence!.judged > 0 && result.presence!.altered > 0);
  assert.equal(result.presence!.stale + result.presence!.absent + result.presence!.unwanted, 0);
});

Deno.test("M4: a message with a property that is invalid in PUBLISH is not a will of the broker", () => {
  // In the messages of canaries only, which watchers still count.
  const stray = (packet: PublishPacket) => isWill(packet) ? undefined : willDelay;
  const result = new FleetStage({ ...plan, script: { stray } }).finish();
  assert.equal(result.verdict, "pass", result.reason);
});

Deno.test("M5: PUBACK with the invalid code 0x01 does not stop the judgement of presence", () => {
  const answer = ({ qos, packetId = 0 }: PublishPacket) =>
    qos === 1 ? Uint8Array.of(0x40, 3, packetId >> 8, packetId & 0xff, 0x01) : undefined;
  const options = { ...plan, presence: true, willQos: 1 } as const;
  const result = new FleetStage({ ...options, script: { answer } }).finish();
  assert.equal(result.verdict, "pass", result.reason);
  assert.ok(result.presence!.judged > 0);
  assert.match(result.warnings.join("\n"), /PUBACK with the reason code 0x01, which MQTT 5.0 does not allow there/);
});

const present =
  "the broker announced Session Present 1 to a client that had not requested a session, so that the client had to close the connection (MQTT 5.0, 3.2.2-4; MQTT 3.1.1, 3.2.2-1)";

Deno.test("section 2: a client closes on Session Present 1 after Clean Start 1, and the run reports why", () => {
  const isClient = ({ clientId }: { readonly clientId: string }) => /-3$/.test(clientId);
  const stage = new FleetStage({ ...plan, cleanStart: "yes", script: { sessionPresent: isClient } });
  const result = stage.finish();
  assert.equal(result.verdict, "void");
  assert.equal(result.reason, `client 3 could not connect in 5 tries: ${present}`);
  const [first] = stage.broker.connections.filter(isClient);
  assert.equal(first!.end?.kind, "reset");
});

Deno.test("section 2: a watcher closes on Session Present 1 after Clean Start 1, and the run reports why", () => {
  const sessionPresent = ({ clientId }: { readonly clientId: string }) => clientId.endsWith("-w0");
  const result = new FleetStage({ ...plan, script: { sessionPresent } }).finish();
  assert.deepEqual({ verdict: result.verdict, reason: result.reason }, {
    verdict: "void",
    reason: `watcher 0 cannot receive wills: ${present}`,
  });
});

Deno.test("section 4: a client without PINGRESP ends its connection, and the run counts and explains it", () => {
  const pong = (clientId: string) => clientId.endsWith("-w0") || Number(clientId.split("-").at(-1)) >= stageClients;
  const stage = new FleetStage({
    ...plan,
    killRate: { kind: "count", perSecond: 1 },
    killShares: [{ mode: "reset", weight: 1 }],
    keepAliveS: 2,
    script: { pong },
  });
  const result = stage.finish();
  assert.ok(result.clients.lost >= stageClients, `${result.clients.lost} lost`);
  assert.match(
    result.warnings.join("\n"),
    /^\d+ connections ended although the fleet had not ended them: \d+ × the broker did not answer PINGREQ within the keep alive of 2 s$/m,
  );
  // The broker published the wills when the connections ended.
  assert.equal(result.verdict, "pass", result.reason);
});

Deno.test("section 4: a watcher without PINGRESP is blind, and the run reports why", () => {
  const pong = (clientId: string) => !clientId.endsWith("-w0");
  // At QoS 0 a watcher sends no acknowledgement, so it sends only PINGREQ.
  const result = new FleetStage({ ...plan, willQos: 0, durationMs: 150_000, script: { pong } }).finish();
  assert.equal(result.verdict, "void");
  assert.equal(
    result.reason,
    "watcher 0 cannot receive wills: the broker did not answer PINGREQ within the keep alive of 60 s",
  );
});

Deno.test("section 4: a late PINGRESP within the keep alive ends no connection", () => {
  const result = new FleetStage({ ...plan, keepAliveS: 2 }).finish();
  assert.deepEqual({ verdict: result.verdict, lost: result.clients.lost, warnings: result.warnings }, {
    verdict: "pass",
    lost: 0,
    warnings: [],
  });
});

Deno.test("section 4: the run shows reason string, server reference and hexadecimal code of a DISCONNECT", () => {
  const stage = new FleetStage(plan);
  stage.runUntil(() => stage.squad.counters.kills === 5);
  stage.broker.online("mqtt-sim-stage-w0")!.send({
    type: "disconnect",
    reasonCode: 0x9c,
    properties: { reasonString: "moved on", serverReference: "other:1883" },
  });
  const { reason } = stage.finish();
  assert.equal(
    reason,
    'watcher 0 cannot receive wills: the broker disconnected it with 0x9c (Use another server), reason string "moved on", server ' +
      'reference "other:1883"',
  );
});

Deno.test("section 2: the run explains why the server closes a client for a packet that is too large", () => {
  const stage = new FleetStage({ ...plan, killRate: { kind: "count", perSecond: 1 } });
  stage.runUntil(() => stage.squad.counters.kills === 3);
  const [id] = stage.broker.clientIds.filter((each) => each.endsWith("-7"));
  const client = stage.broker.online(id!)!;
  client.send({ type: "disconnect", reasonCode: 0x95 });
  client.close("fault");
  const { warnings } = stage.finish();
  assert.deepEqual(warnings, [
    "one connection ended although the fleet had not ended it: 1 × the broker disconnected it with 0x95 (Packet too large)",
  ]);
});
