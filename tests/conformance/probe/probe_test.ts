/**
 * How a probe judges packets and their times: each bound exact to the millisecond, under a manual clock, on a link
 * where the test plays the broker. The bounds are 3 s for answers and for lateness, 20 ms for early packets, 1 s of
 * silence.
 */
import assert from "node:assert/strict";
import { boundsOf } from "../../../src/conformance/model/bounds.ts";
import { SubscriptionRefused } from "../../../src/conformance/model/outcome.ts";
import type { DueWindow } from "../../../src/conformance/probe/probe.ts";
import type { Packet } from "../../../src/mqtt/packet.ts";
import { Bench, came, due, endText, looksOn, message, range } from "./probe_bench.ts";
import { eachCase } from "../../support/steps.ts";

const suback = (packetId: number, code: number): Packet => ({ type: "suback", packetId, reasonCodes: [code] });

const missing = 'missing {"lookedMs":0}: client got no';

const subscribes: readonly [what: string, bench: Bench, expected: string][] = [
  ["granted", new Bench().comes(10, suback(1, 2)), "10 fine"],
  ["granted less", new Bench().comes(10, suback(1, 0)), "10 fine"],
  [
    "refused",
    new Bench().comes(10, suback(1, 0x80)),
    '10 refused {"code":128}: the subscription to t was refused with 0x80',
  ],
  [
    "refused as a broker may",
    new Bench().comes(10, suback(1, 0x97)),
    '10 refused {"code":151}: the subscription to t was refused with 0x97',
  ],
  [
    "answered for another",
    new Bench().comes(10, suback(2, 2)),
    `3000 ${missing} SUBACK within 3,000 ms; it got SUBACK id=2, codes=[0x02]`,
  ],
];

/** The reason codes with which a broker may refuse any subscription. */
const mayBe = new Set(["refused", "refused as a broker may"]);

for (const [what, bench, expected] of subscribes) {
  Deno.test(`probe: a subscription is ${what}`, async () => {
    const ended = await bench.outcome(bench.probe.subscribe("t"));
    assert.equal(endText(ended).replace(/; it got SUBACK.*/, "; it got SUBACK id=2, codes=[0x02]"), expected);
    assert.equal(ended.error instanceof SubscriptionRefused, mayBe.has(what));
  });
}

Deno.test("probe: a new probe has requested no session and has none", () => {
  const { probe } = new Bench();
  assert.deepEqual({ askedExpiryS: probe.askedExpiryS, sessionExpiryS: probe.sessionExpiryS, connack: probe.connack }, {
    askedExpiryS: 0,
    sessionExpiryS: 0,
    connack: undefined,
  });
});

Deno.test("probe: takes only the expected packet, the first of several", async () => {
  const bench = new Bench().comes(10, { type: "pingresp" }).comes(10, came).comes(10, { ...came });
  bench.comes(10, { type: "puback", packetId: 1 }).comes(10, { type: "puback", packetId: 2 });
  await bench.outcome(bench.probe.idle(20));
  await bench.outcome(bench.probe.expect("pingresp"));
  assert.deepEqual([bench.probe.peek("publish").length, bench.probe.peek("puback").length], [2, 2]);
  await bench.outcome(bench.probe.receives(message));
  assert.deepEqual([bench.probe.peek("publish").length, bench.probe.peek("puback").length], [1, 2]);
  assert.equal(((await bench.outcome(bench.probe.expect("puback"))).value as { packetId: number }).packetId, 1);
});

Deno.test("probe: reports the first of several other messages, with QoS 2 as if granted", async () => {
  const higher = { ...another, qos: 2, packetId: 3 } as const;
  const bench = new Bench().comes(10, higher).comes(10, { ...came, topic: "u" });
  await bench.outcome(bench.probe.idle(20));
  const { text } = await bench.outcome(bench.probe.receives({ ...message, qos: 2 }));
  assert.equal(text, 'client got another message than was sent: payload is "abd", not "abc"');
  const silent = await bench.outcome(bench.probe.receivesNothing());
  assert.match(silent.text, /abd.*although nothing was due/);
});

Deno.test("probe: the answer bound applies to packets due now, the lateness bound to later ones", async () => {
  const bounds = { ...boundsOf(), answerMs: 2_000, lateMs: 4_000 };
  const afterMs = async (when?: DueWindow) => {
    const bench = new Bench({ bounds });
    return (await bench.outcome(bench.probe.receives(message, when))).afterMs;
  };
  assert.deepEqual([await afterMs(), await afterMs(due)], [2_000, 9_000]);
});

Deno.test("probe: the first code above the granted QoS codes is a refusal", async () => {
  const bench = new Bench().comesRead(10, suback(1, 0x03));
  const { fault, error } = await bench.outcome(bench.probe.subscribe("t"));
  assert.deepEqual([fault, error instanceof SubscriptionRefused], [{ kind: "refused", code: 3 }, false]);
});

Deno.test("probe: records the granted QoS, and requests retain as published in 5.0 only", async (t) => {
  await eachCase(t, [4, 5] as const, async (version) => {
    const bench = new Bench({ version }).comes(10, suback(1, 0x01));
    await bench.outcome(bench.probe.subscribe("t", { qos: 1 }));
    const [packet] = bench.sent;
    assert.ok(packet?.type === "subscribe");
    assert.equal(packet.subscriptions[0]!.qos, 1);
    assert.equal(packet.subscriptions[0]!.retainAsPublished === true, version === 5);
    assert.equal(packet.properties, undefined);
    assert.deepEqual([bench.probe.grantedQos("t"), bench.probe.grantedQos("u")], [1, 1]);
  });
  const bench = new Bench().comes(10, suback(1, 0));
  assert.deepEqual([bench.probe.grantedQos("t")], [2], "none was granted");
  await bench.outcome(bench.probe.subscribe("t", {}, 7));
  const [packet] = bench.sent;
  assert.ok(packet?.type === "subscribe" && packet.properties?.subscriptionIdentifier === 7);
  assert.equal(packet.subscriptions[0]!.qos, 2);
  bench.comes(10, suback(2, 1));
  await bench.outcome(bench.probe.subscribe("u"));
  assert.deepEqual(["t", "u", "v"].map((topic) => bench.probe.grantedQos(topic)), [0, 1, 1]);
});

const publishes: readonly [what: string, qos: 0 | 1 | 2, bench: Bench, expected: string, answer: string | undefined][] =
  [
    ["QoS 0", 0, new Bench(), "0 fine", undefined],
    ["QoS 1", 1, new Bench().comes(10, { type: "puback", packetId: 1 }), "10 fine", "puback"],
    [
      "QoS 1, another's answer",
      1,
      new Bench().comes(10, { type: "puback", packetId: 2 }),
      `3000 ${missing} PUBACK`,
      undefined,
    ],
    [
      "QoS 2",
      2,
      new Bench().comes(10, { type: "pubrec", packetId: 1 }).comes(20, { type: "pubcomp", packetId: 1 }),
      "20 fine",
      "pubcomp",
    ],
    [
      "QoS 2, taken with a remark",
      2,
      new Bench().comes(10, { type: "pubrec", packetId: 1, reasonCode: 0x10 }).comes(20, {
        type: "pubcomp",
        packetId: 1,
      }),
      "20 fine",
      "pubcomp",
    ],
    [
      "QoS 2, taken with the last code below those that refuse",
      2,
      new Bench().comesRead(10, { type: "pubrec", packetId: 1, reasonCode: 0x7f }),
      `3010 ${missing} PUBCOMP`,
      undefined,
    ],
    [
      "QoS 2, refused",
      2,
      new Bench().comes(10, { type: "pubrec", packetId: 1, reasonCode: 0x80 }),
      "10 fine",
      "pubrec",
    ],
    [
      "QoS 2, half way",
      2,
      new Bench().comes(10, { type: "pubrec", packetId: 1 }),
      `3010 ${missing} PUBCOMP`,
      undefined,
    ],
  ];

for (const [what, qos, bench, expected, answer] of publishes) {
  Deno.test(`probe: a publication at ${what}`, async () => {
    const ended = await bench.outcome(bench.probe.publish({ ...message, qos }));
    assert.ok(endText(ended).startsWith(expected), endText(ended));
    assert.equal((ended.value as Packet | undefined)?.type, answer);
    const [packet] = bench.sent;
    assert.ok(packet?.type === "publish" && !packet.dup && packet.qos === qos);
    assert.equal(packet.packetId, qos === 0 ? undefined : 1);
    assert.equal(bench.probe.nextPacketId(), qos === 0 ? 1 : 2, "no identifier is used at QoS 0");
  });
}

Deno.test("probe: PINGREQ takes its answer only; other packets stay", async () => {
  const bench = new Bench().comes(10, came).comes(20, { type: "pingresp" });
  assert.equal(endText(await bench.outcome(bench.probe.ping())), "20 fine");
  assert.deepEqual(bench.sent.map(({ type }) => type), ["pingreq"]);
  assert.equal(bench.probe.peek("publish").length, 1);
  const mute = new Bench();
  assert.match(endText(await mute.outcome(mute.probe.ping())), /^3000 missing .*no PINGRESP within 3,000 ms$/);
});

Deno.test("probe: a due answer arrives within its bound, or its link ends, or it is missing", async () => {
  const ended = async (bench: Bench) => endText(await bench.outcome(bench.probe.expect("puback", undefined, 500)));
  assert.equal(await ended(new Bench().comes(500, { type: "puback", packetId: 9 })), "500 fine");
  assert.equal(await ended(new Bench()), `500 ${missing} PUBACK within 500 ms`);
  assert.equal(
    await ended(new Bench().ends(100)),
    "100 closed: client got no PUBACK: the broker closed the connection",
  );
  assert.match(
    await ended(new Bench().garbles(100)),
    /^100 malformed: client got no PUBACK: the broker sent a malformed packet/,
  );
  const several = new Bench();
  for (const afterMs of [10, 20, 30, 40]) several.comes(afterMs, { type: "pubcomp", packetId: afterMs });
  assert.match(
    await ended(several),
    /; it got PUBCOMP packet id 10 and PUBCOMP packet id 20 and PUBCOMP packet id 30$/,
  );
});

Deno.test("probe: takes the next packet of any type", async () => {
  const bench = new Bench().comes(10, came).comes(20, { type: "pingresp" });
  assert.equal(((await bench.outcome(bench.probe.next())).value as Packet).type, "publish");
  assert.equal(((await bench.outcome(bench.probe.next())).value as Packet).type, "pingresp");
  const one = new Bench().comes(10, came);
  assert.equal((await one.outcome(one.probe.next(70))).afterMs, 10);
  const mute = new Bench();
  assert.equal(endText(await mute.outcome(mute.probe.next(70))), `70 ${missing} packet within 70.0 ms`);
  const over = new Bench().ends(10, "reset");
  assert.equal(
    endText(await over.outcome(over.probe.next(70))),
    "10 closed: client got no packet: the broker reset the connection",
  );
});

const another = { ...came, payload: new TextEncoder().encode("abd") };

const receives: readonly [what: string, bench: Bench, due: DueWindow | undefined, expected: string][] = [
  ["now", new Bench().comes(3_000, came), undefined, "3000 fine"],
  [
    "now, and not there",
    new Bench(),
    undefined,
    '3000 missing {"lookedMs":3000,"keepAliveS":0}: client got no message on t within 3,000 ms',
  ],
  [
    "now, altered",
    new Bench().comes(10, { ...came, retain: true }),
    undefined,
    '10 altered {"parts":["retain"]}: the message came altered: retain is true, not false',
  ],
  [
    "now, and another comes",
    new Bench().comes(10, another),
    undefined,
    '3000 altered {"parts":["payload"]}: client got another message than was sent: payload is "abd", not "abc"',
  ],
  [
    "now, on another topic",
    new Bench().comes(10, { ...came, topic: "u" }),
    undefined,
    '3000 altered {"parts":["topic"]}: client got another message than was sent: topic is "u", not "t"',
  ],
  [
    "now, the link ends",
    new Bench().ends(10),
    undefined,
    "10 closed: client got no message on t: the broker closed the connection",
  ],
  ["later, on time", new Bench().comes(5_000, came), due, "5000 fine"],
  ["later, as early as allowed", new Bench().comes(4_980, came), due, "4980 fine"],
  [
    "later, earlier",
    new Bench().comes(4_979, came),
    due,
    '4979 early {"byMs":21,"keepAliveS":0}: the message came after 4,979 ms, and was due after 5,000 ms',
  ],
  ["later, as late as allowed", new Bench().comes(8_000, came), due, "8000 fine"],
  [
    "later, and not there",
    new Bench(),
    due,
    '8000 missing {"lookedMs":3000,"keepAliveS":0}: client got no message on t within 8,000 ms',
  ],
  ["by keep alive, as early as allowed", new Bench().comes(4_980, came), range, "4980 fine"],
  [
    "by keep alive, earlier",
    new Bench().comes(4_979, came),
    range,
    '4979 early {"byMs":21,"keepAliveS":2}: the message came after 4,979 ms, and was due after 5,000 ms',
  ],
  ["by keep alive, as late as allowed", new Bench().comes(9_000, came), range, "9000 fine"],
  [
    "by keep alive, and not there",
    new Bench(),
    range,
    '9000 missing {"lookedMs":3000,"keepAliveS":2}: client got no message on t within 9,000 ms',
  ],
  [
    "by keep alive, looked for longer, late",
    looksOn(500).comes(9_500, came),
    range,
    '9500 late {"byMs":3500,"keepAliveS":2}: the message came 3,500 ms after it was due',
  ],
  [
    "by keep alive, looked for longer, late before that ends",
    looksOn(500).comes(9_200, came),
    range,
    '9200 late {"byMs":3200,"keepAliveS":2}: the message came 3,200 ms after it was due',
  ],
  [
    "now, cut short",
    new Bench().comes(10, { ...came, payload: new TextEncoder().encode("ab") }),
    undefined,
    '3000 altered {"parts":["payload"]}: client got another message than was sent: payload is "ab", not "abc"',
  ],
  [
    "by keep alive, looked for longer, and not there",
    looksOn(500),
    range,
    '9500 missing {"lookedMs":3500,"keepAliveS":2}: client got no message on t within 9,500 ms',
  ],
  [
    "by keep alive, looked for longer, the link ends",
    looksOn(500).ends(9_100),
    range,
    "9100 closed: client got no message on t: the broker closed the connection",
  ],
  [
    "by keep alive, another is there: not looked for longer",
    looksOn(500).comes(10, another),
    range,
    '9000 altered {"parts":["payload"]}: client got another message than was sent: payload is "abd", not "abc"',
  ],
];

for (const [what, bench, when, expected] of receives) {
  Deno.test(`probe: a message is due ${what}`, async () => {
    const ended = await bench.outcome(bench.probe.receives(message, when));
    assert.equal(endText(ended), expected);
    if (!expected.endsWith("fine")) return;
    assert.equal(bench.probe.peek("publish").length, 0, "it was taken");
    const lines = bench.transcript.all().filter(({ text }) => text.startsWith("came "));
    assert.equal(lines.length, when === undefined ? 0 : 1);
    if (when !== undefined) {
      assert.deepEqual({ atMs: lines[0]!.atMs, direction: lines[0]!.direction }, {
        atMs: ended.afterMs,
        direction: "=",
      });
    }
  });
}

Deno.test("probe: compares a message with the granted QoS", async () => {
  const granted = new Bench().comes(10, suback(1, 1)).comes(20, { ...came, qos: 1, packetId: 4 });
  await granted.outcome(granted.probe.subscribe("t"));
  assert.equal(endText(await granted.outcome(granted.probe.receives({ ...message, qos: 2 }))), "20 fine");
});

Deno.test("probe: a message for a new subscription needs the retain flag", async () => {
  const found = async (retain: boolean) => {
    const bench = new Bench().comes(10, { ...came, retain });
    return endText(await bench.outcome(bench.probe.finds(message)));
  };
  assert.equal(await found(true), "10 fine");
  assert.equal(
    await found(false),
    '10 altered {"parts":["retain"]}: the message came altered: retain is false, not true',
  );
});

const silences: readonly [what: string, bench: Bench, messagesAlone: boolean, expected: RegExp][] = [
  ["silent", new Bench(), true, /^1000 fine$/],
  [
    "a message as it ends",
    new Bench().comes(1_000, came),
    true,
    /^1000 unwanted: client got PUBLISH .* although nothing was due$/,
  ],
  ["a message after it", new Bench().comes(1_001, came), true, /^1000 fine$/],
  ["another packet", new Bench().comes(10, { type: "pingresp" }), true, /^1000 fine$/],
  [
    "another packet where none is due",
    new Bench().comes(10, { type: "pingresp" }),
    false,
    /^10 unwanted: client got PINGRESP/,
  ],
  ["the end of the link", new Bench().ends(10), true, /^10 closed: the connection of client ended: the broker closed/],
];

for (const [what, bench, messagesAlone, expected] of silences) {
  Deno.test(`probe: silence: ${what}`, async () => {
    const { probe } = bench;
    assert.match(endText(await bench.outcome(messagesAlone ? probe.receivesNothing() : probe.silence())), expected);
  });
}
