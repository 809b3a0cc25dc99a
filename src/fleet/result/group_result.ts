/**
 * Counts and latencies of one group of clients, and of one pair of nodes of a cluster: plain data.
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
  /** From the completed kill; absent in a report of an earlier version. */
  readonly brokerHdr?: string;
}

/** A group in a result. */
export interface GroupResult extends GroupCounts {
  /** Absent for wills without a known client. */
  readonly name?: string;
  /** The latency of the wills of the group. */
  readonly latencyMs: LatencyRow;
  /** The same from the completed kill; absent in a report of an earlier version. */
  readonly brokerLatencyMs?: LatencyRow;
}

/** The counts of one cell. */
export interface NodeCounts {
  /** Wills that were due at the watchers of this cell. */
  due: number;
  /** Wills that arrived, on time or not. */
  seen: number;
  /** Wills that were due and did not arrive. */
  missing: number;
  /** Wills that arrived more than once. */
  duplicates: number;
}

/** One cell in a message between threads, with its latencies, encoded. */
export interface NodeCellData extends NodeCounts {
  /** The name of the node on which the client's connection ended. */
  readonly from: string;
  /** The name of the node of the watcher. */
  readonly at: string;
  readonly hdr: string;
  /** From the completed kill; absent in a report of an earlier version. */
  readonly brokerHdr?: string;
}

/** One cell in a result. */
export interface NodeCell extends NodeCounts {
  /** The name of the node on which the client's connection ended. */
  readonly from: string;
  /** The name of the node of the watcher. */
  readonly at: string;
  /** The latency of the wills that this cell has seen. */
  readonly latencyMs: LatencyRow;
  /** The same from the completed kill; absent in a report of an earlier version. */
  readonly brokerLatencyMs?: LatencyRow;
}

/** Sentences on each pair of nodes between which no will came. */
export function severedTexts(cells: readonly NodeCell[] = []): string[] {
  return cells.filter(({ due, seen }) => due > 0 && seen === 0)
    .map(({ from, at, due }) =>
      `wills of node ${from} never reach node ${at}: 0 of ${due} wills due there arrived at its watchers`
    );
}
