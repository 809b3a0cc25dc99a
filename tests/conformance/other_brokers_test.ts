/**
 * Behaviour of real brokers that check once misjudged or missed: a tampered broker repeats each, and the test holds the
 * outcomes of the affected cases. The code at the start of a name is that of the observation.
 */
import assert from "node:assert/strict";
import type { ConformanceCase } from "../../src/conformance/case/case.ts";
import { catalog } from "../../src/conformance/catalog.ts";
import type { ConformanceRun } from "../../src/conformance/check/conformance_run.ts";
import type { CaseResult } from "../../src/conformance/case/result.ts";
import { checkInMemory, givenRun } from "../support/brokers/checked_broker.ts";
import { tampered } from "../support/brokers/tampered_broker.ts";
import { saysDisconnect } from "./cases/disconnect_faults.ts";
import { dropsOverdueOfReturned, readsNoShortDisconnect, waitsBehindOthers } from "./cases/encoding_faults.ts";
import { addsExpiry } from "./cases/property_faults.ts";
import { dropsBeyondMaximum } from "./cases/limit_faults.ts";
import type { Fault } from "./proof.ts";
import { changesReceived } from "./packet_changes.ts";
import { eachCase } from "../support/steps.ts";

type Id = ConformanceCase["id"];

/** The results of these cases on a tampered broker. */
async function results(fault: Fault, ids: readonly Id[], run: Partial<ConformanceRun> = {}): Promise<CaseResult[]> {
  const cases = catalog.filter(({ id }) => ids.includes(id));
  assert.equal(cases.length, ids.length);
  return [...(await checkInMemory(tampered(fault), { cases, ...run })).cases];
}

/** The results, each in one line: id, version, outcome, reason. */
async function outcomes(fault: Fault, ids: readonly Id[], run: Partial<ConformanceRun> = {}): Promise<string[]> {
  return (await results(fault, ids, run)).map(({ id, protocol, outcome, reason = "" }) =>
    `${id} ${protocol} ${outcome} ${reason}`.trim()
  );
}

/** Ends a client, with its will, that is silent for `times` times its keep alive. */
const endsSilent = (times: number): Fault => () => ({
  fromClient(bytes, link) {
    const keepAliveMs = 1_000 * (link.connect?.keepAliveS ?? 0);
    const heardMs = link.nowMs;
    if (keepAliveMs === 0) return bytes;
    link.after(times * keepAliveMs, () => {
      if (link.heardMs !== heardMs) return;
      link.closeBroker();
      link.closeClient();
    });
    return bytes;
  },
});

Deno.test("F1: a broker that closes a silent client between 1 and 1.5 times keep alive gets a note", async () => {
  const found = await results(endsSilent(1.1), ["keep-alive/silent", "keep-alive/last-packet", "will/freeze-1s"]);
  assert.deepEqual(
    found.map(({ outcome }) => outcome),
    Array(6).fill("pass"),
    found.map(({ reason }) => reason).join(),
  );
  for (const { notes } of found) {
    assert.match(
      notes.join(),
      /^the end came 1\.10 times the keep alive after the last packet, \d+ ms before 1\.5 times$/,
    );
  }
});

Deno.test("F1: a client that is closed within its keep alive is not silent", async () => {
  const found = await outcomes(endsSilent(0.8), ["keep-alive/silent"]);
  for (const line of found) assert.match(line, /fail the connection was closed 8\d\d ms after the last packet, within/);
});

Deno.test("F1: the delayed will of a client that was closed early is due from that close", async () => {
  assert.deepEqual(await outcomes(endsSilent(1.1), ["will/delay-freeze"]), ["will/delay-freeze 5.0 pass"]);
});

Deno.test("F6: 3.1.1 takeovers need no 5.0 reason codes, and a DISCONNECT is a separate fault", async (t) => {
  await eachCase(t, [[0xe0, 0x00], [0xe0, 0x02, 0x8e, 0x00]], async (bytes) => {
    const found = await outcomes(saysDisconnect(bytes), ["connect/takeover"], { protocols: ["3.1.1"] });
    assert.equal(found[0], "connect/takeover 3.1.1 pass");
    assert.match(found.slice(1).join(), /^broker\/disconnect 3\.1\.1 fail the broker sent a DISCONNECT/);
  });
});

/** Lets each client publish to each topic. */
const permitsEveryTopic: Fault = () => ({ core: { authorize: () => true } });

Deno.test("F7: a topic that the broker does not deny is no ground for a fault about wills", async () => {
  const found = await outcomes(permitsEveryTopic, ["will/denied-topic"]);
  assert.equal(found.length, 2);
  for (const line of found) assert.match(line, /not testable the broker does not deny it: a message that this login/);
});

/** Other clients publish to the denied topic all the time. */
const othersPublishToDeniedTopic: Fault = () => ({
  fromClient(bytes, link) {
    const message = { topic: givenRun.deniedTopic, payload: new TextEncoder().encode("of somebody else") };
    for (let count = 0; count < 40; count++) {
      link.after(100 * count, () => link.toClient({ type: "publish", dup: false, qos: 0, retain: false, ...message }));
    }
    return bytes;
  },
});

Deno.test("F7: on a shared topic only the case's own payload counts", async () => {
  assert.deepEqual(await outcomes(othersPublishToDeniedTopic, ["will/denied-topic"]), [
    "will/denied-topic 3.1.1 pass",
    "will/denied-topic 5.0 pass",
  ]);
});

/** Locks a client identifier out for 1 s after its second takeover, as a protection against flapping clients does. */
const locksOutRepeatedTakeovers: Fault = () => {
  const times = new Map<string, number[]>();
  return {
    fromClient(bytes, link) {
      const { clientId } = link.connect ?? { clientId: "" };
      if (bytes[0] !== 0x10) return bytes;
      const recent = (times.get(clientId) ?? []).filter((atMs) => atMs > link.nowMs - 1_000);
      if (recent.length < 2) {
        times.set(clientId, [...recent, link.nowMs]);
        return bytes;
      }
      link.after(1_000, () => link.closeClient());
      return undefined;
    },
  };
};

Deno.test("F9: check repeats a takeover case once, with a note, when the broker locks out repeated takeovers", async () => {
  const found = await results(locksOutRepeatedTakeovers, ["will/takeover-chain"]);
  for (const { outcome, reason, notes } of found) {
    assert.equal(outcome, "pass", reason ?? "");
    assert.match(notes.join(), /refused client 3 right after a takeover; it reconnected after a pause/);
  }
});

const loginCases: Id[] = [
  "will/refused-login",
  "will/refused-login-pipelined",
  "will/refused-login-bystander",
  "will/refused-login-keeps-delayed",
  "connect/wrong-password",
  "connect/refused-unheard",
];

const isRight = (password: Uint8Array | undefined) => new TextDecoder().decode(password) === givenRun.login.password;

/** Accepts unknown user names as guests, and refuses the correct name with a wrong password. */
const acceptsUnknownNamesAsGuests: Fault = () => ({
  core: {
    authenticate: ({ username, password }) =>
      username !== givenRun.login.username || isRight(password) ? "accept" : "bad-credentials",
  },
});
/** Checks user names only, not passwords. */
const checksNamesOnly: Fault = () => ({
  core: { authenticate: ({ username }) => username === givenRun.login.username ? "accept" : "bad-credentials" },
});
const acceptsEveryClient: Fault = () => ({ core: { authenticate: () => "accept" } });

Deno.test("F10: check tries a correct name with a wrong password where the broker accepts unknown names as guests", async (t) => {
  await eachCase(t, [acceptsUnknownNamesAsGuests, checksNamesOnly], async (fault) => {
    const found = await outcomes(fault, loginCases);
    assert.equal(found.length, 11);
    for (const line of found) assert.match(line, / pass$/);
  });
});

Deno.test("F10: a broker that refuses no login is reported as open to everyone", async () => {
  const found = await outcomes(acceptsEveryClient, loginCases);
  assert.equal(found.length, 11);
  for (const line of found) {
    assert.match(line, / not testable the broker does not check logins: it accepts the login's name/);
  }
});

Deno.test("check: a broker that drops messages beyond Receive Maximum fails for that loss only", async () => {
  const ids = ["limits/receive-maximum", "limits/receive-maximum-goes-on", "will/receive-maximum"] as const;
  const lossIds = ["limits/receive-maximum-loses-nothing", "will/receive-maximum-loses-nothing"] as const;
  const found = await outcomes(dropsBeyondMaximum, [...ids, ...lossIds]);
  for (const id of ids) assert.ok(found.includes(`${id} 5.0 pass`), `${id}: ${found.join("; ")}`);
  for (const id of lossIds) assert.ok(found.some((line) => line.startsWith(`${id} 5.0 fail`)), id);
});

Deno.test("check: --slack extends the waits of a case", async () => {
  /** Ends sessions and drops expired messages 5 s late. */
  const endsSessionsLate: Fault = () =>
    changesReceived("connect", (packet) => ({
      ...packet,
      ...packet.properties?.sessionExpiryIntervalS === 1 &&
        { properties: { ...packet.properties, sessionExpiryIntervalS: 6 } },
    }))();
  assert.match((await outcomes(endsSessionsLate, ["session/expires"])).join(), /fail Session Present is 1/);
  assert.deepEqual(await outcomes(endsSessionsLate, ["session/expires"], { slack: 2 }), ["session/expires 5.0 pass"]);
});

Deno.test("M1: check detects that a will of 2 or 3 s waits behind a stream of 2 s", async () => {
  const found = await outcomes(waitsBehindOthers, ["will/delay-2-behind-2", "will/delay-3-behind-2"]);
  assert.equal(found.length, 2);
  for (const line of found) assert.match(line, / fail /);
});

Deno.test("M2: a will that was due before its client returned must arrive", async () => {
  const found = await outcomes(dropsOverdueOfReturned, ["will/delay-back-overdue", "will/delay-back-too-late"]);
  assert.match(found[1]!, /^will\/delay-back-overdue 5\.0 fail watcher got no message/);
  assert.match(found[0]!, /^will\/delay-back-too-late 5\.0 pass/);
});

Deno.test("M3: check reads the reason code of a DISCONNECT without property length", async () => {
  const ids = ["will/disconnect-code-alone-0x04", "will/disconnect-0x04", "will/leave-code-alone"] as const;
  const found = await outcomes(readsNoShortDisconnect, ids);
  const failed = found.filter((line) => line.includes(" fail "));
  assert.deepEqual(failed.map((line) => line.split(" ")[0]), ["will/disconnect-code-alone-0x04"]);
});

Deno.test("F3: an expiry that a broker adds to each message fails the one case about it", async () => {
  // Where the broker may answer in another version, the tampering filter cannot read the packets.
  const inItsVersion = catalog.filter(({ id }) => !/^(connect\/protocol-name|will\/refused-level)$/.test(id));
  const broker = tampered(addsExpiry, { spoilsControl: true });
  const { cases } = await checkInMemory(broker, { cases: inItsVersion, protocols: ["5.0"] });
  const failed = cases.filter(({ outcome }) => outcome === "fail").map(({ id }) => id);
  assert.deepEqual(failed, ["properties/expiry-added"]);
});
