/** Lives: the values drawn for them, and payloads that identify a life. */
import assert from "node:assert/strict";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { clientIdOf } from "../../../src/fleet/plan/client_id.ts";
import { beginLife, coinOf, readWillMark, willOf } from "../../../src/fleet/life/life.ts";
import { nonceOf } from "../../../src/fleet/life/mark.ts";
import { aLife, aPlan } from "../sample_life.ts";
import { eachCase } from "../../support/steps.ts";

const plan = aPlan();
const decoder = new TextDecoder();

function text(payload: Uint8Array): string {
  return decoder.decode(payload);
}

Deno.test("life: a payload contains run, client, incarnation and a nonce, and a seed determines it", () => {
  const { payload } = willOf(plan, aLife({ client: 3, incarnation: 2 }));
  assert.equal(text(payload), "mqtt-sim r1 3 2 cd392ae3 tuvwxyzabcdefghijklmnopqrstuvwxyzabcdef");
});

Deno.test("life: a payload has exactly the configured size and is UTF-8 as its format indicator says", async (t) => {
  await eachCase(t, [64, 65, 89, 90, 91, 1_000, 65_535], (willPayloadSizeBytes) => {
    for (const client of [0, 999_999]) {
      const { payload } = willOf(aPlan({ willPayloadSizeBytes }), aLife({ client, incarnation: 100_000 }));
      assert.equal(payload.length, willPayloadSizeBytes);
      assert.match(text(payload), /^[ -~]+$/);
      const letters = text(payload).split(" ").at(-1)!;
      assert.ok("abcdefghijklmnopqrstuvwxyz".repeat(2_600).includes(letters));
    }
  });
});

Deno.test("life: the longest payload head fits into the smallest payload and can be parsed", () => {
  const longest = aPlan({ run: "x".repeat(16), clients: 1_000_000, willPayloadSizeBytes: 64, seed: 0xffff_ffff });
  const life = aLife({ client: 1_009_999, incarnation: 999_999 });
  assert.deepEqual(readWillMark(longest, willOf(longest, life).payload), { client: 1_009_999, incarnation: 999_999 });
});

Deno.test("life: the payload of any life can be parsed", () => {
  for (let client = 0; client < 50; client++) {
    for (let incarnation = 1; incarnation < 20; incarnation++) {
      const { payload } = willOf(plan, aLife({ client, incarnation }));
      assert.deepEqual(readWillMark(plan, payload), { client, incarnation });
    }
  }
});

const own = text(willOf(plan, aLife({ client: 3, incarnation: 2 })).payload);
const foreign: readonly [what: string, payload: string][] = [
  ["nothing", ""],
  ["another's text", "offline"],
  ["another run", own.replace("r1", "r2")],
  ["another client", own.replace(" 3 2 ", " 4 2 ")],
  ["another incarnation", own.replace(" 3 2 ", " 3 1 ")],
  ["another nonce", own.replace(/ ([0-9a-f])([0-9a-f]{7}) /, (_, first, rest) => ` ${first === "0" ? 1 : 0}${rest} `)],
  ["no numbers", own.replace(" 3 2 ", " a b ")],
  ["empty numbers", "mqtt-sim r1    "],
  ["a fraction", own.replace(" 3 2 ", " 3.5 2 ")],
  ["another name", own.replace("mqtt-sim", "mqtt-sum")],
  ["a control's message", "mqtt-sim-control r1 3"],
  ["the head cut off", own.slice(9)],
  ["bytes that are no text", "\u0080\u0081 \u0082 \u0083"],
];
for (const [what, payload] of foreign) {
  Deno.test(`life: refuses a foreign payload: ${what}`, () => {
    assert.equal(readWillMark(plan, new TextEncoder().encode(payload)), undefined);
  });
}

Deno.test("life: refuses a payload of a run with the same name and another seed", () => {
  assert.equal(readWillMark(aPlan({ seed: 8 }), willOf(plan, aLife()).payload), undefined);
});

Deno.test("life: the payloads of a run are all different", () => {
  const payloads = new Set<string>();
  for (let client = 0; client < 100; client++) {
    for (let incarnation = 1; incarnation <= 100; incarnation++) {
      payloads.add(text(willOf(plan, aLife({ client, incarnation })).payload));
    }
  }
  assert.equal(payloads.size, 10_000);
});

Deno.test("life: a 5.0 will has each property, a 3.1.1 will has none", () => {
  const { properties } = willOf(plan, aLife({ client: 3, incarnation: 2 }));
  assert.deepEqual(properties, {
    payloadFormatIndicator: 1,
    messageExpiryIntervalS: 86_400,
    contentType: "text/plain",
    responseTopic: "mqtt-sim/r1/response",
    correlationData: Uint8Array.of(0xcd, 0x39, 0x2a, 0xe3, 0, 0, 0, 3),
    userProperties: [["run", "r1"], ["life", "3.2"], ["run", "again"]],
  });
  assert.equal("properties" in willOf(plan, aLife({ version: 4 })), false);
});

Deno.test("life: a seed determines what is drawn for a life", () => {
  const mixed = aPlan({ willQos: "mix", cleanStart: "mix", sessionExpiryS: 60, protocol: "mix" });
  const drawn = Array.from({ length: 6 }, (_, number) => {
    const version = new Groups(mixed, "mix").versionOf(number);
    const { qos, cleanStart } = beginLife(mixed, { number, bucket: 0, version }, 1);
    return [version, qos, cleanStart, nonceOf(mixed, number, 1), coinOf(mixed, number, 1) % 12];
  });
  assert.deepEqual(drawn, [
    [5, 2, true, 1_318_067_640, 11],
    [4, 0, false, 561_673_468, 7],
    [4, 1, true, 1_412_498_366, 10],
    [5, 1, false, 3_239_947_450, 9],
    [4, 0, false, 2_082_396_716, 3],
    [5, 0, true, 1_940_019_916, 8],
  ]);
});

Deno.test("life: mixes are nearly uniform, and each life draws again", () => {
  const mixed = aPlan({ willQos: "mix", cleanStart: "mix", protocol: "mix" });
  const counts = { version5: 0, clean: 0, qos: [0, 0, 0] as [number, number, number], coin: 0 };
  for (let number = 0; number < 3_000; number++) {
    const version = new Groups(mixed, "mix").versionOf(number);
    const life = beginLife(mixed, { number, bucket: 0, version }, 1 + number % 3);
    if (version === 5) counts.version5++;
    if (life.cleanStart) counts.clean++;
    if (coinOf(mixed, number, 1) % 2 === 0) counts.coin++;
    counts.qos[life.qos]++;
  }
  for (
    const [what, count, share] of [
      ["5.0", counts.version5, 2],
      ["clean start", counts.clean, 2],
      ["coin", counts.coin, 2],
      ["QoS 0", counts.qos[0], 3],
      ["QoS 1", counts.qos[1], 3],
      ["QoS 2", counts.qos[2], 3],
    ] as const
  ) {
    assert.ok(Math.abs(count - 3_000 / share) < 100, `${what}: ${count} of 3,000`);
  }
});

Deno.test("life: a life begins as planned; delay and session expiry apply to 5.0 only", () => {
  const asked = aPlan({ willQos: 2, willRetain: true, willDelayS: 3, sessionExpiryS: 60, keepAliveS: 7 });
  const begun = (version: 4 | 5) => beginLife(asked, { number: 3, bucket: 1, version }, 2);
  const same = { client: 3, incarnation: 2, bucket: 1, cleanStart: false, qos: 2, retain: true, keepAliveS: 7 };
  const fresh = { sentMs: undefined, connectedMs: undefined, refused: false, lastPacketMs: 0, end: undefined };
  const kept = { ...same, ...fresh, next: undefined };
  assert.deepEqual(begun(5), { ...begun(5), ...kept, version: 5, delayS: 3, sessionExpiryS: 60 });
  assert.deepEqual(begun(4), { ...begun(4), ...kept, version: 4, delayS: 0, sessionExpiryS: 0 });
});

Deno.test("life: a client keeps its identifier and version in all its lives", () => {
  assert.equal(clientIdOf(aPlan({ clientPrefix: "p" }), 12), "p-r1-12");
  assert.deepEqual([new Groups(plan, "3.1.1").versionOf(1), new Groups(plan, "5").versionOf(1)], [4, 5]);
});
