/**
 * Counts of wills by their verdict: plain sums.
 */
import type { HistogramRow } from "../../base/histogram.ts";
import type { EndMode } from "../life/life.ts";

/** Wills by result of some lives. */
export interface WillCounts {
  /** Wills that were due: each has one of the next five as its verdict. */
  expected: number;
  /** Came once it was due, and no later than `lateAfterMs`. */
  onTime: number;
  /** Wills that were late. */
  late: number;
  /** Came before it was due, though the life was over. */
  early: number;
  /** Wills that did not come. */
  missing: number;
  /** Came, but with another topic, payload, QoS, retain flag or property than was asked for. */
  altered: number;
  /** Came again: one for each time too many. */
  duplicate: number;
  /** What went wrong as the plan's profile says that its broker does: in none of the counts above but `expected`. */
  deviating: number;
  /** Came where none was due: after a proper DISCONNECT, a resumed session, for a living client, for nobody we know. */
  unwanted: number;
}

/** Kills of one mode and what became of their wills. */
export interface ModeCounts extends WillCounts {
  /** Lives that ended by this mode. */
  kills: number;
}

/** A distribution of milliseconds. */
export type LatencyRow = HistogramRow;

/** What lives are counted under: the kill modes, a restart of the broker, and those whom nobody killed. */
export type TallyMode = EndMode | "alive";

/** Counts with nothing in them. */
export function noCounts(): WillCounts {
  return { expected: 0, onTime: 0, late: 0, early: 0, missing: 0, altered: 0, duplicate: 0, unwanted: 0, deviating: 0 };
}

/** Adds `more` to `sum`, count by count. */
export function addCounts(sum: WillCounts, more: WillCounts): void {
  for (const name of Object.keys(noCounts()) as (keyof WillCounts)[]) sum[name] += more[name];
}

/** How many of these wills went wrong. */
export function faultsIn(counts: WillCounts): number {
  return counts.late + counts.early + counts.missing + counts.altered + counts.duplicate + counts.unwanted;
}

/** The counts as plain data. */
export interface LatencyBucketCounts {
  /** One for each range of `bucketEndsMs`, and one for what is beyond. */
  readonly counts: readonly number[];
  /** The sum of all latencies, in milliseconds. */
  readonly sumMs: number;
}

/** Messages that came again, in a resumed session, under their packet identifiers. */
export interface RedeliveryCounts {
  /** Messages that came again in a resumed session. */
  readonly total: number;
  /** Those that did not say so by DUP, as they must: MQTT 3.1.1 and 5.0, 3.3.1-1. */
  readonly withoutDup: number;
}
