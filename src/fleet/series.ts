/**
 * A run over time: what happened in each stretch of it, in a bounded number of stretches.
 */
import { Histogram } from "../base/histogram.ts";

/** One stretch of a run. Latency is of the wills that came in it. */
export interface SeriesPoint {
  /** Its end, in milliseconds since the run began. */
  readonly atMs: number;
  /** Clients alive at its end. */
  readonly alive: number;
  /** Kills done and wills seen in it. */
  readonly kills: number;
  readonly wills: number;
  /** Milliseconds; 0 when no will came. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** A stretch as it crosses a thread. */
export interface SeriesData {
  /** Which stretch it is, from 0. */
  readonly index: number;
  readonly alive: number;
  readonly kills: number;
  readonly wills: number;
  /** HdrHistogram of the latencies, encoded; empty when there are none. */
  readonly latency: string;
}

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

/** Cuts a squad's counts into stretches as time goes by. */
export class Series {
  readonly #originMs: number;
  readonly #stretchMs: number;
  readonly #points: SeriesData[] = [];
  #index = 0;
  #kills = 0;
  #wills = 0;
  #latency = new Histogram();

  /** @param originMs the run's beginning, the same for all its squads */
  constructor(originMs: number, durationMs: number) {
    this.#originMs = originMs;
    this.#stretchMs = stretchMs(durationMs);
  }

  /** A will came, so long after its kill was due. */
  recordLatency(latencyMs: number): void {
    this.#latency.record(latencyMs);
  }

  /** Closes the stretch that is over by now, if one is. */
  advance(counts: SeriesCounts, nowMs: number): void {
    const index = Math.floor((nowMs - this.#originMs) / this.#stretchMs);
    if (index > this.#index) this.#close(counts, index);
  }

  /** Closes the last stretch and answers them all; those in which nothing happened are left out. */
  finish(counts: SeriesCounts): SeriesData[] {
    this.#close(counts, this.#index + 1);
    return this.#points;
  }

  #close({ alive, kills, wills }: SeriesCounts, next: number): void {
    const latency = this.#latency.count === 0 ? "" : this.#latency.encode();
    this.#points.push({ index: this.#index, alive, kills: kills - this.#kills, wills: wills - this.#wills, latency });
    this.#index = next;
    this.#kills = kills;
    this.#wills = wills;
    this.#latency = new Histogram();
  }
}

/** The stretches of all squads as one series. A squad that says nothing of a stretch is as alive as it was before. */
export function mergeSeries(squads: readonly (readonly SeriesData[])[], durationMs: number): SeriesPoint[] {
  const last = Math.max(-1, ...squads.map((points) => points.at(-1)?.index ?? -1));
  const points: SeriesPoint[] = [];
  const alive = squads.map(() => 0);
  const next = squads.map(() => 0);
  for (let index = 0; index <= last; index++) {
    const sum = { kills: 0, wills: 0, latency: new Histogram() };
    squads.forEach((data, squad) => {
      const point = data[next[squad]!];
      if (point?.index !== index) return;
      next[squad]!++;
      alive[squad] = point.alive;
      addPoint(sum, point);
    });
    points.push(seriesPoint((index + 1) * stretchMs(durationMs), alive.reduce((all, each) => all + each, 0), sum));
  }
  return points;
}

interface PointSum {
  kills: number;
  wills: number;
  readonly latency: Histogram;
}

function addPoint(sum: PointSum, { kills, wills, latency }: SeriesData): void {
  sum.kills += kills;
  sum.wills += wills;
  if (latency !== "") sum.latency.merge(Histogram.decode(latency));
}

function seriesPoint(atMs: number, alive: number, { kills, wills, latency }: PointSum): SeriesPoint {
  return { atMs, alive, kills, wills, p50: latency.percentile(50), p99: latency.percentile(99), max: latency.max };
}
