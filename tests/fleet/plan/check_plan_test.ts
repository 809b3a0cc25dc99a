/** Invalid groups and phases: one sentence for each fault, with its place. */
import assert from "node:assert/strict";
import { planFaults } from "../../../src/fleet/plan/check_plan.ts";
import { fillPlan, makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { ClientGroup, PhasePlan, PlanRequest } from "../../../src/fleet/plan/plan.ts";

const must = { seed: 1, run: "r1" } as const;

function faultsOf(request: Partial<PlanRequest>): [path: string, sentence: string][] {
  return planFaults(fillPlan({ ...must, ...request })).map(({ path, sentence }) => [path.join("."), sentence]);
}

const a = (own: Partial<ClientGroup>): Partial<PlanRequest> => ({
  groups: [{ name: "first", share: 1 }, { name: "a", share: 1, ...own }],
});
const phase = (own: Partial<PhasePlan>): Partial<PlanRequest> => ({
  groups: [{ name: "g", share: 1 }, { name: "old", share: 1, protocol: "3.1.1", keepAliveS: 0 }],
  phases: [{ kind: "kill", rate: "once" }, { kind: "kill", ...own } as PhasePlan],
});
const freeze = { killShares: [{ mode: "freeze", weight: 1 }] } as const;
const error5 = { killShares: [{ mode: "disconnect-error", weight: 1 }] } as const;
const rely =
  "expected 1 s or more with the kill modes freeze, half-packet, slow-loris, stall and vanish, which rely on it";

const faults: readonly [request: Partial<PlanRequest>, path: string, sentence: string][] = [
  [{ clients: 1.5 }, "clients", "Cannot use --clients 1.5: expected a whole number, 1 to 10,000,000"],
  [{ groups: [] }, "groups", "Cannot use 0 groups: expected 1 to 255"],
  [
    { clients: 1_000, groups: Array.from({ length: 256 }, (_, number) => ({ name: `g${number}`, share: 1 })) },
    "groups",
    "Cannot use 256 groups: expected 1 to 255",
  ],
  [
    { presence: true, willRetain: false },
    "presence",
    "Cannot use --presence without --will-retain: expected retained wills: without them a dead client stays online",
  ],
  [
    { presence: true, willTopic: "w/{bucket}/{client}/{incarnation}" },
    "willTopic",
    'Cannot use --will-topic "w/{bucket}/{client}/{incarnation}": expected a topic with {client} and without {incarnation} with --presence: one for each client, in all its lives',
  ],
  [
    { presence: true, willTopic: "w/{bucket}" },
    "willTopic",
    'Cannot use --will-topic "w/{bucket}": expected a topic with {client} and without {incarnation} with --presence: one for each client, in all its lives',
  ],
  [
    a({ presence: true, willRetain: false }),
    "groups.1.presence",
    'Cannot use --presence without --will-retain in group "a": expected retained wills: without them a dead client stays online',
  ],
  [
    { ...a({ willRetain: false }), presence: true },
    "groups.1",
    'Cannot use group "a" with --presence without --will-retain: expected retained wills: without them a dead client stays online',
  ],
  [a({ name: "first" }), "groups.1.name", 'Cannot name group 2 "first": group 1 has that name'],
  [
    a({ name: "a/b" }),
    "groups.1.name",
    'Cannot use this name in group "a/b": expected 1 to 32 letters, digits, hyphens or underscores',
  ],
  [a({ share: 0 }), "groups.1.share", 'Cannot use share 0 in group "a": expected more than 0 and at most 1,000,000'],
  [
    a({ share: NaN }),
    "groups.1.share",
    'Cannot use share NaN in group "a": expected more than 0 and at most 1,000,000',
  ],
  [
    { clients: 1, groups: [{ name: "a", share: 1 }, { name: "b", share: 1 }] },
    "groups.1.share",
    'Cannot use group "b": none of 1 clients falls into its share; expected more clients, or a larger share',
  ],
  [
    a({ keepAliveS: 70_000 }),
    "groups.1.keepAliveS",
    'Cannot use --keepalive 70000 s in group "a": expected 0 to 65,535 s',
  ],
  [a({ keepAliveS: 0, ...freeze }), "groups.1.keepAliveS", `Cannot use --keepalive 0 in group "a": ${rely}`],
  [{ ...a({ ...freeze }), keepAliveS: 0 }, "groups.1", `Cannot use group "a" with --keepalive 0: ${rely}`],
  [
    { ...a({ willDelayS: 5 }), protocol: "3.1.1" },
    "groups.1.willDelayS",
    'Cannot use --will-delay 5 s in group "a": expected 0 with --protocol 3.1.1, which has no will delay',
  ],
  [
    { ...a({ protocol: "3.1.1" }), willDelayS: 5 },
    "groups.1",
    'Cannot use group "a" with --will-delay 5 s: expected 0 with --protocol 3.1.1, which has no will delay',
  ],
  [
    a({ protocol: "mix", ...error5 }),
    "groups.1.protocol",
    'Cannot use --protocol mix in group "a": expected 5, which kill mode disconnect-error needs',
  ],
  [
    a({ protocol: "auto" }),
    "groups.1.protocol",
    'Cannot use protocol auto in group "a": expected 3.1.1, 5 or mix; without it: the version of the fleet',
  ],
  [
    a({ killShares: [] }),
    "groups.1.killShares",
    'Cannot use --kill-mode in group "a": expected at least one mode with a share above 0',
  ],
  [
    a({ willTopic: "a/#" }),
    "groups.1.willTopic",
    'Cannot use --will-topic "a/#": expected a topic name: at least one character, no + # and NUL',
  ],
  [
    a({ willTopic: "mqtt-sim/{run}/{bucket}/x/will" }),
    "groups.1",
    'Cannot tell the wills on "mqtt-sim/{run}/{bucket}/x/will" from those on "mqtt-sim/{run}/{bucket}/{client}/will": ' +
    "expected groups with the same --will-topic, or with topics that one filter cannot both match",
  ],
  [
    { ...a({ telemetry: { perSecond: 1, sizeBytes: 1, qos: 0 } }), willTopic: "mqtt-sim/{run}/{bucket}/{client}" },
    "groups.0",
    'Cannot use --will-topic "mqtt-sim/{run}/{bucket}/{client}" with telemetry, which goes to ' +
    '"mqtt-sim/r1/telemetry/0": expected a topic whose filter "mqtt-sim/r1/+/+" does not match it',
  ],
  [
    a({ telemetry: { perSecond: 0, sizeBytes: 1, qos: 0 } }),
    "groups.1.telemetry",
    'Cannot use telemetry 0/s in group "a": expected more than 0 and at most 10,000/s of each client',
  ],
  [
    { phases: [{ kind: "hold", durationMs: 1 }] },
    "phases",
    "Cannot use phases without kills: expected at least one that kills clients, stops a node or restarts the broker",
  ],
  [
    { phases: [] },
    "phases",
    "Cannot use phases without kills: expected at least one that kills clients, stops a node or restarts the broker",
  ],
  [phase({ groups: ["x"] }), "phases.1.groups", 'Cannot use group "x" in phase 2: expected one of g, old'],
  [
    phase({ groups: [] }),
    "phases.1.groups",
    "Cannot use no groups in phase 2: expected at least one; without the entry: all groups",
  ],
  [
    { phases: [{ kind: "kill", groups: ["x"] }] },
    "phases.0.groups",
    'Cannot use group "x" in phase 1: expected no groups, because the plan has none',
  ],
  [phase({ durationMs: 50 }), "phases.1.durationMs", "Cannot use 50 ms in phase 2: expected 100 to 604,800,000 ms"],
  [
    phase({ kind: "hold", durationMs: -1 }),
    "phases.1.durationMs",
    "Cannot use -1 ms in phase 2: expected 0 to 604,800,000 ms",
  ],
  [
    phase({ rate: { kind: "fraction", perSecond: 2 } }),
    "phases.1.rate",
    "Cannot use this rate in phase 2: expected at most 100% each second",
  ],
  [phase({ jitterMs: -1 }), "phases.1.jitterMs", "Cannot use this jitter in phase 2: expected 0 or more"],
  [phase({ ...freeze, groups: ["old"] }), "phases.1.killShares", `Cannot use --keepalive 0 in phase 2: ${rely}`],
  [
    phase({ ...error5 }),
    "phases.1.killShares",
    "Cannot use --protocol 3.1.1 in phase 2: expected 5, which kill mode disconnect-error needs",
  ],
];
for (const [request, path, sentence] of faults) {
  Deno.test(`check plan: ${sentence.slice(0, 100)}`, () => {
    assert.deepEqual(faultsOf(request), [[path, sentence]]);
    assert.throws(() => makePlan({ ...must, ...request }), { name: "UsageError", message: sentence });
  });
}

const sound: readonly Partial<PlanRequest>[] = [
  a({ protocol: "5", willDelayS: 5 }),
  a({ willTopic: "other/{run}/{bucket}/{client}" }),
  a({ willTopic: "mqtt-sim/{run}/{bucket}/{group}/{client}/will" }),
  { groups: Array.from({ length: 255 }, (_, number) => ({ name: `g${number}`, share: 1 })) },
  { clients: 2, groups: [{ name: "a", share: 1 }, { name: "b", share: 0.9 }] },
  phase({ ...freeze, groups: ["g"] }),
  phase({ ...error5, groups: ["g"] }),
  phase({ kind: "return", durationMs: 0 }),
  { telemetry: { perSecond: 0.1, sizeBytes: 0, qos: 2 } },
];
for (const request of sound) {
  Deno.test(`check plan: accepts ${JSON.stringify(request).slice(0, 80)}`, () =>
    assert.deepEqual(faultsOf(request), []));
}

Deno.test("check plan: reports all of several faults", () => {
  const several = faultsOf({ ...a({ keepAliveS: -1, willDelayS: -1 }), clients: 0 });
  assert.deepEqual(several.map(([path]) => path), ["clients", "workers", "groups.1.keepAliveS", "groups.1.willDelayS"]);
});

Deno.test("check plan: groups whose topics have no buckets have one watcher for each worker", () => {
  const request = { clients: 10_000, groups: [{ name: "a", share: 1, willTopic: "a/{run}/{client}" }] };
  assert.equal(makePlan({ ...must, ...request }).watchers, 1);
  assert.throws(() => makePlan({ ...must, ...request, watchers: 2 }), /Cannot share 2 watchers over --will-topic/);
});

Deno.test("check plan: presence implies retained wills, in the fleet and in a group", () => {
  assert.equal(makePlan({ ...must, presence: true }).willRetain, true);
  const { willRetain, groups } = makePlan({ ...must, ...a({ presence: true }) });
  assert.deepEqual([willRetain, groups![0]!.willRetain, groups![1]!.willRetain], [false, undefined, true]);
});
