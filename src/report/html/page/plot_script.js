/**
 * The scripts of the page in a browser: they draw its plots, follow light and dark, and, on a live page, apply the
 * news. The page embeds the source text of these functions, so they use only one another, uPlot and the browser.
 */

/* The page begins here. */
export function startPage() {
  document.documentElement.classList.add("scripted");
  showTarget();
  addEventListener("hashchange", showTarget);
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
      const shown = plots.filter(({ lines }) => lines.length > 0);
      const same = shown.every(({ id, lines }) => drawn.get(id)?.lines === lines.length) && shown.length === drawn.size;
      if (!same || news.main) redraw();
      else {
        for (const plot of shown) {
          const known = drawn.get(plot.id);
          known.marks = plot.marks ?? [];
          known.data = plot.data;
          known.chart.setData(drawnData(plot));
        }
      }
    });
  }
}

/* One plot, with the arrow keys for its cursor. */
export function drawPlot(plot, drawn) {
  const element = document.getElementById(`plot-${plot.id}`);
  if (element) element.closest("figure").hidden = plot.lines.length === 0;
  if (!element || element.clientWidth === 0) return;
  const entry = { element, lines: plot.lines.length, marks: plot.marks ?? [], data: plot.data };
  // deno-lint-ignore no-undef
  const chart = entry.chart = new uPlot(plotOptions(plot, element, entry), drawnData(plot), element);
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

/* Bars stand on each other: each is drawn from 0 to the sum of itself and those after it, which cover it. */
export function drawnData({ data, stacked }) {
  if (!stacked) return data;
  const [xs, ...columns] = data;
  const sum = xs.map(() => 0);
  const sums = columns.reverse().map((column) => column.map((value, at) => sum[at] += value ?? 0));
  return [xs, ...sums.reverse()];
}

/* An address may name a part that is folded away. */
export function showTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let around = target; around; around = around.parentElement) if (around.tagName === "DETAILS") around.open = true;
  target.scrollIntoView();
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
  const value = { ms: msText, percent: (number) => `${number}%`, count: (number) => number.toLocaleString("en-US") };
  const marked = entry.marks.length > 0 || document.body.dataset.events;
  const hasMarks = marked && plot.x === "seconds";
  return {
    width: element.clientWidth,
    height: hasMarks ? 248 : 230,
    padding: [hasMarks ? 24 : 12, 26, 0, 0],
    hooks: {
      drawClear: [(chart) => drawMarks(chart, entry.marks, colour, `${style.fontFamily}`)],
      setCursor: [(chart) => chart.root.classList.toggle("read", typeof chart.cursor.idx === "number")],
    },
    legend: { markers: { width: 3, dash: (chart, line) => chart.series[line].dash ? "dashed" : "solid" } },
    cursor: { y: false, drag: { setScale: false, x: false }, points: { size: 7 } },
    scales: {
      x: plot.x === "percentile"
        ? { time: false, distr: 3, range: (_, __, max) => [1, Math.max(max, 2)] }
        : { time: false, range: (_, __, max) => [0, max || 1] },
      y: plot.unit === "ms"
        ? { distr: 3 }
        : { range: (_, __, max) => [0, plot.unit === "percent" ? 105 : Math.max(max * 1.08, 1)] },
    },
    axes: plotAxes(plot, style, colour, value[plot.unit]),
    bands: plot.band ? [{ series: [1, 2], fill: colour("--plot-1-fill") }] : [],
    series: [
      {
        label: { seconds: "until", ms: "within", percentile: "percentile", load: "load" }[plot.x],
        value: xValue(plot, entry),
      },
      ...plot.lines.map((line) => plotSeries(plot, line, entry, colour, value[plot.unit])),
    ],
  };
}

/* The axes: labels never touch, and those of instants are in one unit. */
export function plotAxes(plot, style, colour, value) {
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const font = `12px ${style.fontFamily}`;
  const texts = {
    seconds: (chart, splits) => splits.map((split) => instantText(split, chart.scales.x.max)),
    ms: (_, splits) => splits.map(axisMsText),
    percentile: (_, splits) => splits.map((split) => split === null ? null : percentText(split)),
    load: (_, splits) => splits.map((split) => split === null ? null : split.toLocaleString("en-US")),
  };
  return [
    {
      ...axis,
      font,
      size: 34,
      space: 64,
      ...plot.x === "seconds" && { incrs: timeSteps() },
      ...plot.x === "percentile" && {
        splits: (chart) => [1, 2, 10, 100, 1000, 10000].filter((split) => split <= chart.scales.x.max),
        filter: (chart, splits) => apart(chart, splits, 50),
      },
      values: texts[plot.x],
    },
    {
      ...axis,
      font,
      size: 64,
      values: (_, splits) =>
        splits.map((split) =>
          split === null || split === undefined ? null : plot.unit === "ms" ? axisMsText(split) : value(split)
        ),
    },
  ];
}

/* Steps of an axis of seconds: parts of a second, then of minutes, hours and days. */
export function timeSteps() {
  const steps = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    1200,
    1800,
  ];
  for (const hours of [1, 2, 3, 6, 12, 24, 48, 120, 240]) steps.push(hours * 3600);
  return steps;
}

/* An instant, in the unit that suits the whole axis. */
export function instantText(seconds, max) {
  if (seconds === null) return null;
  const [size, unit] = max > 7200 ? [3600, "h"] : max > 180 ? [60, "min"] : [1, "s"];
  return `${Number((seconds / size).toFixed(3))} ${unit}`;
}

/* Positions on the axis that leave room for the label before them; the others have none. */
export function apart(chart, splits, room) {
  let free = -Infinity;
  return splits.map((split) => {
    const place = chart.valToPos(split, "x");
    if (place - free < room) return null;
    free = place;
    return split;
  });
}

/* One line, or one part of the bars. */
export function plotSeries({ stacked, x }, { label, look, filled, dots }, entry, colour, value) {
  const name = look === 10 ? "--ink" : look >= 20 ? `--fault-${look - 20}` : `--plot-${look % 5}`;
  const many = entry.data[0].length > 100;
  const text = (_, __, line, at) => {
    const number = at === null || at === undefined ? null : entry.data[line][at];
    return number === null || number === undefined ? "–" : value(number);
  };
  const drawn = { label, stroke: colour(name), value: text };
  // deno-lint-ignore no-undef
  const paths = uPlot.paths;
  if (stacked) {
    const bars = paths.bars({ size: [0.9, 28, 2], align: x === "seconds" ? -1 : 0 });
    return { ...drawn, fill: colour(name), width: 0, paths: bars, points: { show: false } };
  }
  if (dots) {
    return {
      ...drawn,
      width: 1,
      paths: () => null,
      points: { show: true, size: many ? 3 : 8, fill: "transparent", width: 1.5 },
    };
  }
  return {
    ...drawn,
    width: look === 10 ? 3 : many ? 1.5 : 2,
    dash: look > 4 && look < 10 ? [7, 4] : undefined,
    fill: filled ? colour(`${name}-fill`) : undefined,
    // Each step of a search is a point, and the loads of one broker are gaps in the line of another.
    spanGaps: x === "load",
    points: { show: true, size: 6, ...x !== "load" && { filter: (chart, line) => lonePoints(chart.data[line]) } },
  };
}

/* The x of a point, and the parts of the run that it is in. */
export function xValue(plot, entry) {
  return (_, at) => {
    if (at === null || at === undefined) return "–";
    if (plot.x === "percentile") return percentText(at);
    if (plot.x === "ms") return msText(at);
    if (plot.x === "load") return at.toLocaleString("en-US");
    const within = entry.marks.filter((mark) => markHas(mark, at)).map(({ label }) => label);
    return [secondsText(at), ...within].join(", ");
  };
}

/* An instant in seconds, minutes and hours. */
export function secondsText(seconds) {
  if (seconds < 120) return `${seconds} s`;
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.round(seconds % 60)];
  return [[h, "h"], [min, "min"], [s, "s"]].filter(([count]) => count > 0).map((part) => part.join(" ")).join(" ");
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

/* A label of an axis: 1000 ms and more are seconds. */
export function axisMsText(ms) {
  if (ms === null || ms === undefined) return null;
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`;
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
