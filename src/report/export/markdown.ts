/** The report as Markdown, short: for a pull request, or for the summary of a CI job. */
import { escapeLines, escapeMarkdown } from "../../base/escape.ts";
import { formatCount, formatMs } from "../../base/units.ts";
import type { FaultSample } from "../../fleet/result/fault_sample.ts";
import type { KillMode } from "../../fleet/plan/kill_mode.ts";
import type { LatencyRow } from "../../fleet/result/will_counts.ts";
import { deviationsIn } from "../../fleet/merge/verdict.ts";
import {
  brokerAlone,
  floorText,
  leftStormsText,
  shownStorms,
  stormText,
  willRateText,
} from "../model/arrivals/arrival_text.ts";
import { controlFaultTexts, faultList } from "../model/fault_list.ts";
import {
  groupColumns,
  groupRows,
  isBadCell,
  nodeCellText,
  nodeColumns,
  nodeHead,
  nodeRows,
} from "../model/group_rows.ts";
import { assertionRows } from "../model/sparkplug/sparkplug_rows.ts";
import { presenceRows, stateFaultNames } from "../model/presence_rows.ts";
import { findingsHead, findingsOf, findingText, profileHint } from "../model/profile_text.ts";
import type { Report } from "../model/report.ts";
import { restartLines } from "../model/restart_lines.ts";
import { actualText } from "../model/threshold.ts";
import { countRows, faultColumns, faultTotal, lifeText } from "../model/will_rows.ts";

/** Fault samples shown, or as many as there are kinds. */
const samplesShown = 5;
/** A sign for each verdict. */
const marks = { pass: "✅", fail: "❌", void: "⚠️" } as const;

/** The sign of a verdict: a pass with deviations is no clean pass. */
export function verdictMark(verdict: Report["verdict"], deviating: number): string {
  return verdict === "pass" && deviating > 0 ? "☑️" : marks[verdict];
}

const protocolText = { "3.1.1": "MQTT 3.1.1", "5": "MQTT 5.0", "mix": "MQTT 3.1.1 and 5.0" } as const;

/** The report as Markdown with GitHub's tables, with a line end. */
export function reportMarkdown(report: Report): string {
  const { verdictText, reason, run, plan, warnings, slipMs } = report;
  const target = run.target === "embedded" ? "embedded broker" : run.target;
  const facts = [
    escapeMarkdown(target),
    protocolText[run.protocol],
    formatMs(run.durationMs),
    `run ${escapeMarkdown(run.id)}`,
  ];
  if (plan.shard !== undefined) facts.push(`shard ${plan.shard.number} of ${plan.shard.of}`);
  const parts = [
    `### ${verdictMark(report.verdict, deviationsIn(report))} ${verdictText}: ${escapeMarkdown(reason)}`,
    faultItems(report),
    `${facts.join(" · ")} · seed ${run.seed} · slip p99 ${formatMs(slipMs.count === 0 ? NaN : slipMs.p99)}`,
    modeTable(report),
    groupTable(report),
    nodeTable(report),
    presenceTable(report),
    sparkplugTable(report),
    [...latencyItems(report), ...stormItems(report), ...restartLines(report), ...controlFaultTexts(report)].map((
      line,
    ) => `- ${escapeMarkdown(line)}`).join("\n"),
    warnings.map((warning) => `> ⚠️ ${escapeMarkdown(warning)}`).join("\n>\n"),
    thresholdList(report),
    escapeMarkdown(profileHint(report) ?? ""),
    deviationList(report),
    `Repeat this run:\n\n${fenced(run.repeat)}`,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** By kill mode, with the kinds of fault that there were. */
function modeTable(report: Report): string {
  const rows = countRows(report);
  if (report.kills.total === 0 && rows.length < 2) return "";
  const shown = faultColumns(report).filter((name) => rows.some((row) => row[name] > 0));
  const apart = report.brokerLatencyMs === undefined ? [] : ["p50", "p99"] as const;
  const head = [
    "mode",
    "kills",
    "due",
    "on time",
    ...shown.length === 0 ? ["wrong"] : shown,
    "p50",
    "p99",
    "max",
    ...apart.map((name) => `broker ${name}`),
  ];
  const body = rows.map((row) => {
    const times = [
      ...figures(latencyOf(report.latencyMs, row.name), ["p50", "p99", "max"]),
      ...figures(latencyOf(report.brokerLatencyMs, row.name), apart),
    ];
    const faults = shown.length === 0
      ? ["0"]
      : shown.map((name) => name === "deviating" ? formatCount(row[name]) : marked(row[name]));
    const counts = [row.kills, row.expected, row.onTime].map(formatCount);
    return [row.name === "all" ? "**all**" : row.name, ...counts, ...faults, ...times];
  });
  const rule = ["---", ...head.slice(1).map(() => "--:")];
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function latencyOf(latencies: Report["latencyMs"] | undefined, name: string): LatencyRow | undefined {
  return name === "all" ? latencies?.all : latencies?.byMode[name as KillMode];
}

function figures(row: LatencyRow | undefined, names: readonly ("p50" | "p99" | "max")[]): string[] {
  return names.map((name) => formatMs(row === undefined || row.count === 0 ? NaN : row[name]));
}

/** The latency of the broker alone, the floor of this instrument, and the rate of the wills. */
function latencyItems(report: Report): string[] {
  const { all } = report.brokerLatencyMs ?? {};
  const alone = all === undefined || all.count === 0 ? [] : [
    `${brokerAlone}, from the completed kill: p50 ${formatMs(all.p50)}, p99 ${formatMs(all.p99)}, max ${
      formatMs(all.max)
    }`,
  ];
  const [floor, rate] = [floorText(report), willRateText(report)];
  return [...alone, ...floor === undefined ? [] : [floor], ...rate === undefined ? [] : [`wills: ${rate}`]];
}

function stormItems(report: Report): string[] {
  const { shown, left } = shownStorms(report);
  return [...shown.map((storm) => `storm: ${stormText(storm)}`), ...[leftStormsText(left) ?? []].flat()];
}

/** By group, where there are groups. */
function groupTable(report: Report): string {
  const rows = groupRows(report);
  if (rows.length === 0) return "";
  const columns = groupColumns(report);
  const head = ["group", ...columns.map(({ head }) => head)];
  const body = rows.map((row) => [
    row.isAll ? "**all**" : escapeMarkdown(row.name),
    ...columns.map(({ text, bad }) => bad === undefined || bad(row) === 0 ? text(row) : `**${text(row)}**`),
  ]);
  const rule = ["---", ...columns.map(() => "--:")];
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The matrix of a cluster, where there are nodes. */
function nodeTable(report: Report): string {
  const rows = nodeRows(report);
  if (rows.length === 0) return "";
  const head = [nodeHead, ...nodeColumns(report)].map(escapeMarkdown);
  const body = rows.map(({ name, cells }) => [
    escapeMarkdown(name),
    ...cells.map((cell) => isBadCell(cell) ? `**${nodeCellText(cell)}**` : nodeCellText(cell)),
  ]);
  const rule = ["---", ...head.slice(1).map(() => "--:")];
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The assertions of Sparkplug. */
function sparkplugTable(report: Report): string {
  const rows = assertionRows(report);
  if (rows.length === 0) return "";
  const body = rows.map(({ id, name, checked, broken }) => [
    `${escapeMarkdown(name)} (\`${id}\`)`,
    formatCount(checked),
    marked(broken),
  ]);
  const lines = [["Sparkplug 3.0", "checked", "broken"], ["---", "--:", "--:"], ...body];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The states that late subscribers found, look by look. */
function presenceTable(report: Report): string {
  const rows = presenceRows(report);
  if (rows.length === 0) return "";
  const head = ["presence", "judged", "right", ...stateFaultNames];
  const body = rows.map((row) => [
    row.name === "all" ? "**all**" : row.name,
    formatCount(row.judged),
    formatCount(row.right),
    ...stateFaultNames.map((name) => marked(row[name])),
  ]);
  const rule = ["---", ...head.slice(1).map(() => "--:")];
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function thresholdList({ thresholds = [] }: Report): string {
  return thresholds.map((result) =>
    `- ${result.met ? "met" : "**not met**"}: ${escapeMarkdown(result.expression)}, ${actualText(result)}`
  ).join("\n");
}

function deviationList(report: Report): string {
  if (report.profile === undefined) return "";
  const items = findingsOf(report).map((finding) => `- ${escapeMarkdown(findingText(finding))}`);
  return [escapeMarkdown(findingsHead(report)), ...items.length > 0 ? ["", ...items] : []].join("\n");
}

function marked(count: number): string {
  return count === 0 ? "0" : `**${formatCount(count)}**`;
}

/** One fault of each kind, the most frequent kind first, then further ones. */
function faultItems(report: Report): string {
  const { kinds, further } = faultList(report, samplesShown);
  if (kinds.length === 0) return "";
  const [shown, total] = [kinds.length + further.length, faultTotal(report)];
  const count = shown < total ? `, ${shown} of ${formatCount(total)}` : "";
  return [
    `Faults${count}, one of each kind first, the most frequent kind first:`,
    "",
    ...kinds.map(({ count, sample }) => `- **${sample.verdict}**, ${formatCount(count)} of this kind: ${item(sample)}`),
    ...further.map((sample) => `- ${sample.verdict}: ${item(sample)}`),
  ].join("\n");
}

function item(sample: FaultSample): string {
  return `${escapeMarkdown(lifeText(sample))}: ${escapeMarkdown(sample.text)} (${escapeMarkdown(sample.rule)})`;
}

/** A block of code that the text cannot end. */
export function fenced(text: string): string {
  const code = escapeLines(text);
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}sh\n${code}\n${fence}`;
}
