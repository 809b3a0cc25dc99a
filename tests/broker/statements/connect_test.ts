/** Section 3.1 of both standards: CONNECT. */
import assert from "node:assert/strict";
import type { Login } from "../../../src/broker/options/options.ts";
import { aWill, type ConnectAsked, Stage, textOf } from "../stage.ts";
import { connectBytes, type ConnectParts, field, reasons, surrogate } from "./bytes.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

const versions = [4, 5] as const;
const lasting = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };

Deno.test("CONNECT: the broker accepts only the standard's protocol name [MQTT5 3.1.2-1] [MQTT311 3.1.2-1]", async (t) => {
  await eachCase(t, ["MQIsdp", "mqtt", "MQTTX", ""], (name) => {
    const stage = new Stage();
    const client = stage.dial(4).sendBytes([...connectBytes(4, { name }), 0xc0, 0]);
    assert.deepEqual(client.arrivals.map(({ packet }) => packet.type), ["connack"], name);
    assert.deepEqual({ reasons: reasons(client), end: client.end, sessions: stage.core.sessions.size }, {
      reasons: [1],
      end: { kind: "fin" },
      sessions: 0,
    });
  });
});

Deno.test("CONNECT: an invalid CONNECT opens no connection [MQTT5 3.1.4-1] [MQTT311 3.1.4-1]", async (t) => {
  const id = field("c");
  const cases: readonly [what: string, parts: ConnectParts][] = [
    ["reserved flag", { flags: 0x03 }], // [MQTT5 3.1.2-3] [MQTT311 3.1.2-3]
    ["will QoS without will", { flags: 0x0a }], // [MQTT5 3.1.2-11] [MQTT311 3.1.2-13]
    ["will retain without will", { flags: 0x22 }], // [MQTT5 3.1.2-13] [MQTT311 3.1.2-15]
    ["will fields without will", { payload: [...id, ...field("t"), ...field("m")] }], // [MQTT311 3.1.2-11]
    ["will QoS 3", { flags: 0x1e, payload: [...id, ...field("t"), ...field("m")] }], // [MQTT5 3.1.2-12] [MQTT311 3.1.2-14]
    ["will without fields", { flags: 0x06 }], // [MQTT5 3.1.2-9] [MQTT311 3.1.2-9]
    ["user name without flag", { payload: [...id, ...field("u")] }], // [MQTT5 3.1.2-16] [MQTT311 3.1.2-18]
    ["flag without user name", { flags: 0x82 }], // [MQTT5 3.1.2-17] [MQTT311 3.1.2-19]
    ["password without flag", { flags: 0x82, payload: [...id, ...field("u"), ...field("p")] }], // [MQTT5 3.1.2-18] [MQTT311 3.1.2-20]
    ["flag without password", { flags: 0xc2, payload: [...id, ...field("u")] }], // [MQTT5 3.1.2-19] [MQTT311 3.1.2-21]
    ["no client identifier", { payload: [] }], // [MQTT5 3.1.3-3] [MQTT311 3.1.3-3]
    ["client identifier no text", { payload: field(surrogate) }], // [MQTT5 3.1.3-4] [MQTT311 3.1.3-4]
    ["user name no text", { flags: 0x82, payload: [...id, ...field(surrogate)] }], // [MQTT5 3.1.3-12] [MQTT311 3.1.3-11]
  ];
  await eachCase(t, cases, ([what, parts]) => {
    for (const version of versions) {
      const stage = new Stage();
      const watcher = stage.watch();
      const client = stage.dial(version).sendBytes([...connectBytes(version, parts), ...[0x30, 3, 0, 1, 0x61]]);
      const expected = version === 5 ? [0x81] : []; // 3.1.1 has no return code for this reason
      assert.deepEqual(reasons(client), expected, `${what}, ${version}`);
      assert.deepEqual({ end: client.end, sessions: stage.core.sessions.size, messages: watcher.messages }, {
        end: { kind: "fin" },
        sessions: 1,
        messages: [],
      }, what);
    }
  });
});

Deno.test("CONNECT: a will's topic is UTF-8 text [MQTT5 3.1.3-11] [MQTT311 3.1.3-10]", async (t) => {
  const will = [...field(surrogate), ...field("m")];
  await eachVersion(t, (version) => {
    const payload = [...field("c"), ...(version === 5 ? [0] : []), ...will];
    const client = new Stage().dial(version).sendBytes(connectBytes(version, { flags: 0x06, payload }));
    assert.deepEqual({ reasons: reasons(client), end: client.end }, {
      reasons: version === 5 ? [0x81] : [],
      end: { kind: "fin" },
    });
  });
});

Deno.test("CONNECT: a password without a user name is refused in 3.1.1 and accepted in 5.0 [MQTT311 3.1.2-22]", () => {
  const parts = { flags: 0x42, payload: [...field("c"), ...field("p")] };
  const [older, newer] = versions.map((version) => new Stage().dial(version).sendBytes(connectBytes(version, parts)));
  assert.deepEqual({ arrivals: older!.arrivals, end: older!.end }, { arrivals: [], end: { kind: "fin" } });
  assert.equal(newer!.connack!.reasonCode, 0);
});

Deno.test("CONNECT: the fields of the payload have one order [MQTT5 3.1.3-1] [MQTT311 3.1.3-1]", async (t) => {
  await eachVersion(t, (version) => {
    const logins: Login[] = [];
    const authenticate = (login: Login) => (logins.push(login), "accept" as const);
    const stage = new Stage({ authenticate });
    const watcher = stage.watch();
    const will = [...(version === 5 ? [0] : []), ...field("topic"), ...field("message")];
    const payload = [...field("id"), ...will, ...field("user"), ...field("secret")];
    stage.dial(version).sendBytes(connectBytes(version, { flags: 0xc6, payload })).die();
    const { clientId, username, password } = logins[1]!;
    assert.deepEqual({ clientId, username, password: textOf(password!) }, {
      clientId: "id",
      username: "user",
      password: "secret",
    });
    assert.deepEqual(watcher.messages, ["topic message"]);
  });
});

Deno.test("CONNECT: clean start 1 ends the old session; clean start 0 resumes or creates one [MQTT5 3.1.4-4]", async (t) => {
  const first = { ...lasting, clientId: "c" };
  await eachVersion(t, (version) => { // [MQTT311 3.1.4-3]
    const stage = new Stage();
    assert.equal(stage.connect({ version, ...first }).subscribe("a").die().connack!.sessionPresent, false); // [MQTT5 3.1.2-6]
    const publisher = stage.connect({ clientId: "p" }).publish("a", "1", { qos: 1 });
    assert.deepEqual(stage.connect({ version, ...first }).die().messages, ["a 1"]); // [MQTT5 3.1.2-5] [MQTT311 3.1.2-4]
    publisher.publish("a", "2", { qos: 1 });
    const fresh = stage.connect({ version, ...first, cleanStart: true }); // [MQTT5 3.1.2-4] [MQTT311 3.1.2-6]
    publisher.publish("a", "3", { qos: 1 });
    assert.deepEqual({ sessionPresent: fresh.connack!.sessionPresent, messages: fresh.messages }, {
      sessionPresent: false,
      messages: [],
    });
  });
});

Deno.test("CONNECT: retained messages are not part of a session [MQTT311 3.1.2-7]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    stage.connect({ version, clientId: "p" }).publish("a", "kept", { retain: true, qos: 1 }).disconnect();
    assert.equal(stage.core.sessions.size, 0);
    assert.deepEqual(stage.connect({ version }).subscribe("a").messages, ["a kept"]);
  });
});

Deno.test("CONNECT: the broker keeps session state by client identifier [MQTT5 3.1.3-2] [MQTT311 3.1.3-2]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const asked = (clientId: string): ConnectAsked => ({ version, clientId, ...lasting });
    stage.connect(asked("one")).subscribe("a").die();
    const other = stage.connect(asked("ONE"));
    stage.connect({ clientId: "p" }).publish("a", "x", { qos: 1 });
    assert.deepEqual({ sessionPresent: other.connack!.sessionPresent, messages: other.messages }, {
      sessionPresent: false,
      messages: [],
    });
    const back = stage.connect(asked("one"));
    assert.deepEqual({ sessionPresent: back.connack!.sessionPresent, messages: back.messages }, {
      sessionPresent: true,
      messages: ["a x"],
    });
  });
});

Deno.test("CONNECT: the broker accepts each identifier that the standard allows [MQTT5 3.1.3-5] [MQTT311 3.1.3-5]", async (t) => {
  const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const stage = new Stage();
  await eachVersion(t, (version) => {
    for (let at = 0; at < letters.length; at++) {
      const clientId = (letters + letters).slice(at, at + 1 + at % 23);
      assert.equal(stage.connect({ version, clientId }).connack!.reasonCode, 0, clientId);
    }
  });
});

Deno.test("CONNECT: each client without an identifier gets a unique one [MQTT5 3.1.3-6] [MQTT311 3.1.3-6]", () => {
  const stage = new Stage();
  for (const version of versions) {
    stage.connect({ version, clientId: "" });
    stage.connect({ version, clientId: "" });
  }
  assert.equal(new Set([...stage.core.sessions.values()].map(({ clientId }) => clientId)).size, 4);
});

Deno.test("CONNECT: the broker refuses an identifier beyond the limit [MQTT5 3.1.3-8] [MQTT311 3.1.3-9]", async (t) => {
  await eachVersion(t, (version) => {
    const client = new Stage({ limits: { clientIdLength: 8 } }).connect({ version, clientId: "123456789" });
    assert.deepEqual({ reasons: reasons(client), end: client.end }, {
      reasons: [version === 5 ? 0x85 : 2],
      end: { kind: "fin" },
    });
  });
});

Deno.test("CONNECT: a refused client is closed and leaves no state [MQTT5 3.1.4-2] [MQTT5 3.1.4-6] [MQTT311 3.1.4-5]", async (t) => {
  const codes = { "bad-credentials": [4, 0x86], "not-authorized": [5, 0x87] } as const;
  await eachVersion(t, (version) => {
    for (const answer of ["bad-credentials", "not-authorized"] as const) {
      const stage = new Stage({ authenticate: ({ clientId }) => clientId === "c" ? answer : "accept" });
      const watcher = stage.watch();
      const payload = [...field("c"), ...(version === 5 ? [0] : []), ...field("t"), ...field("m")];
      const publish = version === 5 ? [0x30, 4, 0, 1, 0x61, 0] : [0x30, 3, 0, 1, 0x61];
      const client = stage.dial(version).sendBytes([...connectBytes(version, { flags: 0x06, payload }), ...publish]);
      assert.deepEqual({ reasons: reasons(client), end: client.end }, {
        reasons: [codes[answer][version - 4]],
        end: { kind: "fin" },
      });
      assert.deepEqual(watcher.messages, []);
    }
  });
});

Deno.test("CONNECT: the broker keeps a will with the connection and publishes it once at its end [MQTT5 3.1.2-7] [MQTT5 3.1.2-8]", async (t) => {
  await eachVersion(t, (version) => { // [MQTT311 3.1.2-8]
    const stage = new Stage();
    const watcher = stage.watch();
    const client = stage.connect({ version, will: aWill(), ...lasting });
    assert.deepEqual([stage.core.metrics.willsHeld], [1]);
    client.die();
    assert.deepEqual(watcher.messages, ["will gone"]);
    stage.connect({ version, ...lasting }).die(); // a CONNECT without a will // [MQTT311 3.1.2-12]
    assert.deepEqual(watcher.messages, ["will gone"]); // [MQTT5 3.1.2-10] [MQTT311 3.1.2-10]
    stage.connect({ version, will: aWill(), ...lasting }).disconnect(); // [MQTT5 3.14.4-3] [MQTT311 3.14.4-3]
    stage.connect({ version, ...lasting }).die();
    assert.deepEqual(watcher.messages, ["will gone"]);
    assert.deepEqual({ willsHeld: stage.core.metrics.willsHeld, messages: watcher.messages.length }, {
      willsHeld: 0,
      messages: 1,
    });
  });
});

Deno.test("CONNECT: the broker applies the keep alive that the client sends [MQTT5 3.1.2-22] [MQTT5 3.2.2-22] [MQTT311 3.1.2-24]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version, keepAliveS: 10 });
    stage.advance(14_000);
    client.send({ type: "pingreq" });
    stage.advance(14_999);
    assert.equal(client.end, undefined);
    stage.advance(1);
    assert.deepEqual({ endMs: client.endMs, reasons: reasons(client) }, {
      endMs: 29_000,
      reasons: version === 5 ? [0x8d] : [],
    });
  });
});
