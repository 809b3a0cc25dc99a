/** Sections 3.8 to 3.11 of both standards: SUBSCRIBE, UNSUBSCRIBE, SUBACK, UNSUBACK. */
import assert from "node:assert/strict";
import type { Packet, QoS } from "../../../src/mqtt/packet.ts";
import { mayCarry } from "../../../src/mqtt/reason.ts";
import { type Client, type ConnectAsked, Stage } from "../stage.ts";
import { field, frame, reasons, surrogate } from "./bytes.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

const versions = [4, 5] as const;
const silent = { acknowledges: false };

function subscribe(packetId: number, ...filters: readonly (readonly [topicFilter: string, qos: QoS])[]): Packet {
  return { type: "subscribe", packetId, subscriptions: filters.map(([topicFilter, qos]) => ({ topicFilter, qos })) };
}

Deno.test("SUBSCRIBE: the broker refuses an invalid SUBSCRIBE [MQTT5 3.8.3-1] [MQTT5 3.8.3-2] [MQTT5 3.8.3-5] [MQTT311 3.8.3-4]", async (t) => {
  // [MQTT311 3.8.3-1] [MQTT311 3.8.3-3] [MQTT311 2.3.1-1]
  const cases: readonly [what: string, packetId: number, payload: readonly number[], newer: number][] = [
    ["nothing", 1, [], 0x82],
    ["filter no text", 1, [...field(surrogate), 0], 0x81],
    ["filter without options", 1, field("a"), 0x81],
    ["reserved bit 6", 1, [...field("a"), 0x40], 0x81],
    ["reserved bit 7", 1, [...field("a"), 0x80], 0x81],
    ["QoS 3", 1, [...field("a"), 0x03], 0x82],
    ["retain handling 3", 1, [...field("a"), 0x30], 0x82],
    ["packet identifier 0", 0, [...field("a"), 0], 0x82], // [MQTT5 2.2.1-3]
  ];
  await eachCase(t, cases, ([what, packetId, payload, newer]) => {
    for (const version of versions) {
      const client = new Stage().connect({ version });
      client.sendBytes(frame(0x82, 0, packetId, version === 5 ? [0] : [], payload));
      assert.deepEqual({ reasons: reasons(client), end: client.end }, {
        reasons: version === 5 ? [newer] : [],
        end: { kind: "fin" },
      }, what);
    }
  });
});

Deno.test("SUBSCRIBE: in 3.1.1 every bit beside the QoS is reserved [MQTT311 3.8.3-4]", () => {
  for (let bit = 4; bit < 0x100; bit <<= 1) {
    const client = new Stage().connect({ version: 4 }).sendBytes(frame(0x82, 0, 1, field("a"), bit));
    assert.deepEqual(client.end, { kind: "fin" }, `${bit}`);
  }
});

Deno.test("SUBSCRIBE: SUBACK has the same identifier and one code for each filter, in order [MQTT5 3.8.4-1] [MQTT5 3.8.4-2]", async (t) => {
  // [MQTT5 3.8.4-5] [MQTT5 3.8.4-6] [MQTT5 3.8.4-7] [MQTT5 3.9.3-1] [MQTT5 3.9.3-2] [MQTT5 2.2.1-6]
  // [MQTT311 3.8.4-1] [MQTT311 3.8.4-2] [MQTT311 3.8.4-4] [MQTT311 3.8.4-5] [MQTT311 3.9.3-1] [MQTT311 3.9.3-2]
  // [MQTT311 2.3.1-7]
  await eachVersion(t, (version) => {
    const stage = new Stage({ maximumQoS: 1, limits: { topicLevels: 2 } });
    const client = stage.connect({ version });
    client.send(subscribe(513, ["a", 2], ["a/b/c", 1], ["+", 0], ["a", 0], ["#", 1]));
    const [packet, ...more] = client.of("suback");
    assert.deepEqual({ packetId: packet!.packetId, reasonCodes: packet!.reasonCodes, more }, {
      packetId: 513,
      reasonCodes: [1, version === 5 ? 0x8f : 0x80, 0, 0, 1],
      more: [],
    });
    for (const reasonCode of packet!.reasonCodes) assert.equal(mayCarry("suback", reasonCode), true);
    client.publish("a", "x", { qos: 1 });
    assert.deepEqual(client.of("publish").map(({ qos }) => qos), [1]); // the highest of three // [MQTT5 3.3.4-2]
  }); // [MQTT311 3.3.5-1]
});

Deno.test("SUBSCRIBE: the highest QoS of the matching filters applies, in any order [MQTT5 3.3.4-2]", async (t) => {
  await eachVersion(t, (version) => { // [MQTT311 3.3.5-1]
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [1, 0, 2], [2, 0, 1]] as const) {
      const client = new Stage().connect({ version });
      for (const [at, filter] of ["#", "+", "a"].entries()) client.subscribe(filter, { qos: order[at]! });
      client.publish("a", "x", { qos: 2 });
      assert.deepEqual(client.of("publish").map(({ qos }) => qos), [2], `${order}`);
    }
  });
});

Deno.test("SUBSCRIBE: a message arrives at the lower QoS of message and grant [MQTT5 3.8.4-8] [MQTT311 3.8.4-6]", async (t) => {
  await eachVersion(t, (version) => {
    for (const granted of [0, 1, 2] as const) {
      const stage = new Stage();
      const client = stage.connect({ version }).subscribe("a", { qos: granted });
      const publisher = stage.connect({ clientId: "p" });
      for (const qos of [0, 1, 2] as const) publisher.publish("a", "", { qos });
      assert.deepEqual(client.of("publish").map(({ qos }) => qos), [0, 1, 2].map((qos) => Math.min(qos, granted)));
    }
  });
});

Deno.test("SUBSCRIBE: a repeated filter replaces the first, resends retained messages and loses none [MQTT5 3.8.4-3]", async (t) => {
  // [MQTT5 3.8.4-4] [MQTT311 3.8.4-3] [MQTT5 3.3.1-9]
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const publisher = stage.connect({ clientId: "p" }).publish("a", "kept", { retain: true, qos: 2 });
    const client = stage.connect({ version, properties: { receiveMaximum: 1 } }, silent).subscribe("a", { qos: 1 });
    publisher.publish("a", "1", { qos: 1 });
    client.subscribe("a", { qos: 0 });
    publisher.publish("a", "2", { qos: 1 });
    for (let packetId = 1; packetId <= 2; packetId++) client.send({ type: "puback", packetId });
    const seen = client.of("publish").map(({ payload, qos, retain }) => [payload.length, qos, retain]);
    assert.deepEqual(seen.sort(), [[1, 0, false], [1, 1, false], [4, 0, true], [4, 1, true]]);
    assert.equal(stage.core.metrics.subscriptionsHeld, 1);
  });
});

Deno.test("SUBSCRIBE: retain handling selects when retained messages are sent [MQTT5 3.3.1-9] [MQTT5 3.3.1-10] [MQTT5 3.3.1-11]", async (t) => {
  await eachCase(t, [[0, 1, 1], [1, 1, 0], [2, 0, 0]] as const, ([retainHandling, first, again]) => {
    const stage = new Stage();
    stage.connect({ clientId: "p" }).publish("a", "x", { retain: true });
    const client = stage.connect().subscribe("+", { retainHandling });
    assert.equal(client.messages.length, first);
    client.subscribe("+", { retainHandling });
    assert.equal(client.messages.length, first + again);
    client.send({ type: "unsubscribe", packetId: 9, topicFilters: ["+"] }).subscribe("+", { retainHandling });
    assert.equal(client.messages.length, 2 * first + again);
  });
});

Deno.test("SUBSCRIBE: no local applies by client identifier [MQTT5 3.8.3-3]", () => {
  const stage = new Stage();
  const asked: ConnectAsked = { clientId: "c", cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };
  const client = stage.connect(asked).subscribe("a", { noLocal: true, qos: 1 }).publish("a", "1", { retain: true });
  client.die();
  const back = stage.connect(asked).publish("a", "2").subscribe("a", { noLocal: true, qos: 1 });
  stage.connect({ clientId: "other" }).publish("a", "3");
  assert.deepEqual(back.messages, ["a 3"]);
});

Deno.test("SUBSCRIBE: one copy carries the identifiers of all matching filters [MQTT5 3.3.4-3] [MQTT5 3.3.4-4]", async (t) => {
  await eachCase(t, [0, 1, 2] as const, (qos) => {
    const stage = new Stage();
    const client = stage.connect();
    for (const [at, filter] of ["a", "+", "#", "b"].entries()) client.subscribe(filter, { qos }, [1, 127, 128, 9][at]);
    client.subscribe("a/#", { qos });
    client.publish("a", "x", { qos, properties: { contentType: "t" } });
    const [packet, ...more] = client.of("publish");
    const { subscriptionIdentifiers, contentType } = packet!.properties!;
    assert.deepEqual([[...subscriptionIdentifiers!].sort(), contentType, more], [[1, 127, 128].sort(), "t", []]);
  });
});

Deno.test("SUBSCRIBE: each of several copies carries its own identifier [MQTT5 3.3.4-5]", () => {
  const client = new Stage().connect().subscribe("a", {}, 16_384).subscribe("$share/g/a", {}, 2_097_152);
  client.publish("a", "x", { qos: 2 });
  const identifiers = client.of("publish").map(({ properties }) => properties!.subscriptionIdentifiers![0]);
  assert.deepEqual(identifiers.sort(), [16_384, 2_097_152].sort());
});

Deno.test("UNSUBSCRIBE: the broker refuses an invalid UNSUBSCRIBE [MQTT5 3.10.3-1] [MQTT5 3.10.3-2] [MQTT311 3.10.3-1] [MQTT311 3.10.3-2]", async (t) => {
  await eachCase(t, [[[], 0x82], [field(surrogate), 0x81], [field(""), 0x81]] as const, ([payload, newer]) => {
    for (const version of versions) {
      const client = new Stage().connect({ version });
      client.sendBytes(frame(0xa2, 0, 1, version === 5 ? [0] : [], payload));
      assert.deepEqual({ reasons: reasons(client), end: client.end }, {
        reasons: version === 5 ? [newer] : [],
        end: { kind: "fin" },
      });
    }
  });
});

Deno.test("UNSUBSCRIBE: removes exact filters, with one UNSUBACK for all of them [MQTT5 3.10.4-1] [MQTT5 3.10.4-4] [MQTT5 3.10.4-5]", async (t) => {
  // [MQTT5 3.10.4-6] [MQTT5 3.11.3-1] [MQTT5 3.11.3-2] [MQTT311 3.10.4-1] [MQTT311 3.10.4-4] [MQTT311 3.10.4-5]
  // [MQTT311 3.10.4-6] [MQTT5 2.2.1-6] [MQTT311 2.3.1-7]
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version }).subscribe("a/+").subscribe("a/b").subscribe("c");
    client.send({ type: "unsubscribe", packetId: 770, topicFilters: ["c", "A/b", "a/+", "c"] });
    const reasonCodes = version === 5 ? [0, 0x11, 0, 0x11] : [];
    assert.deepEqual(client.of("unsuback"), [{ type: "unsuback", packetId: 770, reasonCodes }]);
    client.send({ type: "unsubscribe", packetId: 771, topicFilters: ["x"] });
    assert.equal(client.of("unsuback")[1]!.packetId, 771);
    client.publish("a/b", "1").publish("a/c", "2").publish("c", "3");
    assert.deepEqual(client.messages, ["a/b 1"]);
  });
});

Deno.test("UNSUBSCRIBE: no new message arrives, and started deliveries complete [MQTT5 3.10.4-2] [MQTT5 3.10.4-3]", async (t) => {
  await eachVersion(t, (version) => { // [MQTT311 3.10.4-2] [MQTT311 3.10.4-3]
    const stage = new Stage();
    const asked: ConnectAsked = {
      version,
      clientId: "w",
      cleanStart: false,
      properties: { sessionExpiryIntervalS: 9 },
    };
    const client = stage.connect(asked, silent).subscribe("a");
    const publisher = stage.connect({ clientId: "p" }).publish("a", "1", { qos: 1 }).publish("a", "2", { qos: 2 });
    client.send({ type: "unsubscribe", packetId: 9, topicFilters: ["a"] });
    publisher.publish("a", "3", { qos: 1 });
    client.send({ type: "pubrec", packetId: 2 });
    assert.deepEqual({ messages: client.messages, pubrels: client.of("pubrel").length }, {
      messages: ["a 1", "a 2"],
      pubrels: 1,
    });
    client.die();
    const back = stage.connect(asked, silent);
    assert.deepEqual({ messages: back.messages, pubrels: back.of("pubrel").length }, { messages: ["a 1"], pubrels: 1 });
  });
});

/** The answer to a client whose maximum packet size is `maximumPacketSize`. */
function answered(maximumPacketSize: number, ...packets: readonly Packet[]): Client {
  const stage = new Stage({ limits: { topicLevels: 2 } });
  return stage.connect({ properties: { maximumPacketSize } }).send(...packets);
}

Deno.test("SUBACK: the broker omits the reason string to fit the client's maximum packet size [MQTT5 3.9.2-1] [MQTT5 3.9.2-2]", () => {
  const packet = subscribe(1, ["a/b/c", 0]);
  const text = answered(1_000, packet).of("suback")[0]!.properties!.reasonString!;
  const size = 2 + 2 + 1 + 3 + text.length + 1;
  assert.deepEqual(answered(size, packet).of("suback")[0]!.properties, { reasonString: text });
  assert.deepEqual(answered(size - 1, packet).of("suback"), [{ type: "suback", packetId: 1, reasonCodes: [0x8f] }]);
});

Deno.test("SUBACK, UNSUBACK: an answer larger than the client accepts closes the connection [MQTT5 3.1.2-24]", async (t) => {
  // [MQTT5 3.11.2-1] [MQTT5 3.11.2-2]: the broker's UNSUBACK never has a reason string
  const filters = Array.from({ length: 60 }, (_, index) => `${index}`);
  const many = subscribe(1, ...filters.map((filter) => [filter, 0] as const));
  await eachCase(t, [many, { type: "unsubscribe", packetId: 1, topicFilters: filters } as const], (packet) => {
    const fits = answered(65, packet);
    assert.deepEqual({ reasons: reasons(fits), arrivals: fits.arrivals.length }, { reasons: [], arrivals: 2 });
    const client = answered(64, packet);
    assert.deepEqual({ reasons: reasons(client), end: client.end, arrivals: client.arrivals.length }, {
      reasons: [0x95],
      end: { kind: "fin" },
      arrivals: 2,
    });
    for (const { properties } of answered(1_000, packet).of("unsuback")) assert.equal(properties, undefined);
  });
});
