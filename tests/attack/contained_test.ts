/** Attacks that ended the whole broker process: now an internal error ends one connection. */
import assert from "node:assert/strict";
import { InvariantError } from "../../src/base/failure.ts";
import { coreSettings, limitRange } from "../../src/broker/options/options.ts";
import { ReasonCode } from "../../src/mqtt/reason.ts";
import { aWill, Stage } from "../broker/stage.ts";

/** A stage on which each publication to `bad` causes an internal error, once `present.isFaulty` is true. */
function faulty(onInternalError: "contain" | "throw", isFaulty = true) {
  const present = { isFaulty };
  const stage = new Stage({
    onInternalError,
    authorize: (_, action, topic) => {
      if (present.isFaulty && action === "publish" && topic === "bad") throw new InvariantError("planted");
      return true;
    },
  });
  return { stage, present };
}

Deno.test("F12: an internal error ends one connection, publishes its will, and affects no other", () => {
  const { stage } = faulty("contain");
  const watcher = stage.watch("will");
  const honest = stage.connect({ clientId: "honest" }).subscribe("news");
  const client = stage.connect({ clientId: "client", will: aWill() }).publish("bad");
  assert.equal(client.of("disconnect")[0]?.reasonCode, ReasonCode.implementationSpecificError);
  assert.deepEqual(watcher.messages, ["will gone"]);
  stage.connect({ clientId: "author" }).publish("news", "today");
  assert.deepEqual(honest.messages, ["news today"]);
  assert.equal(stage.core.metrics.snapshot().internalErrors, 1);
  const line = stage.logged.find((each) => each.startsWith("error: "))!;
  assert.match(line, /^error: Internal error while serving client: InvariantError: planted\n\s+at /);
});

Deno.test("F12: an internal error in a due will does not affect the other wills", () => {
  const { stage, present } = faulty("contain", false);
  const watcher = stage.watch("#");
  const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };
  for (const topic of ["w/1", "bad", "w/2"]) {
    stage.connect({ ...lasting, clientId: topic, will: aWill({ topic, delayIntervalS: 5 }) }).die();
  }
  present.isFaulty = true;
  stage.advance(6_000);
  assert.deepEqual(watcher.messages, ["w/1 gone", "w/2 gone"]);
  assert.equal(stage.core.metrics.internalErrors, 1);
});

Deno.test("F12: under test an internal error is thrown", () => {
  assert.throws(() => faulty("throw").stage.connect().publish("bad"), InvariantError);
  assert.equal(coreSettings({}, () => "").onInternalError, "throw");
});

Deno.test("F12: no client triggers an internal error at a limit: levels, packets, subscriptions", () => {
  assert.ok(limitRange("topicLevels")[1] <= 2_000);
  // The largest 3.1.1 PUBLISH fits in a 5.0 packet with an identifier for each subscription.
  const identifiers = 5 * limitRange("subscriptionsPerSession")[1];
  assert.ok(limitRange("maximumPacketSizeBytes")[1] + identifiers < 268_435_455);
});

Deno.test("F12: the broker traverses topics of the deepest allowed level", () => {
  const topicLevels = limitRange("topicLevels")[1];
  const stage = new Stage({ limits: { topicLevels } });
  const topic = Array.from({ length: topicLevels }, () => "a").join("/");
  const client = stage.connect();
  client.publish(topic, "x", { retain: true, qos: 1 }).subscribe("#").subscribe("+/#").subscribe(topic);
  // This number of levels exceeds one slice of retained messages.
  stage.advance(10);
  assert.equal(client.messages.length, 3);
  client.publish(topic, "y");
  assert.equal(client.messages.length, 4);
});

Deno.test("F12: the broker omits response information that no packet can contain", () => {
  const stage = new Stage({ responseInformation: "%c".repeat(30), limits: { clientIdLength: 4_000 } });
  const client = stage.connect({
    clientId: "x".repeat(4_000),
    properties: { requestResponseInformation: true },
  });
  assert.deepEqual({
    reasonCode: client.connack?.reasonCode,
    responseInformation: client.connack?.properties?.responseInformation,
  }, { reasonCode: 0, responseInformation: undefined });
  const short = stage.connect({ clientId: "me", properties: { requestResponseInformation: true } });
  assert.equal(short.connack?.properties?.responseInformation, "me".repeat(30));
});
