/**
 * Joins the findings of the squads into one result.
 */
import { formatCount } from "../../base/units.ts";
import type { DropCounts } from "../result/drop_counts.ts";
import { mergeDetails } from "./merge_detail.ts";
import { phasesDurationMs } from "../plan/phases.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { severedTexts } from "../result/group_result.ts";
import type { RunFacts } from "../result/run_facts.ts";
import { remarkTexts } from "../result/remarks.ts";
import type { FleetResult, Progress } from "../result/result.ts";
import { clientsHere } from "../plan/shard.ts";
import {
  arrivalsOf,
  besidesOf,
  canariesOf,
  deviationsOf,
  groupsOf,
  killModesOf,
  latenciesOf,
  mergedRow,
  nodesOf,
  sumOf,
  sumsOf,
  willsOf,
} from "./merge_parts.ts";
import { restartsOf, restartWarnings, unendedText } from "./merge_restarts.ts";
import type { SquadResult } from "../result/squad_task.ts";
import { mergeSeries } from "../tally/series.ts";
import { mergeInstants, stagesOf } from "../tally/stages.ts";
import { verdictOver } from "./verdict.ts";
import { Tally } from "../tally/tally.ts";
import { addCounts, type LatencyRow, noCounts, type WillCounts } from "../result/will_counts.ts";

/** Shards that begin within this of one another are in step, in milliseconds. */
const inStepMs = 250;

/** The run reports a larger relative difference between reached and requested kill rate. */
const rateTolerance = 0.02;

/**
 * Joins the squads' results.
 *
 * @param voidReason why the run could not follow its plan; faults with earlier proof still fail it
 */
export function mergeResults(facts: RunFacts, squads: readonly SquadResult[], voidReason?: string): FleetResult {
  const tally = new Tally();
  for (const squad of squads) tally.merge(squad.tally);
  const slip = mergedRow(squads.map((squad) => squad.slip));
  const wills = tally.total();
  const kills = killsOf(squads, tally);
  const besides = besidesOf(squads);
  const { controls } = besides;
  const restarts = restartsOf(facts, squads, tally);
  const generatorBound = generatorBoundText(squads, slip, facts.plan);
  const found = { kills, wills, controls, restarts, slip };
  const { plan, protocol, startedAt, durationMs, target, resources, engine } = facts;
  return {
    plan,
    protocol,
    startedAt,
    durationMs,
    target,
    clients: clientsOf(plan, squads),
    kills,
    wills: willsOf(tally),
    latencyMs: latenciesOf(tally),
    ...arrivalsOf(tally),
    ...connectsOf(facts, squads),
    slipMs: slip,
    ...killTimeOf(squads),
    ...facts.floor !== undefined && { floorMs: mergedRow([facts.floor]) },
    ...generatorBound !== undefined && { generatorBound },
    ...restarts && { restarts },
    ...facts.dropped && { brokerDropped: facts.dropped },
    ...besides,
    ...faultsOf(tally, facts),
    ...deviationsOf(plan, tally, facts.broker),
    slowest: tally.slowest,
    series: mergeSeries(squads.map((squad) => squad.series), phasesDurationMs(plan)),
    ...partsOf(facts, squads, tally),
    ...verdictOver({
      wills,
      kills: kills.total,
      undecided: tally.undecided,
      retained: besides.retained,
      presence: besides.presence,
      sparkplug: besides.sparkplug,
      controls,
      ...{ unseeable: tally.unseeable, redeliveries: tally.redeliveries },
      interrupted: squads.some((squad) => squad.interrupted),
      generatorBound,
      dropped: facts.dropped,
      profile: plan.profile,
      voidReason: voidReason ?? squads.find((squad) => squad.voidReason !== undefined)?.voidReason ??
        unendedText(restarts),
      gap: facts.gap,
      aborted: facts.aborted,
    }),
    ...facts.aborted !== undefined && { aborted: facts.aborted },
    warnings: warningsOf(facts, squads, found, tally),
    resources: { ...resources, ...eachOf(resources, squads) },
    ...engine !== undefined && { engine },
  };
}

/** An incomplete recording proves no fault, and so lists none. */
function faultsOf({ faults, faultKinds }: Tally, { gap }: RunFacts): Pick<FleetResult, "faults" | "faultKinds"> {
  return gap === undefined ? { faults, faultKinds } : { faults: [], faultKinds: [] };
}

/** The instants of each part of the run, and the counts of each group; empty without a run. */
function partsOf(
  { plan, counters }: RunFacts,
  squads: readonly SquadResult[],
  tally: Tally,
): Pick<FleetResult, "stages" | "byGroup" | "byNode"> {
  if (squads.length === 0) return {};
  const stages = stagesOf(plan, mergeInstants(squads.map(({ instants }) => instants)));
  if (counters !== undefined) stages.push({ name: "counters", ...counters });
  return { stages, ...groupsOf(plan, tally), ...nodesOf(plan, tally) };
}

/** Remarks on the run for its reader, after those that the run reported meanwhile. */
function warningsOf(
  facts: RunFacts,
  squads: readonly SquadResult[],
  found: Pick<FleetResult, "kills" | "controls"> & {
    readonly wills: WillCounts;
    readonly restarts: FleetResult["restarts"] | undefined;
    readonly slip: LatencyRow;
  },
  tally: Tally,
): string[] {
  return [
    ...facts.warnings,
    ...lateStartWarnings(squads),
    ...rateWarnings(found.kills),
    ...stallWarnings(squads, found.slip, facts.plan),
    ...canaryWarnings(found.controls),
    ...restartWarnings(found.restarts),
    ...dropWarnings(found.wills, facts.dropped),
    ...severedTexts(nodesOf(facts.plan, tally).byNode),
    ...remarkTexts(tally.remarks),
  ];
}

function clientsOf(plan: FleetPlan, squads: readonly SquadResult[]): FleetResult["clients"] {
  const rampMs = Math.max(0, ...squads.map((squad) => squad.rampMs));
  const names = ["connected", "peakAlive", "reconnects", "refused", "lost"] as const;
  const sums = sumsOf(squads.map(({ counters }) => counters), names);
  return {
    asked: clientsHere(plan).count,
    ...sums,
    rampPerSecond: rampMs === 0 ? 0 : sums.connected / rampMs * 1_000,
  };
}

function connectsOf({ plan, synsAgain }: RunFacts, squads: readonly SquadResult[]): Pick<FleetResult, "connects"> {
  const latencyMs = mergedRow(squads.flatMap(({ connects }) => connects ?? []));
  if (latencyMs.count === 0) return {};
  const mostUnderWay = sumOf(squads, (squad) => squad.mostUnderWay ?? 0);
  const underWayLimit = plan.connectsUnderWay;
  return { connects: { latencyMs, underWayLimit, mostUnderWay, ...synsAgain !== undefined && { synsAgain } } };
}

/** The duration of the kills themselves. */
function killTimeOf(squads: readonly SquadResult[]): Pick<FleetResult, "killTimeMs"> {
  const row = mergedRow(squads.flatMap(({ killTimes }) => killTimes ?? []));
  return row.count === 0 ? {} : { killTimeMs: row };
}

/** The CPU time of each life and the memory of each client. */
function eachOf(
  { cpuMs }: FleetResult["resources"],
  squads: readonly SquadResult[],
): Partial<FleetResult["resources"]> {
  const clients = sumOf(squads, ({ counters }) => counters.connected);
  const lives = clients + sumOf(squads, ({ counters }) => counters.reconnects);
  const marks = squads.flatMap(({ memory }) => memory === undefined ? [] : [memory]);
  const grown = Math.max(...marks.map(({ after }) => after)) - Math.min(...marks.map(({ before }) => before));
  return {
    ...lives > 0 && cpuMs > 0 && { cpuMsPerLife: cpuMs / lives },
    ...marks.length === squads.length && clients > 0 && { bytesPerClient: Math.max(0, Math.round(grown / clients)) },
  };
}

/** Shards with one common instant are in step, or report that they are not. */
function lateStartWarnings(squads: readonly SquadResult[]): string[] {
  const lateMs = Math.max(0, ...squads.map((squad) => squad.lateMs ?? 0));
  if (lateMs <= inStepMs) return [];
  return [`this process was ${Math.round(lateMs)} ms late for the common start: other shards started before it`];
}

function killsOf(squads: readonly SquadResult[], tally: Tally): FleetResult["kills"] {
  const killMs = Math.max(0, ...squads.map((squad) => squad.killMs));
  const perSecond = (count: number) => killMs === 0 ? 0 : count / killMs * 1_000;
  const total = sumOf(squads, ({ counters }) => counters.kills);
  return {
    total,
    askedPerSecond: perSecond(sumOf(squads, ({ killsAsked }) => killsAsked)),
    reachedPerSecond: perSecond(total),
    deferred: sumOf(squads, ({ counters }) => counters.deferred),
    byMode: killModesOf(tally),
  };
}

function rateWarnings(kills: FleetResult["kills"]): string[] {
  const warnings: string[] = [];
  const { askedPerSecond: asked, reachedPerSecond: reached } = kills;
  if (asked > 0 && Math.abs(reached - asked) > asked * rateTolerance) {
    const share = Math.round(reached / asked * 100);
    warnings.push(`the kill rate reached ${share}% of the requested rate: clients had not reconnected in time`);
  }
  return warnings;
}

/** The evidence of the canaries on the watchers during the run; their evidence on the broker is in the verdict. */
function canaryWarnings({ total, blind }: FleetResult["controls"]): string[] {
  if (blind === 0) return [];
  return [
    `in ${formatCount(blind)} of ${formatCount(total)} canary kills a watcher did not receive a message ` +
    `that was published for it: it may be the reason for missing wills`,
  ];
}

/**
 * A will that the broker published and then dropped on its way to a watcher is another fault than one it never
 * published.
 */
function dropWarnings({ missing }: WillCounts, dropped: DropCounts | undefined): string[] {
  const count = dropped === undefined ? 0 : dropped.after - dropped.before;
  if (missing === 0 || count <= 0) return [];
  const share = count >= missing ? "at least as many as are missing" : "fewer than are missing";
  return [
    `the broker reports that it dropped ${formatCount(count)} messages during the run (${share}): one of its queues ` +
    `to a watcher overflowed; use more --watchers, or raise the limit of the broker`,
  ];
}

/** Whether this machine was slower than its measurements, as a text that follows "but". */
function generatorBoundText(squads: readonly SquadResult[], slip: LatencyRow, plan: FleetPlan): string | undefined {
  const stallMs = Math.max(0, ...squads.map((squad) => squad.longestStallMs));
  const heldUp = `this machine stalled the fleet for ${Math.round(stallMs)} ms`;
  if (stallMs > plan.lateAfterMs / 2) return heldUp;
  if (slip.count === 0 || slip.p99 <= plan.lateAfterMs / 2) return undefined;
  return `this machine was late (1% of the kills by ${Math.round(slip.p99)} ms or more)`;
}

/** The faults of this machine itself, so that the reader does not attribute them to the broker. */
function stallWarnings(squads: readonly SquadResult[], slip: LatencyRow, plan: FleetPlan): string[] {
  const warnings: string[] = [];
  const stallMs = Math.max(0, ...squads.map((squad) => squad.longestStallMs));
  const overslept = sumOf(squads, ({ counters }) => counters.overslept);
  if (slip.count > 0 && slip.p99 > plan.lateAfterMs / 2) {
    warnings.push(
      `this machine was late: 1% of the kills happened ${Math.round(slip.p99)} ms or more after their scheduled time`,
    );
  }
  if (stallMs > plan.lateAfterMs / 2) {
    warnings.push(
      `this machine stalled the fleet for ${
        Math.round(stallMs)
      } ms: wills that may have come during this time count as on time`,
    );
  }
  if (overslept > 0) {
    warnings.push(
      `because this machine stalled, ${
        formatCount(overslept)
      } clients were silent for longer than their keep alive allows: both ` +
        `outcomes are accepted for them; use a longer --keepalive, fewer clients or more --workers`,
    );
  }
  return warnings;
}

/** The progress of all squads as one: the phase of the slowest, and sums. */
export function mergeProgress(all: readonly Progress[], phases: readonly Progress["phase"][]): Progress {
  const slowest = all.reduce((one, other) => phases.indexOf(other.phase) < phases.indexOf(one.phase) ? other : one);
  const sum = (pick: (progress: Progress) => number) => sumOf(all, pick);
  const faults = noCounts();
  for (const { faults: more } of all) addCounts(faults, more);
  const seen = all.filter(({ p50 }) => !Number.isNaN(p50));
  const brokers = all.flatMap(({ brokerMs }) => brokerMs ?? []);
  const details = all.flatMap(({ detail }) => detail ?? []);
  return {
    ...slowest,
    clients: sum(({ clients }) => clients),
    alive: sum(({ alive }) => alive),
    connected: sum(({ connected }) => connected),
    killed: sum(({ killed }) => killed),
    wills: sum(({ wills }) => wills),
    faults,
    ...all.some(({ statesWrong }) => statesWrong !== undefined) &&
      { statesWrong: sum((each) => each.statesWrong ?? 0) },
    controls: canariesOf(all.flatMap(({ controls }) => controls ?? [])),
    // While it runs: the middle one's median and the worst one's 99th percentile. The report merges histograms.
    ...seen.length === 0 ? { p50: NaN, p99: NaN } : middleAndWorst(seen),
    ...brokers.length > 0 && { brokerMs: middleAndWorst(brokers) },
    instants: mergeInstants(all.map(({ instants }) => instants)),
    ...details.length === all.length && { detail: mergeDetails(details) },
  };
}

function middleAndWorst(
  all: readonly { readonly p50: number; readonly p99: number }[],
): { readonly p50: number; readonly p99: number } {
  return {
    p50: all.map(({ p50 }) => p50).toSorted((a, b) => a - b)[all.length >> 1]!,
    p99: Math.max(...all.map(({ p99 }) => p99)),
  };
}
