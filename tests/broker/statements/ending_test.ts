/** Sections 3.12, 3.14, 3.15, 4.12 and 4.13 of 5.0, 3.12, 3.14 and 4.8 of 3.1.1: PINGREQ, DISCONNECT, AUTH, faults. */
import assert from "node:assert/strict";
import { claimedVersion } from "../../../src/mqtt/codec/codec.ts";
import type { ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { mayCarry, ReasonCode, returnCodeOf } from "../../../src/mqtt/reason.ts";
import refused from "../../../fixtures/packets/refused.json" with { type: "json" };
import { aWill, type Client, type ConnectAsked, connectPacket, Stage } from "../stage.ts";
import { reasons, record } from "./bytes.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

/** Each packet that the codec must refuse, on a live connection with a will. */
Deno.test("fault: a malformed packet closes the connection with its reason code and publishes the will", async (t) => {
  // [MQTT5 4.13.1-1] [MQTT5 4.13.2-1] [MQTT311 4.8.0-1] [MQTT311 2.2.2-2] [MQTT5 2.1.3-1] [MQTT311 2.2.2-1]
  // [MQTT5 3.1.0-1] [MQTT5 3.1.0-2] [MQTT311 3.1.0-1] [MQTT311 3.1.0-2] [MQTT5 3.6.1-1] [MQTT311 3.6.1-1]
  // [MQTT5 3.8.1-1] [MQTT311 3.8.1-1] [MQTT5 3.10.1-1] [MQTT311 3.10.1-1] [MQTT5 3.15.1-1] [MQTT5 1.5.5-1]
  let seen = 0;
  await eachCase(t, refused, ({ what, version, hex, reasonCode }) => {
    if (version === null) return;
    const stage = new Stage();
    const watcher = stage.watch();
    const client = stage.connect({ version: version as ProtocolVersion, will: aWill() });
    client.sendBytes(Uint8Array.fromHex(hex));
    if (client.end === undefined) client.sendBytes([0, 0, 0]); // completes a packet that is too short
    const name = `${what}, ${version}`;
    assert.deepEqual({ reasons: reasons(client).length, end: client.end }, {
      reasons: version === 5 ? 1 : 0,
      end: { kind: "fin" },
    }, name);
    assert.deepEqual(watcher.messages, ["will gone"], name);
    if (version === 5) assert.equal(reasons(client)[0], reasonCode, name);
    seen++;
  });
  assert.ok(seen > 50);
});

Deno.test("fault: a malformed first packet opens no connection, and a 5.0 client gets a reason code [MQTT5 3.1.4-1] [MQTT311 3.1.4-1]", () => {
  let seen = 0;
  for (const { what, version, hex, reasonCode } of refused) {
    if (version !== null) continue;
    const frame = Uint8Array.fromHex(hex);
    const claimed = claimedVersion(frame, 0, frame.length) ?? 4;
    const stage = new Stage();
    const client = stage.dial(claimed).sendBytes(frame);
    if (client.end === undefined) continue; // the packet is incomplete
    const isConnect = frame[0]! >> 4 === 1;
    const expected = claimed === 5 ? reasonCode : returnCodeOf(reasonCode);
    assert.deepEqual(reasons(client), isConnect && expected !== undefined ? [expected] : [], what);
    assert.deepEqual(
      { end: client.end, sessions: stage.core.sessions.size },
      { end: { kind: "fin" }, sessions: 0 },
      what,
    );
    seen++;
  }
  assert.ok(seen > 20);
});

Deno.test("fault: each reserved bit by itself is malformed [MQTT5 3.14.1-1] [MQTT311 3.14.1-1] [MQTT5 3.6.1-1]", async (t) => {
  // [MQTT311 3.6.1-1] [MQTT5 3.8.1-1] [MQTT311 3.8.1-1] [MQTT5 3.10.1-1] [MQTT311 3.10.1-1] [MQTT5 3.15.1-1]
  await eachVersion(t, (version) => {
    const none = version === 5 ? [0] : [];
    const subscribe = [0, 9, ...none, 0, 1, 0x61, 0];
    const unsubscribe = [0, 9, ...none, 0, 1, 0x61];
    const packets: readonly [type: number, right: number, rest: readonly number[]][] = [
      [0xe0, 0, []],
      [0xc0, 0, []],
      [0x60, 2, [0, 9]],
      [0x80, 2, subscribe],
      [0xa0, 2, unsubscribe],
      [0x40, 0, [0, 9]],
      ...(version === 5 ? [[0xf0, 0, []] as [number, number, number[]]] : []),
    ];
    for (const [type, right, rest] of packets) {
      for (let flags = 0; flags < 16; flags++) {
        if (flags === right) continue;
        const client = new Stage().connect({ version }).sendBytes([type | flags, rest.length, ...rest]);
        assert.deepEqual(
          [reasons(client), client.end],
          [version === 5 ? [0x81] : [], { kind: "fin" }],
          `${type} ${flags}`,
        );
      }
    }
  });
});

Deno.test("PINGREQ: is answered with PINGRESP [MQTT5 3.12.4-1] [MQTT311 3.12.4-1]", async (t) => {
  await eachVersion(t, (version) => {
    const client = new Stage().connect({ version }).send({ type: "pingreq" }, { type: "pingreq" });
    assert.equal(client.of("pingresp").length, 2);
  });
});

Deno.test("DISCONNECT: discards the will and gets no answer [MQTT5 3.14.4-3] [MQTT311 3.14.4-3]", async (t) => {
  await eachVersion(t, (version) => {
    for (const reasonCode of version === 5 ? [undefined, 0x00, 0x04, 0x80, 0x98] : [undefined]) {
      const stage = new Stage();
      const watcher = stage.watch();
      const client = stage.connect({ version, will: aWill() }).disconnect(reasonCode);
      assert.deepEqual({ arrivals: client.arrivals.length, end: client.end }, { arrivals: 1, end: { kind: "fin" } });
      assert.deepEqual(watcher.messages, (reasonCode ?? 0) === 0 ? [] : ["will gone"]);
    }
  });
});

Deno.test("DISCONNECT: is the last packet of the server before it closes [MQTT5 3.14.4-1] [MQTT5 3.14.4-2]", () => {
  const stage = new Stage();
  const client = stage.connect({ clientId: "w" }).subscribe("a");
  const bytes = record(client);
  client.sendBytes([0xc0, 1, 0, 0xc0, 0]); // a malformed packet, then PINGREQ
  stage.connect({ clientId: "p" }).publish("a", "x");
  stage.advance(60_000);
  assert.deepEqual({ firstBytes: bytes[0], bytes: bytes.length, end: client.end }, {
    firstBytes: 0xe0,
    bytes: 2 + bytes[1]!,
    end: { kind: "fin" },
  });
});

Deno.test("DISCONNECT: the server uses its own reason codes and properties [MQTT5 3.14.2-1] [MQTT5 3.14.2-2]", async (t) => {
  const provoke: readonly ((stage: Stage, asked: ConnectAsked) => Client)[] = [
    (stage, asked) => stage.connect(asked).sendBytes([0xc1, 0]),
    (stage, asked) => stage.connect(asked).send(connectPacket()),
    (stage, asked) => {
      const old = stage.connect(asked);
      stage.connect({ ...asked, cleanStart: true }); // [MQTT5 3.1.4-3]
      return old;
    },
    (stage, asked) => {
      const silent = stage.connect({ ...asked, keepAliveS: 1 });
      stage.advance(1_500);
      return silent;
    },
    (stage, asked) => stage.connect(asked).publish("a", "", { properties: { topicAlias: 65_535 } }),
  ];
  await eachCase(t, provoke, (act) => {
    const stage = new Stage();
    const client = act(stage, { clientId: "c", properties: { sessionExpiryIntervalS: 60 } });
    const packets = client.of("disconnect");
    assert.equal(packets.length, 1);
    const { reasonCode, properties } = packets[0]!;
    assert.ok(mayCarry("disconnect", reasonCode!) && reasonCode! >= 0x80);
    assert.equal(properties?.sessionExpiryIntervalS, undefined);
  });
});

Deno.test("DISCONNECT: a client may send only the reason codes for clients [MQTT5 3.14.2-1]", async (t) => {
  await eachCase(
    t,
    [0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2],
    (reasonCode) => {
      assert.deepEqual(reasons(new Stage().connect().disconnect(reasonCode)), [0x82], `${reasonCode}`);
    },
  );
  await eachCase(t, [0x01, 0x7f, 0xff], (reasonCode) => { // codes that the standard does not define
    assert.deepEqual(reasons(new Stage().connect().sendBytes([0xe0, 1, reasonCode])), [0x82], `${reasonCode}`);
  });
});

Deno.test("DISCONNECT: the broker omits the reason string to fit the client's maximum packet size [MQTT5 3.14.2-3] [MQTT5 3.14.2-4]", () => {
  const ended = (maximumPacketSize: number) => {
    const client = new Stage().connect({ properties: { maximumPacketSize } }).sendBytes([0xc1, 0]);
    return client.of("disconnect")[0]!;
  };
  const text = ended(1_000).properties!.reasonString!;
  const size = 2 + 2 + 3 + text.length;
  assert.equal(ended(size).properties!.reasonString, text);
  assert.deepEqual(ended(size - 1), { type: "disconnect", reasonCode: 0x81 });
});

Deno.test("AUTH: the broker refuses it and never sends it [MQTT5 4.12.0-1] [MQTT5 4.12.0-4] [MQTT5 4.12.0-6] [MQTT5 4.12.0-7]", async (t) => {
  // The broker uses no authentication, so it cannot break these: [MQTT5 3.15.2-1] [MQTT5 3.15.2-2] [MQTT5 3.15.2-3]
  // [MQTT5 4.12.0-2] [MQTT5 4.12.0-5]
  const asked = new Stage().connect({
    properties: { authenticationMethod: "x", authenticationData: new Uint8Array(3) },
  });
  assert.deepEqual({ reasons: reasons(asked), end: asked.end, auth: asked.of("auth") }, {
    reasons: [ReasonCode.badAuthenticationMethod],
    end: {
      kind: "fin",
    },
    auth: [],
  });
  assert.equal(asked.connack!.properties!.authenticationMethod, undefined);
  await eachCase(t, [0x00, 0x18, 0x19], (reasonCode) => { // [MQTT5 4.12.1-2]
    const client = new Stage().connect();
    assert.equal(client.connack!.properties!.authenticationMethod, undefined);
    client.send({ type: "auth", reasonCode, properties: { authenticationMethod: "x" } });
    assert.deepEqual({ reasons: reasons(client), auth: client.of("auth"), end: client.end }, {
      reasons: [0x82],
      auth: [],
      end: { kind: "fin" },
    });
  });
});
