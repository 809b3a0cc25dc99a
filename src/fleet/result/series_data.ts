/**
 * Counts of a run by interval of time: plain data.
 */
import type { KillMode } from "../plan/kill_mode.ts";
import type { WillCounts } from "./will_counts.ts";

/** Wills that went wrong, by kind; only the kinds that occurred. */
export type SeriesFaults = Readonly<Partial<Record<Exclude<keyof WillCounts, "expected" | "onTime">, number>>>;

/** One stretch of a run. Latency is of the wills that arrived in it. */
export interface SeriesPoint {
  /** Its end, in milliseconds since the run began. */
  readonly atMs: number;
  /** Clients alive at its end. */
  readonly alive: number;
  /** Kills and arrivals in it. */
  readonly kills: number;
  /** Wills that arrived in this second. */
  readonly wills: number;
  /** Wills that were due in it, one for each life; absent in a report of an earlier version. */
  readonly due?: number;
  /** Wills that were due in it, or arrived without being due, and went wrong; absent without any. */
  readonly faults?: SeriesFaults;
  /** Milliseconds; 0 when no will arrived. */
  readonly p50: number;
  /** 99 % of the values are at most this, in milliseconds. */
  readonly p99: number;
  /** The largest value, in milliseconds. */
  readonly max: number;
  /** From the completed kill, of all modes; absent without arrivals, and in a report of an earlier version. */
  readonly broker?: SeriesLatency;
  /** The same by kill mode; only the modes with arrivals. */
  readonly byMode: Readonly<Partial<Record<KillMode, SeriesLatency>>>;
}

/** How long the wills of one kill mode, or of all, took in one stretch: milliseconds. */
export interface SeriesLatency {
  /** Wills that arrived in this second. */
  readonly count: number;
  /** The median, in milliseconds. */
  readonly p50: number;
  /** 99 % of the values are at most this, in milliseconds. */
  readonly p99: number;
  /** The largest value, in milliseconds. */
  readonly max: number;
  /** The whole HdrHistogram of microseconds, compressed, in its standard base64 encoding. */
  readonly hdr: string;
}

/** A stretch as it crosses a thread. */
export interface SeriesData {
  /** Which stretch it is, from 0. */
  readonly index: number;
  readonly alive: number;
  readonly kills: number;
  readonly wills: number;
  /** Wills that were due in it; absent for none. */
  readonly due?: number;
  /** Wills of it that went wrong; absent for none. */
  readonly faults?: SeriesFaults;
  /** HdrHistograms of the latencies, encoded, by kill mode; none without arrivals. */
  readonly latencies: Readonly<Record<string, string>>;
  /** The same of all modes from the completed kill; absent without arrivals, and in a report of an earlier version. */
  readonly broker?: string;
}
