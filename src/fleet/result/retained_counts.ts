/**
 * Retained wills that a late subscriber found, and their counts: plain data.
 */
import type { WillMark } from "../life/life.ts";

/** The findings of a late subscriber. */
export interface RetainedCounts {
  expected: number;
  right: number;
  /** Another will than the last, or not marked as retained. */
  wrong: number;
  missing: number;
}

/** A retained message that a late subscriber found: the life that it names, and whether it has the retain flag. */
export interface FoundWill {
  readonly mark: WillMark | undefined;
  readonly retain: boolean;
}
