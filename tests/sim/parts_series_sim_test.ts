/** Runs that follow one another on the same parts, on a rendezvous that loses, doubles and delays messages, by seed. */
import assert from "node:assert/strict";
import type { Random } from "../../src/base/random.ts";
import type { RunLimits } from "../../src/parts/limits.ts";
import { anySeries, mildSeries, type SeriesTrouble, SimulatedSeries } from "../support/parts/simulated_series.ts";

const limits: RunLimits = { gatherMs: 700_000, connectMs: 40_000, killMs: 90_000, silenceMs: 60_000, lateMs: 60_000 };
/** `deno task sim:parts` runs 5,000. */
const seeds = Number(Deno.args[0] ?? 100);

/** Runs one seed, and holds what is true of every series of runs. */
function simulate(seed: number, trouble: (random: Random) => SeriesTrouble, stays = seed % 2 === 0): SimulatedSeries {
  const series = new SimulatedSeries(seed, trouble, limits, stays);
  const text = `seed ${seed}, ${series.of} parts${stays ? " that stay" : ""}, ${JSON.stringify(series.trouble)}`;
  const ended = series.run();
  const { parts, started, verdicts, reports, of } = series;
  assert.ok(ended, `${text}: a wait does not end: ${parts.filter(({ isFree }) => !isFree).map(({ state }) => state)}`);
  assert.equal(new Set(started).size, started.length, `${text}: a part runs a run twice: ${started}`);
  for (const { name, ran } of parts) {
    assert.equal(new Set(ran).size, ran.length, `${text}: ${name} carries out a run twice: ${ran}`);
  }
  const names = verdicts.map(({ run }) => run);
  assert.equal(new Set(names).size, names.length, `${text}: a run has two verdicts: ${names}`);
  for (const { run, why, passes, coordinator } of verdicts) {
    assert.equal(coordinator.end.why, why, `${text}: the verdict of ${run} changes after its end`);
    if (!passes) continue;
    const whole = Array.from({ length: of }, (_, place) => reports.get(`${run} ${place + 1}`)).filter(Boolean).length;
    assert.equal(whole, of, `${text}: ${run} passes with ${whole} whole reports`);
  }
  return series;
}

const passesOf = ({ verdicts }: SimulatedSeries) => verdicts.filter(({ passes }) => passes).length;

Deno.test(`parts: in ${seeds} series of runs with deaths, pauses and replaced coordinators no part runs a run twice, each run has one verdict, every wait ends`, () => {
  const outcomes = { pass: 0, other: 0, replaced: 0, recovered: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const series = simulate(seed, anySeries);
    outcomes.pass += passesOf(series);
    outcomes.other += series.verdicts.length - passesOf(series);
    const [ended, ...later] = series.verdicts.map(({ passes }) => passes);
    if (ended === false && later.includes(true)) outcomes.recovered++;
    if (series.verdicts.some(({ run, passes }) => run.startsWith("t") && passes)) outcomes.replaced++;
  }
  assert.ok(outcomes.pass > seeds / 2 && outcomes.other > seeds / 20, JSON.stringify(outcomes));
  assert.ok(outcomes.recovered > 0, `a run follows one that ended early: ${JSON.stringify(outcomes)}`);
  assert.ok(
    outcomes.replaced > seeds / 40,
    `the parts of a lost coordinator join another run: ${JSON.stringify(outcomes)}`,
  );
});

Deno.test("parts: lost, late and doubled messages and short pauses end no search: each run passes, each part ends with 0", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const series = simulate(seed, mildSeries);
    const text = `seed ${seed}, ${JSON.stringify(series.trouble)}`;
    assert.equal(passesOf(series), series.runs, `${text}: ${series.verdicts.map(({ why }) => why)}`);
    for (const part of series.parts) {
      assert.equal(part.ran.length, series.runs, `${text}: ${part.name} ran ${part.ran}`);
      assert.ok(part.exitCode === undefined || part.exitCode === 0, `${text}: ${part.name} ends with ${part.exitCode}`);
    }
    assert.ok(series.nowMs < 300_000, `${text}: the last part is free after ${series.nowMs} ms`);
  }
});
