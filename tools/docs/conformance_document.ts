/** docs/conformance.md and docs/conformance/: the findings of the catalog on several brokers. */
import type { CaseOutcome, CaseResult } from "../../src/conformance/case/result.ts";
import { transcriptText } from "../../src/conformance/probe/transcript.ts";
import {
  areaRows,
  boundsText,
  type CheckReport,
  ruleRows,
  unseenDeviations,
} from "../../src/report/model/check_report.ts";
import { escapeMarkdown } from "../../src/base/escape.ts";

/** A broker and its findings. */
export interface CheckedBroker {
  readonly name: string;
  readonly version: string;
  readonly configuration: string;
  readonly report: CheckReport;
}

/** Why a case's failure is one, by its id: the standard's requirement; a person compared it with the transcripts. */
export type Confirmed = ReadonlyMap<string, string>;

const outcomes: readonly CaseOutcome[] = ["pass", "fail", "deviation", "not testable"];

/** Reads the lines of docs/conformance/confirmed.tsv: a case's id, a tab, one line. */
export function readConfirmed(text: string): Confirmed {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => line.split("\t") as [string, string]));
}

/** The line on a failure: the broker's own, where there is one (`broker:case`), or else the case's. */
function wordOn(broker: string, id: string, confirmed: Confirmed): string | undefined {
  return confirmed.get(`${broker}:${id}`) ?? confirmed.get(id);
}

const hasFailed = ({ outcome }: Pick<CaseResult, "outcome">) => outcome === "fail" || outcome === "deviation";

/** Failures without a line, and lines without a failure. */
export function unmatched(
  brokers: readonly CheckedBroker[],
  confirmed: Confirmed,
): { readonly unconfirmed: string[]; readonly idle: string[] } {
  const failed = brokers.flatMap(({ name, report }) => report.cases.filter(hasFailed).map(({ id }) => ({ name, id })));
  const used = new Set(failed.flatMap(({ name, id }) => confirmed.has(`${name}:${id}`) ? [`${name}:${id}`] : [id]));
  const unconfirmed = failed.filter(({ name, id }) => wordOn(name, id, confirmed) === undefined);
  return {
    unconfirmed: [...new Set(unconfirmed.map(({ name, id }) => `${name}: ${id}`))],
    idle: [...confirmed].flatMap(([key, line]) => used.has(key) || line.startsWith("At times") ? [] : [key]),
  };
}

/** The overview. */
export function conformancePage(brokers: readonly CheckedBroker[]): string {
  const areas = areaRows(brokers[0]!.report);
  const date = brokers[0]!.report.startedAt.slice(0, 10);
  return [
    "# Conformance",
    "The whole catalog of `mqtt-sim check` on brokers as their packages come, with the profile of each. A deviation is a " +
    "failure that the profile documents, with its id; each page has every rule, and a transcript and one line of reading " +
    "for whatever failed. The lines are `docs/conformance/confirmed.tsv`; the deviations are in [profiles.md](profiles.md).",
    "Where a rule binds the client alone, the case goes by the rule that a server closes at what it finds malformed or " +
    "against the protocol (4.8.0-1 in 3.1.1; 4.13.1-1, and 3.1.4-1 for CONNECT, in 5.0).",
    `Made on ${date} by \`deno task docs:conformance\`. Bounds: ${boundsText(brokers[0]!.report)}.`,
    table(
      ["broker", "version", "configuration", ...outcomes],
      brokers.map((
        { name, version, configuration, report },
      ) => [
        `[${name}](conformance/${name}.md)`,
        version,
        configuration,
        ...outcomes.map((each) => String(report.counts[each])),
      ]),
    ),
    "## By area",
    "Cases that failed, deviations included, of those that could be tested.",
    table(
      ["area", ...brokers.map(({ name }) => name)],
      areas.map(({ area, name }) => [
        name,
        ...brokers.map(({ report }) => {
          const cases = report.cases.filter((each) => each.area === area && each.outcome !== "not testable");
          return `${cases.filter(({ outcome }) => outcome !== "pass").length} of ${cases.length}`;
        }),
      ]),
    ),
    "## By rule",
    "Every case that some broker fails, under the rules that it goes by; `deviation` is in the broker's profile, `–` is " +
    "not testable there.",
    table(["MQTT", "rule", "case", ...brokers.map(({ name }) => name)], caseRows(brokers)),
    "",
  ].join("\n\n");
}

/** A row for each case and version that did not pass everywhere it could be tried. */
function caseRows(brokers: readonly CheckedBroker[]): string[][] {
  return brokers[0]!.report.cases.flatMap(({ id, protocol, rules }) => {
    const results = brokers.map(({ report }) =>
      report.cases.find((each) => each.id === id && each.protocol === protocol)
    );
    if (!results.some((each) => each !== undefined && hasFailed(each))) return [];
    const told = results.map((each) => each === undefined || each.outcome === "not testable" ? "–" : each.outcome);
    return [[protocol, rules.join(", "), `\`${id}\``, ...told.map((each) => each === "fail" ? "**fail**" : each)]];
  });
}

/** The page of one broker. */
export function brokerPage({ name, version, configuration, report }: CheckedBroker, confirmed: Confirmed): string {
  const of = (outcome: CaseOutcome) => report.cases.filter((each) => each.outcome === outcome);
  const held = Map.groupBy(of("not testable"), ({ reason }) => reason!);
  const parts = [
    `# ${name}, rule by rule`,
    `Version ${version}: ${configuration}. ${escapeMarkdown(report.reason)}.`,
    ...part("Failed", failures(name, of("fail"), confirmed)),
    ...part("Deviations that the profile documents", failures(name, of("deviation"), confirmed)),
    ...part(
      "Deviations of the profile that did not show",
      unseenDeviations(report).map((each) => `- ${escapeMarkdown(each)}`),
    ),
    ...part("Not testable", [...held].map(([reason, cases]) => `- ${escapeMarkdown(reason)}: ${named(cases)}`)),
    "## Every rule",
    table(
      ["MQTT", "rule", "outcome", "case", "what the broker must do"],
      ruleRows(report).map((
        { protocol, rule, result: { outcome, id, title } },
      ) => [protocol, rule, outcome === "fail" ? "**fail**" : outcome, `\`${id}\``, escapeMarkdown(title)]),
    ),
    "",
  ];
  return parts.join("\n\n");
}

/** By case, both versions together: the observation, the standard's requirement, and one transcript. */
function failures(broker: string, failed: readonly CaseResult[], confirmed: Confirmed): string[] {
  return [...Map.groupBy(failed, ({ id }) => id)].map(([id, results]) => {
    const word = wordOn(broker, id, confirmed);
    const lines = (results[0]!.transcript ?? []).flatMap((each) => [
      transcriptText(each),
      ...each.hex === undefined ? [] : [`${" ".repeat(25)}${each.hex}`],
    ]);
    const block = ["````text", ...lines, "````"].map((each) => `  ${each}`).join("\n");
    return [
      ...results.map((each) => `- ${line(each)}`),
      word === undefined
        ? "  Nobody has confirmed this by its transcript yet."
        : `  Confirmed: ${escapeMarkdown(word)}`,
      `  <details><summary>Transcript, MQTT ${results[0]!.protocol}</summary>\n\n${block}\n\n  </details>`,
    ].join("\n\n");
  });
}

function line({ id, protocol, rules, reason, deviation }: CaseResult): string {
  const known = deviation === undefined ? "" : ` (${escapeMarkdown(deviation)})`;
  return `\`${id}\`${known}, MQTT ${protocol} ${rules.join(", ")}: ${escapeMarkdown(reason ?? "")}`;
}

function named(cases: readonly CaseResult[]): string {
  return cases.map(({ id, protocol }) => `\`${id}\` in ${protocol}`).join(", ");
}

function part(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`## ${title}`, items.join("\n")];
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
