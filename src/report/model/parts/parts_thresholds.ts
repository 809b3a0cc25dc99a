/**
 * Thresholds on the number of void and of lost parts. Without one, such a part makes the whole run void; a threshold
 * replaces that rule, and the counts of a void part are then no part of the report.
 */
import { formatCount } from "../../../base/units.ts";
import type { Report } from "../report.ts";
import { isVoidPart } from "./part_verdict.ts";
import { partName, type PartRow, type PartsResult } from "./parts_result.ts";

const paths = ["parts.void", "parts.lost"] as const;
/** A threshold, of which the path alone matters here. */
interface OnPath {
  readonly path: string;
}
/** A number of parts that a threshold may allow. */
export type PartsPath = typeof paths[number];

/** True for a path of a number of parts without a usable report. */
export function isPartsPath(path: string): path is PartsPath {
  return paths.some((each) => each === path);
}

/** True where a threshold replaces the rule that there is no such part. */
export function coversParts(thresholds: readonly OnPath[], name: PartsPath): boolean {
  return thresholds.some(({ path }) => path === name);
}

/** The parts of a merge, from the shards of their reports; undefined where these are no shards. */
export function shardParts(reports: readonly Report[]): PartsResult | undefined {
  const of = reports[0]!.plan.shard?.of;
  if (of === undefined) return undefined;
  const each = reports.map((report) => partRow(report, { part: report.plan.shard!.number }));
  const voids = reports.filter(isVoidPart).length;
  return { of, void: voids, lost: of - each.length, each };
}

/** A part that began to kill so late that its process, and not the broker, may be the cause of late wills. */
export function isLate({ plan }: Report, row: Pick<PartRow, "lateMs"> | undefined): boolean {
  return (row?.lateMs ?? 0) > plan.lateAfterMs;
}

/** The row of a part. @param process the facts of its process that a report lacks */
export function partRow(report: Report, process: Pick<PartRow, "part" | "host" | "pid" | "pod">): PartRow {
  const { clients, kills, wills: { expected, onTime }, verdict, reason, resources: { cpuMs, rssBytes } } = report;
  return {
    ...{ ...process, clients: clients.connected, kills: kills.total, wills: { expected, onTime } },
    ...{ verdict, reason, cpuMs, rssBytes },
  };
}

/** The reports whose counts the verdict is about, and the parts with those that are left out. */
export interface SoundParts {
  readonly reports: readonly Report[];
  readonly parts?: PartsResult;
  /** A sentence for each part that is left out. */
  readonly warnings: readonly string[];
}

/** @param reports in the order of the rows of `parts` */
export function soundParts(
  reports: readonly Report[],
  parts: PartsResult | undefined,
  thresholds: readonly OnPath[],
): SoundParts {
  const isLeftOut = reports.map((report, place) => isVoidPart(report) || isLate(report, parts?.each[place]));
  const sound = reports.filter((_, place) => !isLeftOut[place]);
  if (parts === undefined || !coversParts(thresholds, "parts.void") || sound.length === 0) {
    return { reports, ...parts && { parts }, warnings: [] };
  }
  const leftOut = parts.each.filter((_, place) => isLeftOut[place]);
  if (leftOut.length === 0) return { reports, parts, warnings: [] };
  const warnings = leftOut.map((row) =>
    `the counts of ${partName(row, parts.of)} are no part of this report: it is void, because ${row.reason}`
  );
  return { reports: sound, parts: { ...parts, leftOut: leftOut.map(({ part }) => part) }, warnings };
}

/** How many parts a sentence names. */
const mostNames = 3;

/** The parts without a report, in a sentence; undefined where each has one. */
export function lostPartsWarning(
  { of, lost, each }: PartsResult,
  names: ReadonlyMap<number, string> = new Map(),
): string | undefined {
  if (lost === 0) return undefined;
  const here = new Set(each.map(({ part }) => part));
  const missing = Array.from({ length: of }, (_, place) => place + 1).filter((part) => !here.has(part));
  const named = missing.slice(0, mostNames).map((part) => names.get(part) ?? partName({ part }, of));
  const more = missing.length > mostNames ? [`${formatCount(missing.length - mostNames)} more`] : [];
  const [last, ...others] = [...named, ...more].toReversed() as [string, ...string[]];
  const which = others.length === 0 ? last : `${others.toReversed().join(", ")} and ${last}`;
  return `no report came from ${which}: ${
    missing.length === 1 ? "its" : "their"
  } kills and wills are no part of this report`;
}

/** Why parts that are left out make a report void under thresholds of which none allows a void part. */
export function leftOutReason(
  { parts }: Pick<Report, "parts">,
  thresholds: readonly OnPath[],
): string | undefined {
  const leftOut = parts?.leftOut ?? [];
  const first = parts?.each.find(({ part }) => leftOut.includes(part));
  if (first === undefined || coversParts(thresholds, "parts.void")) return undefined;
  const more = leftOut.length === 1 ? "" : `, and ${formatCount(leftOut.length - 1)} more`;
  return `${partName(first, parts!.of)} is void: ${first.reason}${more}`;
}
