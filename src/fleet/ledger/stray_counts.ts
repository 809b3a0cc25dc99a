/**
 * Wills that arrive after the judgement of their life. Several watchers receive the same will, or some of them: in a
 * cluster, a duplicate may reach the watchers of one node alone.
 */
import type { Sighting } from "./ledger_entry.ts";
import { keyOf } from "./ledger_entry.ts";

export class StrayCounts {
  /** By life, how many such wills each watcher has received. */
  readonly #seen = new Map<number, number[]>();

  /** Whether no other watcher has received this will before; of a will without a mark, whether it is the first watcher. */
  isFirst({ mark, copy }: Sighting): boolean {
    if (mark === undefined) return copy === 0;
    const key = keyOf(mark.client, mark.incarnation);
    let counts = this.#seen.get(key);
    if (counts === undefined) this.#seen.set(key, counts = []);
    const before = counts.reduce((most, count) => Math.max(most, count ?? 0), 0);
    counts[copy] = (counts[copy] ?? 0) + 1;
    return counts[copy] > before;
  }
}
