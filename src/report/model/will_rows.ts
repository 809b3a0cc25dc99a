/** Wills by result as rows, one for each kill mode: the input of every writer of a table. */
import { sparkplugFaults } from "../../fleet/result/sparkplug/sparkplug_result.ts";
import { canaryFaultsIn } from "../../fleet/result/canary_counts.ts";
import type { FaultSample } from "../../fleet/result/fault_sample.ts";
import { type KillMode, killModes } from "../../fleet/plan/kill_mode.ts";
import type { WillCounts } from "../../fleet/result/will_counts.ts";
import type { Report } from "./report.ts";

/** The faults of a will, in the order of the tables. */
export const faultNames = ["late", "early", "missing", "duplicate", "unwanted", "altered"] as const;

/** One of them. */
export type CountedFault = typeof faultNames[number];

/** All that is counted of wills, in the order of a table. */
export const countNames = ["expected", "onTime", ...faultNames, "deviating"] as const;

/** Counts of one kill mode, of lives that ended with the broker, of lives without a kill, or of all. */
export interface CountRow extends WillCounts {
  readonly name: KillMode | "restart" | "not killed" | "all";
  readonly kills: number;
}

/** A row for each used kill mode, one for lives without a kill where they count, and their sum. */
export function countRows({ kills, wills, restarts }: Report): CountRow[] {
  const modes: CountRow[] = killModes.flatMap((mode): CountRow[] => {
    const counts = kills.byMode[mode];
    return counts === undefined ? [] : [{ name: mode, ...counts }];
  });
  if (restarts !== undefined && restarts.lives.kills > 0) modes.push({ name: "restart", ...restarts.lives });
  const others = Object.fromEntries(countNames.map((name) => {
    const ofModes = modes.reduce((sum, row) => sum + row[name], 0);
    return [name, wills[name] - ofModes];
  })) as unknown as WillCounts;
  const notKilled: CountRow[] = countNames.some((name) => others[name] !== 0)
    ? [{ name: "not killed", kills: 0, ...others }]
    : [];
  return [...modes, ...notKilled, { ...wills, name: "all", kills: kills.total + (restarts?.lives.kills ?? 0) }];
}

/** The faults with their counts; without those that did not occur. */
export function willsWrong(counts: WillCounts): { readonly name: CountedFault; readonly count: number }[] {
  return faultNames.map((name) => ({ name, count: counts[name] })).filter(({ count }) => count > 0);
}

/** The sum of all faults, of presence and of canaries too; the samples are some of these faults. */
export function faultTotal(
  { wills, presence, sparkplug, controls }: Pick<Report, "wills" | "presence" | "sparkplug" | "controls">,
): number {
  const others = (presence?.wrong ?? 0) + (sparkplug === undefined ? 0 : sparkplugFaults(sparkplug)) +
    canaryFaultsIn(controls);
  return willsWrong(wills).reduce((sum, { count }) => sum + count, others);
}

/** The columns of faults, and one for deviations where the run has, or had, a profile. */
export function faultColumns(report: Report): readonly (CountedFault | "deviating")[] {
  return report.profile === undefined && report.wills.deviating === 0 ? faultNames : [...faultNames, "deviating"];
}

/** Which row a sampled fault counts in. */
export function rowNameOf({ mode }: FaultSample): CountRow["name"] {
  return mode === "lost" || mode === "alive" ? "not killed" : mode;
}

/** The rules that the sampled faults of one row and kind broke, each once. */
export function rulesBroken(report: Report, row: CountRow["name"], fault: CountedFault): string[] {
  const samples = report.faults.filter((sample) =>
    sample.verdict === fault && (row === "all" || rowNameOf(sample) === row)
  );
  return [...new Set(samples.map(({ rule }) => rule))].sort();
}

/** A life for people: `client life 2 (reset, MQTT 5.0, QoS 1)`. */
export function lifeText(
  { client, incarnation, mode, protocol, qos }: Pick<
    FaultSample,
    "client" | "incarnation" | "mode" | "protocol" | "qos"
  >,
): string {
  return `${client} life ${incarnation} (${mode}, MQTT ${protocol === "5" ? "5.0" : protocol}, QoS ${qos})`;
}
