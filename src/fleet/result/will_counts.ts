/**
 * Counts of wills by their verdict: plain sums.
 */
import type { HistogramRow } from "../../base/histogram.ts";
import type { EndMode } from "../life/life.ts";

/** Wills by result of some lives. */
export interface WillCounts {
  /** Wills that were due: each has one of the next five as its verdict. */
  expected: number;
  /** Arrived once it was due, and no later than `lateAfterMs`. */
  onTime: number;
  /** Wills that were late. */
  late: number;
  /** Arrived before it was due, though the life was over. */
  early: number;
  /** Wills that did not arrive. */
  missing: number;
  /** Arrived, but with a topic, payload, QoS, retain flag or property that the client did not request. */
  altered: number;
  /** Arrived again: one for each time too many. */
  duplicate: number;
  /** Faults that the plan's profile describes for its broker: in none of the counts above but `expected`. */
  deviating: number;
  /** Arrived where none was due: after a proper DISCONNECT, a resumed session, for an online or an unknown client. */
  unwanted: number;
}

/** Kills of one mode and the counts of their wills. */
export interface ModeCounts extends WillCounts {
  /** Lives that ended by this mode. */
  kills: number;
}

/** A distribution of milliseconds. */
export type LatencyRow = HistogramRow;

/** The rows of the counts of lives: the kill modes, a restart of the broker, and the clients without a kill. */
export type TallyMode = EndMode | "alive";

/** Empty counts. */
export function noCounts(): WillCounts {
  return { expected: 0, onTime: 0, late: 0, early: 0, missing: 0, altered: 0, duplicate: 0, unwanted: 0, deviating: 0 };
}

/** Adds `more` to `sum`, count by count. */
export function addCounts(sum: WillCounts, more: WillCounts): void {
  for (const name of Object.keys(noCounts()) as (keyof WillCounts)[]) sum[name] += more[name];
}

/** Counts of a few wills; an absent one is 0. */
export type SomeWills = Readonly<Partial<WillCounts>>;

/** Adds counts of which some are absent. */
export function addSome(sum: Partial<WillCounts>, more: SomeWills): void {
  for (const key in more) {
    const name = key as keyof WillCounts;
    sum[name] = (sum[name] ?? 0) + more[name]!;
  }
}

/** The number of faulty wills among these. */
export function faultsIn(counts: WillCounts): number {
  return counts.late + counts.early + counts.missing + counts.altered + counts.duplicate + counts.unwanted;
}

/** The counts as plain data. */
export interface LatencyBucketCounts {
  /** One for each range of `bucketEndsMs`, and one for the latencies beyond. */
  readonly counts: readonly number[];
  /** The sum of all latencies, in milliseconds. */
  readonly sumMs: number;
}

/** Messages that arrived again, in a resumed session, under their packet identifiers. */
export interface RedeliveryCounts {
  /** Messages that arrived again in a resumed session. */
  readonly total: number;
  /** Those without the DUP flag, which they must have: MQTT 3.1.1 and 5.0, 3.3.1-1. */
  readonly withoutDup: number;
}
