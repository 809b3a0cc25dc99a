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
import { faultTile, type Tile, tilesPart, verdictPart } from "./page/head_part.ts";
import { type Markup, markup } from "./page/markup.ts";
import { pageHtml } from "./page/page.ts";
import { alivePlot, ratePlot, reportPlots } from "./page/report_plots.ts";
import { drawableMs, type Plot, plotFigure, plotTable } from "./page/plot.ts";
import { marksKey, type TimeMark, timeMarks } from "./page/time_marks.ts";
import { phaseText, phaseTime } from "../terminal/panel.ts";
import type { Report, Tool } from "../model/report.ts";

/** Maximum number of intervals kept; the oldest are dropped. */
const mostPoints = 2_000;

interface LivePoint {
  readonly atMs: number;
  readonly alive: number;
  readonly kills: number;
  readonly wills: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The subject of a live page. */
export interface LiveRun {
  readonly plan: FleetPlan;
  /** The broker's URL, or `embedded broker`. */
  readonly target: string;
  readonly tool: Tool;
}

/** A page that follows a run. */
export class LivePage {
  readonly #run: LiveRun;
  readonly #startMs: number;
  readonly #stretchMs: number;
  readonly #points: LivePoint[] = [];
  #last: Progress | undefined;
  #before = { kills: 0, wills: 0 };
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
    const { alive, killed, wills, p50, p99 } = progress;
    const { kills: killsBefore, wills: willsBefore } = this.#before;
    this.#before = { kills: killed, wills };
    const [kills, more] = [killed - killsBefore, wills - willsBefore];
    this.#points.push({ atMs: this.#nextMs - this.#stretchMs, alive, kills, wills: more, p50, p99, max: 0 });
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
      "live-marks": marksKey(this.#marks())?.text ?? "",
      ...Object.fromEntries(plots.map((plot) => [`numbers-${plot.id}`, plotTable(plot).text])),
    };
    return JSON.stringify({ parts, plots });
  }

  #main(): Markup {
    return markup`<div id="live-verdict">${this.#verdict()}</div>
<div id="live-tiles">${tilesPart(this.#tiles())}</div>
<p class="note live-state" id="connection" role="status">Live: this page updates during the run.</p>
<section aria-labelledby="plots-title"><h2 id="plots-title">Progress</h2>
<div id="live-marks">${marksKey(this.#marks())}</div>
<div class="plots">${this.#plots().map(plotFigure)}</div></section>`;
  }

  #verdict(): Markup {
    const { plan, target } = this.#run;
    const progress = this.#last;
    const told = progress === undefined
      ? "the run begins"
      : `${phaseText[progress.phase]}: ${phaseTime(progress.phaseMs, progress.phaseOfMs)}`;
    return verdictPart("running", "running", told, [target, `run ${plan.run}`, `seed ${plan.seed}`]);
  }

  #tiles(): Tile[] {
    const progress = this.#last;
    if (progress === undefined) return [];
    const { clients, alive, connected, killed, wills, faults, statesWrong, p50, p99 } = progress;
    return [
      {
        name: "Wills seen",
        value: formatCount(wills),
        note: `${formatCount(faults.onTime)} on time so far`,
      },
      faultTile(faults),
      { name: "Latency p99", value: formatMs(p99), note: `p50 ${formatMs(p50)}` },
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
    return [ratePlot, soFarPlot, alivePlot].map((plot) => {
      const drawn = plot(this.#points);
      return marks.length === 0 ? drawn : { ...drawn, marks };
    });
  }

  /** The counts of the run so far, up to the last interval that the plots show. */
  #marks(): TimeMark[] {
    const last = this.#points.at(-1);
    if (this.#last === undefined || last === undefined) return [];
    return timeMarks(stagesOf(this.#run.plan, this.#last.instants, last.atMs));
  }
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
  return {
    id: "latency",
    title: "Latency so far",
    note: "Of all wills so far. The final report has it per second and per kill mode.",
    x: "seconds",
    unit: "ms",
    lines: [{ label: "p99", look: 1 }, { label: "p50", look: 0 }],
    data: [points.map(({ atMs }) => atMs / 1_000), column("p99"), column("p50")],
  };
}
