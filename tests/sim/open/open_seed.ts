/**
 * One seed for the class of conforming brokers: a fleet and a part of the catalog of `check`, each on the test broker
 * of that seed. Neither may report a fault, and the reason for each untested item must be true.
 */
import { mix, Random } from "../../../src/base/random.ts";
import { catalog } from "../../../src/conformance/catalog.ts";
import type { ConformanceResult } from "../../../src/conformance/case/result.ts";
import { type ChoiceCounts, type Choices, noChoices, type OpenChoice } from "../../support/open/open_choices.ts";
import { openCheck } from "../../support/open/open_check.ts";
import { openFleet, type OpenFound } from "../../support/open/open_fleet.ts";
import { causeOf } from "../../support/open/open_truth.ts";
import { openPlanOf } from "./open_plan.ts";

/** The results of one or several seeds. */
export interface OpenTally {
  seeds: number;
  /** Fleets by outcome; a void or refused one has a true reason. */
  fleets: { pass: number; "not testable": number };
  wills: number;
  cases: { pass: number; "not testable": number };
  /** How often each choice was made. */
  readonly choices: ChoiceCounts;
}

/** An empty tally. */
export function noTally(): OpenTally {
  return {
    ...{ seeds: 0, wills: 0, choices: noChoices() },
    fleets: { pass: 0, "not testable": 0 },
    cases: { pass: 0, "not testable": 0 },
  };
}

/** Adds one tally to another. */
export function addTally(to: OpenTally, more: OpenTally): void {
  to.seeds += more.seeds;
  to.wills += more.wills;
  for (const outcome of ["pass", "not testable"] as const) {
    to.fleets[outcome] += more.fleets[outcome];
    to.cases[outcome] += more.cases[outcome];
  }
  for (const [name, count] of Object.entries(more.choices)) to.choices[name as OpenChoice] += count;
}

/** The mean number of cases of the catalog for a seed, each in its versions. */
const casesForSeed = 24;

/** Choices that randomly end the connections of a case, so that none could be judged. */
const notInCheck: readonly OpenChoice[] = ["end: a client is disconnected for no fault of its own"];

/**
 * Runs one seed.
 *
 * @param trace called with each event, if present
 * @throws if a fault is reported, or a reason is not true
 */
export async function simulateOpen(seed: number, trace?: (line: string) => void): Promise<OpenTally> {
  const tally = noTally();
  tally.seeds = 1;
  const fleet = await openFleet({ seed, plan: openPlanOf(seed), ...trace && { trace } });
  takeFleet(tally, fleet);
  const random = new Random(mix(seed, 0xca5e));
  const cases = catalog.filter(() => random.below(catalog.length) < casesForSeed);
  const parallel = [1, 8, 40][random.below(3)]!;
  const { result, choices } = await openCheck({ seed, without: notInCheck, run: { cases, parallel } });
  for (const line of transcriptsOf(result)) trace?.(line);
  takeCheck(tally, result, choices);
  return tally;
}

function takeFleet(tally: OpenTally, found: OpenFound): void {
  const { choices } = found;
  count(tally, choices);
  const { verdict, reason } = found.kind === "run" ? found.result : { verdict: found.kind, reason: found.reason };
  if (found.kind === "run") tally.wills += found.result.wills.expected;
  if (verdict === "pass") {
    tally.fleets.pass++;
    return;
  }
  const faults = found.kind === "run" ? found.result.faults : [];
  if (verdict === "fail") throw new Error(`fleet: ${reason}: ${JSON.stringify(faults[0])}; made: ${choices.summary}`);
  mustBeTrue(`fleet (${verdict})`, reason, choices);
  tally.fleets["not testable"]++;
}

function takeCheck(tally: OpenTally, result: ConformanceResult, choices: Choices): void {
  count(tally, choices);
  for (const { id, protocol, outcome, reason = "" } of result.cases) {
    const name = `check ${id} [${protocol}]`;
    if (outcome === "pass") tally.cases.pass++;
    else if (outcome === "not testable") {
      mustBeTrue(name, reason, choices);
      tally.cases["not testable"]++;
    } else throw new Error(`${name}: ${outcome}: ${reason}; made: ${choices.summary}`);
  }
  if (result.cases.length === 0 && result.verdict === "void") mustBeTrue("check (void)", result.reason, choices);
  if (result.verdict === "fail") throw new Error(`check: ${result.reason}; made: ${choices.summary}`);
}

function count(tally: OpenTally, { counts }: Choices): void {
  for (const [name, times] of Object.entries(counts)) tally.choices[name as OpenChoice] += times;
}

function mustBeTrue(what: string, reason: string, choices: Choices): void {
  if (causeOf(reason, choices) !== undefined) return;
  throw new Error(`${what}: "${reason}" is not true of this broker, which made: ${choices.summary || "no choice"}`);
}

function* transcriptsOf({ cases }: ConformanceResult): Generator<string> {
  for (const { id, protocol, outcome, transcript = [] } of cases) {
    if (outcome !== "fail") continue;
    yield `check ${id} [${protocol}]`;
    for (const line of transcript) yield `  ${JSON.stringify(line)}`;
  }
}
