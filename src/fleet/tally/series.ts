/**
 * A run over time: the counts of each stretch of it, in a bounded number of stretches.
 */
import { Histogram } from "../../base/histogram.ts";
import { killModes } from "../plan/kill_mode.ts";
import type { SeriesData, SeriesFaults, SeriesLatency, SeriesPoint } from "../result/series_data.ts";
import { addSome, type SomeWills, type WillCounts } from "../result/will_counts.ts";

/** A stretch is a second, or longer where a run would have more than this many. */
const mostPoints = 1_000;

/** How long one stretch of a run is, in milliseconds. */
export function stretchMs(durationMs: number): number {
  return Math.max(1_000, Math.ceil(durationMs / mostPoints / 1_000) * 1_000);
}

/** Cumulative counts, as a squad has them anyway. */
export interface SeriesCounts {
  readonly alive: number;
  readonly kills: number;
  readonly wills: number;
}

/** Cuts a squad's counts into stretches as time passes. */
export class Series {
  readonly #originMs: number;
  readonly #stretchMs: number;
  readonly #points: SeriesData[] = [];
  /** What was judged of the wills of each stretch: the judgement may follow long after the stretch. */
  readonly #judged = new Map<number, Partial<WillCounts>>();
  #index = 0;
  #kills = 0;
  #wills = 0;
  #latencies = new Map<string, Histogram>();
  #broker = new Histogram();

  /** @param originMs the run's beginning, the same for all its squads */
  constructor(originMs: number, durationMs: number) {
    this.#originMs = originMs;
    this.#stretchMs = stretchMs(durationMs);
  }

  /** A will arrived, so long after the due instant of its kill, which was of this mode, and after the completed kill. */
  recordLatency(latencyMs: number, mode: string, brokerMs: number): void {
    this.#broker.record(brokerMs);
    let histogram = this.#latencies.get(mode);
    if (histogram === undefined) this.#latencies.set(mode, histogram = new Histogram());
    histogram.record(latencyMs);
  }

  /** Counts judged wills in the stretch of their instant. */
  count(atMs: number, counts: SomeWills): void {
    const index = Math.max(0, Math.floor((atMs - this.#originMs) / this.#stretchMs));
    let sum = this.#judged.get(index);
    if (sum === undefined) this.#judged.set(index, sum = {});
    addSome(sum, counts);
  }

  /** Closes the stretch that is over by now, if one is. */
  advance(counts: SeriesCounts, nowMs: number): void {
    const index = Math.floor((nowMs - this.#originMs) / this.#stretchMs);
    if (index > this.#index) this.#close(counts, index);
  }

  /** Closes the last stretch and returns all stretches except the empty ones. */
  finish(counts: SeriesCounts): SeriesData[] {
    this.#close(counts, this.#index + 1);
    const points = new Map(this.#points.map((point) => [point.index, point]));
    const indexes = [...new Set([...points.keys(), ...this.#judged.keys()])].sort((one, other) => one - other);
    let alive = 0;
    return indexes.map((index) => {
      const point = points.get(index) ?? { index, alive, kills: 0, wills: 0, latencies: {} };
      alive = point.alive;
      return { ...point, ...judgedCounts(this.#judged.get(index)) };
    });
  }

  #close({ alive, kills, wills }: SeriesCounts, next: number): void {
    const latencies = Object.fromEntries(
      [...this.#latencies].map(([mode, histogram]) => [mode, histogram.encodeShort()]),
    );
    this.#points.push({
      ...{ index: this.#index, alive, kills: kills - this.#kills, wills: wills - this.#wills, latencies },
      ...this.#broker.count > 0 && { broker: this.#broker.encodeShort() },
    });
    this.#index = next;
    this.#kills = kills;
    this.#wills = wills;
    this.#latencies = new Map();
    if (this.#broker.count > 0) this.#broker = new Histogram();
  }
}

/** The judged counts of a stretch as its data has them. */
function judgedCounts(
  { expected = 0, onTime: _, ...faults }: SomeWills = {},
): Pick<SeriesData, "due" | "faults"> {
  return { ...expected > 0 && { due: expected }, ...Object.keys(faults).length > 0 && { faults } };
}

/** The stretches of all squads as one series. A squad without data on a stretch has as many clients alive as before. */
export function mergeSeries(squads: readonly (readonly SeriesData[])[], durationMs: number): SeriesPoint[] {
  const last = Math.max(-1, ...squads.map((points) => points.at(-1)?.index ?? -1));
  const points: SeriesPoint[] = [];
  const alive = squads.map(() => 0);
  const next = squads.map(() => 0);
  for (let index = 0; index <= last; index++) {
    const sum = new StretchSum();
    squads.forEach((data, squad) => {
      const point = data[next[squad]!];
      if (point?.index !== index) return;
      next[squad]!++;
      alive[squad] = point.alive;
      sum.add(point);
    });
    points.push(sum.point((index + 1) * stretchMs(durationMs), alive.reduce((all, each) => all + each, 0)));
  }
  return points;
}

/** Several reports' series as one: of parts of one run, which have stretches of one length. */
export function joinSeries(parts: readonly (readonly SeriesPoint[])[], durationMs: number): SeriesPoint[] {
  const stretch = stretchMs(durationMs);
  const data = parts.map((points) =>
    points.map(({ atMs, alive, kills, wills, due, faults, byMode, broker }): SeriesData => {
      const latencies = Object.fromEntries(Object.entries(byMode).map(([mode, { hdr }]) => [mode, hdr]));
      const judged = { ...due !== undefined && { due }, ...faults && { faults } };
      return {
        index: Math.round(atMs / stretch) - 1,
        alive,
        kills,
        wills,
        ...judged,
        latencies,
        ...broker && { broker: broker.hdr },
      };
    })
  );
  const joined = mergeSeries(data, durationMs);
  return parts.every((points) => points.every(({ due }) => due !== undefined)) ? joined : joined.map(withoutDue);
}

/** A point whose due wills not every part has counted. */
function withoutDue({ due: _, faults: __, ...point }: SeriesPoint): SeriesPoint {
  return point;
}

/** One stretch, summed over squads. */
class StretchSum {
  /** The encoded latencies of each squad. */
  readonly #byMode = new Map<string, string[]>();
  /** Undefined once a part without it was added: a report of an earlier version. */
  #broker: string[] | undefined = [];
  #kills = 0;
  #wills = 0;
  #due = 0;
  readonly #faults: Partial<WillCounts> = {};

  add({ kills, wills, due = 0, faults = {}, latencies, broker }: SeriesData): void {
    if (broker !== undefined) this.#broker?.push(broker);
    else if (Object.keys(latencies).length > 0) this.#broker = undefined;
    this.#kills += kills;
    this.#wills += wills;
    this.#due += due;
    addSome(this.#faults, faults);
    for (const [mode, encoded] of Object.entries(latencies)) {
      const all = this.#byMode.get(mode);
      if (all === undefined) this.#byMode.set(mode, [encoded]);
      else all.push(encoded);
    }
  }

  point(atMs: number, alive: number): SeriesPoint {
    const latencies = new Map([...this.#byMode].map(([mode, texts]) => [mode, Histogram.ofEncoded(texts)]));
    const all = new Histogram();
    for (const histogram of latencies.values()) all.merge(histogram);
    const { p50, p99, max } = figures(all);
    const byMode = Object.fromEntries(killModes.flatMap((mode) => {
      const histogram = latencies.get(mode);
      return histogram === undefined ? [] : [[mode, latencyOf(histogram)]];
    }));
    const ofBroker = Histogram.ofEncoded(this.#broker ?? []);
    const broker = ofBroker.count > 0 ? { broker: latencyOf(ofBroker) } : {};
    const faults: SeriesFaults = this.#faults;
    const hasFaults = Object.keys(faults).length > 0;
    const counts = { kills: this.#kills, wills: this.#wills, due: this.#due, ...hasFaults && { faults } };
    return { atMs, alive, ...counts, p50, p99, max, ...broker, byMode };
  }
}

function latencyOf(histogram: Histogram): SeriesLatency {
  return { count: histogram.count, ...figures(histogram), hdr: histogram.encodeShort() };
}

function figures(histogram: Histogram): { p50: number; p99: number; max: number } {
  return { p50: histogram.percentile(50), p99: histogram.percentile(99), max: histogram.max };
}
