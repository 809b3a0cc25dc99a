/** What went wrong in a comparison, and what is known of it: each fault by broker, kill mode and rule. */
import type { Deviation } from "../../src/profiles/profile.ts";
import { profileOf } from "../../src/profiles/profiles.ts";
import type { Comparison } from "../../src/report/comparison.ts";
import type { Report } from "../../src/report/report.ts";
import { type CountRow, countRows, type FaultName, rulesBroken, willsWrong } from "../../src/report/will_rows.ts";

/** One kind of fault of one broker. */
export interface Finding {
  readonly broker: string;
  readonly mode: CountRow["name"];
  readonly fault: FaultName;
  readonly count: number;
  readonly due: number;
  /** The rules that the kept samples broke; empty where no sample was kept. */
  readonly rules: readonly string[];
  /** What is known of it; empty where nothing is. */
  readonly known: readonly Deviation[];
}

/** Every kind of fault in a comparison. */
export function findingsOf({ brokers }: Comparison): Finding[] {
  return brokers.flatMap(({ name, report }) => report === undefined ? [] : findingsIn(name, report));
}

function findingsIn(broker: string, report: Report): Finding[] {
  return countRows(report).filter(({ name }) => name !== "all").flatMap((row) =>
    willsWrong(row).map(({ name: fault, count }) => {
      const rules = rulesBroken(report, row.name, fault);
      return {
        broker,
        mode: row.name,
        fault,
        count,
        due: row.expected,
        rules,
        known: knownOf(broker, row.name, fault, rules),
      };
    })
  );
}

/** Deviations of the broker's profile with that fault, that ending and one of these rules. */
function knownOf(broker: string, mode: string, fault: FaultName, rules: readonly string[]): Deviation[] {
  const deviations = profileOf(broker)?.deviations ?? [];
  return deviations.filter(({ signs, rules: numbers }) =>
    signs.some((sign) => sign.fault === fault && sign.endings.includes(mode)) &&
    Object.entries(numbers).some(([version, number]) => rules.includes(`MQTT ${version}, ${number}`))
  );
}

const evidenceText = {
  run: "seen by mqtt-sim",
  documented: "documented by its makers",
  read: "read in its source",
  reported: "reported",
} as const;

/** What late means is the run's to say, and a slow machine makes it so too. */
const lateText =
  " Later than the run's --late-after, that is: the standard names no time, and a busy machine adds its own.";

/** A finding in plain words: the rule, a sentence, and where it is known from. */
export function findingText({ broker, mode, fault, count, due, rules, known }: Finding): string {
  const what = `**${broker}**, ${mode}: ${count.toLocaleString("en-US")} ${fault} of ${
    due.toLocaleString("en-US")
  } due`;
  const rule = rules.length === 0 ? "no sample kept" : rules.join("; ");
  if (known.length === 0) return `${what} (${rule}). Unexplained.${fault === "late" ? lateText : ""}`;
  const told = known.map((deviation) => `${deviation.what} (${evidenceText[deviation.evidence]}: ${deviation.source})`);
  return `${what} (${rule}). ${told.join(" ")}`;
}
