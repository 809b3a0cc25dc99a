/**
 * Fleets on a server that demands SCRAM: every connection of the program authenticates, kills and takeovers work, and
 * the client accepts no server without proof.
 */
import assert from "node:assert/strict";
import { Broker } from "../../../src/broker/broker.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { runFleet } from "../../../src/fleet/run_fleet.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import { type GateOptions, openScramGate, type ScramGate } from "../../support/brokers/servers/scram_gate.ts";

const users = { "us,er": "pen=cil" };
const asked: PlanRequest = {
  run: "a",
  seed: 1,
  clients: 10,
  killRate: { kind: "count", perSecond: 20 },
  durationMs: 800,
  drainMs: 500,
  username: "us,er",
  password: "pen=cil",
};

async function run(
  more: Partial<PlanRequest>,
  gateOptions: Partial<GateOptions> = {},
): Promise<{ readonly result: FleetResult; readonly gate: ScramGate }> {
  await using broker = await Broker.start({ port: 0 });
  const gate = await openScramGate({ hash: "SHA-256", users, port: broker.port, ...gateOptions });
  await using _ = gate;
  const plan = makePlan({ ...asked, authMethod: `SCRAM-${gateOptions.hash ?? "SHA-256"}`, ...more });
  const target = parseEndpoint(`mqtt://127.0.0.1:${gate.port}`);
  return { result: await runFleet({ plan, target, brokerInProcess: true }, { onProgress() {}, onNotice() {} }), gate };
}

for (const hash of ["SHA-1", "SHA-256", "SHA-512"] as const) {
  Deno.test(`enhanced authentication: a fleet passes on a server that demands SCRAM-${hash}`, async () => {
    const modes = ["reset", "close", "takeover", "refused-login", "leave"] as const;
    const killShares = modes.map((mode) => ({ mode, weight: 1 }));
    const { result, gate } = await run({ killShares }, { hash, proofInAuth: hash === "SHA-1" });
    assert.deepEqual([result.verdict, result.wills.missing], ["pass", 0], result.reason);
    assert.ok(result.wills.onTime >= 5, `${result.wills.onTime} wills`);
    assert.deepEqual(gate.passwords, [], "no CONNECT has the password");
    const kinds = ["mqtt-sim-a-0", "mqtt-sim-a-w", "mqtt-sim-a-p5"];
    for (const kind of kinds) assert.ok(gate.granted.some((id) => id.startsWith(kind)), `${kind} in ${gate.granted}`);
    assert.ok(gate.refused.length > 0, "refused logins have a wrong proof");
    assert.ok(gate.refused.every((id) => /^mqtt-sim-a-(\d+|p5)$/.test(id)), `${gate.refused}`);
  });
}

Deno.test("enhanced authentication: open connections authenticate again at the interval", async () => {
  const { result, gate } = await run({
    reauthEveryMs: 150,
    killShares: [{ mode: "freeze", weight: 1 }],
    keepAliveS: 1,
  });
  assert.equal(result.verdict, "pass", result.reason);
  assert.ok(new Set(gate.renewed).size >= 8, `${new Set(gate.renewed).size} connections`);
  assert.ok(gate.renewed.some((id) => id.startsWith("mqtt-sim-a-w")), "watchers do, too");
});

const faults: readonly (readonly [GateOptions["fault"] & string, RegExp])[] = [
  ["signature", /enhanced authentication failed: the broker's signature is wrong: it does not know the password/],
  ["nonce", /enhanced authentication failed: the broker's challenge does not extend the client's nonce/],
  ["no-data", /enhanced authentication failed: the broker granted access without its signature/],
  ["method", /enhanced authentication failed: the broker accepted with the authentication method "PLAIN"/],
  ["twice", /enhanced authentication failed: the broker's signature is wrong/],
  ["iterations", /the broker's challenge demands 2000000000 iterations; expected 1 to 1000000/],
];
for (const [fault, why] of faults) {
  Deno.test(`enhanced authentication: the run is void with the reason where the server's ${fault} is wrong`, async () => {
    const { result } = await run({}, { fault });
    assert.equal(result.verdict, "void");
    assert.match(result.reason, why);
  });
}

Deno.test("enhanced authentication: a wrong password and another method are refused with the server's reason", async () => {
  for (const more of [{ password: "wrong" }, { authMethod: "TOKEN", authData: "base64:AAEC" }]) {
    const { result } = await run(more);
    assert.equal(result.verdict, "void");
    assert.match(
      result.reason,
      /refused the CONNECT with 0x87 \(Not authorized\), reason string "Error: (wrong proof|another)/,
    );
  }
});
