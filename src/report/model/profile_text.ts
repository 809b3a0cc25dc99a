/**
 * Findings of a profile in words: the deviations that a run observed, and which profile would describe the faults of a
 * run without one.
 */
import { formatCount } from "../../base/units.ts";
import { profileOfBroker, rulesText } from "../../profiles/profiles.ts";
import type { Report } from "./report.ts";
import { faultTotal } from "./will_rows.ts";

/** How a deviation is known, for people. */
export const evidenceText = {
  run: "observed in a run",
  documented: "documented",
  read: "from its source, not run",
  reported: "from a bug report, not run",
} as const;

/** One deviation as a run found it, in a sentence; it was in no life where it could not show. */
export function findingText({ id, rules, what, lives, seen }: Finding): string {
  const inLives = `${formatCount(lives)} ${lives === 1 ? "life" : "lives"}`;
  const count = seen === 0 ? `not seen in ${inLives}` : `seen ${formatCount(seen)} times in ${inLives}`;
  return `${id}: ${count}. ${what} [${rulesText({ rules })}]`;
}

type Finding = NonNullable<Report["profile"]>["deviations"][number];

/** The findings with evidence: of deviations that could occur. */
export function findingsOf({ profile }: Report): readonly Finding[] {
  return (profile?.deviations ?? []).filter(({ lives, seen }) => lives > 0 || seen > 0);
}

/** The findings of a run with a profile, for the head of a list. */
export function findingsHead({ profile, wills }: Report): string {
  const faults = wills.deviating === 1 ? "1 fault is" : `${formatCount(wills.deviating)} faults are`;
  return `Profile ${profile!.name} (${profile!.broker} ${profile!.versions}): ${faults} as it describes.`;
}

/**
 * The profile that describes the faults of a run without one. The text names it only where the broker announces its
 * name and version: a fault that resembles one of another broker proves nothing about this one.
 */
export function profileHint(report: Report): string | undefined {
  const { described = {}, broker = "" } = report;
  const named = profileOfBroker(broker);
  const count = described[named?.name ?? ""] ?? 0;
  if (named === undefined || count === 0) return undefined;
  const are = count === 1 ? "is" : "are";
  return `${formatCount(count)} of these ${formatCount(faultTotal(report))} faults ${are} what profile ${named.name} ` +
    `describes: --profile ${named.name}`;
}
