/**
 * The faults in a comparison, and the known facts about them: those that each broker's profile describes, life by life
 * as the run itself counted them, and each fault beyond it by kill mode and rule.
 */
import { formatCount, formatMs } from "../../src/base/units.ts";
import type { Deviation } from "../../src/profiles/profile.ts";
import { profileOf, rulesText } from "../../src/profiles/profiles.ts";
import type { Comparison } from "../../src/report/model/comparison.ts";
import type { Report } from "../../src/report/model/report.ts";
import {
  type CountedFault,
  type CountRow,
  countRows,
  rulesBroken,
  willsWrong,
} from "../../src/report/model/will_rows.ts";
import type { MachineLoad } from "../../tests/support/machine/machine_load.ts";

/** The loads under which the brokers of a comparison were measured, by their names. */
export type Loads = Readonly<Record<string, MachineLoad>>;

type Known = NonNullable<Report["profile"]>["deviations"][number];

/** One thing that went wrong with one broker. */
export type Finding =
  & { readonly broker: string }
  & (
    /** A deviation of the profile. */
    | { readonly kind: "known"; readonly deviation: Known }
    /** A fault that its profile does not describe. */
    | {
      readonly kind: "beyond";
      readonly mode: CountRow["name"];
      readonly fault: CountedFault;
      readonly count: number;
      readonly due: number;
      /** The rules that the kept samples broke; empty where no sample was kept. */
      readonly rules: readonly string[];
      /** Late, and why the machine may have made it so; absent where it was the broker's to be in time. */
      readonly load?: string;
    }
    /** Retained states of presence that were not the truth. */
    | {
      readonly kind: "presence";
      readonly wrong: number;
      readonly judged: number;
      readonly samples: readonly string[];
      /** The known behaviour of the broker with this sign: a fleet cannot count it life by life. */
      readonly known?: Deviation;
    }
  );

/** If other processes use more of the machine's CPU than this, late events may be their effect. */
const othersMost = 0.1;

/** All that went wrong in a comparison. */
export function findingsOf({ brokers }: Comparison, loads: Loads): Finding[] {
  return brokers.flatMap(({ name, report }) => report === undefined ? [] : findingsIn(name, report, loads[name]));
}

function findingsIn(broker: string, report: Report, load: MachineLoad | undefined): Finding[] {
  const { profile, presence, faults } = report;
  const seen = (profile?.deviations ?? []).filter((deviation) => deviation.seen > 0);
  const known = seen.map((deviation): Finding => ({ broker, kind: "known", deviation }));
  const beyond = countRows(report).filter(({ name }) => name !== "all").flatMap((row) =>
    willsWrong(row).map(({ name: fault, count }): Finding => {
      const loaded = fault === "late" ? loadText(report, load) : undefined;
      const of = { mode: row.name, fault, count, due: row.expected };
      const rules = rulesBroken(report, row.name, fault);
      return { broker, kind: "beyond", ...of, rules, ...loaded !== undefined && { load: loaded } };
    })
  );
  if (presence === undefined || presence.wrong === 0) return [...known, ...beyond];
  const { wrong, judged } = presence;
  const samples = faults.filter(({ verdict }) => verdict === "presence").map(({ text, rule }) => `${text} [${rule}]`);
  // Stale only: that deviation causes no other fault.
  const stale = presence.stale === wrong
    ? profileOf(profile?.name ?? broker)?.deviations.find(({ stalePresence }) => stalePresence)
    : undefined;
  const told = { broker, kind: "presence", wrong, judged, samples: [...new Set(samples)].slice(0, 2) } as const;
  return [...known, ...beyond, { ...told, ...stale !== undefined && { known: stale } }];
}

/** Why this machine may be the late part; undefined where it was idle and the generator kept up. */
function loadText({ warnings, slipMs, kills }: Report, load: MachineLoad | undefined): string | undefined {
  const others = load?.othersShare ?? 0;
  const own = warnings.filter((warning) => warning.startsWith(generatorsOwn));
  if (others <= othersMost && own.length === 0) return undefined;
  const late = slipMs.count === 0 ? "" : `, the generator up to ${formatMs(slipMs.max)} late`;
  const broker = load?.brokerCpuMs === undefined || kills.total === 0
    ? ""
    : `, the broker itself needed ${
      formatMs(load.brokerCpuMs / kills.total)
    } of CPU for each kill and what goes with it`;
  return [`other programs had ${percent(others)} of this machine's CPU${late}${broker}`, ...own].join("; ");
}

/** How a run's warnings of its own lateness begin; the others are about the broker, or the watch. */
const generatorsOwn = "this machine ";

const percent = (share: number) => `${Math.round(share * 100)}%`;

/** The load of one run, for people. */
export function loadOfRun({ othersShare, brokerCpuMs }: MachineLoad): string {
  const broker = brokerCpuMs === undefined ? "" : `, the broker used ${formatMs(brokerCpuMs)} of CPU`;
  return `others had ${percent(othersShare)} of the machine${broker}`;
}

const evidenceText = {
  run: "seen by mqtt-sim",
  documented: "documented by its makers",
  read: "read in its source",
  reported: "reported",
} as const;

/** A finding in plain words: the rule, a sentence, and where it is known from. */
export function findingText(finding: Finding): string {
  const { broker } = finding;
  if (finding.kind === "known") {
    const { id, seen, lives, rules, what, evidence, source } = finding.deviation;
    const where = `in ${formatCount(lives)} ${lives === 1 ? "life" : "lives"} where it could show`;
    const known = `${evidenceText[evidence]}: ${source}`;
    return `**${broker}**, \`${id}\`: ${formatCount(seen)} ${where} (${rulesText({ rules })}). ${what} (${known})`;
  }
  if (finding.kind === "presence") {
    const states = `${formatCount(finding.wrong)} of ${formatCount(finding.judged)} states not the truth`;
    const { known, samples } = finding;
    if (known === undefined) return `**${broker}**, presence: ${states}. Unexplained. ${samples.join("; ")}`;
    return `**${broker}**, presence: ${states}, each as \`${known.id}\` would leave it (${
      rulesText(known)
    }). ${known.what} (${evidenceText[known.evidence]}: ${known.source}) ${samples.join("; ")}`;
  }
  const { mode, fault, count, due, rules, load } = finding;
  const rule = rules.length === 0 ? "no sample kept" : rules.join("; ");
  const what = `**${broker}**, ${mode}: ${formatCount(count)} ${fault} of ${formatCount(due)} due (${rule}).`;
  return load === undefined
    ? `${what} Unexplained.`
    : `${what} Measured under load, so the cause of the delay is unknown: ${load}.`;
}

/**
 * The outcome of one broker in a word or two, for a table of many runs; a pass with known deviations has their number,
 * and a failure that is only lateness under load has an entry of its own.
 */
export function outcomeText({ brokers }: Comparison, broker: string, loads: Loads): string {
  const compared = brokers.find(({ name }) => name === broker)!;
  const { outcome, report } = compared;
  if (report === undefined || outcome === "not spoken") return outcome;
  const findings = findingsIn(broker, report, loads[broker]);
  const deviating = report.wills.deviating === 0 ? "" : `${formatCount(report.wills.deviating)} as known`;
  const beyond = findings.filter(({ kind }) => kind !== "known");
  if (outcome === "pass") return deviating === "" ? "pass" : deviating;
  const loaded = outcome === "fail" && beyond.every((each) => each.kind === "beyond" && each.load !== undefined);
  const word = loaded ? "late under load" : outcome;
  return deviating === "" ? word : `${word}, ${deviating}`;
}
