/** The sentence before a run that says how long it waits for wills. */
import assert from "node:assert/strict";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import { longestWaitOf } from "../../../src/fleet/plan/phases.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { durationText, rampNotice, waitNotice } from "../../../src/fleet/preflight/wait_text.ts";

function notice(request: Partial<PlanRequest>, protocol: "3.1.1" | "5" | "mix" = "5") {
  const plan = makePlan({ seed: 1, run: "r", clients: 10, ...request });
  return waitNotice(plan, new Groups(plan, protocol));
}

Deno.test("wait text: is absent when wills are due at once", () => {
  assert.equal(notice({}), undefined);
  assert.equal(notice({ willDelayS: 5, sessionExpiryS: 0 }), undefined, "the session ends with its connection");
  assert.equal(notice({ willDelayS: 0, sessionExpiryS: 60 }, "3.1.1"), undefined);
});

Deno.test("wait text: shows the lower of will delay and session expiry before the run", () => {
  assert.deepEqual(notice({ willDelayS: 90, sessionExpiryS: 300 }), {
    level: "info",
    text:
      "Wills are due up to 1 min 30 s after their clients' end (will delay 90 s, session expiry 300 s): the run waits " +
      "for them, and then up to 10 s (--drain) for those that are missing.",
  });
  assert.match(notice({ willDelayS: 300, sessionExpiryS: 2 })!.text, /^Wills are due up to 2 s after/);
});

Deno.test("wait text: shows the keep alive of silent clients, plus the delay that follows", () => {
  const killShares = [{ mode: "freeze", weight: 1 }] as const;
  assert.match(
    notice({ killShares, keepAliveS: 60 })!.text,
    /^Wills are due up to 1 min 30 s after .* \(1\.5 times keep alive of 60 s\)/,
  );
  const both = notice({ killShares, keepAliveS: 60, willDelayS: 30, sessionExpiryS: 60 })!;
  assert.match(
    both.text,
    /^Wills are due up to 2 min after .* \(1\.5 times keep alive of 60 s, will delay 30 s, session/,
  );
  assert.equal(notice({ killShares: [{ mode: "freeze", weight: 0 }, { mode: "reset", weight: 1 }] }), undefined);
});

Deno.test("wait text: uses the group with the longest wait, and the kill modes of a phase", () => {
  const groups = [{ name: "a", share: 1 }, {
    name: "b",
    share: 1,
    protocol: "5",
    willDelayS: 7,
    sessionExpiryS: 60,
  }] as const;
  assert.match(notice({ groups })!.text, /^Wills are due up to 7 s after/);
  const phases = [{ kind: "kill", killShares: [{ mode: "half-packet", weight: 1 }] }] as const;
  assert.match(notice({ phases, keepAliveS: 4 })!.text, /^Wills are due up to 6 s after/);
});

Deno.test("wait text: warns about a delay of 136 years, because the run does not wait for it", () => {
  const forever = { willDelayS: 0xffff_ffff, sessionExpiryS: 0xffff_ffff };
  assert.deepEqual(notice(forever), {
    level: "warning",
    text: "wills are due up to 136 years after their clients' end (will delay 4,294,967,295 s, session expiry " +
      "4,294,967,295 s): the run does not wait for a will that is due later than 1 h after its client's end, ends 10 s " +
      "(--drain) after the last other one, and leaves such wills undecided",
  });
  assert.match(notice({ ...forever, drainMs: 7_200_000 })!.text, /later than 2 h \(--drain\) after/);
  assert.deepEqual([longestWaitOf({ drainMs: 10_000 }), longestWaitOf({ drainMs: 7_200_000 })], [3_600_000, 7_200_000]);
  assert.equal(notice({ willDelayS: 3_600, sessionExpiryS: 3_600 })!.level, "info");
  assert.equal(notice({ willDelayS: 3_601, sessionExpiryS: 3_601 })!.level, "warning");
});

Deno.test("wait text: formats durations", () => {
  const texts: readonly [ms: number, text: string][] = [
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1 s"],
    [90_000, "1 min 30 s"],
    [3_600_000, "1 h"],
    [5_400_000, "1 h 30 min"],
    [86_400_000, "1 day"],
    [183_600_000, "2 days 3 h"],
    [700 * 86_400_000, "700 days"],
    [0xffff_ffff * 1_000, "136 years"],
  ];
  for (const [ms, text] of texts) assert.equal(durationText(ms), text);
});

Deno.test("ramp: a long one has a line with its duration, a short one has none", () => {
  const line = (clients: number) => rampNotice(makePlan({ run: "r", seed: 1, clients, rampPerSecond: 1_000 }));
  assert.deepEqual(line(1_000_000), {
    level: "info",
    text: "The ramp takes 16 min 40 s: 1,000,000 clients at 1,000/s (--ramp-rate).",
  });
  assert.equal(line(9_999), undefined);
});
