/**
 * A limit of a server is no fault: a case that exceeds it is not testable, with the broker's behaviour as the reason.
 */
import assert from "node:assert/strict";
import type { CoreOptions } from "../../../src/broker/options/options.ts";
import type { CaseResult } from "../../../src/conformance/case/result.ts";
import { checkInMemory, ourCore } from "../../support/brokers/checked_broker.ts";
import { tampered } from "../../support/brokers/tampered_broker.ts";
import { changesSent } from "../packet_changes.ts";

interface Limited {
  /** The flag of `mqtt-sim broker`, or an option of its core that has no flag. */
  readonly name: string;
  readonly options: CoreOptions;
  /** A case that is not testable on that broker, and the start of its reason. */
  readonly shows: readonly [id: string, protocol: "3.1.1" | "5.0", reason: RegExp];
}

const limited: readonly Limited[] = [
  {
    name: "--max-qos 0",
    options: { maximumQoS: 0 },
    shows: ["publish/qos-1", "3.1.1", /^the broker closes the connection of a client that publishes at QoS 1/],
  },
  {
    name: "--max-qos 1",
    options: { maximumQoS: 1 },
    shows: ["publish/qos-2", "3.1.1", /^the broker closes the connection of a client that publishes at QoS 2/],
  },
  {
    name: "--retain no",
    options: { retainAvailable: false },
    shows: ["retained/cleared", "3.1.1", /^the broker closes the connection of a client that publishes a retained/],
  },
  {
    name: "--max-packet-size 4096",
    options: { limits: { maximumPacketSizeBytes: 4_096 } },
    shows: ["publish/content-100-kb", "3.1.1", /^the broker does not deliver a plain payload of 100,000 bytes/],
  },
  {
    name: "--max-packet-size 150",
    options: { limits: { maximumPacketSizeBytes: 150 } },
    shows: ["will/every-byte", "3.1.1", /^the broker does not accept a will with a plain payload of 256 bytes/],
  },
  {
    name: "--max-topic-length 200",
    options: { limits: { topicBytes: 200 } },
    shows: ["will/topic-long", "3.1.1", /^the broker does not accept a plain topic of 3 levels and 1,000 bytes/],
  },
  {
    name: "--max-topic-levels 4",
    options: { limits: { topicLevels: 4 } },
    shows: ["shared/two-groups", "5.0", /^the broker does not accept a plain topic of 5 levels/],
  },
  {
    name: "--max-topic-levels 3",
    options: { limits: { topicLevels: 3 } },
    shows: ["will/to-wildcards", "3.1.1", /^the broker does not accept a plain topic of 4 levels/],
  },
  {
    name: "--max-will-payload 512",
    options: { limits: { willPayloadBytes: 512 } },
    shows: ["will/long-payload", "5.0", /^the broker does not accept a will with a plain payload of 60,000 bytes/],
  },
  {
    name: "one message that waits for a client",
    options: { limits: { outboxMessages: 1 } },
    shows: ["session/waiting-in-order", "3.1.1", /^the broker keeps 1 of 10 plain messages for a client/],
  },
  {
    name: "one subscription",
    options: { limits: { subscriptionsPerSession: 1 } },
    shows: ["subscribe/overlapping", "3.1.1", /^the broker grants 1 of 2 plain subscriptions of one client/],
  },
  {
    name: "one retained message",
    options: { limits: { retainedMessages: 1 } },
    shows: ["retained/each-qos", "5.0", /^the broker keeps 1 of 2 plain retained messages/],
  },
  {
    name: "one message in flight, Receive Maximum 1, no alias",
    options: { limits: { inflight: 1, receiveMaximum: 1, topicAliasMaximum: 0 } },
    shows: ["limits/alias", "5.0", /^the broker accepts no Topic Alias/],
  },
];

const describe = ({ id, protocol, reason }: CaseResult) => `${id} in ${protocol}: ${reason}`;

for (const { name, options, shows: [id, protocol, reason] } of limited) {
  Deno.test(`extent: a broker with ${name} fails no case`, async () => {
    const { cases, exitCode } = await checkInMemory(ourCore(options), { quick: true });
    assert.deepEqual(cases.filter(({ outcome }) => outcome === "fail").map(describe), []);
    assert.equal(exitCode, 0);
    const shown = cases.find((one) => one.id === id && one.protocol === protocol)!;
    assert.equal(shown.outcome, "not testable", describe(shown));
    assert.match(shown.reason!, reason);
    for (const one of cases.filter(({ outcome }) => outcome === "not testable")) assert.ok(one.reason, describe(one));
  });
}

Deno.test("extent: a server keep alive of 2 s fails no case, including cases that wait", async () => {
  const { cases } = await checkInMemory(ourCore({ serverKeepAliveS: 2 }));
  assert.deepEqual(cases.filter(({ outcome }) => outcome === "fail").map(describe), []);
});

Deno.test("extent: a message that the broker loses without a refusal is no limit", async () => {
  const losesLarge = tampered(changesSent("publish", (packet) => packet.payload.length > 300 ? [] : [packet]));
  const ids = ["publish/content-100-kb", "will/long-payload"];
  const { cases } = await checkInMemory(losesLarge, { only: ids });
  assert.equal(cases.length, 4);
  for (const { outcome } of cases) assert.equal(outcome, "fail");
});

Deno.test("extent: a lost message among queued ones is no limit", async () => {
  let count = 0;
  const losesEveryThird = tampered(() => changesSent("publish", (packet) => ++count % 3 === 0 ? [] : [packet])());
  const { cases } = await checkInMemory(losesEveryThird, { only: ["session/waiting-in-order"] });
  for (const { outcome, reason } of cases) assert.equal(outcome, "fail", reason ?? "");
});
