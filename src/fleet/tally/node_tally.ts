/**
 * Counts wills by the node on which a client died and the node of the watcher: sums, so that those of all squads merge
 * into one. Kept only where a plan has nodes.
 */
import type { Life } from "../life/life.ts";
import type { Judgement } from "../oracle/expectation.ts";
import { watcherNodeOf } from "../plan/cluster_node.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { NodeCell, NodeCellData, NodeCounts } from "../result/group_result.ts";
import { BothLatencies } from "./latency_tally.ts";

export class NodeTally {
  readonly #cells = new Map<string, { readonly counts: NodeCounts; readonly latency: BothLatencies }>();

  /** @param lateAfterMs a will that was later and yet on time waited for a node: its latency is no property of the route */
  #add(from: string, at: string, lateAfterMs: number, judgement: Judgement): void {
    const { expectation, verdict, answer, duplicates } = judgement;
    const { counts, latency } = this.#cell(from, at);
    counts.duplicates += duplicates;
    if (expectation.kind !== "one" || verdict === undefined || verdict === "unseeable") return;
    counts.due++;
    if (verdict === "missing") counts.missing++;
    else {
      counts.seen++;
      const { latencyFromMs, dueMs } = expectation;
      const latencyMs = answer!.atMs - latencyFromMs;
      if (verdict === "onTime" && latencyMs > lateAfterMs) return;
      latency.record(Math.max(0, latencyMs), Math.max(0, answer!.atMs - dueMs));
    }
  }

  /** A life is over: its will as the watchers of each node saw it. */
  close(plan: FleetPlan, { bucket, node, end }: Life, byCopy: readonly Judgement[]): void {
    if (end === undefined) return;
    const nameOf = (at: number) => plan.nodes![at]!.name;
    byCopy.forEach((judgement, copy) =>
      this.#add(nameOf(node!), nameOf(watcherNodeOf(plan, bucket, copy)), plan.lateAfterMs, judgement)
    );
  }

  #cell(from: string, at: string) {
    const key = `${from} ${at}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { counts: { due: 0, seen: 0, missing: 0, duplicates: 0 }, latency: new BothLatencies() };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  /** This tally as plain data. */
  data(): NodeCellData[] {
    return [...this.#cells].map(([key, { counts, latency }]) => {
      const [from, at] = key.split(" ");
      return { from: from!, at: at!, ...counts, ...latency.data() };
    });
  }

  /** Adds another squad's tally to this one. */
  merge(data: readonly NodeCellData[]): void {
    for (const { from, at, ...more } of data) {
      const { counts, latency } = this.#cell(from, at);
      for (const name of ["due", "seen", "missing", "duplicates"] as const) counts[name] += more[name];
      latency.merge(more);
    }
  }

  /**
   * A cell for each pair of nodes, in their order.
   *
   * @param isApart without the pairs of a node with itself: no client is on the node of its watcher
   */
  cells(names: readonly string[], isApart = false): NodeCell[] {
    return names.flatMap((from) =>
      names.filter((at) => !isApart || at !== from).map((at) => {
        const { counts, latency } = this.#cell(from, at);
        return { from, at, ...counts, ...latency.rows() };
      })
    );
  }
}
