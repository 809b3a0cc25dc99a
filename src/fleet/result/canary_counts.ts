/**
 * How the canaries of a run fared, as counts.
 */

/** The counts of the canaries of a run. */
export interface CanaryCounts {
  /** Canary messages. */
  total: number;
  /** A watcher did not receive a message that a canary published for it. */
  blind: number;
  /** The watcher received the message, but never the will of the client that the fleet then killed. */
  lost: number;
  /** Wills that arrived altered, late, or more than once; absent where there is none. */
  altered?: number;
  /** Wills of canaries that were late. */
  late?: number;
  /** Wills of canaries that arrived again. */
  duplicate?: number;
  /** Faults of wills that the plan's profile describes; absent where there is none. */
  deviating?: number;
}

/** Empty counts. */
export function noCanaries(): CanaryCounts {
  return { total: 0, blind: 0, lost: 0 };
}

/** Adds `more` to `sum`. */
export function addCanaries(sum: CanaryCounts, more: CanaryCounts): void {
  for (const [name, count] of Object.entries(more) as [keyof CanaryCounts, number][]) {
    sum[name] = (sum[name] ?? 0) + count;
  }
}

/** The number of faulty wills of canaries. */
export function canaryFaultsIn({ lost, altered = 0, late = 0, duplicate = 0 }: CanaryCounts): number {
  return lost + altered + late + duplicate;
}

/** The arrivals of a canary: neither its message nor its will, the message alone, or both. */
export type CanarySight = "nothing" | "message" | "both";
