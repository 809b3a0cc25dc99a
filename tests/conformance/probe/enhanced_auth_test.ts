/** A check of a server that demands SCRAM: each case authenticates, or is not testable. */
import assert from "node:assert/strict";
import { authenticatorOf } from "../../../src/auth/auth_settings.ts";
import { Broker } from "../../../src/broker/broker.ts";
import { runConformance } from "../../../src/conformance/run_conformance.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import { openScramGate } from "../../support/brokers/servers/scram_gate.ts";

// [MQTT5 3.1.2-30] [MQTT5 4.12.0-3]
Deno.test("check: the cases authenticate with SCRAM, and those that cannot are not testable", async () => {
  await using broker = await Broker.start({ port: 0 });
  await using gate = await openScramGate({ hash: "SHA-256", users: { u: "s3cr" }, port: broker.port });
  const result = await runConformance({
    target: parseEndpoint(`mqtt://127.0.0.1:${gate.port}`),
    login: { username: "u", password: "s3cr" },
    auth: authenticatorOf({ authMethod: "SCRAM-SHA-256" }, undefined),
    protocols: ["5.0"],
    only: ["connect", "will/close", "will/takeover", "publish"],
    quick: true,
  });
  const outcomes = new Map(result.cases.map(({ id, outcome, reason }) => [id, `${outcome} ${reason ?? ""}`]));
  const failed = [...outcomes].filter(([, outcome]) => outcome.startsWith("fail"));
  assert.deepEqual(failed, []);
  for (const id of ["will/close", "connect/wrong-password", "connect/authentication-method-unknown"]) {
    assert.match(outcomes.get(id as never) ?? "absent", /^pass/, id);
  }
  const text = [...outcomes.values()].join("\n");
  assert.match(text, /not testable .*the case sends CONNECT as bytes, which have no authentication method/);
  assert.match(text, /not testable .*packets before CONNACK, which a client with an authentication method must not/);
  assert.ok(gate.granted.length >= 10, `${gate.granted.length} clients`);
  assert.deepEqual(gate.passwords.filter((password) => password !== ""), ["s3cr"], "one case has its own method");
});
