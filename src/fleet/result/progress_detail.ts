/**
 * The counts of a run in progress that its metrics show: plain data, only where a view requests it. Every will that was
 * due has one verdict or is open, so that `due` is the sum of `verdicts` and `open` at each instant.
 */
import type { ClientCounters } from "./client_counters.ts";
import type { LatencyBucketCounts, TallyMode } from "./will_counts.ts";

/** The outcomes of a will that was due. */
export const dueVerdicts = [
  ...["onTime", "late", "early", "missing", "altered"] as const,
  /** A fault that the plan's profile describes. */
  "deviating",
  /** Due during an absence of its watcher, and not received. */
  "unseeable",
  /** The watch ended before the decision. */
  "undecided",
  /** Due at first; by a later event the standard allows a will and none. */
  "optional",
] as const;

/** The outcome of a will that was due. */
export type DueVerdict = typeof dueVerdicts[number];

/** Wills beyond those that were due. */
export const surplusKinds = ["duplicate", "unwanted", "deviating"] as const;

/** The kind of a will beyond those that were due. */
export type SurplusKind = typeof surplusKinds[number];

/** The counts of the lives that ended in one way. */
export interface ModeDetail {
  /** Kills of this mode; 0 for lives that the fleet did not kill. */
  readonly kills: number;
  /** Wills that have become due. */
  readonly due: number;
  /** Of these, the wills without a verdict: not received, or received so lately that a duplicate may follow. */
  readonly open: number;
  /** The others. */
  readonly verdicts: Readonly<Record<DueVerdict, number>>;
  /** Wills beyond those that were due, by kind. */
  readonly surplus: Readonly<Record<SurplusKind, number>>;
  /** Kill-to-will times, from the scheduled instant of the kill. */
  readonly latency: LatencyBucketCounts;
  /** The same from the completed kill. */
  readonly brokerLatency: LatencyBucketCounts;
}

/** The counts of a run in progress. */
export interface ProgressDetail {
  /** By kill mode, `restart`, and `alive` for lives without an end. */
  readonly byMode: Readonly<Partial<Record<TallyMode, ModeDetail>>>;
  /** Open wills that are late already. */
  readonly overdue: number;
  /** The counts of the clients. */
  readonly counters: Readonly<ClientCounters>;
  /** From the dial to CONNACK, reconnects too. */
  readonly connects: LatencyBucketCounts;
  /** From the due instant of a kill to its execution. */
  readonly slip: LatencyBucketCounts;
}
