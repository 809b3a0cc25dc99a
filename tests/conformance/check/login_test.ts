/** The login of a check: passwords that the user's command renews, and a server that refers to another one. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import type { CoreOptions } from "../../../src/broker/options/options.ts";
import { catalog } from "../../../src/conformance/catalog.ts";
import type { Packet } from "../../../src/mqtt/packet.ts";
import { checkInMemory, ourCore } from "../../support/brokers/checked_broker.ts";
import { tampered } from "../../support/brokers/tampered_broker.ts";

const cases = catalog.filter(({ id }) => id === "will/flags-qos-3");

Deno.test("check: each case has the password of its time, which no transcript has", async () => {
  let issued = 0;
  const accepted = (password: Uint8Array | undefined) => new TextDecoder().decode(password) === `token-${issued}`;
  const authenticate: CoreOptions["authenticate"] = ({ username, password }) =>
    username === "dev" && accepted(password) ? "accept" : "bad-credentials";
  const broker = tampered(() => ({ core: { authenticate }, hidesClose: () => true }));
  const casePassword = () => Promise.resolve(`token-${++issued}`);
  const run = { cases, protocols: ["5.0"], login: { username: "dev" }, casePassword, parallel: 1 } as const;
  const result = await checkInMemory(broker, run);
  assert.deepEqual([result.controls[0]!.outcome, result.cases[0]!.outcome], ["pass", "fail"], result.reason);
  assert.equal(issued, 2, "the control arm and the case");
  assert.match(JSON.stringify(result.cases[0]!.transcript), /CONNECT with will QoS 3/);
  const hex = [...new TextEncoder().encode("token-")].map((byte) => byte.toString(16)).join(" ");
  assert.ok(!JSON.stringify(result).includes(hex), "no token in a transcript");
});

Deno.test("check: a case without a password is not testable, and a control arm without one proves nothing", async () => {
  const failing = (from: number) => {
    let calls = 0;
    return () => ++calls < from ? Promise.resolve("right") : Promise.reject(new UsageError("Cannot get a password: x"));
  };
  const run = { cases, protocols: ["5.0"], parallel: 1 } as const;
  const later = await checkInMemory(ourCore(), { ...run, casePassword: failing(2) });
  const { outcome, reason } = later.cases[0]!;
  assert.deepEqual([later.controls[0]!.outcome, outcome, reason], ["pass", "not testable", "Cannot get a password: x"]);
  const never = await checkInMemory(ourCore(), { ...run, casePassword: failing(1) });
  assert.deepEqual([never.verdict, never.exitCode], ["void", 3]);
  assert.match(never.reason, /the control arm of MQTT 5\.0 failed: Cannot get a password: x$/);
});

Deno.test("check: a broker that refers to another server is named with that server", async () => {
  const properties = { serverReference: "b.example:1" };
  const fromBroker = (packet: Packet) =>
    packet.type === "connack" ? [{ ...packet, reasonCode: 0x9d, properties }] : [packet];
  const server = tampered(() => ({ fromBroker }), { spoilsControl: true });
  const { reason, exitCode } = await checkInMemory(server, { cases, protocols: ["5.0"] });
  assert.match(reason, /refused a CONNECT with 0x9d and refers to b\.example:1: check that server by --url$/i);
  assert.equal(exitCode, 3);
});
