/** A received will compared with the requested one: each alteration separately, and differences that are none. */
import assert from "node:assert/strict";
import type { Alteration } from "../../../src/fleet/oracle/expectation.ts";
import type { Life } from "../../../src/fleet/life/life.ts";
import { compareWill, type SeenWill } from "../../../src/fleet/oracle/will_compare.ts";
import type { MessageProperties, PublishPacket } from "../../../src/mqtt/packet.ts";
import { aLife, aPlan } from "../sample_life.ts";
import { aWill, watcher311, watcher5 } from "../sample_will.ts";
import { eachCase } from "../../support/steps.ts";

const plan = aPlan();
const life = aLife({ qos: 1 });
const sent = aWill(plan, life);

function compare(
  over: Partial<PublishPacket>,
  of: Partial<Life> = {},
  seen: SeenWill = watcher5,
): readonly Alteration[] {
  const asked = { ...life, ...of };
  return compareWill(plan, asked, aWill(plan, asked, over, seen), seen);
}

for (const version of [4, 5] as const) {
  for (const qos of [0, 1, 2] as const) {
    for (const retain of [false, true]) {
      Deno.test(`compare: unaltered, ${version === 4 ? "3.1.1" : "5.0"}, QoS ${qos}, retain ${retain}`, () => {
        assert.deepEqual(compare({}, { version, qos, retain }), []);
        assert.deepEqual(compare({}, { version, qos, retain }, watcher311), []);
      });
    }
  }
}

const everyProperty: readonly (keyof MessageProperties)[] = [
  ...["payloadFormatIndicator", "contentType", "responseTopic", "correlationData", "messageExpiryIntervalS"] as const,
  "userProperties",
];

const parts: readonly [what: string, over: Partial<PublishPacket>, altered: Alteration[]][] = [
  ["topic", { topic: sent.topic + "/" }, ["topic"]],
  ["topic of another client", { topic: sent.topic.replace("/0/will", "/1/will") }, ["topic"]],
  ["payload: one byte", { payload: sent.payload.with(60, 0x21) }, ["payload"]],
  ["payload: one byte less", { payload: sent.payload.slice(0, -1) }, ["payload"]],
  ["payload: one byte more", { payload: Uint8Array.of(...sent.payload, 0) }, ["payload"]],
  ["payload: none", { payload: new Uint8Array(0) }, ["payload"]],
  ["QoS lower", { qos: 0 }, ["qos"]],
  ["QoS higher", { qos: 2 }, ["qos"]],
  ["retain", { retain: true }, ["retain"]],
  ["dup is no alteration", { dup: true }, []],
  ["packet id is the connection's own", { packetId: 77 }, []],
  ["all at once", { topic: "x", payload: new Uint8Array(0), qos: 2, retain: true, properties: {} }, [
    "topic",
    "payload",
    "qos",
    "retain",
    ...everyProperty,
  ]],
];
for (const [what, over, altered] of parts) {
  Deno.test(`compare: ${what}`, () => assert.deepEqual(compare(over), altered));
}

const asked = sent.properties!;
const [first, second, third] = asked.userProperties!;

function without(name: keyof MessageProperties): MessageProperties {
  return Object.fromEntries(Object.entries(asked).filter(([each]) => each !== name));
}

const properties: readonly (
  readonly [what: string, came: PublishPacket["properties"], differs: readonly (keyof MessageProperties)[]]
)[] = [
  ["the same", { ...asked }, []],
  ["none", {}, everyProperty],
  ...(Object.keys(asked) as (keyof MessageProperties)[]).map((name) =>
    [`${name} lost`, without(name), [name]] as const
  ),
  ["payload format 0", { ...asked, payloadFormatIndicator: 0 }, ["payloadFormatIndicator"]],
  ["another content type", { ...asked, contentType: "text/html" }, ["contentType"]],
  ["another response topic", { ...asked, responseTopic: "x" }, ["responseTopic"]],
  ["correlation data of another byte", { ...asked, correlationData: asked.correlationData!.with(7, 1) }, [
    "correlationData",
  ]],
  ["correlation data cut short", { ...asked, correlationData: asked.correlationData!.slice(0, 7) }, [
    "correlationData",
  ]],
  ["message expiry as asked", { ...asked, messageExpiryIntervalS: 86_400 }, []],
  ["message expiry less what it waited", { ...asked, messageExpiryIntervalS: 86_397 }, []],
  ["message expiry larger than asked", { ...asked, messageExpiryIntervalS: 86_401 }, ["messageExpiryIntervalS"]],
  ["a user property added", { ...asked, userProperties: [first!, second!, third!, ["x", "y"]] }, ["userProperties"]],
  ["a user property lost", { ...asked, userProperties: [first!, second!] }, ["userProperties"]],
  ["the repeated name lost", { ...asked, userProperties: [second!, third!] }, ["userProperties"]],
  ["user properties reordered", { ...asked, userProperties: [third!, second!, first!] }, ["userProperties"]],
  ["a user property's value altered", { ...asked, userProperties: [["run", "other"], second!, third!] }, [
    "userProperties",
  ]],
  ["a user property's name altered", { ...asked, userProperties: [["ran", "r1"], second!, third!] }, [
    "userProperties",
  ]],
  ["a subscription identifier, which is the watcher's own", { ...asked, subscriptionIdentifiers: [5] }, []],
];
for (const [what, came, differs] of properties) {
  Deno.test(`compare: properties: ${what}`, () => {
    assert.deepEqual(compare({ properties: came! }), differs);
    assert.deepEqual(compare({ properties: came! }, {}, watcher311), [], "a 3.1.1 watcher sees no properties");
  });
}

Deno.test("compare: a property on the will of a 3.1.1 client was added by the broker", async (t) => {
  await eachCase(t, [{ contentType: "text/plain" }, { userProperties: [["a", "b"]] as const }], (over) => {
    assert.deepEqual(compare({ properties: over }, { version: 4 }), Object.keys(over));
  });
});

Deno.test("compare: a will arrives at the lower of its QoS and the granted QoS", async (t) => {
  await eachCase(t, [0, 1, 2] as const, (qos) => {
    for (const grantedQos of [0, 1, 2] as const) {
      for (const came of [0, 1, 2] as const) {
        const altered = compare({ qos: came }, { qos }, { version: 5, grantedQos });
        assert.deepEqual(altered, came === Math.min(qos, grantedQos) ? [] : ["qos"]);
      }
    }
  });
});

Deno.test("compare: a 5.0 watcher receives retain as published, a 3.1.1 watcher never receives it on a live message", async (t) => {
  await eachCase(t, [false, true], (retain) => {
    assert.deepEqual(compare({ retain: !retain }, { retain }), ["retain"]);
    assert.deepEqual(compare({ retain: true }, { retain }, watcher311), ["retain"]);
    assert.deepEqual(compare({ retain: false }, { retain }, watcher311), []);
  });
});
