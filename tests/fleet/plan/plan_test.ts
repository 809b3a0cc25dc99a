/** The plan: its defaults, and one sentence for each invalid value. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";

const must = { seed: 1, run: "r1" } as const;

Deno.test("plan: absent options have their defaults", () => {
  assert.deepEqual(makePlan(must), {
    seed: 1,
    run: "r1",
    clients: 1_000,
    protocol: "auto",
    killRate: { kind: "fraction", perSecond: 0.05 },
    killShares: [{ mode: "reset", weight: 45 }, { mode: "close", weight: 45 }, { mode: "leave", weight: 10 }],
    durationMs: 30_000,
    reconnectAfterMs: 1_000,
    rampPerSecond: 1_000,
    connectsUnderWay: 64,
    keepAliveS: 10,
    willQos: 1,
    willRetain: false,
    willDelayS: 0,
    sessionExpiryS: 0,
    cleanStart: "yes",
    willTopic: "mqtt-sim/{run}/{bucket}/{client}/will",
    willPayloadSizeBytes: 64,
    watchers: 2,
    fanOut: 1,
    watchQos: 2,
    workers: 1,
    clientPrefix: "mqtt-sim",
    lateAfterMs: 1_000,
    drainMs: 10_000,
    restartTimeoutMs: 30_000,
    sourceAddresses: [],
    engine: "auto",
  });
});

Deno.test("plan: is frozen", () => assert.ok(Object.isFrozen(makePlan(must))));

const derived: readonly [what: string, request: Partial<PlanRequest>, expected: Partial<PlanRequest>][] = [
  ["a session that outlives its connection is resumed", { sessionExpiryS: 60 }, { cleanStart: "no" }],
  ["unless set explicitly", { sessionExpiryS: 60, cleanStart: "mix" }, { cleanStart: "mix" }],
  ["one watcher for each 500 clients", { clients: 10_000 }, { watchers: 20 }],
  ["one watcher for a few clients", { clients: 1 }, { watchers: 1 }],
  ["one watcher for each worker at least", { clients: 1_000, workers: 4 }, { watchers: 4 }],
  ["one watcher for each worker without buckets", { clients: 10_000, workers: 2, willTopic: "a/{client}" }, {
    watchers: 2,
  }],
  ["the same with buckets that separate no clients", { clients: 10_000, willTopic: "a/{bucket}-{client}" }, {
    watchers: 1,
  }],
  ["an explicit value stays", { clients: 10_000, watchers: 3 }, { watchers: 3 }],
];
for (const [what, request, expected] of derived) {
  Deno.test(`plan: ${what}`, () => {
    const plan = makePlan({ ...must, ...request });
    assert.deepEqual({ ...plan, ...expected }, plan);
  });
}

const only = (mode: "freeze" | "half-packet" | "disconnect-error") => ({ killShares: [{ mode, weight: 1 }] });
const refusals: readonly [request: Partial<PlanRequest>, sentence: string][] = [
  [{ seed: -1 }, "Cannot use --seed -1: expected 0 to 4,294,967,295"],
  [{ seed: 2 ** 32 }, "Cannot use --seed 4294967296: expected 0 to 4,294,967,295"],
  [{ clients: 0 }, "Cannot use --clients 0: expected 1 to 10,000,000"],
  [{ clients: 10_000_001 }, "Cannot use --clients 10000001: expected 1 to 10,000,000"],
  [{ clients: NaN }, "Cannot use --clients NaN: expected 1 to 10,000,000"],
  [{ durationMs: 99 }, "Cannot use --duration 99 ms: expected 100 to 604,800,000 ms"],
  [{ durationMs: Infinity }, "Cannot use --duration Infinity ms: expected 100 to 604,800,000 ms"],
  [{ rampPerSecond: 0 }, "Cannot use --ramp-rate 0/s: expected 1 to 1,000,000/s"],
  [{ keepAliveS: 65_536 }, "Cannot use --keepalive 65536 s: expected 0 to 65,535 s"],
  [{ willDelayS: 2 ** 32 }, "Cannot use --will-delay 4294967296 s: expected 0 to 4,294,967,295 s"],
  [{ sessionExpiryS: -1 }, "Cannot use --session-expiry -1 s: expected 0 to 4,294,967,295 s"],
  [{ willPayloadSizeBytes: 63 }, "Cannot use --will-payload-size 63 bytes: expected 64 to 65,535 bytes"],
  [{ willPayloadSizeBytes: 65_536 }, "Cannot use --will-payload-size 65536 bytes: expected 64 to 65,535 bytes"],
  ...["devices/status", "devices/{bucket}/status", "devices/{client}/{incarnation}", "d/{client}{bucket}"].map((
    willTopic,
  ): [Partial<PlanRequest>, string] => [
    { willPayload: "offline", willTopic },
    `Cannot use --will-topic "${willTopic}" with --will-payload: expected a topic with {client} or {id} and without {incarnation}, for the payload names no client and no life: each client needs a topic of its own, the same in all its lives`,
  ]),
  [{ willPayload: "@" }, 'Cannot use --will-payload "@": expected @ and the path of a file'],
  [
    { willPayload: "", willRetain: true },
    'Cannot use --will-payload "" with retained wills: expected at least one byte: an empty retained message removes the last',
  ],
  [
    { willPayload: "x".repeat(65_536) },
    `Cannot use --will-payload "${"x".repeat(40)}…": expected at most 65,535 bytes`,
  ],
  [
    { willPayload: "offline", willPayloadSizeBytes: 100 },
    "Cannot use --will-payload-size and --will-payload: expected one of them",
  ],
  [{ presenceLooks: 5 }, "Cannot use --presence-looks 5 without presence: expected --presence with it"],
  [{ passwordLifetimeMs: 1_000 }, "Cannot use --password-lifetime alone: expected --password-command with it"],
  [
    { passwordCommand: "cat token", username: "u", password: "p" },
    "Cannot use --password-command and a password: expected one of them",
  ],
  [{ birthPayload: "online" }, "Cannot use --birth-payload alone: expected --will-payload with it"],
  [
    { birthPayload: "online", willPayload: "offline" },
    "Cannot use --birth-payload without --presence: expected both: with --presence clients publish that message",
  ],
  [
    { presence: true, willPayload: "offline" },
    "Cannot use --will-payload with --presence: expected --birth-payload with both: the payload of a client that is online",
  ],
  [
    { presence: true, willPayload: "off", birthPayload: "off" },
    'Cannot use --birth-payload "off": expected another payload than that of the will: online and offline must differ',
  ],
  [
    { presence: true, willPayload: "off", birthPayload: "on {incarnation}" },
    'Cannot use --birth-payload "on {incarnation}": expected no {incarnation}: a client is online with the same payload in all its lives',
  ],
  [{ watchers: 0 }, "Cannot use --watchers 0: expected 1 to 20,000"],
  [{ fanOut: 0 }, "Cannot use --fan-out 0: expected 1 to 1,000"],
  [{ workers: 65 }, "Cannot use --workers 65: expected 1 to 64"],
  [{ lateAfterMs: 0 }, "Cannot use --late-after 0 ms: expected 1 to 3,600,000 ms"],
  [{ drainMs: -1 }, "Cannot use --drain -1 ms: expected 0 to 86,400,000 ms"],
  [{ sourceAddresses: ["here"] }, "Cannot use --source-address here: expected an address of this machine"],
  [{ sourcePorts: 0 }, "Cannot use --source-ports 0: expected 1 to 65,535"],
  [{ clients: 2, workers: 3 }, "Cannot use --workers 3: expected at most one for each of 2 clients"],
  [{ workers: 3, watchers: 2 }, "Cannot use --watchers 2: expected at least one for each of 3 workers"],
  [
    { killRate: { kind: "fraction", perSecond: 1.01 } },
    "Cannot use --kill-rate: expected at most 100% of the clients each second",
  ],
  [{ killRate: { kind: "count", perSecond: -1 } }, "Cannot use --kill-rate: expected 0 or more kills a second"],
  [{ killRate: { kind: "count", perSecond: NaN } }, "Cannot use --kill-rate: expected 0 or more kills a second"],
  [{ killShares: [] }, "Cannot use --kill-mode: expected at least one mode with a share above 0"],
  [
    { killShares: [{ mode: "reset", weight: 0 }] },
    "Cannot use --kill-mode: expected at least one mode with a share above 0",
  ],
  ...(["freeze", "half-packet"] as const).map((mode): [Partial<PlanRequest>, string] => [
    { ...only(mode), keepAliveS: 0 },
    "Cannot use --keepalive 0: expected 1 s or more with the kill modes freeze, half-packet, slow-loris, stall and vanish, which rely on it",
  ]),
  ...(["3.1.1", "mix"] as const).map((protocol): [Partial<PlanRequest>, string] => [
    { ...only("disconnect-error"), protocol },
    `Cannot use --protocol ${protocol}: expected 5, which kill mode disconnect-error needs`,
  ]),
  [
    { protocol: "3.1.1", willDelayS: 3 },
    "Cannot use --will-delay 3 s: expected 0 with --protocol 3.1.1, which has no will delay",
  ],
  [{ run: "" }, 'Cannot use run id "": expected 1 to 16 letters, digits or hyphens'],
  [{ run: "a/b" }, 'Cannot use run id "a/b": expected 1 to 16 letters, digits or hyphens'],
  [{ run: "x".repeat(17) }, `Cannot use run id "${"x".repeat(17)}": expected 1 to 16 letters, digits or hyphens`],
  [{ clientPrefix: "" }, 'Cannot use --client-prefix "": expected 1 to 64 characters without / + # and NUL'],
  [{ clientPrefix: "a/b" }, 'Cannot use --client-prefix "a/b": expected 1 to 64 characters without / + # and NUL'],
  [{ clientPrefix: "a\0" }, 'Cannot use --client-prefix "a\\u0000": expected 1 to 64 characters without / + # and NUL'],
  [
    { willTopic: "a/#" },
    'Cannot use --will-topic "a/#": expected a topic name: at least one character, no + # and NUL',
  ],
];
for (const [request, message] of refusals) {
  Deno.test(`plan: ${message.slice(0, 90)}`, () => {
    assert.throws(() => makePlan({ ...must, ...request }), new UsageError(message));
  });
}

const taken: readonly Partial<PlanRequest>[] = [
  { seed: 0xffff_ffff },
  { clients: 1 },
  { durationMs: 100 },
  { keepAliveS: 0 },
  { keepAliveS: 0, killShares: [{ mode: "freeze", weight: 0 }, { mode: "reset", weight: 1 }] },
  { killRate: { kind: "fraction", perSecond: 1 } },
  { killRate: { kind: "count", perSecond: 0 } },
  { killRate: { kind: "count", perSecond: 5_000 } },
  { ...only("disconnect-error"), protocol: "5" },
  { ...only("disconnect-error"), protocol: "auto" },
  { killShares: [{ mode: "disconnect-error", weight: 1 }, { mode: "reset", weight: 1 }], protocol: "3.1.1" },
  { willDelayS: 3, protocol: "mix" },
  { drainMs: 0 },
  { run: "A-9" },
];
for (const request of taken) {
  Deno.test(`plan: accepts ${JSON.stringify(request)}`, () => void makePlan({ ...must, ...request }));
}

Deno.test("plan: each of many shards may have 16 CONNECTs under way, and all together 64 at least", () => {
  const underWay = (of: number, request: Partial<PlanRequest> = {}) =>
    makePlan({ ...must, clients: 10_000, shard: { number: 1, of }, ...request }).connectsUnderWay;
  assert.deepEqual([1, 4, 5, 100].map((of) => underWay(of)), [64, 64, 80, 1_600]);
  assert.equal(underWay(100, { connectsUnderWay: 7 }), 7);
});

Deno.test("plan: ten million clients on 20,000 watchers are a plan", () => {
  assert.equal(makePlan({ ...must, clients: 10_000_000 }).watchers, 20_000);
});
