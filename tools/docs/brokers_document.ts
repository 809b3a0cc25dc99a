/** docs/brokers.md and docs/brokers.html: every built-in scenario on several brokers, made of their comparisons. */
import type { Comparison } from "../../src/report/model/comparison.ts";
import { comparisonTable } from "../../src/report/export/comparison_markdown.ts";
import { plotsPart } from "../../src/report/html/html.ts";
import { escapeMarkdown } from "../../src/base/escape.ts";
import { brokersPart, comparisonTablePart } from "../../src/report/html/page/comparison_part.ts";
import { comparisonPlots } from "../../src/report/html/page/comparison_plots.ts";
import { verdictPart } from "../../src/report/html/page/head_part.ts";
import { type Markup, markup, nested } from "../../src/report/html/page/markup.ts";
import { pageHtml } from "../../src/report/html/page/page.ts";
import { brokerNotes } from "../../src/report/model/comparison_rows.ts";
import { findingsOf, findingText, loadOfRun, type Loads, outcomeText } from "./known_deviations.ts";

/** A broker that was run, as a reader may start it too. */
export interface BrokerFacts {
  readonly name: string;
  readonly version: string;
  readonly configuration: string;
  /** The command that restarts it, and the state that survives. */
  readonly restart: string;
}

/** One scenario on all brokers. */
export interface ScenarioRun {
  readonly name: string;
  readonly about: string;
  readonly comparison: Comparison;
  /** The machine's other load meanwhile. */
  readonly loads: Loads;
}

/** All that the document is made of. */
export interface BrokersDocument {
  readonly date: string;
  readonly brokers: readonly BrokerFacts[];
  /** The machine of the runs. */
  readonly machine: string;
  /** The command for one scenario on one broker, with SCENARIO and BROKER in their places. */
  readonly command: string;
  readonly seed: number;
  /** The note on a broker that does not speak 5.0. */
  readonly older: string;
  readonly runs: readonly ScenarioRun[];
}

const intro =
  "Every scenario that mqtt-sim brings along, on brokers as their packages come. Each run holds its broker to the " +
  "standard with the profile of what is known of it: a fault that the profile describes, life by life, counts as known " +
  "and stands below with its own number, its rule and its source; each fault beyond that is listed as unexplained.";
const care =
  "Brokers, clients and watchers shared one machine with other work, and the runs are short: the counts are what this " +
  "page is about, not the latencies. A will that came late (more than 1 s after it was due, for which the standard names " +
  "no time) while other programs had more than a tenth of the CPU, or while the generator warned of itself, is listed separately: it may be the broker's, and may be this machine's. How much others had stands below each table.";
const legend =
  "`pass`: every will that was due came once, on time, unaltered. `N as known`: N went wrong, all of them as the " +
  "broker's profile says. `late under load`: nothing but lateness, and the machine may be why. `fail`: something else " +
  "too. `void`: the run proves nothing, and says why.";

/** The document in Markdown. */
export function brokersMarkdown(document: BrokersDocument): string {
  const { brokers, command, runs } = document;
  const parts = [
    "# Brokers",
    intro,
    `Made on ${document.date} by \`deno task docs:brokers\`, which writes [the same with plots](brokers.html) too.`,
    "## What it rests on",
    `${basis(document)} Each scenario is one command for each broker:`,
    `\`\`\`sh\n${command}\n\`\`\``,
    older(document),
    care,
    table([
      ["broker", "version", "configuration", "restart"],
      ...brokers.map((each) => [each.name, each.version, each.configuration, each.restart]),
    ]),
    "## What was found",
    legend,
    overview(runs),
    ...runs.flatMap(scenarioParts),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** The facts that do not depend on the sources. */
function basis({ machine, seed }: BrokersDocument): string {
  return `On ${machine}; seed ${seed}, which draws the same kills for all; versions and configurations as below.`;
}

function older({ older }: BrokersDocument): string {
  return `A broker that does not speak 5.0 is asked again with \`${older}\`; the row \`version\` says so. Scenario ` +
    "`restart` has `--restart-command` too, which ends the broker by SIGTERM and waits until it has been started again. " +
    "Scenario `freeze` has `--drain 10s`.";
}

/** A verdict for each scenario and broker. */
function overview(runs: readonly ScenarioRun[]): string {
  const names = runs[0]?.comparison.brokers.map(({ name }) => name) ?? [];
  return table([
    ["scenario", ...names],
    ...runs.map(({ name, comparison, loads }) => [
      `[${name}](#${name})`,
      ...names.map((broker) => outcomeText(comparison, broker, loads)),
    ]),
  ]);
}

function scenarioParts({ name, about, comparison, loads }: ScenarioRun): string[] {
  const findings = findingsOf(comparison, loads).map((finding) => `- ${plainFinding(findingText(finding))}`);
  const notes = comparison.brokers.flatMap((broker) =>
    brokerNotes(broker).map((note) => `- **${broker.name}**, ${broker.outcome}: ${escapeMarkdown(note)}`)
  );
  return [
    `## ${name}`,
    `${about[0]!.toUpperCase()}${about.slice(1)}. Seed ${seedOf(comparison)}.`,
    comparisonTable(comparison),
    loadsText(loads),
    ...findings.length === 0 ? ["No will went wrong."] : [findings.join("\n")],
    ...notes.length === 0 ? [] : [notes.join("\n")],
  ];
}

/** The machine's other load, broker by broker. */
function loadsText(loads: Loads): string {
  return `Meanwhile: ${Object.entries(loads).map(([name, load]) => `${name}: ${loadOfRun(load)}`).join("; ")}.`;
}

/** A presence sample may contain any text of a broker: only our own marks are Markdown. */
function plainFinding(text: string): string {
  return text.replaceAll("<", "&lt;");
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
  const failed =
    runs.filter(({ comparison, loads }) =>
      comparison.brokers.some(({ name }) => outcomeText(comparison, name, loads).startsWith("fail"))
    ).length;
  const reason =
    `${runs.length} scenarios on ${brokers.length} brokers: in ${failed} of them at least one broker did what no profile describes`;
  const facts = [
    `made on ${date}`,
    basis(document),
    ...brokers.map(({ name, version }) => name === version ? name : `${name} ${version}`),
  ];
  const main = markup`${verdictPart(failed === 0 ? "pass" : "fail", failed === 0 ? "pass" : "fail", reason, facts)}
<section aria-labelledby="how-title"><h2 id="how-title">Method</h2><p class="note">${intro} ${care} ${
    older(document).replaceAll("`", "")
  }</p>
<div class="command card"><pre id="repeat" tabindex="0" aria-labelledby="how-title"><code>${command}</code></pre>
<button type="button" data-copy="repeat">Copy</button></div></section>
${runs.map(scenarioMarkup)}`;
  const plots = runs.flatMap(({ comparison }, place) =>
    comparisonPlots(comparison).map((plot) => ({ ...plot, id: `${plot.id}-${place}` }))
  );
  return pageHtml({ title: "Brokers", main, plots, footer: "mqtt-sim · deno task docs:brokers" });
}

function scenarioMarkup({ name, about, comparison, loads }: ScenarioRun, place: number): Markup {
  const findings = findingsOf(comparison, loads).map((finding) =>
    markup`<li>${findingText(finding).replaceAll(/\*\*|`/g, "")}</li>`
  );
  const inside = markup`${brokersPart(comparison)}
${findings.length === 0 ? undefined : markup`<div class="warnings card"><h3>Faults</h3><ul>${findings}</ul></div>`}
${comparisonTablePart(comparison)}<p class="note">${loadsText(loads)}</p>${plotsPart(comparisonPlots(comparison))}`;
  return markup`<section aria-labelledby="scenario-${place}"><h2 id="scenario-${place}">${name}: ${about}</h2></section>
<div class="scenario">${nested(inside, place)}</div>`;
}
