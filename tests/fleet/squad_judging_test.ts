/**
 * Verdicts on brokers that make an open choice of the standard, and on the faults that hide behind such a choice. The
 * names begin with the number of the observation of a real broker that each test repeats.
 */
import assert from "node:assert/strict";
import type { KillMode } from "../../src/fleet/kill_mode.ts";
import type { FleetResult } from "../../src/fleet/result.ts";
import { faultsOf, FleetStage, type StageOptions } from "../support/fleet_stage.ts";
import type { HeldWill } from "../support/scripted_broker.ts";

function only(...modes: readonly KillMode[]): Pick<StageOptions, "killShares"> {
  return { killShares: modes.map((mode) => ({ mode, weight: 1 })) };
}

const busy = { killRate: { kind: "count", perSecond: 8 }, durationMs: 12_000 } as const;
const isFleets = ({ clientId }: Pick<HeldWill, "clientId">) => /^mqtt-sim-stage-(\d|1\d)$/.test(clientId);

function mustPass(result: FleetResult): void {
  assert.deepEqual(result.faults, []);
  assert.deepEqual([result.verdict, faultsOf(result)], ["pass", {}], result.reason);
}

/** A broker that cuts every session expiry to one second. */
const capped = { ...busy, ...only("reset", "close"), willDelayS: 5, sessionExpiryS: 60, reconnectAfterMs: 3_000 };

Deno.test("session expiry: a delayed will is due at the end of the session whose expiry the broker announced", () => {
  const result = new FleetStage({ ...capped, script: { longestSessionS: 1 } }).finish();
  mustPass(result);
  assert.ok(result.wills.expected > 60, `only ${result.wills.expected} wills were due`);
  const { lives, shortestS } = result.remarks!.shortSessions!;
  assert.equal(lives, result.clients.connected + result.clients.reconnects);
  assert.equal(shortestS, 1);
  assert.match(result.warnings.join("\n"), /announced a shorter session expiry than the requested one in \d+ CONNACKs/);
});

Deno.test("session expiry: with an announced expiry of 0 a delayed will is due at once, also at a takeover", () => {
  const modes = only("reset", "takeover", "garbage");
  const result = new FleetStage({ ...capped, ...modes, script: { longestSessionS: 0 } }).finish();
  mustPass(result);
  assert.ok(result.wills.onTime > 60);
});

Deno.test("session expiry: a broker that announces a shorter expiry and waits for the delay is late", () => {
  const wait = (_: HeldWill, ending: string, askedMs: number | undefined) => ending === "gone" ? 3_500 : askedMs;
  const options = { ...capped, reconnectAfterMs: "never" as const, killRate: { kind: "count", perSecond: 1 } as const };
  const result = new FleetStage({ ...options, script: { longestSessionS: 1, wait } }).finish();
  assert.deepEqual(Object.keys(faultsOf(result)), ["late"]);
  assert.deepEqual(faultsOf(result).late, result.kills.total);
});

Deno.test("session expiry: a session that the client resumes before the announced expiry has passed owes no will", () => {
  const options = { ...capped, reconnectAfterMs: 500, script: { longestSessionS: 2 } };
  const result = new FleetStage(options).finish();
  assert.deepEqual(faultsOf(result), {});
  assert.ok(result.kills.total > 80 && result.wills.expected <= result.plan.clients);
});

Deno.test("F3: an expiry that the broker adds to wills of 3.1.1 clients alters none of them, and is one note", () => {
  const properties = { messageExpiryIntervalS: 86_400 };
  const add = { publish: (will: HeldWill) => [{ change: { properties: { ...properties, ...will.properties } } }] };
  const result = new FleetStage({ ...busy, ...only("reset"), protocolSpoken: "mix", script: add }).finish();
  mustPass(result);
  assert.ok(result.remarks!.addedExpiries! > 20, `${result.remarks!.addedExpiries} were counted`);
  assert.ok(result.remarks!.addedExpiries! < result.wills.expected, "5.0 wills ask for an expiry");
  assert.match(result.warnings.join("\n"), /added a Message Expiry Interval to \d+ wills of 3\.1\.1 clients/);
});

Deno.test("F3: another property that the broker adds, or an expiry that it lengthens or removes, is an altered will", () => {
  const change = (properties: object) => ({
    publish: (will: HeldWill) => [{ change: { properties: { ...will.properties, ...properties } } }],
  });
  const added = new FleetStage({
    ...busy,
    ...only("reset"),
    protocolSpoken: "mix",
    script: change({ contentType: "a/b" }),
  });
  assert.deepEqual(Object.keys(faultsOf(added.finish())), ["altered"]);
  for (const messageExpiryIntervalS of [86_401, undefined]) {
    const stage = new FleetStage({ ...busy, ...only("reset"), script: change({ messageExpiryIntervalS }) });
    assert.deepEqual(Object.keys(faultsOf(stage.finish())), ["altered"]);
  }
});

Deno.test("F3: presence on a broker that adds an expiry to what 3.1.1 clients retain is the truth", () => {
  const retain = (packet: Parameters<FleetStage["broker"]["route"]>[0]) => ({
    ...packet,
    properties: { messageExpiryIntervalS: 0x7fff_ffff, ...packet.properties },
  });
  const presence = { ...busy, ...only("reset", "leave"), presence: true, protocolSpoken: "mix" as const };
  const result = new FleetStage({ ...presence, script: { retain } }).finish();
  mustPass(result);
  assert.ok(result.presence!.judged > 20 && result.presence!.wrong === 0);
});

/** Delayed wills of sessions that a takeover ends, by Clean Start or since they do not outlive the connection. */
const takeovers: readonly [what: string, options: StageOptions][] = [
  ["Clean Start 1", { cleanStart: "yes", sessionExpiryS: 60 }],
  ["Session Expiry Interval 0", { cleanStart: "no", sessionExpiryS: 0 }],
];
for (const [what, options] of takeovers) {
  Deno.test(`M7: a delayed will of a session that a takeover ends is due at once: ${what}`, () => {
    const taken = { ...busy, ...only("takeover"), willDelayS: 5, ...options };
    const honest = new FleetStage(taken).finish();
    mustPass(honest);
    assert.equal(honest.wills.onTime, honest.kills.total);
    const wait = (will: HeldWill, ending: string, askedMs: number | undefined) =>
      ending === "taken over" && isFleets(will) ? undefined : askedMs;
    const loses = new FleetStage({ ...taken, script: { wait } }).finish();
    assert.deepEqual(faultsOf(loses), { missing: loses.kills.total });
  });
}
