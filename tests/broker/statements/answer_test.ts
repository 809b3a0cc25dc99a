/** Sections 3.4 to 3.7 of 5.0: reason codes and reason strings of PUBACK, PUBREC, PUBREL and PUBCOMP. */
import assert from "node:assert/strict";
import type { ConnectPacket, Packet } from "../../../src/mqtt/packet.ts";
import { mayCarry } from "../../../src/mqtt/reason.ts";
import { bytesOf, type Client, Stage } from "../stage.ts";
import { eachCase } from "../../support/steps.ts";

const silent = { acknowledges: false };

function refusedPublish(qos: 1 | 2): Packet {
  return { type: "publish", dup: false, qos, retain: false, topic: "$SYS", packetId: 7, payload: bytesOf("") };
}

function client(properties: ConnectPacket["properties"] = {}): Client {
  return new Stage({ limits: { topicLevels: 3 } }).connect({ properties }, silent);
}

const answers = { puback: 1, pubrec: 2 } as const;

Deno.test("PUBACK, PUBREC: the broker omits the reason string to fit the maximum packet size [MQTT5 3.4.2-2] [MQTT5 3.4.2-3]", async (t) => {
  // [MQTT5 3.5.2-2] [MQTT5 3.5.2-3]
  await eachCase(t, ["puback", "pubrec"] as const, (type) => {
    const answered = (maximumPacketSize: number) =>
      client({ maximumPacketSize }).send(refusedPublish(answers[type])).of(type)[0]!;
    const text = answered(1_000).properties!.reasonString!;
    const size = 2 + 2 + 1 + 1 + 3 + text.length;
    assert.deepEqual(answered(size).properties, { reasonString: text });
    assert.deepEqual(answered(size - 1), { type, packetId: 7, reasonCode: 0x90 });
  });
});

Deno.test("PUBREL, PUBCOMP: contain no reason string, so that they always fit [MQTT5 3.6.2-2] [MQTT5 3.6.2-3]", () => {
  // [MQTT5 3.7.2-2] [MQTT5 3.7.2-3]
  const sent = client().send({ type: "pubrec", packetId: 9 }, { type: "pubrel", packetId: 9 });
  assert.deepEqual([...sent.of("pubrel"), ...sent.of("pubcomp")], [
    { type: "pubrel", packetId: 9, reasonCode: 0x92 },
    { type: "pubcomp", packetId: 9, reasonCode: 0x92 },
  ]);
});

Deno.test("acknowledgements: accept only the reason codes of their type [MQTT5 3.4.2-1] [MQTT5 3.5.2-1] [MQTT5 3.6.2-1]", () => {
  // [MQTT5 3.7.2-1] [MQTT5 3.9.3-2] [MQTT5 3.11.3-2]
  const stage = new Stage({ limits: { topicLevels: 3, subscriptionsPerSession: 1 } });
  const sender = stage.connect({}, silent);
  for (const topic of ["a", "$SYS", "a/b/c/d"]) {
    for (const qos of [1, 2] as const) sender.publish(topic, "", { qos });
  }
  sender.publish("a", "\xff", { qos: 1, payload: Uint8Array.of(0xff), properties: { payloadFormatIndicator: 1 } });
  for (const packetId of [2, 99]) sender.send({ type: "pubrel", packetId }, { type: "pubrec", packetId });
  sender.subscribe("a").subscribe("b").subscribe("a/b/c/d");
  sender.send({ type: "unsubscribe", packetId: 5, topicFilters: ["a", "b"] });
  let seen = 0;
  for (const { packet } of sender.arrivals) {
    if (packet.type === "connack" || !("reasonCode" in packet || "reasonCodes" in packet || "packetId" in packet)) {
      continue;
    }
    const codes = "reasonCodes" in packet
      ? packet.reasonCodes
      : "reasonCode" in packet
      ? [packet.reasonCode ?? 0]
      : [0];
    for (const code of codes) assert.equal(mayCarry(packet.type, code), true, `${packet.type} ${code}`);
    seen++;
  }
  assert.equal(seen, 7 + 4 + 3 + 1);
});

Deno.test("problem information: a client that declines gets reason strings in CONNACK and DISCONNECT only [MQTT5 3.1.2-29]", async (t) => {
  await eachCase(t, [undefined, true, false], (requestProblemInformation) => {
    const properties = requestProblemInformation === undefined ? {} : { requestProblemInformation };
    const refused = client(properties).send(refusedPublish(1), refusedPublish(2)).subscribe("a/b/c/d");
    refused.sendBytes([0xc1, 0]);
    const words = (["puback", "pubrec", "suback", "disconnect"] as const)
      .map((type) => typeof refused.of(type)[0]!.properties?.reasonString);
    const text = requestProblemInformation === false ? "undefined" : "string";
    assert.deepEqual(words, [text, text, text, "string"]);
  });
});

Deno.test("problem information: a 3.1.1 client receives no reason string", () => {
  const stage = new Stage({ limits: { topicLevels: 3 } });
  const older = stage.connect({ version: 4 }).subscribe("a/b/c/d");
  assert.deepEqual(older.of("suback"), [{ type: "suback", packetId: 1, reasonCodes: [0x80] }]);
  older.send(refusedPublish(1)); // [MQTT311 3.3.5-2] [MQTT311 4.8.0-2]
  assert.deepEqual({ puback: older.of("puback"), disconnect: older.of("disconnect"), end: older.end }, {
    puback: [],
    disconnect: [],
    end: { kind: "fin" },
  });
});
