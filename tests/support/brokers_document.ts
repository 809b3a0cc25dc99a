/** docs/brokers.md and docs/brokers.html: every built-in scenario on several brokers, made of their comparisons. */
import type { Comparison } from "../../src/report/comparison.ts";
import { comparisonTable } from "../../src/report/comparison_markdown.ts";
import { plotsPart } from "../../src/report/html.ts";
import { plain } from "../../src/report/markdown.ts";
import { brokersPart, comparisonTablePart } from "../../src/report/page/comparison_part.ts";
import { comparisonPlots } from "../../src/report/page/comparison_plots.ts";
import { verdictPart } from "../../src/report/page/head_part.ts";
import { type Markup, markup, nested } from "../../src/report/page/markup.ts";
import { pageHtml } from "../../src/report/page/page.ts";
import { brokerNotes } from "../../src/report/comparison_rows.ts";
import { findingsOf, findingText } from "./known_deviations.ts";

/** A broker that was run, as a reader may start it too. */
export interface BrokerFacts {
  readonly name: string;
  readonly version: string;
  readonly configuration: string;
}

/** One scenario on all brokers. */
export interface ScenarioRun {
  readonly name: string;
  readonly about: string;
  readonly comparison: Comparison;
}

/** All that the document is made of. */
export interface BrokersDocument {
  readonly date: string;
  readonly brokers: readonly BrokerFacts[];
  /** The command for one scenario, with SCENARIO in its place. */
  readonly command: string;
  readonly runs: readonly ScenarioRun[];
  /** Scenarios that were not run, and why. */
  readonly left: readonly string[];
}

const intro =
  "Every scenario that mqtt-sim brings along, on brokers as their packages come. Each fault stands with the " +
  "rule that it breaks and with what is known of it; what nobody has told of yet is listed as unexplained.";
const care =
  "Brokers, clients and watchers shared one small machine, and the runs are short: the counts are what this " +
  "page is about. Latencies tell orders of magnitude; whoever wants more runs the command on hardware of their own.";

/** The document in Markdown. */
export function brokersMarkdown({ date, brokers, command, runs, left }: BrokersDocument): string {
  const parts = [
    "# Brokers",
    intro,
    `Made on ${date} by \`deno task docs:brokers\`, which writes [the same with plots](brokers.html) too. Each scenario is one command, here with the ports of whoever runs it:`,
    `\`\`\`sh\n${command}\n\`\`\``,
    care,
    "## The brokers",
    table([
      ["broker", "version", "configuration"],
      ...brokers.map((each) => [each.name, each.version, each.configuration]),
    ]),
    "## What was found",
    overview(runs),
    ...runs.flatMap(scenarioParts),
    ...left.length === 0 ? [] : ["## Not run", left.map((each) => `- ${each}`).join("\n")],
  ];
  return `${parts.join("\n\n")}\n`;
}

/** A verdict for each scenario and broker. */
function overview(runs: readonly ScenarioRun[]): string {
  const names = runs[0]?.comparison.brokers.map(({ name }) => name) ?? [];
  return table([
    ["scenario", ...names],
    ...runs.map(({ name, comparison }) => [`[${name}](#${name})`, ...comparison.brokers.map(({ outcome }) => outcome)]),
  ]);
}

function scenarioParts({ name, about, comparison }: ScenarioRun): string[] {
  const findings = findingsOf(comparison).map((finding) => `- ${findingText(finding)}`);
  const notes = comparison.brokers.flatMap((broker) =>
    brokerNotes(broker).map((note) => `- **${broker.name}**, ${broker.outcome}: ${plain(note)}`)
  );
  return [
    `## ${name}`,
    `${about[0]!.toUpperCase()}${about.slice(1)}. Seed ${seedOf(comparison)}.`,
    comparisonTable(comparison),
    ...findings.length === 0 ? ["No will went wrong."] : [findings.join("\n")],
    ...notes.length === 0 ? [] : [notes.join("\n")],
  ];
}

function seedOf({ brokers }: Comparison): string {
  return String(brokers.find(({ report }) => report !== undefined)?.report?.run.seed ?? "unknown");
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The document as one self-contained page, with plots, and without the single lives. */
export function brokersHtml(document: BrokersDocument): string {
  const { date, brokers, command, runs } = document;
  const failed = runs.filter(({ comparison }) => comparison.verdict === "fail").length;
  const reason =
    `${runs.length} scenarios on ${brokers.length} brokers: in ${failed} of them at least one broker got wills wrong`;
  const facts = [
    `made on ${date}`,
    ...brokers.map(({ name, version }) => name === version ? name : `${name} ${version}`),
  ];
  const main = markup`${verdictPart(failed === 0 ? "pass" : "fail", reason, facts)}
<section aria-labelledby="how-title"><h2 id="how-title">How this was made</h2><p class="note">${intro} ${care}</p>
<div class="command card"><pre id="repeat" tabindex="0" aria-labelledby="how-title"><code>${command}</code></pre>
<button type="button" data-copy="repeat">Copy</button></div></section>
${runs.map(scenarioMarkup)}`;
  const plots = runs.flatMap(({ comparison }, place) =>
    comparisonPlots(comparison).map((plot) => ({ ...plot, id: `${plot.id}-${place}` }))
  );
  return pageHtml({ title: "Brokers", main, plots, footer: "mqtt-sim · deno task docs:brokers" });
}

function scenarioMarkup({ name, about, comparison }: ScenarioRun, place: number): Markup {
  const findings = findingsOf(comparison).map((finding) =>
    markup`<li>${findingText(finding).replaceAll("**", "")}</li>`
  );
  const inside = markup`${brokersPart(comparison)}
${
    findings.length === 0
      ? undefined
      : markup`<div class="warnings card"><h3>What went wrong</h3><ul>${findings}</ul></div>`
  }
${comparisonTablePart(comparison)}${plotsPart(comparisonPlots(comparison))}`;
  return markup`<section aria-labelledby="scenario-${place}"><h2 id="scenario-${place}">${name}: ${about}</h2></section>
<div class="scenario">${nested(inside, place)}</div>`;
}
