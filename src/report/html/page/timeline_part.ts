/** One life drawn small: connected, killed, will due, will seen; and when its broker was down. */
import { formatMs } from "../../../base/units.ts";
import type { Timeline } from "../../../fleet/result/fault_sample.ts";
import type { RestartResult } from "../../../fleet/result/restart_result.ts";
import { type Markup, markup } from "./markup.ts";

/** The position of the kill: the life before it has this width, however long it lasted, in percent of the width. */
const killAt = 24;
const endAt = 96;

const shapes = {
  connected: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0",
  killed: "M-4.5 -4.5l9 9M4.5 -4.5l-9 9",
  due: "M0 -10v20",
  seen: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
  read: "M-4.5 -4.5h9v9h-9z",
} as const;

/** When there was no broker. */
type Outage = Pick<RestartResult, "downAtMs" | "backAtMs">;

/** The meaning of the signs, once for the page. @param outages where the fleet restarted the broker */
export function timelineKey(outages: readonly Outage[] = []): Markup {
  const names = Object.keys(shapes) as (keyof typeof shapes)[];
  const words = { connected: "connected", killed: "killed", due: "will due", seen: "will seen", read: "state read" };
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

/** The life as a line, left of the kill not to scale, right of it to a scale of its own. */
export function timelinePart(timeline: Timeline, outages: readonly Outage[] = []): Markup {
  const { connectedMs, killedMs, dueMs, seenMs, readMs } = timeline;
  const originMs = killedMs ?? dueMs ?? seenMs[0] ?? readMs ?? 0;
  const isOpen = seenMs.length === 0 && readMs === undefined;
  const lastMs = Math.max(originMs, dueMs ?? originMs, readMs ?? originMs, ...seenMs);
  const firstMs = Math.min(originMs, dueMs ?? originMs, ...seenMs);
  const spanMs = Math.max(lastMs - originMs, 0.001);
  const x = (atMs: number) => {
    if (atMs >= originMs) return killAt + (atMs - originMs) / spanMs * (endAt - killAt);
    const fromMs = Math.min(connectedMs ?? firstMs, firstMs);
    return 3 + (atMs - fromMs) / Math.max(originMs - fromMs, 0.001) * (killAt - 3);
  };
  const at = (name: keyof typeof shapes, ms: number | undefined) =>
    ms === undefined ? undefined : markup`<svg x="${percent(x(ms))}" y="50%" overflow="visible">${sign(name)}</svg>`;
  const [beganMs, overMs] = [Math.min(connectedMs ?? firstMs, firstMs), Math.max(lastMs, originMs)];
  const during = outages.filter(({ downAtMs, backAtMs }) => downAtMs <= overMs && backAtMs >= beganMs);
  const bands = during.map(({ downAtMs, backAtMs }) => {
    const [from, to] = [x(downAtMs), x(backAtMs)].map((at) => Math.min(Math.max(at, 0), 100)) as [number, number];
    return markup`<rect class="outage" x="${percent(from)}" y="0" width="${percent(to - from)}" height="100%"/>`;
  });
  const told = timelineText(timeline, during);
  return markup`<svg class="timeline" role="img" aria-label="${told}">
${bands}<line class="life" x1="${percent(connectedMs === undefined ? 0 : x(connectedMs))}" y1="50%" x2="${
    percent(x(originMs))
  }" y2="50%"/>
<line class="${isOpen ? "lost" : "wait"}" x1="${percent(x(originMs))}" y1="50%" x2="${
    percent(isOpen ? 100 : x(lastMs))
  }" y2="50%"/>
${at("due", dueMs)}${at("connected", connectedMs)}${at("killed", killedMs)}${seenMs.map((ms) => at("seen", ms))}${
    at("read", readMs)
  }
</svg>
<p class="times">${told}</p>`;
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
  const told = [
    connectedMs === undefined ? undefined : `connected at ${seconds(connectedMs)}`,
    killedMs === undefined ? undefined : `killed at ${seconds(killedMs)}`,
    dueMs === undefined ? "no will due" : dueMs === killedMs ? "will due at once" : `will due ${since(dueMs)}`,
    seenMs.length > 0 ? `seen ${seenMs.map(since).join(", then ")}` : readMs === undefined ? "none seen" : undefined,
    readMs === undefined ? undefined : `state read ${since(readMs)}`,
    ...outages.map(({ downAtMs, backAtMs }) => `broker down from ${seconds(downAtMs)} to ${seconds(backAtMs)}`),
  ];
  return told.filter((each) => each !== undefined).join(" · ");
}
