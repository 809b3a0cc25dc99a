/**
 * Counts wills by the node on which a client died and the node of the watcher: sums, so that those of all squads merge
 * into one. Kept only where a plan has nodes.
 */
import { Histogram } from "../../base/histogram.ts";
import type { Life } from "../life/life.ts";
import type { Judgement } from "../oracle/expectation.ts";
import { nodeOf, watcherNodeOf } from "../plan/cluster_node.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { NodeCell, NodeCellData, NodeCounts } from "../result/group_result.ts";

export class NodeTally {
  readonly #cells = new Map<string, { readonly counts: NodeCounts; readonly latency: Histogram }>();

  #add(from: string, at: string, { expectation, verdict, answer, duplicates }: Judgement): void {
    const { counts, latency } = this.#cell(from, at);
    counts.duplicates += duplicates;
    if (expectation.kind !== "one" || verdict === undefined || verdict === "unseeable") return;
    counts.due++;
    if (verdict === "missing") counts.missing++;
    else {
      counts.seen++;
      latency.record(Math.max(0, answer!.atMs - expectation.latencyFromMs));
    }
  }

  /** A life is over: its will as the watchers of each node saw it. */
  close(plan: FleetPlan, { client, incarnation, end }: Life, byCopy: readonly Judgement[]): void {
    if (end === undefined) return;
    const from = plan.nodes![nodeOf(plan, client, incarnation)]!.name;
    byCopy.forEach((judgement, copy) => this.#add(from, plan.nodes![watcherNodeOf(plan, copy)]!.name, judgement));
  }

  #cell(from: string, at: string) {
    const key = `${from} ${at}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { counts: { due: 0, seen: 0, missing: 0, duplicates: 0 }, latency: new Histogram() };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  /** This tally as plain data. */
  data(): NodeCellData[] {
    return [...this.#cells].map(([key, { counts, latency }]) => {
      const [from, at] = key.split(" ");
      return { from: from!, at: at!, ...counts, hdr: latency.encode() };
    });
  }

  /** Adds another squad's tally to this one. */
  merge(data: readonly NodeCellData[]): void {
    for (const { from, at, hdr, ...more } of data) {
      const { counts, latency } = this.#cell(from, at);
      for (const name of ["due", "seen", "missing", "duplicates"] as const) counts[name] += more[name];
      latency.addEncoded(hdr);
    }
  }

  /** A cell for each pair of nodes, in their order. */
  cells(names: readonly string[]): NodeCell[] {
    return names.flatMap((from) =>
      names.map((at) => {
        const { counts, latency } = this.#cell(from, at);
        return { from, at, ...counts, latencyMs: latency.row() };
      })
    );
  }
}
