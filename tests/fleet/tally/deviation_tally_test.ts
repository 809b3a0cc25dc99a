/**
 * Counts of a profile's deviations: lives, faults, samples; and, without a profile, what each profile would describe.
 */
import assert from "node:assert/strict";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { DeviationTally, profileFindings } from "../../../src/fleet/tally/deviation_tally.ts";
import { Ledger } from "../../../src/fleet/ledger/ledger.ts";
import { Tally } from "../../../src/fleet/tally/tally.ts";
import { profileOf } from "../../../src/profiles/profiles.ts";
import { aLife, anEnd, aPlan, killMs } from "../sample_life.ts";
import { aWill, watcher5 } from "../sample_will.ts";
import { eachCase } from "../../support/steps.ts";

/** The tallies after these deaths, each without a will, and one reset whose will arrived. */
function books(profile: string | undefined, ...modes: readonly ("reset" | "disconnect-error" | "second-connect")[]) {
  const plan = aPlan({ clients: 100, ...profile !== undefined && { profile } });
  const ledger = new Ledger(plan, new Groups(plan, "5"));
  const lives = [...modes, "reset" as const].map((mode, client) => aLife({ client, end: anEnd(mode) }));
  for (const life of lives) {
    ledger.begin(life);
    ledger.end(life);
  }
  ledger.arrive(aWill(plan, lives.at(-1)!), 0, watcher5, killMs);
  ledger.close(killMs + 60_000);
  return ledger.tally;
}

const error = "disconnect-error";

Deno.test("deviation tally: counts lives, faults and samples of each deviation, which are no faults", () => {
  const tally = books("mosquitto", error, error, error, error, "reset");
  const { deviating, missing, expected, onTime } = tally.total();
  assert.deepEqual({ expected, onTime, deviating, missing }, { expected: 6, onTime: 1, deviating: 4, missing: 1 });
  assert.deepEqual(tally.missingByQos, [0, 1, 0]);
  assert.deepEqual(tally.faults.map(({ mode }) => mode), ["reset"]);
  const { byId, described } = tally.deviations.data();
  assert.deepEqual({ lives: byId[error]!.lives, seen: byId[error]!.seen, samples: byId[error]!.samples.length }, {
    lives: 4,
    seen: 4,
    samples: 3,
  });
  assert.deepEqual(described, {}, "with a profile, others have no word");
});

Deno.test("deviation tally: reports an unobserved deviation with the number of lives that could show it", () => {
  const plan = aPlan({ profile: "mosquitto" });
  const ledger = new Ledger(plan, new Groups(plan, "5"));
  const life = aLife({ end: anEnd(error) });
  ledger.begin(life);
  ledger.end(life);
  ledger.arrive(aWill(plan, life), 0, watcher5, killMs);
  ledger.close(killMs + 60_000);
  const findings = profileFindings("mosquitto", ledger.tally.deviations.data())!;
  const { lives, seen } = findings.deviations.find(({ id }) => id === error)!;
  assert.deepEqual({ lives, seen }, { lives: 1, seen: 0 });
  assert.equal(findings.deviations.find(({ id }) => id === "second-connect")!.lives, 0);
});

Deno.test("deviation tally: without a profile each fault counts for each profile that describes it", () => {
  const tally = books(undefined, error, error, "second-connect", "reset");
  assert.equal(tally.total().missing, 4);
  const { byId, described } = tally.deviations.data();
  assert.deepEqual(byId, {});
  assert.deepEqual(
    {
      mosquitto: described.mosquitto,
      mochi: described.mochi,
      nanomq: described.nanomq,
      emqx: described.emqx,
      strict: described.strict,
    },
    { mosquitto: 3, mochi: 2, nanomq: 2, emqx: undefined, strict: undefined },
  );
});

Deno.test("deviation tally: strict matches no deviation", () => {
  assert.equal(profileFindings(undefined, new DeviationTally().data()), undefined);
  assert.equal(profileFindings("strict", new DeviationTally().data()), undefined);
});

Deno.test("deviation tally: merging adds up the counts", () => {
  const whole = new Tally();
  for (const part of [books("mosquitto", error), books("mosquitto", error, error, error)]) whole.merge(part.data());
  const { lives, seen, samples } = whole.deviations.data().byId[error]!;
  assert.deepEqual({ lives, seen, samples: samples.length, deviating: whole.total().deviating }, {
    lives: 4,
    seen: 4,
    samples: 3,
    deviating: 4,
  });
  const described = new DeviationTally();
  for (const part of [books(undefined, error), books(undefined, error)]) described.merge(part.deviations.data());
  assert.equal(described.data().described.mosquitto, 2);
});

Deno.test("F8: a sign covers one duplicate of a life; with more, all of them are faults", async (t) => {
  const duplicates = {
    ...profileOf("mosquitto")!.deviations[0]!,
    signs: [{ fault: "duplicate", endings: ["reset"] }],
  } as const;
  const profile = { name: "twice", broker: "b", versions: "1", deviations: [duplicates] };
  const life = aLife({ end: anEnd("reset") });
  const expectation = { kind: "one", ground: "connection-ended", dueMs: 1, earliestMs: 1, latencyFromMs: 1 } as const;
  await eachCase(t, [[1, 1, 0], [3, 0, 3]] as const, ([duplicates, deviating, faults]) => {
    const judgement = { expectation, verdict: "onTime", duplicates, unwanted: 0, answer: undefined } as const;
    const tally = new Tally();
    const rules = { lateAfterMs: 1, earlyBeforeMs: 1 };
    const described = tally.deviations.add(profile, { life, othersDueMs: 0 }, judgement, rules);
    tally.add(life, judgement, described);
    assert.deepEqual({
      deviating: tally.total().deviating,
      duplicate: tally.total().duplicate,
      onTime: tally.total().onTime,
    }, { deviating, duplicate: faults, onTime: 1 });
  });
});
