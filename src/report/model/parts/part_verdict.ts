/** The verdict of one part of a run alone, and why a part or the lack of one makes the whole run void. */
import { type Verdict, verdictOver } from "../../../fleet/merge/verdict.ts";
import type { Report } from "../report.ts";

/** True for a report of a run that a person ended. */
export const isInterrupted = ({ exitCode }: Report): boolean => exitCode === 130;

/** The verdict by a report's counts alone. */
function verdictOfCounts(report: Report): Verdict {
  const {
    wills,
    kills,
    retained,
    presence,
    sparkplug,
    controls,
    generatorBound,
    redeliveries,
    brokerDropped: dropped,
  } = report;
  const counts = { wills, kills: kills.total, undecided: wills.undecided, unseeable: wills.unseeable };
  const besides = { retained, presence, sparkplug, controls, redeliveries, generatorBound, dropped };
  return verdictOver({ ...counts, ...besides, interrupted: false, voidReason: undefined });
}

/** A part that is void in spite of faults: its observations are incomplete. */
export function provesNothing(report: Report): boolean {
  return report.verdict === "void" && verdictOfCounts(report).verdict === "fail";
}

/** Why a part could not be carried out, or is void for a reason beyond its counts. */
export function voidReasonOf(reports: readonly Report[]): string | undefined {
  for (const report of reports) {
    if (report.voidReason !== undefined) return report.voidReason;
    if (report.verdict !== "void" || isInterrupted(report)) continue;
    if (verdictOfCounts(report).reason !== report.reason) return report.reason;
  }
  return undefined;
}

/** A part that is void. One without victims is not: the sum of all parts shows whether a will was due. */
export function isVoidPart(report: Report): boolean {
  if (report.verdict !== "void") return false;
  return isInterrupted(report) || report.wills.expected > 0 || verdictOfCounts(report).reason !== report.reason;
}

/** The missing parts of the run, in a sentence: without them the report proves nothing about the whole. */
export function missingPartsReason(reports: readonly Report[]): string | undefined {
  const missing = missingParts(reports);
  const of = reports[0]!.plan.shard?.of ?? 0;
  if (missing.length === 0) return undefined;
  const last = missing.pop();
  const which = missing.length === 0
    ? `shard ${last} of ${of} is`
    : `shards ${missing.join(", ")} and ${last} of ${of} are`;
  return `the run is incomplete: ${which} missing`;
}

function missingParts(reports: readonly Report[]): number[] {
  const had = new Set(reports.map(({ plan: { shard } }) => shard?.number));
  const of = reports[0]!.plan.shard?.of ?? 0;
  return Array.from({ length: of }, (_, index) => index + 1).filter((number) => !had.has(number));
}
