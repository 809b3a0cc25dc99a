/**
 * The page of a run in progress: the report's page, made from the progress of the run. It is whole at every instant;
 * the server sends changes after it as news, and at the end the report replaces it. Pure: the command decides who can
 * request it, and over which link.
 */
import { formatCount, formatMs } from "../../base/units.ts";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import type { Progress } from "../../fleet/result/result.ts";
import { stretchMs } from "../../fleet/tally/series.ts";
import { stagesOf } from "../../fleet/tally/stages.ts";
import { reportMain, reportTitle } from "./html.ts";
import { brokerAloneTile, faultTile, type Tile, tilesPart, verdictPart } from "./page/head_part.ts";
import { type Markup, markup } from "./page/markup.ts";
import { pageHtml } from "./page/page.ts";
import { alivePlot, faultPlot, ratePlot, reportPlots, type Stretch } from "./page/report_plots.ts";
import { drawableMs, type Plot, plotFigure, plotTable } from "./page/plot.ts";
import { marksKey, type TimeMark, timeMarks } from "./page/time_marks.ts";
import { phaseText, phaseTime } from "../terminal/panel.ts";
import type { Report, Tool } from "../model/report.ts";
import type { Threshold } from "../model/threshold.ts";
import { leftText, liveFaults, liveModes, liveThresholds, stageBar } from "./live_findings.ts";
import type { SomeWills } from "../../fleet/result/will_counts.ts";

/** Maximum number of intervals kept; the oldest are dropped. */
const mostPoints = 2_000;

type LivePoint = Stretch & { readonly broker?: Progress["brokerMs"] };

/** Counts since the run began, of which a point has the difference. */
interface LiveCounts {
  readonly kills: number;
  readonly wills: number;
  readonly due: number | undefined;
  readonly faults: SomeWills;
}

/** The subject of a live page. */
export interface LiveRun {
  readonly plan: FleetPlan;
  /** The broker's URL, or `embedded broker`. */
  readonly target: string;
  readonly tool: Tool;
  readonly thresholds?: readonly Threshold[];
}

/** A page that follows a run. */
export class LivePage {
  readonly #run: LiveRun;
  readonly #startMs: number;
  readonly #stretchMs: number;
  readonly #points: LivePoint[] = [];
  #last: Progress | undefined;
  #before: LiveCounts = { kills: 0, wills: 0, due: 0, faults: {} };
  #nextMs: number;
  #report: Report | undefined;

  constructor(run: LiveRun, nowMs: number) {
    this.#run = run;
    this.#startMs = nowMs;
    this.#stretchMs = stretchMs(run.plan.durationMs);
    this.#nextMs = this.#stretchMs;
  }

  /** Records the progress of the run; true when an interval is over, so that there is news to send. */
  progress(progress: Progress, nowMs: number): boolean {
    const sincePhase = this.#last?.phase !== progress.phase;
    this.#last = progress;
    const atMs = nowMs - this.#startMs;
    if (atMs < this.#nextMs) return sincePhase;
    this.#nextMs = (Math.floor(atMs / this.#stretchMs) + 1) * this.#stretchMs;
    const { alive, p50, p99, brokerMs } = progress;
    const counts = countsIn(progress);
    const since = difference(counts, this.#before);
    this.#before = counts;
    this.#points.push({
      atMs: this.#nextMs - this.#stretchMs,
      alive,
      ...since,
      p50,
      p99,
      max: 0,
      ...brokerMs && { broker: brokerMs },
    });
    if (this.#points.length > mostPoints) this.#points.shift();
    return true;
  }

  /** The run is over: from now on the page is the report's. */
  finish(report: Report): void {
    this.#report = report;
  }

  /** The whole document as it is now, which requests news from `events`. */
  html(events: string): string {
    const { plan, target, tool } = this.#run;
    const isOver = this.#report !== undefined;
    return pageHtml({
      title: isOver ? reportTitle(this.#report!) : `Running: ${target}, run ${plan.run}`,
      main: isOver ? reportMain(this.#report!, this.#plots()) : this.#main(),
      plots: this.#plots(),
      footer: `${tool.name} ${tool.version}`,
      ...!isOver && { events },
    });
  }

  /** The changes, as JSON: parts of the page by their ids, or at the end the whole of it. */
  news(): string {
    const plots = this.#plots();
    if (this.#report !== undefined) {
      const main = reportMain(this.#report, plots).text;
      return JSON.stringify({ title: reportTitle(this.#report), main, parts: {}, plots });
    }
    const parts = {
      "live-verdict": this.#verdict().text,
      "live-tiles": tilesPart(this.#tiles()).text,
      "live-findings": this.#findings().text,
      "live-modes": liveModes(this.#last)?.text ?? "",
      "live-marks": marksKey(this.#marks())?.text ?? "",
      ...Object.fromEntries(plots.map((plot) => [`numbers-${plot.id}`, plotTable(plot).text])),
    };
    return JSON.stringify({ parts, plots });
  }

  #main(): Markup {
    return markup`<div id="live-verdict">${this.#verdict()}</div>
<div id="live-tiles">${tilesPart(this.#tiles())}</div>
<div id="live-findings">${this.#findings()}</div>
<p class="note live-state" id="connection" role="status">Live: this page updates during the run.</p>
<section aria-labelledby="plots-title"><h2 id="plots-title">Progress</h2>
<div id="live-marks">${marksKey(this.#marks())}</div>
<div class="plots" id="live-plots">${this.#plots().map(plotFigure)}</div></section>
<div id="live-modes">${liveModes(this.#last)}</div>`;
  }

  #verdict(): Markup {
    const { plan, target } = this.#run;
    const progress = this.#last;
    const headline = progress === undefined
      ? "the run begins"
      : `${phaseText[progress.phase]}: ${phaseTime(progress.phaseMs, progress.phaseOfMs)}`;
    const left = progress === undefined ? [] : [leftText(plan, progress)];
    const facts = [...left, target, `run ${plan.run}`, `seed ${plan.seed}`];
    return markup`${verdictPart("running", "running", headline, facts)}${stageBar(progress)}`;
  }

  /** What went wrong so far, and the thresholds. */
  #findings(): Markup {
    const progress = this.#last;
    if (progress === undefined) return markup``;
    return markup`${liveFaults(progress)}${liveThresholds(this.#run.thresholds ?? [], progress)}`;
  }

  #tiles(): Tile[] {
    const progress = this.#last;
    if (progress === undefined) return [];
    const { clients, alive, connected, killed, wills, faults, statesWrong, p50, p99, brokerMs } = progress;
    return [
      {
        name: "Wills seen",
        value: formatCount(wills),
        note: `${formatCount(faults.onTime)} on time so far`,
      },
      faultTile(faults),
      { name: "Latency p99", value: formatMs(p99), note: `p50 ${formatMs(p50)}, from the scheduled kill` },
      ...brokerMs === undefined ? [] : [brokerAloneTile(brokerMs, progress.floorMs)],
      { name: "Kills", value: formatCount(killed), note: "so far" },
      { name: "Clients alive", value: formatCount(alive), note: `of ${formatCount(clients)}` },
      statesWrong === undefined
        ? { name: "Clients connected", value: formatCount(connected), note: "at least once" }
        : statesTile(statesWrong),
    ];
  }

  #plots(): Plot[] {
    if (this.#report !== undefined) return reportPlots(this.#report);
    const marks = this.#marks();
    const points = this.#points;
    const plots = [faultPlot(points), ratePlot(points, this.#run.plan.fanOut), soFarPlot(points), alivePlot(points)];
    return plots.map((plot) => marks.length === 0 ? plot : { ...plot, marks });
  }

  /** The counts of the run so far, up to the last interval that the plots show. */
  #marks(): TimeMark[] {
    const last = this.#points.at(-1);
    if (this.#last === undefined || last === undefined) return [];
    return timeMarks(stagesOf(this.#run.plan, this.#last.instants, last.atMs));
  }
}

function countsIn({ killed, wills, faults, detail }: Progress): LiveCounts {
  const { expected: _, onTime: __, ...wrong } = faults;
  const modes = detail === undefined ? undefined : Object.values(detail.byMode);
  return { kills: killed, wills, due: modes?.reduce((sum, { due }) => sum + due, 0), faults: wrong };
}

/** What came between two instants; a will that arrived after all is no longer missing, so that counts may fall. */
function difference(now: LiveCounts, before: LiveCounts): Pick<LivePoint, "kills" | "wills" | "due" | "faults"> {
  const faults = Object.fromEntries(
    Object.entries(now.faults).map(([kind, count]) => [
      kind,
      Math.max(0, count - (before.faults[kind as keyof SomeWills] ?? 0)),
    ]).filter(([, count]) => count !== 0),
  );
  return {
    ...{ kills: now.kills - before.kills, wills: now.wills - before.wills },
    ...now.due !== undefined && { due: Math.max(0, now.due - (before.due ?? 0)) },
    ...Object.keys(faults).length > 0 && { faults },
  };
}

/** The presence that late subscribers have found so far. */
function statesTile(wrong: number): Tile {
  return {
    name: "Presence states wrong",
    value: formatCount(wrong),
    note: "found by late subscribers so far",
    look: wrong === 0 ? "good" : "bad",
  };
}

function soFarPlot(points: readonly LivePoint[]): Plot {
  const column = (name: "p50" | "p99") => points.map((at) => Number.isNaN(at[name]) ? null : drawableMs(at[name]));
  const broker = points.map(({ broker }) => broker === undefined ? null : drawableMs(broker.p99));
  return {
    id: "latency",
    title: "Latency so far",
    note: "Of all wills so far. The final report has it per second and per kill mode.",
    x: "seconds",
    unit: "ms",
    lines: [{ label: "p99", look: 1 }, { label: "p50", look: 0 }, { label: "p99, broker alone", look: 2 }],
    data: [points.map(({ atMs }) => atMs / 1_000), column("p99"), column("p50"), broker],
  };
}
