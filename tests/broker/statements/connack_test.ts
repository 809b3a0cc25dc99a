/** Section 3.2 of both standards: CONNACK. */
import assert from "node:assert/strict";
import { mayCarry } from "../../../src/mqtt/reason.ts";
import { aWill, type ConnectAsked, connectPacket, Stage } from "../stage.ts";
import { connectBytes, reasons, record } from "./bytes.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

type Options = NonNullable<ConstructorParameters<typeof Stage>[0]>;

const versions = [4, 5] as const;
const lasting: ConnectAsked = { cleanStart: false, properties: { sessionExpiryIntervalS: 60 } };

Deno.test("CONNACK: is the first packet and is sent once [MQTT5 3.2.0-1] [MQTT5 3.2.0-2] [MQTT311 3.2.0-1]", async (t) => {
  await eachVersion(t, async (version) => {
    const { promise, resolve } = Promise.withResolvers<"accept">();
    const stage = new Stage({ authenticate: ({ clientId }) => clientId === "w" ? promise : "accept" });
    stage.connect({ clientId: "p" }).publish("a", "kept", { retain: true });
    const client = stage.dial(version).send(connectPacket({ version, clientId: "w" }), { type: "pingreq" });
    client.subscribe("a");
    assert.equal(client.arrivals.length, 0); // [MQTT5 3.14.0-1] [MQTT5 4.12.0-6]
    resolve("accept");
    // deno-lint-ignore no-await-in-loop
    await promise.then(() => {}).then(() => {});
    stage.settle();
    stage.advance(100_000);
    const types = client.arrivals.map(({ packet }) => packet.type);
    assert.deepEqual(types, ["connack", "pingresp", "suback", "publish"]);
  });
});

Deno.test("CONNACK: has exact bytes, with the reserved bits 0 [MQTT5 3.2.2-1] [MQTT311 3.2.2-1] [MQTT5 2.2.2-1]", async (t) => {
  const limits = { maximumPacketSizeBytes: 0x0102_0304, topicAliasMaximum: 0, receiveMaximum: 65_535 };
  await eachVersion(t, (version) => {
    const stage = new Stage({ limits });
    for (const present of [0, 1]) {
      const client = stage.dial(version);
      const bytes = record(client);
      const properties = version === 5 ? [5, 0x11, 0, 0, 0, 60] : [];
      client.sendBytes(connectBytes(version, { flags: 0, properties }));
      const head = version === 5 ? [0x20, 8, present, 0, 5, 0x27, 1, 2, 3, 4] : [0x20, 2, present, 0];
      assert.deepEqual(bytes, head);
      client.die();
    }
    const client = stage.dial(version);
    const bytes = record(client);
    client.sendBytes(connectBytes(version, { flags: 2 }));
    assert.equal(bytes[2], 0); // [MQTT5 3.2.2-2] [MQTT311 3.2.2-1]
  });
});

Deno.test("CONNACK: session present tells whether a session continues [MQTT5 3.2.2-2] [MQTT5 3.2.2-3]", async (t) => {
  await eachVersion(t, (version) => { // [MQTT311 3.2.2-1] [MQTT311 3.2.2-2] [MQTT311 3.2.2-3]
    const stage = new Stage();
    const present = (cleanStart: boolean) => {
      const { sessionPresent, reasonCode } = stage.connect({ ...lasting, version, cleanStart }).connack!;
      assert.equal(reasonCode, 0); // [MQTT5 3.1.4-5] [MQTT311 3.1.4-4]
      return sessionPresent;
    };
    assert.deepEqual([false, false, true].map(present), version === 5 ? [false, true, false] : [false, true, false]);
    assert.deepEqual([present(true), present(false)], [false, version === 5]);
  });
});

Deno.test("CONNACK: a refusal has an error code, session present 0, and closes [MQTT5 3.2.2-6] [MQTT5 3.2.2-7]", async (t) => {
  // [MQTT5 3.2.2-8] [MQTT5 4.13.2-1] [MQTT311 3.2.2-4] [MQTT311 3.2.2-5] [MQTT311 3.2.2-6]
  const method = { properties: { authenticationMethod: "GS2-KRB5" } };
  const cases: readonly [options: Options, asked: ConnectAsked, reasonCode: number, returnCode?: number][] = [
    [{ limits: { clientIdLength: 1 } }, {}, 0x85, 2],
    [{ authenticate: () => "bad-credentials" }, {}, 0x86, 4],
    [{ authenticate: () => "not-authorized" }, {}, 0x87, 5],
    [{ maximumQoS: 0 }, { will: aWill({ qos: 1 }) }, 0x9b], // [MQTT5 3.2.2-12]
    [{ retainAvailable: false }, { will: aWill({ retain: true }) }, 0x9a], // [MQTT5 3.2.2-13]
    [{}, { will: aWill({ topic: "$SYS/a" }) }, 0x90],
    [{}, method, 0x8c, 0], // 3.1.1 has no authentication methods // [MQTT5 4.12.0-1]
    [{}, { properties: { maximumPacketSize: 5 } }, 0x95, 0],
  ];
  await eachCase(t, cases, ([options, asked, reasonCode, returnCode]) => {
    for (const version of versions) {
      const stage = new Stage(options);
      const client = stage.connect({ version, ...lasting, ...asked });
      if (version === 4 && returnCode === 0) continue;
      const expected = version === 5 ? reasonCode : returnCode;
      assert.deepEqual(reasons(client), expected === undefined ? [] : [expected]);
      assert.deepEqual({
        end: client.end,
        sessions: stage.core.sessions.size,
        willsArmed: stage.core.metrics.willsArmed,
      }, { end: { kind: "fin" }, sessions: 0, willsArmed: 0 });
      for (const { sessionPresent } of client.of("connack")) assert.equal(sessionPresent, false);
      assert.equal(mayCarry("connack", reasonCode), true);
    }
  });
});

Deno.test("CONNACK: announces the highest QoS, and subscriptions above it get that QoS [MQTT5 3.2.2-9] [MQTT5 3.2.2-10]", () => {
  for (const maximumQoS of [0, 1, 2] as const) {
    const stage = new Stage({ maximumQoS });
    const client = stage.connect();
    assert.equal(client.connack!.properties!.maximumQoS, maximumQoS === 2 ? undefined : maximumQoS);
    for (const qos of [0, 1, 2] as const) client.subscribe(`${qos}`, { qos });
    const granted = client.of("suback").flatMap(({ reasonCodes }) => reasonCodes);
    assert.deepEqual(granted, [0, 1, 2].map((qos) => Math.min(qos, maximumQoS)));
    if (maximumQoS === 2) continue;
    client.publish("a", "", { qos: 2 });
    assert.deepEqual(reasons(client), [0x9b]); // [MQTT5 3.2.2-11]
  }
});

Deno.test("CONNACK: the broker enforces what CONNACK announces [MQTT5 3.2.2-14] [MQTT5 3.2.2-15] [MQTT5 3.2.2-17] [MQTT5 3.2.2-18]", async (t) => {
  const limits = { maximumPacketSizeBytes: 60, topicAliasMaximum: 2 };
  const options = { retainAvailable: false, limits };
  const { properties } = new Stage(options).connect().connack!;
  assert.deepEqual(properties, {
    maximumPacketSize: 60,
    receiveMaximum: 1_024,
    topicAliasMaximum: 2,
    retainAvailable: false,
  });
  const cases = [
    [{ retain: true }, 0x9a],
    [{ payload: new Uint8Array(60) }, 0x95],
    [{ properties: { topicAlias: 3 } }, 0x94], // [MQTT5 3.3.2-9]
  ] as const;
  await eachCase(t, cases, ([more, reasonCode]) => {
    assert.deepEqual(reasons(new Stage(options).connect().publish("a", "", more)), [reasonCode]);
  });
  const none = new Stage({ limits: { topicAliasMaximum: 0 } }).connect();
  assert.equal(none.connack!.properties!.topicAliasMaximum, undefined);
  assert.deepEqual(reasons(none.publish("a", "", { properties: { topicAlias: 1 } })), [0x94]);
});

Deno.test("CONNACK: contains response information when it is configured and requested [MQTT5 3.1.2-28]", () => {
  const responseInformation = (options: Options, requestResponseInformation?: boolean) => {
    const properties = requestResponseInformation === undefined ? {} : { requestResponseInformation };
    return new Stage(options).connect({ clientId: "c$&", properties }).connack!.properties!.responseInformation;
  };
  const configured = { responseInformation: "answers/%c/" };
  assert.deepEqual([
    responseInformation(configured, true),
    responseInformation(configured, false),
    responseInformation(configured),
  ], [
    "answers/c$&/",
    undefined,
    undefined,
  ]);
  assert.equal(responseInformation({}, true), undefined);
});

Deno.test("CONNACK: a refusal omits its reason string to fit the maximum size [MQTT5 3.2.2-19] [MQTT5 3.2.2-20]", () => {
  const refused = (maximumPacketSize?: number) => {
    const properties = { authenticationMethod: "x", ...(maximumPacketSize !== undefined && { maximumPacketSize }) };
    return new Stage().connect({ properties }).connack;
  };
  assert.equal(typeof refused()!.properties!.reasonString, "string");
  assert.deepEqual(refused(), refused(1_000));
  const text = refused()!.properties!.reasonString!;
  const size = 2 + 3 + 3 + text.length; // fixed header, flags, code, length, property
  assert.deepEqual([refused(size)!.properties?.reasonString, refused(size - 1)], [text, {
    type: "connack",
    sessionPresent: false,
    reasonCode: 0x8c,
  }]);
  assert.deepEqual([typeof refused(5), refused(4)], ["object", undefined]); // too large // [MQTT5 3.1.2-24]
});
