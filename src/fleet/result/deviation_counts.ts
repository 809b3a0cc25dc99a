/**
 * Counts of a profile's deviations: plain data.
 */
import type { Deviation } from "../../profiles/profile.ts";
import type { FaultSample } from "./fault_sample.ts";

/** The counts of one deviation. */
export interface DeviationCounts {
  /** Lives in which it could have appeared. */
  lives: number;
  /** Faults that it describes. */
  seen: number;
  /** The first of them, for people. */
  readonly samples: FaultSample[];
}

/** The counts in a message between threads. */
export interface DeviationData {
  readonly byId: Readonly<Record<string, DeviationCounts>>;
  readonly described: Readonly<Record<string, number>>;
}

/** The findings of a run on the plan's profile: plain data. */
export interface ProfileFindings {
  /** The name of the profile. */
  readonly name: string;
  /** The broker that it describes. */
  readonly broker: string;
  /** The versions that it describes. */
  readonly versions: string;
  /** Those that a fleet can observe. */
  readonly deviations: readonly (Pick<Deviation, "id" | "rules" | "what" | "evidence" | "source"> & DeviationCounts)[];
}
