/**
 * Retained wills that a late subscriber found, and their counts: plain data.
 */
import type { WillMark } from "../life/life.ts";

/** What a late subscriber found. */
export interface RetainedCounts {
  expected: number;
  right: number;
  /** Another will than the last, or not marked as retained. */
  wrong: number;
  missing: number;
}

/** A retained message that was found: whose will it says it is, and whether it is marked as retained. */
export interface FoundWill {
  readonly mark: WillMark | undefined;
  readonly retain: boolean;
}
