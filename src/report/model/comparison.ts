/**
 * Runs of one plan on several brokers, side by side: which broker, how it went, and the whole report of each. The JSON
 * document, and all that the other writers need.
 */
import { escapeJson } from "../../base/escape.ts";
import { UsageError } from "../../base/failure.ts";
import { withMaskedUrls } from "../../net/endpoint.ts";
import { deviationsIn, verdictText } from "../../fleet/merge/verdict.ts";
import type { Report, Tool } from "./report.ts";
import { regressions, type Tolerance } from "./tolerance.ts";

/** The form of the document; the number changes when a name changes its meaning or disappears. */
export const comparisonSchema = "mqtt-sim/comparison/1";

/**
 * Progress with a broker: its report's verdict; `not spoken` where the broker does not support the plan, which is no
 * failure; `skipped` where the comparison ended before.
 */
export type ComparisonOutcome = Report["verdict"] | "not spoken" | "skipped";

/** One broker of a comparison. */
export interface ComparedBroker {
  /** The unique name of the broker in the tables. */
  readonly name: string;
  /** The broker's URL, or `embedded`. */
  readonly target: string;
  readonly outcome: ComparisonOutcome;
  /** One sentence for the outcome. */
  readonly reason: string;
  /** The run's whole report; absent where there was no run. */
  readonly report?: Report;
}

/** Several brokers side by side: the JSON that `--report` writes where there is more than one. */
export interface Comparison {
  readonly schema: typeof comparisonSchema;
  readonly tool: Tool;
  /** The worst of them. */
  readonly verdict: Report["verdict"];
  /** The verdict for people: `PASS`, `PASS with 76 deviations`, `FAIL` or `VOID`. */
  readonly verdictText: string;
  /** One sentence for the verdict. */
  readonly reason: string;
  /** The worst of them: 130 interrupted, 1 fail, 3 void, 0 pass. */
  readonly exitCode: Report["exitCode"];
  /** The command that repeats all runs; absent where none can. */
  readonly repeat?: string;
  /** Notes for the reader: where the plans differ, and each number that is worse than its tolerance allows. */
  readonly notes: readonly string[];
  /** The tolerances, and what exceeds them; absent without tolerances. The first run is the baseline. */
  readonly tolerance?: { readonly expressions: readonly string[]; readonly regressions: readonly string[] };
  /** In the order of the command line. */
  readonly brokers: readonly ComparedBroker[];
}

/** Brokers in one comparison. */
const most = 20;

/**
 * Puts brokers side by side.
 *
 * @param tolerances with any, the first run is the baseline: its own verdict does not count, and a number of another
 * run that is worse by more than its tolerance fails the comparison
 * @throws UsageError when there are fewer than two, too many, or two of one name
 */
export function makeComparison(
  brokers: readonly ComparedBroker[],
  tool: Tool,
  tolerances: readonly Tolerance[] = [],
): Comparison {
  checkCompared(brokers.map(({ name }) => name));
  const repeat = repeatAll(brokers);
  const worse = tolerances.length === 0 ? [] : worseThanFirst(brokers, tolerances);
  return {
    schema: comparisonSchema,
    tool,
    ...tolerances.length === 0 ? worstOf(brokers) : againstBaseline(brokers, worse),
    ...repeat !== undefined && { repeat },
    notes: [...differences(brokers), ...worse],
    ...tolerances.length > 0 && {
      tolerance: { expressions: tolerances.map(({ expression }) => expression), regressions: worse },
    },
    brokers: brokers.map((broker) => ({ ...broker, reason: withMaskedUrls(broker.reason) })),
  };
}

/** Whether brokers or runs of these names can be put side by side. @throws UsageError when not */
export function checkCompared(names: readonly string[], what: Named = "brokers"): void {
  if (names.length < 2 || names.length > most) {
    const runs = names.length === 1 ? "one run" : `${names.length} runs`;
    throw new UsageError(`Cannot compare ${runs}: expected 2 to ${most}`);
  }
  checkNames(names, what);
}

/** What the user names: brokers of a run, or files of saved runs. */
export type Named = "brokers" | "runs";

const nameExamples: Readonly<Record<Named, string>> = { brokers: "one=mqtt://host:port", runs: "one=run.json" };

/** Each name may identify one broker or run only. @throws UsageError */
export function checkNames(names: readonly string[], what: Named = "brokers"): void {
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) {
    throw new UsageError(`Cannot call two ${what} "${twice}": expected a name for each, such as ${nameExamples[what]}`);
  }
}

/** A broker by its run's report. */
export function comparedRun(name: string, report: Report): ComparedBroker {
  const { run: { target }, reason, verdict, notSpoken } = report;
  return { name, target, outcome: notSpoken === true ? "not spoken" : verdict, reason, report };
}

/** The whole comparison as one JSON document, indented, with a line end. */
export function comparisonJson(comparison: Comparison): string {
  return `${escapeJson(JSON.stringify(comparison, null, 2))}\n`;
}

/** Exit codes, the worst first. */
const worstFirst = [130, 1, 3, 0] as const;

function exitCodeOf({ outcome, report }: ComparedBroker): Report["exitCode"] {
  if (outcome === "skipped") return 130;
  if (outcome === "not spoken") return 0;
  return report?.exitCode ?? 3;
}

/** How many wills went wrong on brokers that passed, as their profiles describe. */
export function deviatingOn(
  brokers: readonly { readonly outcome: ComparisonOutcome; readonly report?: Report | undefined }[],
): number {
  return brokers.reduce(
    (sum, { outcome, report }) => sum + (outcome === "pass" && report !== undefined ? deviationsIn(report) : 0),
    0,
  );
}

/** An outcome for people: a pass with deviations is named as such. */
export function outcomeText(outcome: ComparisonOutcome, report: Report | undefined): string {
  const deviating = deviatingOn([{ outcome, report }]);
  return deviating === 0 ? outcome : `${outcome}${verdictText("pass", deviating).slice(outcome.length)}`;
}

function worstOf(
  brokers: readonly ComparedBroker[],
): Pick<Comparison, "verdict" | "verdictText" | "reason" | "exitCode"> {
  const ran = brokers.filter(({ outcome }) => outcome !== "not spoken");
  const codes = ran.map(exitCodeOf);
  const exitCode = ran.length === 0 ? 3 : worstFirst.find((code) => codes.includes(code))!;
  const has = (wanted: ComparisonOutcome) => brokers.some(({ outcome }) => outcome === wanted);
  const verdict = has("fail") ? "fail" : exitCode === 0 ? "pass" : "void";
  return {
    verdict,
    verdictText: verdictText(verdict, deviatingOn(brokers)),
    reason: reasonOf(brokers),
    exitCode,
  };
}

/** What exceeds the tolerances. */
function worseThanFirst(brokers: readonly ComparedBroker[], tolerances: readonly Tolerance[]): string[] {
  const [baseline, ...others] = brokers.map(({ name, report }) => ({ name, report }));
  if (baseline?.report === undefined) return [];
  const first = { name: baseline.name, report: baseline.report };
  return others.flatMap(({ name, report }) =>
    report === undefined ? [] : regressions(first, { name, report }, tolerances)
  );
}

/** The verdict over the runs after the baseline. */
function againstBaseline([baseline, ...others]: readonly ComparedBroker[], worse: readonly string[]): Judged {
  const base = worstOf(others);
  if (baseline!.outcome !== "pass" && baseline!.outcome !== "fail") {
    const reason = `the baseline ${baseline!.name} proves nothing: ${baseline!.reason}`;
    return { verdict: "void", verdictText: "VOID", reason, exitCode: 3 };
  }
  const count = worse.length === 1 ? "1 number is" : `${worse.length} numbers are`;
  if (worse.length > 0) {
    const also = base.verdict === "pass" ? "" : `; ${base.reason}`;
    const reason = `${count} worse than in ${baseline!.name} by more than the tolerance${also}`;
    return { verdict: "fail", verdictText: "FAIL", reason, exitCode: base.exitCode === 130 ? 130 : 1 };
  }
  if (base.verdict !== "pass") return base;
  return { ...base, reason: `no number is worse than in ${baseline!.name} by more than the tolerance; ${base.reason}` };
}

type Judged = Pick<Comparison, "verdict" | "verdictText" | "reason" | "exitCode">;

const toldOutcomes: Readonly<Record<ComparisonOutcome, string>> = {
  pass: "passed",
  fail: "failed",
  void: "void",
  "not spoken": "not run: the broker lacks what the plan needs",
  skipped: "skipped",
};

function reasonOf(brokers: readonly ComparedBroker[]): string {
  if (brokers.length === 1) return `${brokers[0]!.name}: ${brokers[0]!.reason}`;
  if (brokers.every(({ outcome }) => outcome === "pass") && deviatingOn(brokers) === 0) {
    return `on each of ${brokers.length} brokers all wills that were due came once, on time and unaltered`;
  }
  const outcomes = Object.keys(toldOutcomes) as ComparisonOutcome[];
  const counts = outcomes.flatMap((wanted) => {
    const of = brokers.filter(({ outcome }) => outcome === wanted);
    return of.length === 0 ? [] : [`${of.length} ${toldOutcomes[wanted]} (${of.map(nameOf).join(", ")})`];
  });
  return `of ${brokers.length} brokers: ${counts.join(", ")}`;
}

/** A broker's name, and its deviations. */
function nameOf(broker: ComparedBroker): string {
  const deviating = deviatingOn([broker]);
  return deviating === 0 ? broker.name : `${broker.name}${verdictText("pass", deviating).slice("pass".length)}`;
}

/** Where plans may differ: the run's name, and the values that follow from the broker. */
const ownToRun = new Set(["run", "username", "sourceAddresses", "protocol"]);

/** The differences between the plans, so that the reader does not take them for the same plan. */
function differences(brokers: readonly ComparedBroker[]): string[] {
  const plans = brokers.flatMap(({ name, report }) =>
    report === undefined ? [] : [{ name, plan: { ...report.plan } as Readonly<Record<string, unknown>> }]
  );
  const fields = new Set(plans.flatMap(({ plan }) => Object.keys(plan)));
  const different = [...fields].filter((field) =>
    !ownToRun.has(field) && new Set(plans.map(({ plan }) => JSON.stringify(plan[field]))).size > 1
  );
  if (different.length === 0) return [];
  return [`the runs have different plans: they differ in ${different.join(", ")}`];
}

/** The single command for all of them, where the commands for each differ only in the broker. */
function repeatAll(brokers: readonly ComparedBroker[]): string | undefined {
  const each = brokers.map(({ report }) => report?.run.repeat);
  const rests = new Set(each.map((command) => command?.replace(/ --url \S+/, "")));
  const [rest] = rests;
  if (rests.size !== 1 || rest === undefined) return undefined;
  const urls = brokers.map(({ name, target }) =>
    ` --url ${targetName(target) === name ? target : `${name}=${target}`}`
  );
  return rest.replace(/ fleet/, ` fleet${urls.join("")}`);
}

/** The default name of a broker: `embedded`, or host and port. */
export function targetName(target: string): string {
  return target.replace(/^[a-z]+:\/\//, "");
}
