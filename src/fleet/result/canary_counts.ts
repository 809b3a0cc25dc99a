/**
 * How the canaries of a run fared, as counts.
 */

/** How the canaries of a run went. */
export interface CanaryCounts {
  /** Control messages. */
  total: number;
  /** A watcher did not see a message that was published for it to see. */
  blind: number;
  /** The message was seen, the will of the client that was then killed never was. */
  lost: number;
  /** Wills that came altered, late, or more than once; absent where there is none. */
  altered?: number;
  /** Wills of canaries that were late. */
  late?: number;
  /** Wills of canaries that came again. */
  duplicate?: number;
  /** Wills that went wrong as the plan's profile says; absent where there is none. */
  deviating?: number;
}

/** Counts with nothing in them. */
export function noCanaries(): CanaryCounts {
  return { total: 0, blind: 0, lost: 0 };
}

/** Adds `more` to `sum`. */
export function addCanaries(sum: CanaryCounts, more: CanaryCounts): void {
  for (const [name, count] of Object.entries(more) as [keyof CanaryCounts, number][]) {
    sum[name] = (sum[name] ?? 0) + count;
  }
}

/** How many wills of canaries went wrong. */
export function canaryFaultsIn({ lost, altered = 0, late = 0, duplicate = 0 }: CanaryCounts): number {
  return lost + altered + late + duplicate;
}

/** How far a control came: its message was not seen, its will was not, or both were. */
export type CanarySight = "nothing" | "message" | "both";
