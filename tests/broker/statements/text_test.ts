/** Sections 1.5 and 4.7 of 5.0, 1.4 and 4.7 of 3.1.1: strings in packets, topic names and topic filters. */
import assert from "node:assert/strict";
import type { ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { Stage } from "../stage.ts";
import { connectBytes, field, frame, reasons, record } from "./bytes.ts";
import { eachCase, eachVersion } from "../../support/steps.ts";

/** The fields that carry a client's text: packets with the text, and whether a CONNECT precedes them. */
type Place = readonly [what: string, packet: (text: readonly number[], version: ProtocolVersion) => number[]];

const none = (version: ProtocolVersion) => version === 5 ? [0] : [];
const places: readonly Place[] = [
  ["topic name", (text, version) => frame(0x30, text, none(version))],
  ["topic filter", (text, version) => frame(0x82, 0, 1, none(version), text, 0)],
  ["topic filter given up", (text, version) => frame(0xa2, 0, 1, none(version), text)],
];
const connectPlaces: readonly Place[] = [
  ["client identifier", (text, version) => connectBytes(version, { payload: [...text] })],
  ["user name", (text, version) => connectBytes(version, { flags: 0x82, payload: [...field("c"), ...text] })],
  ["will topic", (text, version) => {
    const will = [...none(version), ...text, ...field("m")];
    return connectBytes(version, { flags: 0x06, payload: [...field("c"), ...will] });
  }],
];

/** Byte sequences that every receiver must refuse as text. */
const illFormed: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["lowest surrogate", [0x61, 0xed, 0xa0, 0x80]],
  ["highest surrogate", [0xed, 0xbf, 0xbf]],
  ["overlong", [0xc0, 0xaf]],
  ["above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ["cut short", [0x61, 0xe2, 0x82]],
  ["lone continuation", [0x80]],
  ["U+0000", [0x61, 0x00]], // [MQTT5 1.5.4-2] [MQTT311 1.4.0-2] [MQTT5 4.7.3-2] [MQTT311 4.7.3-2]
];

Deno.test("text: invalid UTF-8 and U+0000 close the connection [MQTT5 1.5.4-1] [MQTT311 1.4.0-1]", async (t) => {
  // [MQTT5 1.5.4-2] [MQTT311 1.4.0-2] [MQTT5 4.7.3-2] [MQTT311 4.7.3-2] [MQTT5 3.8.3-1] [MQTT5 3.10.3-1]
  await eachVersion(t, (version) => {
    for (const [what, bytes] of illFormed) {
      for (const [place, packet] of [...places, ...connectPlaces]) {
        const isConnect = connectPlaces.some(([name]) => name === place);
        const stage = new Stage();
        const client = isConnect ? stage.dial(version) : stage.connect({ version });
        client.sendBytes(packet(field(bytes), version));
        assert.deepEqual(
          [reasons(client), client.end],
          [version === 5 ? [0x81] : [], { kind: "fin" }],
          `${what}, ${place}`,
        );
      }
    }
  });
});

Deno.test("text: a user property is a pair of UTF-8 strings [MQTT5 1.5.7-1]", async (t) => {
  await eachCase(t, [[field([0xff]), field("v")], [field("n"), field([0xff])], [field("n"), field("a\0")]], (pair) => {
    const properties = [0x26, ...pair.flat()];
    const client = new Stage().connect().sendBytes(frame(0x30, field("a"), properties.length, properties));
    assert.deepEqual({ reasons: reasons(client), end: client.end }, { reasons: [0x81], end: { kind: "fin" } });
  });
});

Deno.test("text: U+FEFF arrives unchanged [MQTT5 1.5.4-3] [MQTT311 1.4.0-3]", async (t) => {
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version, clientId: "\ufeffc" }).subscribe("\ufeffa");
    const userProperties = [["\ufeffn", "\ufeff"]] as const;
    client.publish("\ufeffa", "1", { properties: { userProperties } }).publish("a", "2").publish("a\ufeff", "3");
    assert.deepEqual(client.messages, ["\ufeffa 1"]);
    if (version === 5) assert.deepEqual(client.of("publish")[0]!.properties, { userProperties });
    assert.equal(stage.core.sessions.get("\ufeffc")?.clientId, "\ufeffc");
  });
});

Deno.test("topics: the broker does not normalise, fold or trim topics [MQTT5 4.7.3-4] [MQTT311 4.7.3-4]", async (t) => {
  const alike = ["é", "e\u0301", "É", "Å", "\u212b", " a", "a ", "a", "A", "/a", "a/", "a//b", "a/b", "ｱ", "ア"];
  await eachVersion(t, (version) => {
    const stage = new Stage();
    const client = stage.connect({ version });
    for (const [index, topic] of alike.entries()) {
      const watcher = stage.connect({ version, clientId: `w${index}` }).subscribe(topic);
      for (const each of alike) client.publish(each, "x", { retain: true });
      const late = stage.connect({ version, clientId: `l${index}` }).subscribe(topic);
      assert.deepEqual([watcher.messages.at(-1), late.messages], [`${topic} x`, [`${topic} x`]]);
      assert.equal(new Set(watcher.messages).size, 1);
    }
  });
});

Deno.test("topics: the broker refuses invalid filters and invalid names [MQTT5 4.7.1-1] [MQTT5 4.7.1-2] [MQTT5 4.7.3-1]", async (t) => {
  // [MQTT5 4.7.0-1] [MQTT311 4.7.1-1] [MQTT311 4.7.1-2] [MQTT311 4.7.1-3] [MQTT311 4.7.3-1]
  await eachVersion(t, (version) => {
    for (const filter of ["a#", "a/#/b", "#/a", "##", "a+", "+a", "a/+b/c", "++", ""]) {
      for (const [, packet] of places.slice(1)) {
        const client = new Stage().connect({ version }).sendBytes(packet(field(filter), version));
        assert.deepEqual({ reasons: reasons(client), end: client.end }, {
          reasons: version === 5 ? [0x81] : [],
          end: { kind: "fin" },
        }, filter);
      }
    }
    for (const name of ["a/+", "#", "+", "a#b", ...(version === 4 ? [""] : [])]) {
      const client = new Stage().connect({ version }).sendBytes(places[0]![1](field(name), version));
      assert.deepEqual({ reasons: reasons(client), end: client.end }, {
        reasons: version === 5 ? [0x81] : [],
        end: { kind: "fin" },
      }, name);
    }
  });
});

Deno.test("topics: wildcards match the standard's examples, live and retained [MQTT5 4.7.1-1] [MQTT5 4.7.1-2]", async (t) => {
  // [MQTT311 4.7.1-2] [MQTT311 4.7.1-3] [MQTT311 3.8.3-2]
  const names = ["sport", "sport/", "sport/tennis", "sport/tennis/player1", "sport/tennis/player1/ranking", "/finance"];
  const cases: readonly [filter: string, matching: readonly number[]][] = [
    ["sport/tennis/player1/#", [3, 4]],
    ["sport/#", [0, 1, 2, 3, 4]],
    ["#", [0, 1, 2, 3, 4, 5]],
    ["sport/tennis/+", [3]],
    ["sport/+", [1, 2]],
    ["+/+", [1, 2, 5]],
    ["/+", [5]],
    ["+", [0]],
    ["+/tennis/#", [2, 3, 4]],
  ];
  await eachVersion(t, (version) => {
    for (const [filter, matching] of cases) {
      const stage = new Stage();
      const live = stage.connect({ version, clientId: "live" }).subscribe(filter);
      const publisher = stage.connect({ version });
      for (const name of names) publisher.publish(name, "", { retain: false }).publish(name, "x", { retain: true });
      const late = stage.connect({ version, clientId: "late" }).subscribe(filter);
      const expected = matching.map((at) => `${names[at]} x`);
      assert.deepEqual(live.messages.filter((message) => message.endsWith("x")), expected, filter);
      assert.deepEqual(late.messages.sort(), [...expected].sort(), filter);
    }
  });
});

Deno.test("topics: a leading wildcard does not match a leading $, live and retained [MQTT5 4.7.2-1] [MQTT311 4.7.2-1]", async (t) => {
  await eachVersion(t, (version) => {
    for (const [filter, reaches] of [["#", 0], ["+/a", 0], ["+/#", 0], ["$SYS/#", 1], ["$SYS/+", 1]] as const) {
      const stage = new Stage();
      const live = stage.connect({ version, clientId: "live" }).subscribe(filter);
      stage.core.router.publishOwn({ topic: "$SYS/a", payload: Uint8Array.of(0x78), retain: true }, stage.nowMs);
      stage.settle();
      const late = stage.connect({ version, clientId: "late" }).subscribe(filter);
      assert.deepEqual([live.messages.length, late.messages.length], [reaches, reaches], filter);
    }
  });
});

Deno.test("topics: a topic of 65,535 bytes is served [MQTT5 4.7.3-3] [MQTT311 4.7.3-3]", async (t) => {
  const longest = "é".repeat(32_767) + "a";
  await eachVersion(t, (version) => {
    const client = new Stage().connect({ version }).subscribe(longest).publish(longest, "x");
    assert.deepEqual(client.messages, [`${longest} x`]);
  });
});

Deno.test("numbers: in 5.0 a length in more bytes than necessary is malformed [MQTT5 1.5.5-1]", async (t) => {
  const long = [0xc0, 0x80, 0x00];
  const longProperties = [0x30, 5, 0, 1, 0x61, 0x80, 0x00];
  await eachCase(t, [long, longProperties], (bytes) => {
    const client = new Stage().connect().sendBytes(bytes);
    assert.deepEqual({ reasons: reasons(client), end: client.end }, { reasons: [0x81], end: { kind: "fin" } });
  });
  assert.equal(new Stage().connect({ version: 4 }).sendBytes(long).of("pingresp").length, 1); // 3.1.1 lacks this rule
});

Deno.test("numbers: the broker writes each length in the fewest bytes [MQTT5 1.5.5-1] [MQTT5 2.2.2-1]", async (t) => {
  await eachCase(t, [0, 122, 123, 16_377, 16_378], (size) => {
    const stage = new Stage();
    const client = stage.connect({ clientId: "w" }).subscribe("a");
    const bytes = record(client);
    stage.connect({ clientId: "p" }).publish("a", "x".repeat(size));
    const length = 4 + size;
    const expected = length < 0x80 ? 1 : length < 0x4000 ? 2 : 3;
    assert.deepEqual([bytes.length, bytes[1 + expected + 3]], [1 + expected + length, 0], `${size}`);
  });
});

Deno.test("packet identifiers: 0 is malformed [MQTT5 2.2.1-3] [MQTT311 2.3.1-1]", async (t) => {
  await eachVersion(t, (version) => {
    const properties = none(version);
    const packets = [
      frame(0x32, field("a"), 0, 0, properties),
      frame(0x34, field("a"), 0, 0, properties),
      frame(0x82, 0, 0, properties, field("a"), 0),
      frame(0xa2, 0, 0, properties, field("a")),
    ];
    for (const packet of packets) {
      const client = new Stage().connect({ version }).sendBytes(packet);
      assert.deepEqual({ reasons: reasons(client), end: client.end }, {
        reasons: version === 5 ? [0x82] : [],
        end: { kind: "fin" },
      });
    }
  });
});
