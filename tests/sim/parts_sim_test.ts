/** A run in 2 to 20 parts on a rendezvous that loses, doubles and delays messages, by seed. */
import assert from "node:assert/strict";
import type { Random } from "../../src/base/random.ts";
import type { RunLimits } from "../../src/parts/limits.ts";
import { anyTrouble, mildTrouble, SimulatedRun, type Trouble } from "../support/parts/simulated_run.ts";

const limits: RunLimits = { gatherMs: 60_000, connectMs: 40_000, killMs: 90_000, silenceMs: 60_000, lateMs: 60_000 };
/** `deno task sim:parts` runs 5,000. */
const seeds = Number(Deno.args[0] ?? 1_000);

/** Runs one seed, and holds what is true of every run. */
function simulate(seed: number, trouble: (random: Random) => Trouble): SimulatedRun {
  const run = new SimulatedRun(seed, trouble);
  const text = `seed ${seed}, ${run.of} parts, ${JSON.stringify(run.trouble)}`;
  const ended = run.run(limits);
  const waiting = run.processes.filter(({ dead, machine }) => !dead && machine?.end === undefined);
  assert.ok(ended, `${text}: a wait does not end: ${waiting.map(({ id, machine }) => `${id} ${machine?.state}`)}`);
  assert.equal(new Set(run.ran).size, run.ran.length, `${text}: a part runs twice: ${run.ran}`);
  assert.equal(run.early, undefined, text);
  if (passes(run)) {
    const whole = [...run.reports.values()].filter(Boolean).length;
    assert.ok(whole >= run.of - run.trouble.allowed, `${text}: it passes with ${whole} whole reports`);
    assert.equal(run.acts.length, run.trouble.steps, `${text}: it passes after ${run.acts.length} actions`);
  }
  return run;
}

/** The verdict of the coordinator, where no will was wrong. */
function passes({ lead, coordinator, found, reports, of, trouble: { allowed } }: SimulatedRun): boolean {
  if (lead.dead || coordinator?.end.why !== undefined) return false;
  const voids = [...found].filter((part) => !reports.get(part)).length;
  return voids + of - found.size <= allowed;
}

Deno.test(`parts: in ${seeds} runs with deaths, pauses and outages no part runs twice, no kill or restart is early, every wait ends`, () => {
  const outcomes = { pass: 0, other: 0, kills: 0, restarted: 0, without: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const run = simulate(seed, anyTrouble);
    outcomes[passes(run) ? "pass" : "other"]++;
    if (passes(run) && run.acts.length > 0) outcomes.restarted++;
    if (passes(run) && ![...run.reports.values()].every(Boolean)) outcomes.without++;
    if (run.kills.length > 0) outcomes.kills++;
  }
  assert.ok(outcomes.pass > seeds / 20 && outcomes.other > seeds / 20, JSON.stringify(outcomes));
  assert.ok(outcomes.restarted > seeds / 40 && outcomes.without > 0, JSON.stringify(outcomes));
});

Deno.test("parts: lost, late and doubled messages, short pauses and outages of the store make no run void", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const run = simulate(seed, mildTrouble);
    assert.ok(passes(run), `seed ${seed}, ${JSON.stringify(run.trouble)}: ${run.coordinator?.end.why}`);
    assert.equal(run.kills.length, run.of);
  }
});
