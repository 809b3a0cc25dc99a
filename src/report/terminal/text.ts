/**
 * The report of a finished run as text: the faults, the numbers, how to repeat the run, and the verdict with its reason
 * as the last line. Pure: a report in, lines out.
 */
import { escapeData } from "../../base/escape.ts";
import { formatBytes, formatCount, formatMs } from "../../base/units.ts";
import type { FaultSample } from "../../fleet/result/fault_sample.ts";
import { faultList, type ListedKind } from "../model/fault_list.ts";
import { deviationsIn } from "../../fleet/merge/verdict.ts";
import { nodeTable } from "./node_table.ts";
import { groupTable } from "./group_table.ts";
import { leftStormsText, shownStorms, stormCurve, stormText, willRateText } from "../model/arrivals/arrival_text.ts";
import { latencyTable, modeTable } from "./mode_table.ts";
import { findingsHead, findingsOf, findingText, profileHint } from "../model/profile_text.ts";
import { partsText } from "../model/parts/parts_result.ts";
import type { Report } from "../model/report.ts";
import { restartLines } from "../model/restart_lines.ts";
import { plainStyle, type Style } from "./style.ts";
import { assertionRows, certificateText } from "../model/sparkplug/sparkplug_rows.ts";
import { presenceRows, presenceWords, stateFaultNames } from "../model/presence_rows.ts";
import { tableLines, wrapped } from "./table.ts";
import { bodyAndVerdict, leftOut, textOfParts, verdictLines } from "./verdict_lines.ts";
import { telemetryText } from "../model/telemetry_text.ts";
import { actualText } from "../model/threshold.ts";
import { faultTotal, lifeText } from "../model/will_rows.ts";

/** How the text is to look. */
export interface TextOptions {
  /** Columns that the lines may take. Default: 100, and the verdict on one line. */
  readonly width?: number;
  /** How words are marked. Default: plain. */
  readonly style?: Style;
  /** Lines that the text may take; what does not fit is left out, the least important parts first. Default: no limit. */
  readonly rows?: number;
}

/** Fault samples shown, or as many as there are kinds; the JSON report holds more. */
const faultsShown = 10;
/** Kinds of fault that a small screen shows. */
const kindsShown = 3;
const protocolText = { "3.1.1": "MQTT 3.1.1", "5": "MQTT 5.0", "mix": "MQTT 3.1.1 and 5.0" } as const;

/** The parts that a small screen does without, in the order in which they are left out. */
const dispensable = [
  ...["further faults", "process", "parts", "connects", "controls", "wills", "storm curves", "latency by mode"],
  ...[
    "latency note",
    "deviations",
    "groups",
    "presence",
    "sparkplug",
    "notes",
    "hint",
    "latency",
    "storms",
    "further kinds",
  ],
  ...["repeat", "load", "modes", "kills", "clients", "warnings"],
] as const;

type Dispensable = (typeof dispensable)[number];
type Keeps = (part: Dispensable) => boolean;

/** The report as text, with a line end; the last line is the verdict. */
export function reportText(raw: Report, options: TextOptions = {}): string {
  return bodyAndVerdict(reportBody(raw, options), reportVerdict(raw, options));
}

/** The verdict and its reason: the last line of the text, or its last lines where the width does not suffice. */
export function reportVerdict(raw: Report, { width = Infinity, style = plainStyle }: TextOptions = {}): string {
  const report = escapeData(raw);
  const isClean = report.verdict !== "pass" || deviationsIn(report) === 0;
  return textOfParts([verdictLines(report, isClean, width, style)]);
}

/** The text without its verdict. */
export function reportBody(raw: Report, options: TextOptions = {}): string {
  const report = escapeData(raw);
  const { width = 100, style = plainStyle, rows = Infinity } = options;
  const whole = partsOf(report, width, style, () => true);
  if (heightOf(whole) <= rows) return textOfParts(whole);
  const note = wrapped(leftOut, width);
  for (let left = 1; left < dispensable.length; left++) {
    const out: readonly Dispensable[] = dispensable.slice(0, left);
    const parts = [...partsOf(report, width, style, (part) => !out.includes(part)), note];
    if (heightOf(parts) <= rows) return textOfParts(parts);
  }
  return textOfParts([...partsOf(report, width, style, () => false), note]);
}

function heightOf(parts: readonly (readonly string[])[]): number {
  const shown = parts.filter((lines) => lines.length > 0);
  return shown.reduce((sum, { length }) => sum + length, Math.max(0, shown.length - 1));
}

function partsOf(report: Report, width: number, style: Style, keeps: Keeps): string[][] {
  const ifKept = (part: Dispensable, lines: () => string[]) => keeps(part) ? lines() : [];
  return [
    aboutLines(report, width, style),
    faultLines(report, width, style, keeps),
    factLines(report, width, keeps),
    ifKept("modes", () => modeTable(report, width, style)),
    ifKept(
      "latency",
      () => latencyTable(report, width, style, { byMode: keeps("latency by mode"), note: keeps("latency note") }),
    ),
    ifKept("storms", () => stormLines(report, width, style, keeps("storm curves"))),
    ifKept("groups", () => groupTable(report, width, style)),
    nodeTable(report, width, style),
    ifKept("presence", () => presenceLines(report, width, style)),
    ifKept("sparkplug", () => sparkplugLines(report, width, style)),
    thresholdLines(report, width, style),
    ifKept("notes", () => noteLines(report, width)),
    ifKept("warnings", () => warningLines(report, width, style)),
    ifKept("hint", () => hintLines(report, width)),
    ifKept("deviations", () => deviationLines(report, width, style)),
    ifKept("repeat", () => ["Repeat this run:", ...shellLines(report.run.repeat, width)]),
  ];
}

function aboutLines({ run, plan }: Report, width: number, style: Style): string[] {
  const about = [
    run.target === "embedded" ? "embedded broker" : run.target,
    protocolText[run.protocol],
    `run ${run.id}`,
    `seed ${run.seed}`,
    ...plan.shard === undefined ? [] : [`shard ${plan.shard.number} of ${plan.shard.of}`],
    formatMs(run.durationMs),
  ];
  return wrapped(about.join(" · "), width).map((line) => style.faint(line));
}

function factLines(report: Report, width: number, keeps: Keeps): string[] {
  const { clients, kills, connects, slipMs, resources } = report;
  if (clients.connected === 0 && kills.total === 0) return [];
  const slip = slipMs.count === 0 ? "" : `, slip p99 ${formatMs(slipMs.p99)}, max ${formatMs(slipMs.max)}`;
  const load = telemetryText(report);
  const wills = willRateText(report);
  const facts = {
    ...report.parts && { parts: partsText(report.parts) },
    clients: `${formatCount(clients.connected)} of ${formatCount(clients.asked)} connected ` +
      `(${formatCount(clients.rampPerSecond)}/s), peak ${formatCount(clients.peakAlive)}, ` +
      `${formatCount(clients.reconnects)} reconnects, ${formatCount(clients.refused)} refused, ` +
      `${formatCount(clients.lost)} lost`,
    kills: `${formatCount(kills.total)} at ${formatCount(kills.reachedPerSecond)}/s ` +
      `(${formatCount(kills.askedPerSecond)}/s asked), ${formatCount(kills.deferred)} deferred${slip}`,
    ...wills !== undefined && { wills },
    ...load !== undefined && { load },
    ...!keeps("latency") && shortLatencyText(report),
    ...connects && { connects: connectText(connects) },
    ...report.controls.total > 0 && { controls: controlsText(report.controls) },
    process: `${report.engine === undefined ? "" : `engine ${report.engine}, `}${formatMs(resources.cpuMs)} of CPU` +
      `${each(resources.cpuMsPerLife, formatMs, "life")}, ` +
      `${formatBytes(resources.rssBytes)} of memory${each(resources.bytesPerClient, formatBytes, "client")}` +
      (report.run.target === "embedded" ? ", embedded broker included" : ""),
  };
  // The line of latencies stands for the table.
  const shown = Object.entries(facts).filter(([name]) => name === "latency" || keeps(name as Dispensable));
  return shown.flatMap(([name, text]) => wrapped(`${name.padEnd(9)}${text}`, width, " ".repeat(9)));
}

/** Both latencies and the floor in one line, for a screen without the table of latencies. */
function shortLatencyText({ latencyMs: { all }, brokerLatencyMs, floorMs }: Report): { readonly latency?: string } {
  if (all.count === 0) return {};
  const alone = brokerLatencyMs === undefined ? "" : `; broker alone ${formatMs(brokerLatencyMs.all.p99)}`;
  const floor = floorMs === undefined || floorMs.count === 0 ? "" : `; this instrument adds ${formatMs(floorMs.p50)}`;
  return { latency: `p99 ${formatMs(all.p99)}${alone}${floor}` };
}

/** Each storm in a sentence, and its wills against time. */
function stormLines(report: Report, width: number, style: Style, hasCurves: boolean): string[] {
  const { shown, left } = shownStorms(report);
  const rest = leftStormsText(left);
  return [
    ...shown.flatMap((storm) => {
      const curve = hasCurves ? stormCurve(storm, Math.max(10, Math.min(40, width - 30))) : undefined;
      return [
        ...wrapped(`storm    ${stormText(storm)}`, width, " ".repeat(9)),
        ...curve === undefined ? [] : [`         ${style.faint(curve)}`],
      ];
    }),
    ...rest === undefined ? [] : wrapped(`         ${rest}`, width),
  ];
}

/** Control clients are the run's own: their wills are counted apart. */
function controlsText(controls: Report["controls"]): string {
  const { total, blind, lost, altered = 0, late = 0, duplicate = 0, deviating = 0 } = controls;
  const others = Object.entries({ altered, late, duplicate, deviating, "not received by a watcher": blind })
    .filter(([, count]) => count > 0).map(([name, count]) => `, ${formatCount(count)} ${name}`);
  const clients = total === 1 ? "1 canary" : `${formatCount(total)} canaries`;
  return `${clients}: ${formatCount(lost)} wills lost${others.join("")}`;
}

function connectText({ latencyMs, underWayLimit, mostUnderWay, synsAgain }: NonNullable<Report["connects"]>): string {
  const syns = synsAgain === undefined ? "" : `, ${formatCount(synsAgain)} SYNs retransmitted by this machine`;
  return `dial to CONNACK p50 ${formatMs(latencyMs.p50)}, p99 ${formatMs(latencyMs.p99)}, max ${
    formatMs(latencyMs.max)
  }; at most ${formatCount(mostUnderWay)} in progress (limit ${formatCount(underWayLimit)})${syns}`;
}

function each(value: number | undefined, format: (value: number) => string, what: string): string {
  return value === undefined ? "" : ` (${format(value)} for each ${what})`;
}

/** The run's thresholds, and its values for them. */
function thresholdLines({ thresholds = [] }: Report, width: number, style: Style): string[] {
  return thresholds.flatMap((result) => {
    const { expression, met } = result;
    const text = `threshold  ${expression}  ${met ? "met" : "not met"}, ${actualText(result)}`;
    return wrapped(text, width, " ".repeat(11)).map((line) => met ? line : style.bad(line));
  });
}

/** Notes on questions that the counts leave open. */
function noteLines(report: Report, width: number): string[] {
  const { wills, retained } = report;
  const { missingByQos: [qos0, qos1, qos2], eitherWay, undecided } = wills;
  const lines: string[] = [];
  if (wills.missing > 0) {
    lines.push(`Missing by QoS of the will: ${qos0} at QoS 0, ${qos1} at QoS 1, ${qos2} at QoS 2.`);
  }
  if (eitherWay > 0) {
    const lives = eitherWay === 1 ? "1 life" : `${formatCount(eitherWay)} lives`;
    lines.push(`${lives} may end with or without a will, and count${eitherWay === 1 ? "s" : ""} nowhere.`);
  }
  if (undecided > 0) {
    const wills = undecided === 1 ? "1 will was" : `${formatCount(undecided)} wills were`;
    lines.push(`${wills} still in transit when the run ended.`);
  }
  if (retained !== undefined) {
    const { expected, right, wrong, missing } = retained;
    lines.push(
      `Retained wills found by a late subscriber: ${formatCount(right)} of ${formatCount(expected)}, ` +
        `${formatCount(wrong)} wrong, ${formatCount(missing)} missing.`,
    );
  }
  return [...restartLines(report), ...lines].flatMap((line) => wrapped(line, width));
}

/** The presence that late subscribers found. */
function presenceLines(report: Report, width: number, style: Style): string[] {
  const rows = presenceRows(report);
  if (rows.length === 0) return [];
  const lines = tableLines([
    { head: "presence", cell: (row) => row.name, align: "left" },
    { head: "judged", cell: (row) => formatCount(row.judged) },
    { head: "right", cell: (row) => formatCount(row.right) },
    ...stateFaultNames.map((name) => ({
      head: name,
      cell: (row: typeof rows[number]) => formatCount(row[name]),
      mark: (text: string, row: typeof rows[number]) => row[name] === 0 ? text : style.bad(text),
    })),
    { head: "either way", cell: (row) => formatCount(row.eitherWay) },
    { head: "unsettled", cell: (row) => formatCount(row.unsettled) },
  ], rows);
  const [head = "", ...body] = lines;
  return [style.faint(head), ...body, ...wrapped(presenceWords(report)!, width)];
}

/** The assertions of Sparkplug. */
function sparkplugLines(report: Report, width: number, style: Style): string[] {
  const rows = assertionRows(report);
  if (rows.length === 0) return [];
  const [head = "", ...body] = tableLines([
    { head: "sparkplug", cell: (row) => row.name, align: "left" },
    { head: "checked", cell: (row) => formatCount(row.checked) },
    {
      head: "broken",
      cell: (row) => formatCount(row.broken),
      mark: (text, row) => row.broken === 0 ? text : style.bad(text),
    },
  ], rows);
  return [style.faint(head), ...body, ...wrapped(certificateText(report)!, width)];
}

function warningLines({ warnings }: Report, width: number, style: Style): string[] {
  return warnings.flatMap((warning) => {
    const [first = "", ...rest] = wrapped(`warning: ${warning}`, width, "         ");
    return [first.replace("warning:", style.unsure("warning:")), ...rest];
  });
}

/** One of each kind, the most frequent kind first, then further ones: above the numbers, because faults decide. */
function faultLines(report: Report, width: number, style: Style, keeps: Keeps): string[] {
  const all = faultList(report, faultsShown);
  if (all.kinds.length === 0) return [];
  const kinds = keeps("further kinds") ? all.kinds : mainKinds(all.kinds);
  const further = keeps("further faults") ? all.further : [];
  const [shown, total] = [kinds.length + further.length, faultTotal(report)];
  const count = shown < total ? `, ${shown} of ${formatCount(total)}` : "";
  return [
    `Faults${count}, one of each kind first, the most frequent kind first:`,
    ...kinds.flatMap(({ verdict, count, sample }) =>
      lineOf(verdict, `${formatCount(count)} of this kind: ${faultText(sample)}`, width, style)
    ),
    ...further.flatMap((fault) => lineOf(fault.verdict, faultText(fault), width, style)),
  ];
}

/** The most frequent kind of each verdict, for a small screen. */
function mainKinds(kinds: readonly ListedKind[]): ListedKind[] {
  const first = kinds.filter(({ verdict }, place) => kinds.findIndex((kind) => kind.verdict === verdict) === place);
  return first.slice(0, kindsShown);
}

/** The profile that would describe the faults. */
function hintLines(report: Report, width: number): string[] {
  const hint = profileHint(report);
  return hint === undefined ? [] : wrapped(hint, width);
}

/** The deviations in the broker's profile, and those that the run observed. */
function deviationLines(report: Report, width: number, style: Style): string[] {
  if (report.profile === undefined) return [];
  const lines = findingsOf(report).flatMap((finding) => {
    const [first = "", ...rest] = wrapped(findingText(finding), width, "  ");
    return [first.replace(finding.id, finding.seen > 0 ? style.unsure(finding.id) : finding.id), ...rest];
  });
  return [...wrapped(findingsHead(report), width), ...lines];
}

function faultText(fault: FaultSample): string {
  return `${lifeText(fault)}: ${fault.text} [${fault.rule}]`;
}

function lineOf(verdict: string, text: string, width: number, style: Style): string[] {
  const lines = wrapped(`${verdict.padEnd(9)}  ${text}`, width, " ".repeat(11));
  return lines.map((line, index) => index === 0 ? line.replace(verdict, style.bad(verdict)) : line);
}

/** A command over as many lines as it takes, each but the last ending so that a shell reads on. */
export function shellLines(command: string, width: number): string[] {
  const [program = "", ...flags] = command.split(/ (?=--)/);
  const lines = [`  ${program}`];
  for (const flag of flags) {
    const longer = `${lines.at(-1)} ${flag}`;
    if (longer.length > width - 2) lines.push(`    ${flag}`);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line, index) => index === lines.length - 1 ? line : `${line} \\`);
}
