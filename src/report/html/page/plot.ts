/**
 * A plot: its numbers, its style, and the table with the same numbers. The browser draws it (plot_script.js); without
 * scripts the page shows the table.
 */
import { formatCount, formatElapsed, formatMs } from "../../../base/units.ts";
import { type Markup, markup } from "./markup.ts";
import { marksTable, marksWithin, type TimeMark } from "./time_marks.ts";

/** The kind of the numbers: counts, percent, or milliseconds (then on a logarithmic scale). */
export type Unit = "count" | "percent" | "ms";

/** One line of a plot. */
export interface PlotLine {
  readonly label: string;
  /** Which of the page's colours and dashes, from 0; from 20, which of the colours of faults. */
  readonly look: number;
  readonly filled?: boolean;
  /** Single points without a line. */
  readonly dots?: boolean;
}

/** A plot with its numbers. Plain data: it crosses to the browser. */
export interface Plot {
  readonly id: string;
  readonly title: string;
  /** The subject of the plot, in a sentence. */
  readonly note: string;
  /** Seconds since the run began, milliseconds, 1 / (1 − share) of the wills, logarithmic, or a load. */
  readonly x: "seconds" | "ms" | "percentile" | "load";
  readonly unit: Unit;
  /** Bars, the first line at the bottom and the others on it. */
  readonly stacked?: boolean;
  /** The area between the first two lines is filled. */
  readonly band?: boolean;
  readonly lines: readonly PlotLine[];
  /** The x of each point, then the points of each line; null where there is none. */
  readonly data: readonly (readonly (number | null)[])[];
  /** The phases of the run, for an x in seconds. */
  readonly marks?: readonly TimeMark[];
}

/** Milliseconds below this are equal, and a logarithmic scale has no 0. */
const leastMs = 0.001;

/** A number of milliseconds as a logarithmic scale takes it. */
export function drawableMs(ms: number): number {
  return Math.round(Math.max(ms, leastMs) * 1_000) / 1_000;
}

/** The plot's place on the page, with its table. */
export function plotFigure(plot: Plot): Markup {
  const { id, title, note, lines } = plot;
  return markup`
    <figure class="card plot"${lines.length === 0 ? markup` hidden` : undefined}>
      <figcaption>
        <h3 id="${id}-title">${title}</h3>
        <p id="${id}-note">${note}</p>
      </figcaption>
      <div class="canvas" id="plot-${id}" role="img" aria-labelledby="${id}-title"
        aria-describedby="${id}-note" tabindex="0"></div>
      <details>
        <summary>Data<span> of: ${title}</span></summary>
        <div class="scroll" id="numbers-${id}" role="region" aria-labelledby="${id}-title" tabindex="0">${
    plotTable(plot)
  }</div>
      </details>
    </figure>
  `;
}

/** The numbers of a plot as a table. */
export function plotTable({ id, title, x, unit, lines, data, marks = [] }: Plot): Markup {
  const format = { ms: formatMs, count: formatCount, percent: (value: number) => `${value}%` }[unit];
  const [xs = [], ...columns] = data;
  const head = lines.map(({ label }) => markup`<th scope="col">${label}</th>`);
  const rows = xs.map((at, row) => {
    const cells = columns.map((column) => {
      const value = column[row];
      return markup`<td>${value === null || value === undefined ? "–" : format(value)}</td>`;
    });
    const during = marks.length === 0
      ? undefined
      : markup`<td class="during">${marksWithin(marks, xs[row - 1] ?? 0, at ?? 0)}</td>`;
    return markup`<tr><th scope="row">${xText(x, at ?? 0)}</th>${cells}${during}</tr>
`;
  });
  return markup`
    ${marksTable(id, title, marks)}
    <table id="table-${id}">
      <caption>${title}</caption>
      <thead>
        <tr><th scope="col">${xHeads[x]}</th>${head}${
    marks.length === 0 ? undefined : markup`<th scope="col" class="during">during</th>`
  }</tr>
      </thead>
      <tbody>${rows}</tbody>
    </table>
  `;
}

const xHeads = { seconds: "until", ms: "within", percentile: "percentile", load: "load" } as const;

function xText(kind: Plot["x"], at: number): string {
  if (kind === "ms") return formatMs(at);
  if (kind === "load") return formatCount(at);
  return kind === "seconds" ? secondsText(at) : `${Number((100 * (1 - 1 / at)).toFixed(4))}%`;
}

/** An instant of a run: seconds, or minutes and hours of a long one. */
function secondsText(seconds: number): string {
  return seconds < 120 ? `${formatCount(seconds)} s` : formatElapsed(seconds * 1_000);
}
