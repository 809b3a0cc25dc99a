/** Void runs with the sentence that explains them: blind watchers, canaries that fail, clients that cannot connect. */
import assert from "node:assert/strict";
import { nobodyKilled } from "../../../src/fleet/merge/verdict.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { beginLife } from "../../../src/fleet/life/life.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import { SquadRecorder } from "../../../src/fleet/ledger/squad_recorder.ts";
import { FleetStage, type StageOptions } from "../../support/fleet_stage.ts";
import type { Script } from "../../support/brokers/scripted_broker.ts";

const filter = "mqtt-sim/stage/0/+/will";
const control = "mqtt-sim/stage/0/20/will";
const hears = (role: RegExp) => ({ clientId }: { readonly clientId: string }) => role.test(clientId);
const isWatcher = hears(/-w0$/);
const isControl = hears(/-20$/);
const isThird = hears(/-3$/);

const voids: readonly [what: string, options: StageOptions, sentence: string][] = [
  [
    "the watcher is refused",
    { script: { connack: (connect) => isWatcher(connect) ? 0x87 : 0 } },
    "watcher 0 cannot receive wills: the broker refused the CONNECT with 0x87 (Not authorized)",
  ],
  [
    "the watcher is refused, 3.1.1",
    { protocolSpoken: "3.1.1", script: { connack: (connect) => isWatcher(connect) ? 5 : 0 } },
    "watcher 0 cannot receive wills: the broker refused the CONNECT with 0x05 (not authorized)",
  ],
  [
    "the watcher is never answered",
    { script: { connack: (connect) => isWatcher(connect) ? undefined : 0 } },
    "watcher 0 could not subscribe within 10 s",
  ],
  [
    "the watcher cannot reach the broker",
    { refuse: () => true },
    "watcher 0 cannot receive wills: connection refused: nothing listens there",
  ],
  [
    "the subscription is not granted",
    { script: { grant: () => 0x87 } },
    `watcher 0 cannot receive wills: the broker refused the subscription to ${filter} with 0x87 (Not authorized)`,
  ],
  [
    "the subscription is never answered",
    { script: { grant: () => undefined }, drainMs: 20_000 },
    "watcher 0 could not subscribe within 20 s",
  ],
  [
    "the control is refused",
    { script: { connack: (connect) => isControl(connect) ? 0x8a : 0 } },
    "a canary could not connect with its will of QoS 1: the broker refused the CONNECT with 0x8a (Banned)",
  ],
  [
    "a limit of the broker refuses the control",
    { script: { connack: (connect) => isControl(connect) ? 0x97 : 0 } },
    "a canary could not connect within 10 s: the broker refused the CONNECT with 0x97 (Quota exceeded)",
  ],
  [
    "the control is never answered",
    { script: { connack: (connect) => isControl(connect) ? undefined : 0 } },
    "a canary could not connect within 10 s",
  ],
  [
    "no message reaches the watcher",
    { keepAliveS: 60, script: { swallow: () => true } },
    `the watcher cannot receive wills: a message that a canary published on ${control} did not reach it within 10 s`,
  ],
  [
    "one of three watchers sees no message",
    { keepAliveS: 60, fanOut: 3, script: { hide: (clientId) => clientId.endsWith("-w1") } },
    `the watcher cannot receive wills: a message that a canary published on ${control} did not reach it within 10 s`,
  ],
  [
    "one of three watchers of a bucket is blind",
    { fanOut: 3, script: { connack: ({ clientId }) => clientId.endsWith("-w1") ? 0x8a : 0 } },
    "watcher 1 cannot receive wills: the broker refused the CONNECT with 0x8a (Banned)",
  ],
  [
    "a limit of the broker refuses one of three watchers",
    { fanOut: 3, script: { connack: ({ clientId }) => clientId.endsWith("-w1") ? 0x9f : 0 } },
    "watcher 1 could not subscribe within 10 s: the broker refused the CONNECT with 0x9f (Connection rate exceeded)",
  ],
];

for (const [what, options, sentence] of voids) {
  Deno.test(`squad: void before the first kill: ${what}`, () => {
    const stage = new FleetStage({ killRate: { kind: "count", perSecond: 8 }, ...options });
    const result = stage.finish();
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode, total: result.kills.total }, {
      verdict: "void",
      exitCode: 3,
      total: 0,
    });
    assert.equal(result.reason, sentence);
    assert.deepEqual(result.faults, []);
  });
}

Deno.test("squad: a client that is refused five times voids the run, with the broker's reason", () => {
  const stage = new FleetStage({ script: { connack: (connect) => isThird(connect) ? 0x8a : 0 } });
  const result = stage.finish();
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
  assert.equal(
    result.reason,
    "client 3 could not connect in 5 tries: the broker refused the CONNECT with 0x8a (Banned)",
  );
  assert.equal(result.clients.refused, 5);
  assert.equal(result.wills.unwanted, 0);
});

Deno.test("section 3: a client that a limit of the broker refuses for a minute voids the run, with the cure", () => {
  const stage = new FleetStage({ script: { connack: (connect) => isThird(connect) ? 0x89 : 0 } });
  const result = stage.finish();
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
  assert.equal(
    result.reason,
    "client 3 could not connect within 66 s: the broker refused the CONNECT with 0x89 (Server busy); a lower --ramp-rate " +
      "may stay below its limit",
  );
  // The pauses between the attempts grow.
  assert.ok(result.clients.refused < 14, `${result.clients.refused} tries`);
});

/** Refuses the first CONNECTs of the selected clients. */
function refusesFirst(isOne: (connect: { readonly clientId: string }) => boolean, code: number, times = 3): Script {
  let refused = 0;
  return { connack: (connect) => isOne(connect) && ++refused <= times ? code : 0 };
}

for (const [version, code] of [["5", 0x9f], ["5", 0x97], ["5", 0x89], ["5", 0x88], ["3.1.1", 3]] as const) {
  for (const [who, isOne] of [["a watcher", isWatcher], ["a control", isControl], ["a client", isThird]] as const) {
    Deno.test(`section 3: ${who} connects again after a refusal for a limit: ${version}, ${code}`, () => {
      const stage = new FleetStage({
        protocolSpoken: version,
        killRate: { kind: "count", perSecond: 8 },
        script: refusesFirst(isOne, code),
      });
      const result = stage.finish();
      assert.equal(result.verdict, "pass", result.reason);
    });
  }
}

Deno.test("section 3: watchers and canaries connect at --ramp-rate, as clients do", () => {
  const stage = new FleetStage({ rampPerSecond: 5, watchers: 4, killRate: { kind: "count", perSecond: 8 } });
  const result = stage.finish();
  assert.equal(result.verdict, "pass", result.reason);
  const dials = stage.broker.connections.map(({ openedMs }) => openedMs).slice(0, 8);
  const [first, last] = [dials[0]!, dials.at(-1)!];
  assert.ok(last - first >= 7 * 200 - 100, `8 dials within ${last - first} ms`);
});

Deno.test("section 3: a canary that a limit of the broker refuses says nothing about its watcher", () => {
  const isLater = ({ clientId }: { readonly clientId: string }) => Number(clientId.split("-").at(-1)) > 20;
  const script: Script = { connack: (connect) => isLater(connect) ? 0x9f : 0 };
  const stage = new FleetStage({ killRate: { kind: "count", perSecond: 4 }, durationMs: 22_000, script });
  const result = stage.finish();
  assert.deepEqual({ verdict: result.verdict, controls: result.controls }, {
    verdict: "pass",
    controls: { total: 1, blind: 0, lost: 0 },
  });
});

Deno.test("squad: a client whose first CONNECTs are refused is no fault", () => {
  let tries = 0;
  const stage = new FleetStage({
    killRate: { kind: "count", perSecond: 8 },
    script: { connack: (connect) => isThird(connect) && ++tries < 4 ? 0x89 : 0 },
  });
  const result = stage.finish();
  assert.equal(result.verdict, "pass", result.reason);
  assert.equal(result.clients.refused, 3);
});

/** How a broker loses a watcher during a run. */
const losses: readonly [what: string, lose: (stage: FleetStage) => void, sentence: string][] = [
  ["closes", (stage) => stage.broker.online("mqtt-sim-stage-w0")!.drop("end"), "the broker closed the connection"],
  ["resets", (stage) => stage.broker.online("mqtt-sim-stage-w0")!.drop("reset"), "the broker reset the connection"],
  [
    "disconnects",
    (stage) => stage.broker.online("mqtt-sim-stage-w0")!.send({ type: "disconnect", reasonCode: 0x98 }),
    "the broker disconnected it with 0x98 (Administrative action)",
  ],
];
for (const [what, lose, sentence] of losses) {
  Deno.test(`squad: void during kills: the broker ${what} a watcher`, () => {
    const stage = new FleetStage({ killRate: { kind: "count", perSecond: 8 } });
    stage.runUntil(() => stage.squad.counters.kills === 10);
    lose(stage);
    const result = stage.finish();
    assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
    assert.equal(result.reason, `watcher 0 cannot receive wills: ${sentence}`);
    assert.ok(result.kills.total <= 11, "a void run is not carried on");
  });
}

Deno.test("squad: a will that is lost before its watcher is a proven fault, and fails the run", () => {
  let lostMs = Infinity;
  const stage: FleetStage = new FleetStage({
    killRate: { kind: "count", perSecond: 8 },
    script: {
      publish: ({ clientId }) => {
        if (lostMs < Infinity || isControl({ clientId })) return [{}];
        lostMs = stage.nowMs;
        return [];
      },
    },
  });
  stage.runUntil(() => stage.nowMs > lostMs + stage.plan.lateAfterMs + 1_000);
  stage.broker.online("mqtt-sim-stage-w0")!.drop("end");
  const { verdict, exitCode, reason, voidReason, wills, faults, faultKinds } = stage.finish();
  assert.deepEqual({ verdict, exitCode, missing: wills.missing }, { verdict: "fail", exitCode: 1, missing: 1 });
  const blind = "watcher 0 cannot receive wills: the broker closed the connection";
  assert.match(
    reason,
    /^of \d+ wills that were due: 1 missing; then the run ended early: watcher 0 cannot receive wills: /,
  );
  assert.equal(voidReason, blind);
  assert.deepEqual({ faults: faults.length, faultKinds: faultKinds.length, count: faultKinds[0]?.count }, {
    faults: 1,
    faultKinds: 1,
    count: 1,
  });
});

Deno.test("F16: wills that are due after the loss of the watcher are not missing, and no fault lists them", () => {
  // Each will takes 0.5 s, so some are in transit when the watcher is lost; the clients take a while to disconnect, as
  // if sessions were swept.
  const stage = new FleetStage({
    ...{ killRate: { kind: "count", perSecond: 8 }, willDelayS: 2, sessionExpiryS: 60, reconnectAfterMs: "never" },
    killShares: [{ mode: "reset", weight: 1 }],
    script: { publish: () => [{ afterMs: 500 }] },
  });
  stage.runUntil(() => stage.squad.counters.kills === 10);
  stage.broker.online("mqtt-sim-stage-w0")!.drop("end");
  stage.runFor(1);
  const { verdict, wills, faults, faultKinds, kills } = stage.finish();
  assert.equal(verdict, "void");
  assert.ok(kills.total >= 10 && wills.undecided > 0);
  assert.deepEqual({ missing: wills.missing, faults, faultKinds }, { missing: 0, faults: [], faultKinds: [] });
});

Deno.test("F16: the counts of a void run end at the time at which it became void", () => {
  const plan = makePlan({ seed: 1, run: "books", clients: 2 });
  const books = new SquadRecorder(plan, new Groups(plan, "5"), 0);
  const life = beginLife(plan, { number: 0, bucket: 0, version: 5 }, 1);
  books.enter("kill", 0);
  books.lives.begin(life, undefined, 0);
  books.lives.accept(life, undefined, { present: false, first: true }, 1);
  books.lives.kill(life, { mode: "reset", dueMs: 1_000, doneMs: 1_000, silent: false }, 1_000);
  books.makeVoid("the watcher is blind", 1_000 + plan.lateAfterMs);
  books.close(0, 60_000);
  const { tally, voidReason } = books.result();
  assert.equal(voidReason, "the watcher is blind");
  assert.deepEqual({ missing: tally.byMode["reset"]?.missing, undecided: tally.undecided, faults: tally.faults }, {
    missing: 0,
    undecided: 1,
    faults: [],
  });
});

Deno.test("squad: a run without kills proves nothing", () => {
  const result = new FleetStage({ killRate: { kind: "count", perSecond: 0 } }).finish();
  assert.deepEqual({ verdict: result.verdict, exitCode: result.exitCode }, { verdict: "void", exitCode: 3 });
  assert.equal(result.reason, nobodyKilled);
});
