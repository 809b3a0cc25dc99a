/** Protocol versions: what the preflight sends to the broker, and the version that the fleet then uses. */
import assert from "node:assert/strict";
import type { ConnackPacket, ProtocolVersion } from "../../../src/mqtt/packet.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { checkWills, negotiateProtocol, versionsToAsk } from "../../../src/fleet/preflight/negotiate_protocol.ts";
import { aPlan } from "../sample_life.ts";

const url = "mqtt://b:1883";
const named = (protocol?: "3.1.1" | "5" | "mix", own = {}) => ({
  name: `speaks-${protocol?.replaceAll(".", "") ?? "either"}`,
  share: 1,
  ...protocol && { protocol },
  ...own,
});
const needs5 = { killShares: [{ mode: "disconnect-error", weight: 1 }] } as const;

const settled: readonly [
  what: string,
  request: Partial<PlanRequest>,
  asked: ProtocolVersion[],
  spoken: ProtocolVersion[],
  protocol: string | RegExp,
][] = [
  ["what is said is spoken", { protocol: "5" }, [5], [5], "5"],
  ["auto is both", {}, [5, 4], [5, 4], "mix"],
  ["auto is what there is: 3.1.1", {}, [5, 4], [4], "3.1.1"],
  ["auto is what there is: 5.0", {}, [5, 4], [5], "5"],
  ["auto with nothing", {}, [5, 4], [], /supports neither/],
  ["auto with modes of 5.0", needs5, [5, 4], [5, 4], "5"],
  ["a version that is refused", { protocol: "5" }, [5], [], /does not support MQTT 5.0; try --protocol 3.1.1$/],
  [
    "one of both is refused",
    { protocol: "mix" },
    [5, 4],
    [5],
    /does not support both MQTT 3.1.1 and 5.0; try --protocol 5$/,
  ],
  ["groups name all versions", { groups: [named("3.1.1")] }, [4], [4], "3.1.1"],
  ["a group insists on 5.0", { protocol: "3.1.1", groups: [named("5"), named()] }, [5, 4], [5, 4], "3.1.1"],
  ["a group insists, and is refused", { groups: [named("5"), named()] }, [5, 4], [4], /does not support MQTT 5.0/],
  ["other groups take what there is", { groups: [named("3.1.1"), named()] }, [5, 4], [4], "3.1.1"],
  [
    "a phase's modes are of 5.0",
    { phases: [{ kind: "kill", rate: "once", ...needs5 }] },
    [5, 4],
    [5, 4],
    "5",
  ],
  [
    "a group of 3.1.1 does not keep another from 5.0",
    { groups: [named("3.1.1"), named(undefined, needs5)] },
    [5, 4],
    [5, 4],
    "5",
  ],
];
for (const [what, request, asked, spoken, protocol] of settled) {
  Deno.test(`negotiate protocol: ${what}`, () => {
    const plan = aPlan(request);
    assert.deepEqual(versionsToAsk(plan), asked);
    const found = negotiateProtocol(plan, url, spoken);
    if (typeof protocol === "string") assert.equal(found.kind === "ready" && found.protocol, protocol);
    else assert.match(found.kind === "void" ? found.reason : "", protocol);
  });
}

const refused: readonly [request: Partial<PlanRequest>, sentence: RegExp][] = [
  [
    { willDelayS: 3 },
    /^UsageError: Cannot use --will-delay: it needs MQTT 5.0, and mqtt:\/\/b:1883 supports 3.1.1 only$/,
  ],
  [{ groups: [named(undefined, { willDelayS: 3 })] }, /^UsageError: Cannot use --will-delay/],
  [needs5, /^UsageError: Cannot use kill mode disconnect-error/],
  [{ phases: [{ kind: "kill" }, { kind: "kill", ...needs5 }] }, /^UsageError: Cannot use kill mode disconnect-error/],
];
for (const [request, sentence] of refused) {
  Deno.test(`negotiate protocol: a broker of 3.1.1 only: ${sentence.source.slice(0, 40)}`, () => {
    assert.throws(() => negotiateProtocol(aPlan(request), url, [4]), sentence);
  });
}

Deno.test("negotiate protocol: the broker's limits apply to wills and telemetry of each group", () => {
  const connack = (properties: ConnackPacket["properties"]): ConnackPacket => ({
    type: "connack",
    sessionPresent: false,
    reasonCode: 0,
    ...properties && { properties },
  });
  const at1 = connack({ maximumQoS: 1 });
  const bare = connack({ retainAvailable: false });
  const all = aPlan({ groups: [named("5", { willQos: 2 }), named(undefined, { willRetain: true })] });
  assert.throws(() => checkWills(all, url, at1), /^UsageError: Cannot use --will-qos 2: .* takes QoS 1 at most/);
  assert.throws(() => checkWills(all, url, bare), /Cannot use --will-retain/);
  checkWills(all, url, connack(undefined));
  const loud = aPlan({ groups: [named("5", { telemetry: { perSecond: 1, sizeBytes: 1, qos: 2 } })] });
  assert.throws(() => checkWills(loud, url, at1), /Cannot use telemetry of QoS 2/);
});
