import type { PhasePlan } from "../../../src/fleet/plan/plan.ts";

/**
 * A squad with presence, on a broker that keeps wrong states for some clients: each presence check reports exactly the
 * wrong states that exist at its time.
 */
import { partText } from "../../../src/fleet/oracle/will_compare.ts";
import assert from "node:assert/strict";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { PublishPacket } from "../../../src/mqtt/packet.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { faultsOf, FleetStage, stageClients, type StageOptions } from "../../support/fleet_stage.ts";
import type { HeldWill, Script } from "../../support/brokers/scripted_broker.ts";
import { eachCase } from "../../support/steps.ts";

/** The broker keeps wrong states for clients 0, 5, 10 and 15. */
const every = 5;
const planted = stageClients / every;

const onTopic = /\/(\d+)\/will$/;
const isWronged = (topic: string) => {
  const client = Number(onTopic.exec(topic)?.[1] ?? NaN);
  return client < stageClients && client % every === 0;
};
const word = ({ payload }: Pick<PublishPacket, "payload">) => new TextDecoder().decode(payload.subarray(0, 30));
const isWill = (packet: PublishPacket) => word(packet).startsWith("mqtt-sim ");

const dieOnce = (killed: "reset" | "leave", reconnectAfterMs: number | "never"): readonly PhasePlan[] => [
  { kind: "kill", rate: "once", killShares: [{ mode: killed, weight: 1 }], reconnectAfterMs },
  { kind: "hold", durationMs: 8_000 },
];
const back = dieOnce("reset", 1_000);
const dead = dieOnce("reset", "never");
const gone = dieOnce("leave", "never");

function staged(phases: readonly PhasePlan[], script: Script, options: StageOptions = {}): FleetResult {
  return new FleetStage({ presence: true, phases, script, ...options }).finish();
}

type Wrong = readonly [middle: number, end: number, left: number];

function wrongs({ presence }: FleetResult): Wrong {
  const { middle, end, left } = presence!.byMoment;
  return [middle!.wrong, end!.wrong, left!.wrong];
}

interface Case {
  readonly name: string;
  readonly phases: readonly PhasePlan[];
  readonly script: Script;
  readonly options?: StageOptions;
  readonly kind: "stale" | "unwanted" | "absent" | "altered";
  readonly wrong: Wrong;
  readonly text: RegExp;
  readonly rule: string;
  /** The counts of wills that are wrong at the same time. */
  readonly wills?: object;
}

const keep = (change: (packet: PublishPacket) => Partial<PublishPacket>): Script => ({
  retain: (packet) => isWronged(packet.topic) ? { ...packet, ...change(packet) } : packet,
});
const property = (change: object) => keep(({ properties }) => ({ properties: { ...properties, ...change } }));
const thrice: Wrong = [planted, planted, planted];

const cases: readonly Case[] = [
  {
    name: "keeps the older of two retained messages",
    phases: back,
    script: { retain: (packet, older) => isWronged(packet.topic) ? older ?? packet : packet },
    kind: "stale",
    wrong: thrice,
    text: /found the online message of life 1 where the (online message|left message) of life 2 must be retained/,
    rule: "MQTT 5.0, 3.3.1-5",
  },
  {
    name: "does not retain a will",
    phases: dead,
    script: { retain: (packet, older) => isWronged(packet.topic) && isWill(packet) ? older : packet },
    kind: "stale",
    wrong: thrice,
    text: /found the online message of life 1 where the will of life 1 must be retained/,
    rule: "MQTT 5.0, 3.1.2-15",
  },
  {
    name: "publishes a will after its client is back, before it is late",
    phases: dieOnce("reset", 100),
    script: { publish: (will: HeldWill) => [{ afterMs: isWronged(will.topic) ? 800 : 0 }] },
    kind: "stale",
    wrong: [planted, planted, 0],
    text:
      /found the will of life 1 where the online message of life 2 must be retained, although the client is connected/,
    rule: "MQTT 5.0, 3.3.1-5",
  },
  {
    name: "publishes a delayed will though its client is back in time",
    phases: back,
    options: { willDelayS: 5, sessionExpiryS: 60, cleanStart: "no" },
    script: {
      resume: ({ topic }) => isWronged(topic),
      publish: (will: HeldWill) => [{ afterMs: isWronged(will.topic) ? 800 : 0 }],
    },
    kind: "stale",
    wrong: [planted, planted, 0],
    text: /found the will of life 1 where the online message of life 2 must be retained/,
    rule: "MQTT 5.0, 3.1.3-9",
    wills: { unwanted: planted },
  },
  {
    name: "publishes the will of a client that left",
    phases: gone,
    script: { wait: (will, ending, asked) => ending === "left" && isWronged(will.topic) ? 0 : asked },
    kind: "unwanted",
    wrong: thrice,
    text: /found the will of life 1 where the left message of life 1 must be retained/,
    rule: "MQTT 5.0, 3.14.4-3",
    wills: { unwanted: planted },
  },
  {
    name: "publishes a delayed will too early",
    phases: dead,
    options: { willDelayS: 60, sessionExpiryS: 120, drainMs: 70_000 },
    script: { wait: (will, _, asked) => isWronged(will.topic) ? 1_000 : asked },
    kind: "unwanted",
    wrong: [planted, 0, 0],
    text: /found the will of life 1 where the online message of life 1 must be retained/,
    rule: "MQTT 5.0, 3.1.3-9",
    wills: { early: planted },
  },
  {
    name: "loses what is retained",
    phases: back,
    script: { retain: (packet) => isWronged(packet.topic) ? undefined : packet },
    kind: "absent",
    wrong: thrice,
    text: /found nothing where the (online message|left message) of life 2 must be retained/,
    rule: "MQTT 5.0, 3.3.1-5",
  },
  {
    name: "changes the last byte of what it retains",
    phases: back,
    script: keep(({ payload }) => ({ payload: payload.map((byte, place) => place > 60 ? 0x21 : byte) })),
    kind: "altered",
    wrong: thrice,
    text: /with payload different from what the client requested/,
    rule: "MQTT 5.0, 3.3.1-5",
  },
  {
    name: "retains at another QoS",
    phases: back,
    script: keep(() => ({ qos: 0 })),
    kind: "altered",
    wrong: thrice,
    text: /with QoS different from/,
    rule: "MQTT 5.0, 3.3.1-5",
  },
  {
    name: "does not mark what it retained",
    phases: back,
    script: keep(() => ({ retain: false })),
    kind: "altered",
    wrong: thrice,
    text: /with retain flag different from/,
    rule: "MQTT 5.0, 3.8.3.1",
  },
  ...([
    ["contentType", { contentType: "text/html" }, "3.3.2-20"],
    ["responseTopic", { responseTopic: "elsewhere" }, "3.3.2-15"],
    ["correlationData", { correlationData: Uint8Array.of(1) }, "3.3.2-16"],
    ["payloadFormatIndicator", { payloadFormatIndicator: 0 }, "3.3.2-4"],
    ["userProperties", { userProperties: [["run", "stage"]] }, "3.3.2-17"],
    ["messageExpiryIntervalS", { messageExpiryIntervalS: 86_000 }, "3.3.2-6"],
  ] as const).map(([name, change, rule]): Case => ({
    name: `changes the ${name} of what it retains`,
    phases: back,
    script: property(change),
    kind: "altered",
    wrong: thrice,
    text: new RegExp(`with ${partText(name)} different from`),
    rule: `MQTT 5.0, ${rule}`,
  })),
];

for (const { name, phases, script, options, kind, wrong, text, rule, wills = {} } of cases) {
  Deno.test(`presence: the squad detects a broker that ${name}`, () => {
    const result = staged(phases, script, options);
    assert.deepEqual(wrongs(result), wrong);
    const sum = wrong.reduce((one, other) => one + other);
    assert.deepEqual({ presence: result.presence![kind], wrong: result.presence!.wrong }, {
      presence: sum,
      wrong: sum,
    });
    assert.deepEqual(faultsOf(result), wills);
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "fail", exitCode: 1 });
    const samples = result.faults.filter(({ verdict }) => verdict === "presence");
    assert.equal(samples.length, sum);
    for (const sample of samples) {
      assert.match(sample.text, new RegExp(`^${kind}: a late subscriber `));
      assert.match(sample.text, text);
      assert.equal(sample.rule, rule);
      assert.equal(Number(sample.client.split("-").at(-1)) % every, 0);
    }
  });
}

Deno.test("presence: the states of an honest broker are correct at each check, and none remains afterwards", async (t) => {
  await eachCase(t, [back, dead, gone], (phases) => {
    const stage = new FleetStage({ presence: true, phases });
    const result = stage.finish();
    assert.deepEqual(wrongs(result), [0, 0, 0]);
    assert.equal(result.presence!.right, 3 * stageClients);
    assert.deepEqual(result.faults, []);
    assert.equal(stage.broker.retained.size, 0);
  });
});

Deno.test("presence: an unacknowledged state is correct in either value", () => {
  const unheard = (packet: PublishPacket) => isWronged(packet.topic) && word(packet).includes("online");
  const script: Script = {
    acknowledge: (packet) => !unheard(packet),
    retain: (packet, older) => unheard(packet) ? older : packet,
  };
  const result = staged(back, script);
  assert.deepEqual(wrongs(result), [0, 0, 0]);
  assert.equal(result.presence!.eitherWay, 2 * planted, "at the end and in the middle; that they left was heard");
  assert.equal(result.presence!.online.acknowledged, result.presence!.online.sent - 2 * planted);
  assert.equal(result.verdict, "pass");
});

Deno.test("presence: a late subscriber without the canary's state proves nothing", () => {
  const result = staged(back, { hide: (clientId) => clientId.includes("-look-") });
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
  assert.match(
    result.reason,
    /^a late subscriber cannot receive wills: it did not find the retained message of a canary on /,
  );
});

for (const protocolSpoken of ["3.1.1", "5"] as const) {
  Deno.test(`presence: a late subscriber sends smaller SUBSCRIBEs where the broker limits them, ${protocolSpoken}`, () => {
    const result = staged(back, { subscriptionsAtMost: 7 }, { protocolSpoken });
    assert.deepEqual(wrongs(result), [0, 0, 0]);
    assert.equal(result.presence!.right, 3 * stageClients);
    assert.equal(result.verdict, "pass", result.reason);
  });
}

Deno.test("presence: a late subscriber whose subscriptions are all refused proves nothing", () => {
  const script: Script = { grant: ({ qos, topicFilter }) => isWronged(topicFilter) ? 0x97 : qos };
  const result = staged(back, script);
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
  assert.match(
    result.reason,
    /^a late subscriber cannot receive wills: the broker refused its subscription to \S+ with 0x97/,
  );
});

Deno.test("presence: a late subscriber sends no SUBSCRIBE beyond the broker's Maximum Packet Size", () => {
  const maximumPacketSize = 250;
  const stage = new FleetStage({ presence: true, phases: back, script: { maximumPacketSize } });
  const result = stage.finish();
  assert.equal(result.verdict, "pass", result.reason);
  assert.equal(result.presence!.right, 3 * stageClients);
  const sent = stage.broker.connections.flatMap(({ clientId, packets }) => clientId.includes("-look-") ? packets : []);
  const sizes = sent.map((packet) => encode(packet, 5).length);
  assert.ok(Math.max(...sizes) > maximumPacketSize / 2 && Math.max(...sizes) <= maximumPacketSize, `${sizes}`);
});

Deno.test("presence: a client without PUBACK of its last message still disconnects", () => {
  const result = staged(gone, { acknowledge: (packet) => !word(packet).includes("left") });
  assert.deepEqual({ sent: result.presence!.left.sent, acknowledged: result.presence!.left.acknowledged }, {
    sent: stageClients,
    acknowledged: 0,
  });
  assert.deepEqual({ wrong: result.presence!.wrong, eitherWay: result.presence!.eitherWay }, {
    wrong: 0,
    eitherWay: 3 * stageClients,
  });
});

Deno.test("presence: watchers do not count a presence message as a will", () => {
  const result = staged(back, {}, { fanOut: 2, watchers: 2 });
  assert.equal(result.wills.expected, stageClients);
  assert.deepEqual(faultsOf(result), {});
  assert.deepEqual([result.presence!.online.seen, result.presence!.left.seen], [2 * stageClients, stageClients]);
});
