/** One life drawn small: connected, killed, will due, will seen; and when its broker was down. */
import { formatCount, formatMs } from "../../../base/units.ts";
import type { Timeline } from "../../../fleet/result/fault_sample.ts";
import type { RestartResult } from "../../../fleet/result/restart_result.ts";
import { type Markup, markup } from "./markup.ts";

/** The position of the kill: the life before it has this width, however long it lasted, in percent of the width. */
const killAt = 24;
const endAt = 96;
/** A label of the scale needs so much of the width, also on a phone. */
const labelRoom = 16;
/** Two signs at least this far apart can be seen as two. */
const apart = 2.6;

const shapes = {
  connected: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0",
  killed: "M-4.5 -4.5l9 9M4.5 -4.5l-9 9",
  due: "M0 -10v20",
  seen: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
  again: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
  read: "M-4.5 -4.5h9v9h-9z",
} as const;

/** When there was no broker. */
type Outage = Pick<RestartResult, "downAtMs" | "backAtMs">;

/** The meaning of the signs, once for the page. @param outages where the fleet restarted the broker */
export function timelineKey(outages: readonly Outage[] = []): Markup {
  const names = Object.keys(shapes) as (keyof typeof shapes)[];
  const words = {
    connected: "connected",
    killed: "killed",
    due: "will due",
    seen: "will seen",
    again: "seen again",
    read: "state read",
  };
  return markup`<p class="key">${
    names.map((name) =>
      markup`
        <span><svg viewBox="-11 -11 22 22" aria-hidden="true">${sign(name)}</svg>${words[name]}</span>
      `
    )
  }${
    outages.length === 0 ? undefined : markup`
        <span><svg viewBox="-11 -11 22 22" aria-hidden="true"><path class="outage" d="M-8 -11h16v22h-16z" /></svg>broker
          down</span>
      `
  }</p>`;
}

function sign(name: keyof typeof shapes): Markup {
  return markup`
    <path class="${name}" d="${shapes[name]}" />
  `;
}

/** The scale that all timelines of a list share: milliseconds after the kill, logarithmic. */
export interface TimeScale {
  readonly lastMs: number;
}

/** The instant from which the scale of a timeline counts. */
function originOf({ killedMs, dueMs, seenMs, readMs }: Timeline): number {
  return killedMs ?? dueMs ?? seenMs[0] ?? readMs ?? 0;
}

/** The scale on which each of these timelines has room. */
export function timeScale(timelines: readonly Timeline[]): TimeScale {
  const spans = timelines.map((timeline) => {
    const { dueMs = 0, seenMs, readMs = 0 } = timeline;
    return Math.max(dueMs, readMs, ...seenMs) - originOf(timeline);
  });
  return { lastMs: Math.max(10, ...spans) };
}

/** The place of an instant after the kill, in percent of the width. */
function placeOf(afterMs: number, { lastMs }: TimeScale): number {
  return killAt + Math.log1p(afterMs) / Math.log1p(lastMs) * (endAt - killAt);
}

/** The scale with its labels, once above the timelines of a list. */
export function timeAxis(scale: TimeScale): Markup {
  const powers = Array.from({ length: 9 }, (_, power) => 10 ** power).filter((ms) => ms <= scale.lastMs);
  let free = Infinity;
  const ticks = powers.toReversed().filter((ms) => {
    const place = placeOf(ms, scale);
    if (place > free - labelRoom || place < killAt + labelRoom) return false;
    free = place;
    return true;
  });
  const label = (place: number, text: string) => markup`<text x="${percent(place)}" y="13">${text}</text>`;
  return markup`<svg class="time-axis" aria-hidden="true">${label(killAt, "kill")}${
    ticks.map((ms) => label(placeOf(ms, scale), ms < 1_000 ? `+${ms} ms` : `+${formatCount(ms / 1_000)} s`))
  }</svg>`;
}

/** The life as a line: left of the kill not to scale, right of it to the scale of its list. */
export function timelinePart(timeline: Timeline, scale: TimeScale, outages: readonly Outage[] = []): Markup {
  const { connectedMs, killedMs, dueMs, seenMs, readMs } = timeline;
  const originMs = originOf(timeline);
  const isOpen = seenMs.length === 0 && readMs === undefined;
  const lastMs = Math.max(originMs, dueMs ?? originMs, readMs ?? originMs, ...seenMs);
  const firstMs = Math.min(originMs, dueMs ?? originMs, ...seenMs);
  const x = (atMs: number) => {
    if (atMs >= originMs) return placeOf(atMs - originMs, scale);
    const fromMs = Math.min(connectedMs ?? firstMs, firstMs);
    return 3 + (atMs - fromMs) / Math.max(originMs - fromMs, 0.001) * (killAt - 3);
  };
  const put = (name: keyof typeof shapes, place: number) =>
    markup`<svg x="${percent(place)}" y="50%" overflow="visible">${sign(name)}</svg>`;
  const at = (name: keyof typeof shapes, ms: number | undefined) => ms === undefined ? undefined : put(name, x(ms));
  const [beganMs, overMs] = [Math.min(connectedMs ?? firstMs, firstMs), Math.max(lastMs, originMs)];
  const during = outages.filter(({ downAtMs, backAtMs }) => downAtMs <= overMs && backAtMs >= beganMs);
  const bands = during.map(({ downAtMs, backAtMs }) => {
    const [from, to] = [x(downAtMs), x(backAtMs)].map((at) => Math.min(Math.max(at, 0), 100)) as [number, number];
    return markup`<rect class="outage" x="${percent(from)}" y="0" width="${percent(to - from)}" height="100%"/>`;
  });
  const description = timelineText(timeline, during);
  return markup`<svg class="timeline" role="img" aria-label="${description}">
${bands}<line class="life" x1="${percent(connectedMs === undefined ? 0 : x(connectedMs))}" y1="50%" x2="${
    percent(x(originMs))
  }" y2="50%"/>
<line class="${isOpen ? "lost" : "wait"}" x1="${percent(x(originMs))}" y1="50%" x2="${
    percent(isOpen ? 100 : x(lastMs))
  }" y2="50%"/>
${at("due", dueMs)}${at("connected", connectedMs)}${at("killed", killedMs)}${
    placesApart(seenMs.map(x)).map((place, nth) => put(nth === 0 ? "seen" : "again", place))
  }${at("read", readMs)}
</svg>
<p class="times">${description}</p>`;
}

/** Places of arrivals in their order, moved right as far as needed to be seen as several. */
function placesApart(places: readonly number[]): number[] {
  let before = -Infinity;
  return places.map((place) => before = Math.max(place, before + apart));
}

function percent(value: number): string {
  return `${Number(Math.min(Math.max(value, 0), 100).toFixed(2))}%`;
}

/** The same in words: the kill at its instant of the run, all else from there. */
export function timelineText(
  { connectedMs, killedMs, dueMs, seenMs, readMs }: Timeline,
  outages: readonly Outage[] = [],
): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(3)} s`;
  const since = (ms: number) =>
    killedMs === undefined
      ? `at ${seconds(ms)}`
      : `${formatMs(Math.abs(ms - killedMs))} ${ms < killedMs ? "before" : "after"} the kill`;
  const instants = [
    connectedMs === undefined ? undefined : `connected at ${seconds(connectedMs)}`,
    killedMs === undefined ? undefined : `killed at ${seconds(killedMs)}`,
    dueMs === undefined ? "no will due" : dueMs === killedMs ? "will due at once" : `will due ${since(dueMs)}`,
    seenMs.length > 0 ? `seen ${seenMs.map(since).join(", then ")}` : readMs === undefined ? "none seen" : undefined,
    readMs === undefined ? undefined : `state read ${since(readMs)}`,
    ...outages.map(({ downAtMs, backAtMs }) => `broker down from ${seconds(downAtMs)} to ${seconds(backAtMs)}`),
  ];
  return instants.filter((each) => each !== undefined).join(" · ");
}
