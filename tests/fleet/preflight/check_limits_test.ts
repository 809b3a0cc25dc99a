/** The preflight refuses a plan that exceeds an announced limit of the server, in one sentence with the remedy. */
import assert from "node:assert/strict";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { ConnackProperties } from "../../../src/mqtt/packet.ts";
import { checkLimits } from "../../../src/fleet/preflight/check_limits.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { NotSpokenError } from "../../../src/fleet/preflight/negotiate_protocol.ts";
import { FleetStage, stageClients } from "../../support/fleet_stage.ts";
import { aPlan } from "../sample_life.ts";

const url = "mqtt://b:1883";

function check(request: Partial<PlanRequest>, properties: ConnackProperties): void {
  const connack = { type: "connack", sessionPresent: false, reasonCode: 0, properties } as const;
  checkLimits(aPlan(request), url, connack, 5);
}

const refused: readonly [what: string, Partial<PlanRequest>, ConnackProperties, RegExp][] = [
  [
    "telemetry",
    { telemetry: { perSecond: 5, sizeBytes: 512, qos: 1 } },
    { maximumPacketSize: 300 },
    /^Cannot use telemetry of 512 bytes: its PUBLISH has \d+ bytes, and mqtt:\/\/b:1883 takes packets of 300 bytes at most \(Maximum Packet Size\); use telemetry of 2\d\d bytes$/,
  ],
  [
    "a CONNECT with its will",
    { willPayloadSizeBytes: 400 },
    { maximumPacketSize: 300 },
    /^Cannot use --will-payload-size 400: its CONNECT has \d+ bytes, and .*\(Maximum Packet Size\); use --will-payload-size \d+$/,
  ],
  [
    "any CONNECT with a will",
    {},
    { maximumPacketSize: 60 },
    /a CONNECT with a will of the fleet exceeds that at any --will-payload-size$/,
  ],
  [
    "wildcards",
    {},
    { wildcardSubscriptionAvailable: false },
    /^Cannot watch wills on mqtt-sim\/\w+\/0\/\+\/will: mqtt:\/\/b:1883 takes no subscriptions with wildcards \(Wildcard Subscription Available 0\); use --will-topic "mqtt-sim\/\{run\}\/\{bucket\}\/will", which all clients of a watcher share$/,
  ],
  [
    "wildcards with presence",
    { presence: true },
    { wildcardSubscriptionAvailable: false },
    /Wildcard Subscription Available 0\); --presence has no such topic$/,
  ],
  ["QoS", { willQos: 2 }, { maximumQoS: 1 }, /^Cannot use --will-qos 2: .* use --will-qos 1$/],
  ["retain", { willRetain: true }, { retainAvailable: false }, /does not retain messages$/],
];
for (const [what, request, properties, sentence] of refused) {
  Deno.test(`section 2: refused before the run: ${what}`, () => {
    assert.throws(() => check(request, properties), (error) => {
      assert.ok(error instanceof NotSpokenError);
      assert.match(error.message, sentence);
      return true;
    });
  });
}

const taken: readonly [what: string, Partial<PlanRequest>, ConnackProperties][] = [
  ["nothing is announced", { telemetry: { perSecond: 5, sizeBytes: 9_000, qos: 1 } }, {}],
  ["all fits", { telemetry: { perSecond: 5, sizeBytes: 100, qos: 1 } }, { maximumPacketSize: 400 }],
  [
    "no wildcards, on a topic that all share",
    { willTopic: "mqtt-sim/{run}/{bucket}/will" },
    { wildcardSubscriptionAvailable: false },
  ],
  ["shared subscriptions and identifiers are not asked for", {}, {
    sharedSubscriptionAvailable: false,
    subscriptionIdentifiersAvailable: false,
    topicAliasMaximum: 0,
    receiveMaximum: 1,
  }],
];
for (const [what, request, properties] of taken) {
  Deno.test(`section 2: accepted before the run: ${what}`, () => check(request, properties));
}

Deno.test("section 2: the advised maximum fits, and the fleet never sends a larger packet", () => {
  const stagePlan = { run: "stage", clients: stageClients, watchers: 1, keepAliveS: 4 };
  const request = {
    ...stagePlan,
    willPayloadSizeBytes: 400,
    telemetry: { perSecond: 5, sizeBytes: 400, qos: 1 },
  } as const;
  const advised = (asked: Partial<PlanRequest>): number => {
    try {
      check(asked, { maximumPacketSize: 330 });
    } catch (error) {
      return Number(/(\d+)(?: bytes)?$/.exec((error as Error).message)![1]);
    }
    throw new Error("nothing is advised");
  };
  const willPayloadSizeBytes = advised(request);
  const sizeBytes = advised({ ...request, willPayloadSizeBytes });
  const stage = new FleetStage({
    ...request,
    willPayloadSizeBytes,
    telemetry: { ...request.telemetry, sizeBytes },
    killRate: { kind: "count", perSecond: 8 },
    script: { announce: { maximumPacketSize: 330, receiveMaximum: 1 } },
  });
  const result = stage.finish();
  assert.equal(result.verdict, "pass", result.reason);
  const sent = stage.broker.connections.flatMap(({ packets }) => packets);
  const tooLarge = sent.filter((packet) => encode(packet, 5).length > 330);
  assert.deepEqual(tooLarge.map((packet) => [packet.type, encode(packet, 5).length]), []);
  assert.ok(result.telemetry!.sent > 100);
});

Deno.test("section 2: a watcher on a topic of all clients receives each will", () => {
  const stage = new FleetStage({
    willTopic: "mqtt-sim/{run}/{bucket}/will",
    killRate: { kind: "count", perSecond: 8 },
    script: { grant: ({ topicFilter, qos }) => topicFilter.includes("+") ? 0xa2 : qos },
  });
  const result = stage.finish();
  assert.equal(result.verdict, "pass", result.reason);
});
