/**
 * The merge that is common to squads of one process (`merge.ts`) and reports of shards (`report/merge_reports.ts`):
 * sums, histograms, and the findings beside the wills.
 */
import { Histogram } from "../../base/histogram.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { addCanaries, noCanaries } from "../result/canary_counts.ts";
import type { RetainedCounts } from "../result/retained_counts.ts";
import { mergePresence, type PresenceData } from "../result/presence_result.ts";
import type { FleetResult } from "../result/result.ts";
import { mergeSparkplug, type SparkplugResult } from "../result/sparkplug/sparkplug_result.ts";
import { mergeTelemetry, type TelemetryByGroup } from "../result/telemetry_result.ts";
import type { LatencyRow } from "../result/will_counts.ts";
import { profileFindings } from "../tally/deviation_tally.ts";
import type { Tally } from "../tally/tally.ts";

/** The sum of a number over all parts. */
export function sumOf<Part>(parts: readonly Part[], pick: (part: Part) => number): number {
  return parts.reduce((total, part) => total + pick(part), 0);
}

/** The sums of several numbers over all parts, in the order of their names. */
export function sumsOf<Name extends string>(
  parts: readonly Readonly<Record<Name, number>>[],
  names: readonly Name[],
): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, sumOf(parts, (part) => part[name])])) as Record<Name, number>;
}

/** One row over histograms in their encoding. */
export function mergedRow(encoded: readonly string[]): LatencyRow {
  return Histogram.ofEncoded(encoded).row();
}

/** The findings of a part beside the wills that watchers received. */
interface Besides {
  readonly controls: FleetResult["controls"];
  readonly retained?: RetainedCounts | undefined;
  readonly presence?: PresenceData | undefined;
  readonly telemetry?: TelemetryByGroup | undefined;
  readonly sparkplug?: SparkplugResult | undefined;
}

/** The findings of all parts beside the wills. */
export function besidesOf(
  parts: readonly Besides[],
): Pick<FleetResult, "controls" | "retained" | "presence" | "telemetry" | "sparkplug"> {
  const looks = parts.flatMap(({ retained }) => retained ?? []);
  const presence = mergePresence(parts.map((part) => part.presence));
  const telemetry = mergeTelemetry(parts.map((part) => part.telemetry));
  const sparkplug = mergeSparkplug(parts.map((part) => part.sparkplug));
  return {
    controls: canariesOf(parts.map(({ controls }) => controls)),
    ...looks.length > 0 && { retained: sumsOf(looks, ["expected", "right", "wrong", "missing"]) },
    ...presence && { presence },
    ...telemetry && { telemetry },
    ...sparkplug && { sparkplug },
  };
}

/** The canaries of all parts. */
export function canariesOf(all: readonly FleetResult["controls"][]): FleetResult["controls"] {
  const sum = noCanaries();
  for (const controls of all) addCanaries(sum, controls);
  return sum;
}

/** The counts of all wills. */
export function willsOf(tally: Tally): FleetResult["wills"] {
  const { missingByQos, eitherWay, undecided, unseeable } = tally;
  return { ...tally.total(), missingByQos, eitherWay, undecided, ...unseeable > 0 && { unseeable } };
}

/** The counts of the wills of each kill mode. */
export function killModesOf(tally: Tally): FleetResult["kills"]["byMode"] {
  return Object.fromEntries(tally.killed().map(([mode, counts]) => [mode, counts])) as FleetResult["kills"]["byMode"];
}

/** How long the wills took from the completed kill, how fast they arrived, and their storms. */
export function arrivalsOf(tally: Tally): Pick<FleetResult, "brokerLatencyMs" | "willRate" | "storms"> {
  const { all } = tally.brokerLatencies;
  const byMode = tally.killed().map(([mode]) => [mode, tally.brokerLatencies.of(mode).row()]);
  const [willRate, storms] = [tally.storms.rate(), tally.storms.storms()];
  return {
    brokerLatencyMs: { all: all.row(), byMode: Object.fromEntries(byMode) },
    ...willRate && { willRate },
    ...storms && { storms },
  };
}

/** How long the wills took, all of them and by kill mode. */
export function latenciesOf(tally: Tally): FleetResult["latencyMs"] {
  return {
    all: tally.latency.row(),
    byMode: Object.fromEntries(tally.killed().map(([mode, , histogram]) => [mode, histogram.row()])),
  };
}

/** The counts of each group, where the plan has groups. */
export function groupsOf({ groups }: Pick<FleetPlan, "groups">, tally: Tally): Pick<FleetResult, "byGroup"> {
  return { ...groups && { byGroup: tally.groups.rows(groups.map(({ name }) => name)) } };
}

/** The matrix of the nodes, where the plan has nodes. */
export function nodesOf(
  { nodes, watchNodes }: Pick<FleetPlan, "nodes" | "watchNodes">,
  tally: Tally,
): Pick<FleetResult, "byNode"> {
  return { ...nodes && { byNode: tally.nodes.cells(nodes.map(({ name }) => name), watchNodes === "other") } };
}

/** The deviations of the profile; without one, the profiles that describe the faults; and the remarks. */
export function deviationsOf(
  { profile: name }: Pick<FleetPlan, "profile">,
  tally: Tally,
  broker: string | undefined,
): Pick<FleetResult, "profile" | "described" | "broker" | "remarks" | "redeliveries"> {
  const data = tally.deviations.data();
  const profile = profileFindings(name, data);
  return {
    ...profile && { profile },
    ...Object.keys(data.described).length > 0 && { described: data.described },
    ...broker !== undefined && { broker },
    ...Object.keys(tally.remarks).length > 0 && { remarks: tally.remarks },
    ...tally.redeliveries && { redeliveries: tally.redeliveries },
  };
}
