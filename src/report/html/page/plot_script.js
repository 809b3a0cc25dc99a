/**
 * The scripts of the page in a browser: they draw its plots, follow light and dark, and, on a live page, apply the
 * news. The page embeds the source text of these functions, so they use only one another, uPlot and the browser.
 */

/* The page begins here. */
export function startPage() {
  const drawn = new Map();
  const drawAll = (plots) => {
    for (const { chart } of drawn.values()) chart.destroy();
    drawn.clear();
    for (const plot of plots) drawPlot(plot, drawn);
  };
  let plots = JSON.parse(document.getElementById("plots").textContent);
  const redraw = () => drawAll(plots);
  redraw();
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", redraw);
  addEventListener("resize", () => fitPlots(drawn));
  document.addEventListener("toggle", () => drawShown(plots, drawn), true);
  document.addEventListener("click", copyCommand);
  const events = document.body.dataset.events;
  if (events) {
    followRun(events, (news) => {
      plots = news.plots;
      const same = plots.every(({ id, lines }) => drawn.get(id)?.lines === lines.length) && plots.length === drawn.size;
      if (!same || news.main) redraw();
      else {
        for (const plot of plots) {
          const known = drawn.get(plot.id);
          known.marks = plot.marks ?? [];
          known.chart.setData(plot.data);
        }
      }
    });
  }
}

/* One plot, with the arrow keys for its cursor. */
export function drawPlot(plot, drawn) {
  const element = document.getElementById(`plot-${plot.id}`);
  if (!element || element.clientWidth === 0) return;
  const entry = { element, lines: plot.lines.length, marks: plot.marks ?? [] };
  // deno-lint-ignore no-undef
  const chart = entry.chart = new uPlot(plotOptions(plot, element, entry), plot.data, element);
  drawn.set(plot.id, entry);
  element.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const last = chart.data[0].length - 1;
    const from = chart.cursor.idx ?? (step > 0 ? -1 : last + 1);
    const to = Math.min(Math.max(from + step, 0), last);
    const y = chart.data.slice(1).map((column) => column[to]).find((value) => value !== null) ?? 0;
    chart.setCursor({ left: chart.valToPos(chart.data[0][to], "x"), top: chart.valToPos(y, "y") });
  };
}

/* A folded plot has no width; the browser draws it once it is visible. */
export function drawShown(plots, drawn) {
  for (const plot of plots) if (!drawn.has(plot.id)) drawPlot(plot, drawn);
}

export function fitPlots(drawn) {
  for (const { chart, element } of drawn.values()) {
    if (element.clientWidth > 0) chart.setSize({ width: element.clientWidth, height: chart.height });
  }
}

/* How uPlot is to draw it, in the page's own colours. */
export function plotOptions(plot, element, entry) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const value = plot.unit === "ms" ? msText : (number) => number.toLocaleString("en-US");
  const isPercentile = plot.x === "percentile";
  const xText = isPercentile ? percentText : (seconds) => `${seconds} s`;
  const xNamed = (at) => [xText(at), ...entry.marks.filter((mark) => markHas(mark, at)).map(({ label }) => label)];
  const marked = entry.marks.length > 0 || document.body.dataset.events;
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const font = `12px ${style.fontFamily}`;
  return {
    width: element.clientWidth,
    height: marked && !isPercentile ? 248 : 230,
    padding: [marked && !isPercentile ? 24 : 12, 26, 0, 0],
    hooks: { drawClear: [(chart) => drawMarks(chart, entry.marks, colour, `${style.fontFamily}`)] },
    legend: { markers: { width: 3, dash: (chart, line) => chart.series[line].dash ? "dashed" : "solid" } },
    cursor: { y: false, drag: { setScale: false, x: false }, points: { size: 7 } },
    scales: {
      x: isPercentile
        ? { time: false, distr: 3, range: (_, __, max) => [1, Math.max(max, 2)] }
        : { time: false, range: (_, __, max) => [0, max || 1] },
      y: plot.unit === "ms" ? { distr: 3 } : { range: (_, __, max) => [0, Math.max(max * 1.08, 1)] },
    },
    axes: [
      {
        ...axis,
        font,
        size: 34,
        ...isPercentile && {
          splits: (chart) => [1, 2, 10, 100, 1000, 10000].filter((split) => split <= chart.scales.x.max),
          filter: (_, splits) => splits,
        },
        values: (_, splits) => splits.map((split) => split === null ? null : xText(split)),
      },
      {
        ...axis,
        font,
        size: 64,
        values: (_, splits) => splits.map((split) => split === null || split === undefined ? null : value(split)),
      },
    ],
    series: [
      { label: isPercentile ? "percentile" : "until", value: (_, at) => at === null ? "–" : xNamed(at).join(", ") },
      ...plot.lines.map(({ label, look, filled }) => ({
        label,
        stroke: colour(look === 10 ? "--ink" : `--plot-${look % 5}`),
        width: look === 10 ? 3 : 2,
        dash: [undefined, [7, 4], undefined][Math.floor(look / 5)],
        fill: filled ? colour(`--plot-${look % 5}-fill`) : undefined,
        points: { show: true, size: 6, filter: (chart, line) => lonePoints(chart.data[line]) },
        value: (_, number) => number === null || number === undefined ? "–" : value(number),
      })),
    ],
  };
}

/* Whether a mark contains a point, which is at the end of its interval. */
export function markHas({ from, to = Infinity }, at) {
  return from < at && at <= to;
}

/* The phases of the run, behind the lines: bands with their names above them, as far as there is room. */
export function drawMarks(chart, marks, colour, family) {
  const { ctx, bbox } = chart;
  const ratio = bbox.width / chart.over.clientWidth;
  const { max } = chart.scales.x;
  const [left, right] = [bbox.left, bbox.left + bbox.width];
  const place = (at) => Math.min(Math.max(chart.valToPos(at, "x", true), left), right);
  ctx.save();
  ctx.font = `${11 * ratio}px ${family}`;
  ctx.textBaseline = "alphabetic";
  let named = [];
  marks.forEach(({ label, look, from, to = max }, index) => {
    if (from > max) return;
    const [x, end] = [place(from), place(to)];
    const isOutage = look === "outage";
    ctx.fillStyle = colour(isOutage ? "--mark-outage" : "--mark-stage");
    if (isOutage || index % 2 === 1) ctx.fillRect(x, bbox.top, Math.max(end - x, ratio), bbox.height);
    ctx.fillStyle = colour(isOutage ? "--fail" : "--soft");
    ctx.fillRect(x, bbox.top - 5 * ratio, ratio, isOutage ? bbox.height + 5 * ratio : 5 * ratio);
    named.push([index + 1, label]);
    const next = marks[index + 1];
    // What takes no time shares the place of what comes after it.
    if (next !== undefined && next.from <= max && place(next.from) - x < 2 * ratio) return;
    const room = (next === undefined || next.from > max ? right + 20 * ratio : Math.max(place(next.from), end)) - x;
    const text = fittingText(ctx, named, room - 7 * ratio);
    named = [];
    ctx.fillText(text, x + 3 * ratio, bbox.top - 7 * ratio);
  });
  ctx.restore();
}

/* The numbers of the marks in the key above the plots, and as much of their names as fits. */
export function fittingText(ctx, marks, room) {
  const fits = (text) => ctx.measureText(text).width <= room;
  const whole = marks.map(([number, name]) => `${number} ${name}`).join(", ");
  if (fits(whole)) return whole;
  const numbers = marks.map(([number]) => number).join(", ");
  for (let length = Math.min(whole.length - 1, 40); length >= numbers.length + 4; length--) {
    const shorter = `${whole.slice(0, length)}…`;
    if (fits(shorter)) return shorter;
  }
  return fits(numbers) ? numbers : "";
}

/* Points that no line leads to: those without a neighbour. */
export function lonePoints(column) {
  const isGap = (value) => value === null || value === undefined;
  return [...column.keys()].filter((at) => !isGap(column[at]) && isGap(column[at - 1]) && isGap(column[at + 1]));
}

export function msText(ms) {
  const whole = Math.abs(ms) >= 10000 ? ms / 1000 : ms;
  return `${Number(whole.toPrecision(3))} ${whole === ms ? "ms" : "s"}`;
}

export function percentText(x) {
  return `${Number((100 * (1 - 1 / x)).toFixed(4))}%`;
}

/* A button that copies the command next to it. */
export async function copyCommand({ target }) {
  const button = target.closest?.("button[data-copy]");
  if (!button) return;
  const code = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
}

/* A live page: the server sends parts again, at the end the whole page. */
export function followRun(address, onNews) {
  const source = new EventSource(address);
  const take = (event) => {
    const news = JSON.parse(event.data);
    for (const [id, markup] of Object.entries(news.parts)) {
      const element = document.getElementById(id);
      if (element) element.innerHTML = markup;
    }
    if (news.main) {
      document.title = news.title;
      document.getElementById("main").innerHTML = news.main;
      source.close();
    }
    onNews(news);
  };
  source.addEventListener("news", take);
  source.onerror = () => {
    const state = document.getElementById("connection");
    if (state) state.textContent = "The run cannot be reached: what is shown may be old.";
  };
  source.onopen = () => {
    const state = document.getElementById("connection");
    if (state) state.textContent = "Live: this page updates during the run.";
  };
}
