import assert from "node:assert/strict";
import { type LogLevel, openLog } from "../../../src/base/log.ts";
import { eventLog, loggedEvents, packetLog } from "../../../src/broker/monitor/event_log.ts";
import { aWill, bytesOf, Stage } from "../stage.ts";

function logged(level: LogLevel, ...traced: string[]) {
  const lines: string[] = [];
  const log = openLog({ format: "json", level, write: (line) => void lines.push(line) });
  const stage = new Stage({ onEvent: eventLog(log), eventTypes: loggedEvents(log), trace: packetLog(log, traced) });
  const records = () => lines.map((line) => JSON.parse(line));
  return { stage, lines, records };
}

const secret = { username: "user", password: bytesOf("s3cret") };
const will = aWill({ payload: bytesOf("t0psecret") });

Deno.test("event log: writes one line for each step of a client's life with a will", () => {
  const { stage, records } = logged("debug");
  stage.connect({ clientId: "a", ...secret, will }).die();
  assert.deepEqual(records().map(({ event, clientId, level }) => `${level} ${event} ${clientId}`), [
    "debug will-armed a",
    "info connected a",
    "info ended a",
    "info will-published a",
  ]);
  const { message, ending, topic, qos } = records()[3];
  assert.deepEqual({ message, ending, topic, qos }, {
    message: "will published",
    ending: "link-end",
    topic: "will",
    qos: 1,
  });
});

Deno.test("event log: contains no password and no payload", () => {
  const { stage, lines } = logged("debug");
  const client = stage.connect({ clientId: "a", ...secret, will });
  client.publish("topic", "pr1vate", { qos: 1 }).die();
  assert.ok(lines.length > 0 && !/s3cret|t0psecret|pr1vate/.test(lines.join("")));
});

Deno.test("event log: at level warning the log subscribes only to events of that level", () => {
  const log = openLog({ format: "json", level: "warning", write: () => {} });
  assert.deepEqual(loggedEvents(log), ["will-denied", "will-lost"]);
});

Deno.test("event log: a listener receives only the events that it subscribes to", () => {
  const types: string[] = [];
  const stage = new Stage({ onEvent: ({ type }) => void types.push(type), eventTypes: ["ended", "will-armed"] });
  stage.connect({ clientId: "a", will }).die();
  assert.deepEqual(types, ["will-armed", "ended"]);
});

Deno.test("event log: a listener that throws is logged and affects no other listener", () => {
  const stage = new Stage({
    onEvent: () => {
      throw new Error("no");
    },
    eventTypes: ["connected"],
  });
  assert.equal(stage.connect({ clientId: "a" }).connack?.reasonCode, 0);
  assert.deepEqual(stage.logged, ["warn: The event listener failed at connected: Error: no"]);
});

Deno.test("event log: at level warning an ordinary life writes nothing", () => {
  const { stage, lines } = logged("warning");
  stage.connect({ clientId: "a", will }).die();
  assert.deepEqual(lines, []);
});

Deno.test("trace: writes each packet of one client decoded, cuts payloads and omits the password", () => {
  const { stage, records, lines } = logged("error", "a");
  stage.connect({ clientId: "b" }).publish("other", "of b");
  const client = stage.connect({ clientId: "a", ...secret });
  client.subscribe("t").publish("t", "x".repeat(1_000), { qos: 1 });
  client.send({ type: "pingreq" });
  assert.deepEqual(records().map(({ message, packet, clientId }) => `${message} ${packet} ${clientId}`), [
    "in connect a",
    "out connack a",
    "in subscribe a",
    "out suback a",
    "in publish a",
    "out publish a",
    "out puback a",
    "in puback a",
    "in pingreq a",
    "out pingresp a",
  ]);
  const { payload, topic, packetId } = records()[4];
  assert.deepEqual({ topic, packetId }, { topic: "t", packetId: 2 });
  assert.equal(payload, `${"x".repeat(64)}… (1000 bytes)`);
  assert.equal(records()[0].password, "…");
  assert.ok(!lines.join("").includes("s3cret"));
});
