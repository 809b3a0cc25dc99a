/**
 * Results of each group of clients: plain sums, so that those of all squads merge into one. Kept only where a plan has
 * groups. Each count here is one of the tally's own, for the group of its client.
 */
import type { GroupCounts, GroupData, GroupResult } from "../result/group_result.ts";
import { addCounts, noCounts } from "../result/will_counts.ts";
import { BothLatencies } from "./latency_tally.ts";

function noGroup(): GroupCounts {
  return { connected: 0, kills: 0, ...noCounts(), presenceWrong: 0 };
}

export class GroupTally {
  readonly #groups = new Map<string | undefined, { readonly counts: GroupCounts; readonly latency: BothLatencies }>();

  /** The counts of one group, made on the first request. */
  of(name: string | undefined): GroupCounts {
    return this.#group(name).counts;
  }

  recordLatency(name: string, latencyMs: number, brokerMs: number): void {
    this.#group(name).latency.record(latencyMs, brokerMs);
  }

  #group(name: string | undefined) {
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, group = { counts: noGroup(), latency: new BothLatencies() });
    return group;
  }

  /** This tally as plain data. */
  data(): GroupData[] {
    return [...this.#groups].map(([name, { counts, latency }]) => ({
      ...name !== undefined && { name },
      ...counts,
      ...latency.data(),
    }));
  }

  /** Adds another squad's tally to this one. */
  merge(data: readonly GroupData[]): void {
    for (const { name, ...more } of data) {
      const { counts, latency } = this.#group(name);
      addCounts(counts, more);
      for (const own of ["connected", "kills", "presenceWrong"] as const) counts[own] += more[own];
      latency.merge(more);
    }
  }

  /** A row for each group of a plan, in its order, and one for wills without a known client where there are any. */
  rows(names: readonly string[]): GroupResult[] {
    const all = [...names, ...this.#groups.has(undefined) ? [undefined] : []];
    return all.map((name) => {
      const { counts, latency } = this.#group(name);
      return { ...name !== undefined && { name }, ...counts, ...latency.rows() };
    });
  }
}
