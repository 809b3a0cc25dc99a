/** The top of the page: the verdict, its reason, and the numbers behind it. */
import { formatBytes, formatCount, formatElapsed, formatMs } from "../../../base/units.ts";
import type { WillCounts } from "../../../fleet/result/will_counts.ts";
import type { Report } from "../../model/report.ts";
import { deviationsIn } from "../../../fleet/merge/verdict.ts";
import { willsWrong } from "../../model/will_rows.ts";
import { type Markup, markup } from "./markup.ts";

/** The data of a run that the page can show. */
export type VerdictKind = "pass" | "deviating" | "fail" | "void" | "running";

const protocolText = { "3.1.1": "MQTT 3.1.1", "5": "MQTT 5.0", "mix": "MQTT 3.1.1 and 5.0" } as const;

/** A shape for each verdict, so that a reader does not depend on colour. */
const shapes: Readonly<Record<VerdictKind, string>> = {
  pass: "M5 12.5l4.5 4.5L19 7.5",
  deviating: "M5 11l3 3L13 7.5M11.5 17h.1M15 17h.1M18.5 17h.1",
  fail: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  void: "M9 9a3 3 0 1 1 4.4 2.7c-1 .6-1.4 1.1-1.4 2.3M12 17.6v.1",
  running: "M12 7v5l3.5 2",
};

/** How a verdict looks: a pass in which wills went wrong as the profile describes is no clean one. */
export function verdictKind(verdict: Report["verdict"], deviating: number): VerdictKind {
  return verdict === "pass" && deviating > 0 ? "deviating" : verdict;
}

/** The verdict in large, in its own words, with one sentence and a line of facts. */
export function verdictPart(kind: VerdictKind, word: string, reason: string, facts: readonly string[]): Markup {
  return markup`
    <header class="verdict ${kind}" id="verdict">
      <p class="word"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="${shapes[kind]}"/></svg>${word}</p>
      <h1>${reason[0]?.toUpperCase() ?? ""}${reason.slice(1)}${/[.!?]$/.test(reason) ? "" : "."}</h1>
      <p class="facts">${
    facts.map((fact) =>
      markup`
          <span>${fact}</span>
        `
    )
  }</p>
    </header>
  `;
}

/** The verdict of a report. */
export function reportVerdict({ verdict, verdictText, reason, run, ...found }: Report): Markup {
  return verdictPart(verdictKind(verdict, deviationsIn(found)), wordOf(verdictText), reason, [
    run.target === "embedded" ? "embedded broker" : run.target,
    protocolText[run.protocol],
    `${run.startedAt.slice(0, 16).replace("T", " ")} UTC`,
    `took ${formatElapsed(run.durationMs)}`,
    `run ${run.id}`,
    `seed ${run.seed}`,
  ]);
}

/** The page writes the word itself in capitals. */
export function wordOf(verdictText: string): string {
  return verdictText.replace(/^[A-Z]+/, (word) => word.toLowerCase());
}

/** A prominent number. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly look?: "good" | "bad";
}

/** The numbers in a row of tiles. */
export function tilesPart(tiles: readonly Tile[]): Markup {
  return markup`<dl class="tiles" id="tiles">${
    tiles.map(({ name, value, note, look = "" }) =>
      markup`
        <div class="card ${look}">
          <dt>${name}</dt>
          <dd><b>${value}</b><small>${note}</small></dd>
        </div>
      `
    )
  }</dl>`;
}

/** The tiles of a report. */
export function reportTiles(report: Report): Tile[] {
  const { verdict, clients, kills, wills, latencyMs: { all }, slipMs, resources } = report;
  const { look, ...wrong } = faultTile(wills);
  return [
    {
      name: "Wills on time",
      value: `${formatCount(wills.onTime)} of ${formatCount(wills.expected)}`,
      note: wills.expected === 0 ? "none was due" : `${share(wills.onTime, wills.expected)} of those that were due`,
    },
    // A void run proves nothing, so nothing of it is good.
    { ...wrong, ...look !== undefined && (look === "bad" || verdict !== "void") && { look } },
    {
      name: "Latency p99",
      value: formatMs(all.count === 0 ? NaN : all.p99),
      note: all.count === 0 ? "no will came" : `p50 ${formatMs(all.p50)}, max ${formatMs(all.max)}`,
    },
    ...brokerTile(report),
    {
      name: "Kills",
      value: formatCount(kills.total),
      note: `${formatCount(kills.reachedPerSecond)}/s of ${formatCount(kills.askedPerSecond)}/s asked`,
    },
    {
      name: "Clients",
      value: formatCount(clients.connected),
      note: `${formatCount(clients.reconnects)} reconnects, ${formatCount(clients.refused)} refused, ${
        formatCount(clients.lost)
      } lost`,
    },
    {
      name: "Generator lateness p99",
      value: formatMs(slipMs.count === 0 ? NaN : slipMs.p99),
      note: `of its kills; used ${formatMs(resources.cpuMs)} of CPU, ${formatBytes(resources.rssBytes)}`,
    },
  ];
}

const brokerTileName = "Broker alone p99";

/** The latency of the broker alone, in milliseconds, and what this instrument adds to it. */
export function brokerAloneTile(
  { p50, p99 }: { readonly p50: number; readonly p99: number },
  floorMs: { readonly p50: number } | undefined,
): Tile {
  const floor = floorMs === undefined ? "" : `; this instrument adds ${formatMs(floorMs.p50)}`;
  return {
    name: brokerTileName,
    value: formatMs(p99),
    note: `from the completed kill; p50 ${formatMs(p50)}${floor}`,
  };
}

/** The latency of the broker alone, and the floor; absent for a report of an earlier version. */
function brokerTile({ brokerLatencyMs, floorMs, willRate }: Report): Tile[] {
  if (brokerLatencyMs === undefined) return [];
  const { count, p50, p99 } = brokerLatencyMs.all;
  const floor = floorMs === undefined || floorMs.count === 0 ? undefined : floorMs;
  return [
    count === 0
      ? { name: brokerTileName, value: formatMs(NaN), note: "no will came" }
      : brokerAloneTile({ p50, p99 }, floor),
    ...willRate?.perSecond === undefined ? [] : [{
      name: "Wills per second",
      value: formatCount(willRate.perSecond >= 100 ? Math.round(willRate.perSecond) : willRate.perSecond),
      note: `from the first to the last of ${formatCount(willRate.wills)}`,
    }],
  ];
}

/** How many wills went wrong, and how. */
export function faultTile(wills: WillCounts): Tile {
  const wrong = willsWrong(wills);
  const total = wrong.reduce((sum, { count }) => sum + count, 0);
  const kinds = total === 0
    ? "none late, early, missing, altered, duplicate or unwanted"
    : wrong.map(({ name, count }) => `${formatCount(count)} ${name}`).join(", ");
  return {
    name: "Wrong wills",
    value: formatCount(total),
    note: wills.deviating === 0 ? kinds : `${kinds}; ${formatCount(wills.deviating)} deviating, as in the profile`,
    ...total > 0 ? { look: "bad" } : wills.deviating === 0 && { look: "good" },
  };
}

/** A share of the whole that shows 100% only for the whole. */
function share(part: number, whole: number): string {
  const percent = part / whole * 100;
  return `${part < whole ? Math.min(99.99, Number(percent.toFixed(2))) : 100}%`;
}
