/**
 * Marks on the time axis of the plots: the phases of the run, and the outages of its broker. Every plot over time takes
 * the same list; plot_script.js draws it, and the tables behind the plots describe it in words.
 */
import { formatElapsed } from "../../../base/units.ts";
import type { RestartResult } from "../../../fleet/result/restart_result.ts";
import type { RunStage } from "../../../fleet/result/run_phase.ts";
import { type Markup, markup } from "./markup.ts";

/** A stretch of the time axis with a name, or an instant where it begins and ends at once. Plain data. */
export interface TimeMark {
  readonly label: string;
  /** A part of the run, or a time in which there was no broker. */
  readonly look: "stage" | "outage";
  /** Seconds since the run began. */
  readonly from: number;
  /** Absent while it continues. */
  readonly to?: number;
}

/** The marks of a run: a restart is from the broker's going to its return where that is known. */
export function timeMarks(stages: readonly RunStage[] = [], restarts: readonly RestartResult[] = []): TimeMark[] {
  let restarted = 0;
  return stages.map((stage): TimeMark => {
    const label = stage.groups === undefined ? stage.name : `${stage.name} ${stage.groups.join(", ")}`;
    if (stage.name !== "restart") return mark(label, "stage", stage.fromMs, stage.toMs);
    const known = restarts[restarted++];
    return mark(label, "outage", known?.downAtMs ?? stage.fromMs, known?.backAtMs ?? stage.toMs);
  });
}

function mark(label: string, look: TimeMark["look"], fromMs: number, toMs: number | undefined): TimeMark {
  return { label, look, from: fromMs / 1_000, ...toMs !== undefined && { to: toMs / 1_000 } };
}

/** Marks named in one cell of a table; more are only counted. */
const mostNamed = 3;

/** The marks over an interval of the axis, in words. */
export function marksWithin(marks: readonly TimeMark[], from: number, to: number): string {
  const within = marks.filter((mark) =>
    mark.from === mark.to ? from < mark.from && mark.from <= to : mark.from < to && (mark.to ?? Infinity) > from
  );
  const names = [...new Set(within.map(({ label }) => label))];
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Marks in the key; the tables have them all. */
const mostInKey = 30;

/** The marks with the numbers that they have on the plots, once for all of them. */
export function marksKey(marks: readonly TimeMark[]): Markup | undefined {
  if (marks.length === 0) return undefined;
  const items = marks.slice(0, mostInKey).map(({ label, look, from, to }) =>
    markup`<li${look === "outage" ? markup` class="outage"` : undefined}><b>${label}</b> ${spanText(from, to)}</li>
`
  );
  const more = marks.length - mostInKey;
  const rest = more > 0 ? markup`<li>${more} more in the tables of the plots</li>` : undefined;
  return markup`<ol class="marks" aria-label="Parts of the run">${items}${rest}</ol>`;
}

function spanText(from: number, to: number | undefined): string {
  if (from === to) return `at ${formatElapsed(from * 1_000)}`;
  return `from ${formatElapsed(from * 1_000)}${to === undefined ? " on" : ` to ${formatElapsed(to * 1_000)}`}`;
}

/** The marks as a table. */
export function marksTable(id: string, title: string, marks: readonly TimeMark[]): Markup | undefined {
  if (marks.length === 0) return undefined;
  const rows = marks.map(({ label, from, to }) =>
    markup`<tr><th scope="row">${label}</th><td>${formatElapsed(from * 1_000)}</td><td>${
      to === undefined ? "goes on" : formatElapsed(to * 1_000)
    }</td></tr>
`
  );
  return markup`<table id="marks-${id}"><caption>Parts of the run: ${title}</caption>
<thead><tr><th scope="col">part</th><th scope="col">from</th><th scope="col">to</th></tr></thead><tbody>${rows}</tbody></table>`;
}
