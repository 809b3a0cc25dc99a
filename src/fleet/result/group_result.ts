/**
 * Counts and latencies of one group of clients: plain data.
 */
import type { LatencyRow, ModeCounts } from "./will_counts.ts";

/** The counts of one group. */
export interface GroupCounts extends ModeCounts {
  /** Clients with at least one connection. */
  connected: number;
  /** Wrong states of presence that a late subscriber found. */
  presenceWrong: number;
}

/** One group's counts in a message between threads, with the latencies of its wills, encoded. */
export interface GroupData extends GroupCounts {
  /** Absent for wills without a known client. */
  readonly name?: string;
  readonly hdr: string;
}

/** A group in a result. */
export interface GroupResult extends GroupCounts {
  /** Absent for wills without a known client. */
  readonly name?: string;
  /** The latency of the wills of the group. */
  readonly latencyMs: LatencyRow;
}
