/**
 * Counts of a profile's deviations: plain data.
 */
import type { Deviation } from "../../profiles/profile.ts";
import type { FaultSample } from "./fault_sample.ts";

/** What one deviation came to. */
export interface DeviationCounts {
  /** Lives in which it could have shown. */
  lives: number;
  /** Faults that it describes. */
  seen: number;
  /** The first of them, for people. */
  readonly samples: FaultSample[];
}

/** The whole as it crosses a thread. */
export interface DeviationData {
  readonly byId: Readonly<Record<string, DeviationCounts>>;
  readonly described: Readonly<Record<string, number>>;
}

/** What a run found of the profile that was asked for: plain data. */
export interface ProfileFindings {
  /** The name of the profile. */
  readonly name: string;
  /** The broker that it describes. */
  readonly broker: string;
  /** The versions that it describes. */
  readonly versions: string;
  /** Those that a fleet can see. */
  readonly deviations: readonly (Pick<Deviation, "id" | "rules" | "what" | "evidence" | "source"> & DeviationCounts)[];
}
