/** Enforcement of rules: at CONNECT, PUBLISH and SUBSCRIBE, when a will is due, and after a change of the rules. */
import assert from "node:assert/strict";
import { recheck } from "../../../src/broker/handle/recheck.ts";
import { type Action, parseAcl } from "../../../src/broker/access/acl.ts";
import type { CoreOptions } from "../../../src/broker/options/options.ts";
import { ReasonCode } from "../../../src/mqtt/reason.ts";
import { aWill, Stage } from "../stage.ts";

const rules = "user ann\ntopic ann/#\ntopic read news\nuser watcher\ntopic read #\n";

/** A stage with replaceable rules, where every user name can log in. */
function guarded() {
  const present = { acl: parseAcl(rules, "acl"), removed: new Set<string>() };
  const authorize: CoreOptions["authorize"] = (who, action: Action, topic) => present.acl.allows(who, action, topic);
  const authenticate: CoreOptions["authenticate"] = ({ username }) =>
    username === "eve" ? "bad-credentials" : username === undefined ? "not-authorized" : "accept";
  const knows: CoreOptions["knows"] = ({ username }) => !present.removed.has(username ?? "");
  const stage = new Stage({ authorize, authenticate, knows });
  const watcher = stage.watch("#", {}, { username: "watcher" });
  return { stage, watcher, present };
}

const versions = [4, 5] as const;

for (const version of versions) {
  const v = version === 5 ? "5.0" : "3.1.1";

  Deno.test(`access, ${v}: the broker refuses a client whose will it may not publish`, () => {
    const { stage, watcher } = guarded();
    const client = stage.connect({ version, username: "ann", will: aWill({ topic: "news" }) });
    assert.equal(client.connack?.reasonCode, version === 5 ? ReasonCode.notAuthorized : 5);
    assert.equal(client.end?.kind, "fin");
    assert.deepEqual(watcher.messages, []);
    assert.equal(stage.core.metrics.willsDenied, 1);
    assert.equal(stage.core.metrics.willsArmed, 0);
  });

  Deno.test(`access, ${v}: the broker publishes an allowed will under the client's name`, () => {
    const { stage, watcher } = guarded();
    stage.connect({ version, username: "ann", will: aWill({ topic: "ann/gone" }) }).die();
    assert.deepEqual(watcher.messages, ["ann/gone gone"]);
  });

  Deno.test(`access, ${v}: the broker denies and counts a due will when the rules have changed`, () => {
    const { stage, watcher, present } = guarded();
    const client = stage.connect({ version, username: "ann", will: aWill({ topic: "ann/gone" }) });
    present.acl = parseAcl("", "acl");
    client.die();
    assert.deepEqual(watcher.messages, []);
    const { wills } = stage.core.metrics.snapshot();
    assert.deepEqual({ denied: wills.denied, linkEnd: wills.published["link-end"], held: wills.held }, {
      denied: 1,
      linkEnd: 0,
      held: 0,
    });
  });

  for (const [username, code5, code4] of [["eve", 0x86, 4], [undefined, 0x87, 5]] as const) {
    Deno.test(`access, ${v}: a refused login (${username ?? "no name"}) leaves no will and no message`, () => {
      const { stage, watcher } = guarded();
      const who = username === undefined ? {} : { username };
      const client = stage.connect({ version, ...who, will: aWill({ topic: "ann/gone" }) });
      client.publish("ann/x", "pipelined").die();
      stage.advance(60_000);
      assert.equal(client.connack?.reasonCode, version === 5 ? code5 : code4);
      assert.deepEqual(watcher.messages, []);
      assert.equal(stage.core.metrics.willsArmed, 0);
    });
  }

  Deno.test(`access, ${v}: the broker drops a denied PUBLISH and keeps the client connected`, () => {
    const { stage, watcher } = guarded();
    const client = stage.connect({ version, username: "ann" });
    for (const qos of [0, 1, 2] as const) client.publish("news", "fake", { qos });
    client.publish("ann/x", "real", { qos: 1 });
    assert.deepEqual(watcher.messages, ["ann/x real"]);
    const answers = [...client.of("puback"), ...client.of("pubrec")].map((
      { type, reasonCode = 0 },
    ) => [type, reasonCode]);
    const denied = version === 5 ? ReasonCode.notAuthorized : 0; // [MQTT311 3.3.5-2]
    assert.deepEqual(answers, [["puback", denied], ["puback", 0], ["pubrec", denied]]);
    assert.equal(stage.core.metrics.denied, 3);
    assert.equal(client.end, undefined);
  });

  Deno.test(`access, ${v}: the broker decides on each subscription separately`, () => {
    const { stage } = guarded();
    const client = stage.connect({ version, username: "ann" });
    const asked = ["ann/+", "#", "news", "$share/g/other"].map((topicFilter) => ({ topicFilter, qos: 1 as const }));
    client.send({ type: "subscribe", packetId: 9, subscriptions: asked });
    const refused = version === 5 ? ReasonCode.notAuthorized : 0x80;
    assert.deepEqual(client.of("suback")[0]?.reasonCodes, [1, refused, 1, refused]);
  });
}

Deno.test("access: a delayed will keeps the user name of its client's login", () => {
  const { stage, watcher } = guarded();
  const will = aWill({ topic: "ann/gone", delayIntervalS: 10 });
  stage.connect({ username: "ann", will, properties: { sessionExpiryIntervalS: 60 } }).die();
  stage.advance(9_999);
  assert.deepEqual(watcher.messages, []);
  stage.advance(1);
  assert.deepEqual(watcher.messages, ["ann/gone gone"]);
});

Deno.test("access: the broker gives a user no session, message or will of another user", () => {
  const { stage, watcher } = guarded();
  const session = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };
  const ann = stage.connect({ clientId: "meter", username: "ann", will: aWill({ topic: "ann/gone" }), ...session });
  const thief = stage.connect({ clientId: "meter", username: "bob", ...session });
  assert.equal(thief.connack?.reasonCode, ReasonCode.notAuthorized);
  assert.equal(ann.end, undefined);
  assert.deepEqual(watcher.messages, []);
  ann.die();
  assert.equal(stage.connect({ clientId: "meter", username: "bob" }).connack?.reasonCode, ReasonCode.notAuthorized);
  assert.equal(stage.connect({ clientId: "meter", username: "ann", ...session }).connack?.sessionPresent, true);
});

Deno.test("access: the broker applies new rules to connected clients", () => {
  const { stage, present } = guarded();
  const ann = stage.connect({ clientId: "ann", username: "ann" }).subscribe("ann/#").subscribe("news");
  const bob = stage.connect({ clientId: "bob", username: "bob", will: aWill({ topic: "ann/gone" }) });
  assert.equal(bob.connack?.reasonCode, ReasonCode.notAuthorized);
  const carl = stage.connect({ clientId: "carl", username: "carl" });
  present.acl = parseAcl("user ann\ntopic ann/#\nuser watcher\ntopic read #\n", "acl");
  present.removed.add("carl");
  const rechecked = recheck(stage.core, stage.nowMs);
  stage.settle();
  assert.deepEqual(rechecked, { expelled: 1, ended: 1, unsubscribed: 1, discarded: 0 });
  assert.deepEqual([...stage.core.sessions.get("ann")!.subscriptions!.keys()], ["ann/#"]);
  assert.equal(carl.of("disconnect")[0]?.reasonCode, ReasonCode.notAuthorized);
  assert.equal(ann.end, undefined);
});
