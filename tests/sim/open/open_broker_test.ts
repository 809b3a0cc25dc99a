/**
 * The test broker that makes open choices has no fault itself: without open choices it passes the catalog, a referee on
 * its links finds no violation, and the referee detects what a server may not send.
 */
import assert from "node:assert/strict";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectPacket, Packet } from "../../../src/mqtt/packet.ts";
import { memoryLinkPair } from "../../../src/net/memory_link.ts";
import { openCheck } from "../../support/open/open_check.ts";
import { Referee, ServerFault } from "../../support/open/referee.ts";

Deno.test("open broker: without other choices it passes the whole catalog, with restarts", async () => {
  const { result, looked } = await openCheck({ seed: 0, only: [] });
  assert.deepEqual(result.cases.filter(({ outcome }) => outcome === "fail").map(({ id, reason }) => [id, reason]), []);
  assert.equal(result.verdict, "pass", result.reason);
  assert.ok(looked > 3_000, `only ${looked} packets were looked at`);
});

const connect: ConnectPacket = { type: "connect", protocolVersion: 5, cleanStart: true, keepAliveS: 0, clientId: "a" };
const connack: Packet = { type: "connack", sessionPresent: false, reasonCode: 0 };
const suback: Packet = { type: "suback", packetId: 1, reasonCodes: [1] };
const subscribe: Packet = { type: "subscribe", packetId: 1, subscriptions: [{ topicFilter: "a", qos: 1 }] };
const message: Packet = {
  type: "publish",
  dup: false,
  qos: 1,
  retain: false,
  topic: "a",
  packetId: 1,
  payload: bytes(),
};

function bytes(): Uint8Array {
  return new Uint8Array(3);
}

/** The packets of a client and then of the server, and the rule that the server's last packet breaks. */
const broken: readonly { name: string; client: readonly Packet[]; server: readonly Packet[]; rule: RegExp }[] = [
  { name: "a second CONNACK", client: [connect], server: [connack, connack], rule: /3\.2\.0-2/ },
  { name: "a packet before CONNACK", client: [connect], server: [{ type: "pingresp" }], rule: /3\.2\.0-1/ },
  {
    name: "a session of a clean start",
    client: [connect],
    server: [{ ...connack, sessionPresent: true }],
    rule: /3\.2\.2-2/,
  },
  { name: "PINGRESP unasked", client: [connect], server: [connack, { type: "pingresp" }], rule: /3\.12\.4-1/ },
  { name: "an unasked SUBACK", client: [connect], server: [connack, suback], rule: /2\.2\.1-6/ },
  {
    name: "an unasked PUBACK",
    client: [connect],
    server: [connack, { type: "puback", packetId: 1 }],
    rule: /2\.2\.1-5/,
  },
  {
    name: "more codes than filters",
    client: [connect, subscribe],
    server: [connack, { ...suback, reasonCodes: [1, 1] } as Packet],
    rule: /3\.9\.3-1/,
  },
  {
    name: "a higher QoS than requested",
    client: [connect, subscribe],
    server: [connack, { ...suback, reasonCodes: [2] } as Packet],
    rule: /3\.8\.4-7/,
  },
  { name: "a message without a subscription", client: [connect], server: [connack, message], rule: /4\.7/ },
  {
    name: "an identifier that is in use",
    client: [connect, subscribe],
    server: [connack, suback, message, message],
    rule: /2\.2\.1-4/,
  },
  {
    name: "DUP on a first message",
    client: [connect, subscribe],
    server: [connack, suback, { ...message, dup: true } as Packet],
    rule: /3\.3\.1-1/,
  },
  {
    name: "a message above the granted QoS",
    client: [connect, subscribe],
    server: [connack, suback, { ...message, qos: 2 } as Packet],
    rule: /3\.8\.4-8/,
  },
  {
    name: "a topic alias that is not allowed",
    client: [connect, subscribe],
    server: [connack, suback, { ...message, properties: { topicAlias: 1 } } as Packet],
    rule: /3\.1\.2-26/,
  },
  {
    name: "more messages than the receive maximum",
    client: [{ ...connect, properties: { receiveMaximum: 1 } }, subscribe],
    server: [connack, suback, message, { ...message, packetId: 2 } as Packet],
    rule: /4\.9\.0-2/,
  },
  {
    name: "a packet that is too large",
    client: [{ ...connect, properties: { maximumPacketSize: 10 } }, subscribe],
    server: [connack, suback, { ...message, payload: new Uint8Array(20) } as Packet],
    rule: /3\.1\.2-24/,
  },
  {
    name: "a reason string without a request",
    client: [{ ...connect, properties: { requestProblemInformation: false } }, subscribe],
    server: [connack, { ...suback, properties: { reasonString: "why" } } as Packet],
    rule: /3\.1\.2-29/,
  },
  {
    name: "a packet after DISCONNECT",
    client: [connect, { type: "pingreq" }],
    server: [connack, { type: "disconnect", reasonCode: 0x8b }, { type: "pingresp" }],
    rule: /3\.14\.4-1/,
  },
];

for (const { name, client, server, rule } of broken) {
  Deno.test(`open broker: the referee detects ${name}`, () => {
    const tasks: (() => void)[] = [];
    const [near, far] = memoryLinkPair((task) => void tasks.push(task));
    const link = new Referee(() => 0).watch(far);
    link.receiver = { onBytes() {}, onDrain() {}, onEnd() {} };
    for (const packet of client) near.write(encode(packet, 5));
    for (const task of tasks.splice(0)) task();
    for (const packet of server.slice(0, -1)) link.write(encode(packet, 5));
    assert.throws(
      () => link.write(encode(server.at(-1)!, 5)),
      (error) => error instanceof ServerFault && rule.test(error.message),
    );
  });
}
