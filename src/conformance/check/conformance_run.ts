/**
 * What a check is asked for, and what it calls.
 */
import type { Endpoint } from "../../net/endpoint.ts";
import type { EngineChoice } from "../../net/engine.ts";
import type { Deviation } from "../../profiles/profile.ts";
import type { ConformanceCase } from "../case/case.ts";
import type { CaseResult } from "../case/result.ts";
import type { Selection } from "./select.ts";
import type { CheckLogin } from "../stage/stage.ts";
import type { World } from "../model/world.ts";

/** Deviations that a broker documents; as much of a profile as a check needs. */
export interface DeviationProfile {
  readonly name: string;
  readonly deviations: readonly (Pick<Deviation, "id"> & Partial<Pick<Deviation, "rules" | "signs" | "shows">>)[];
}

/** What is to be run, and on what. */
export interface ConformanceRun extends Selection {
  readonly target: Endpoint;
  readonly login?: CheckLogin | undefined;
  /** Multiplies every time bound; 1 if not given. */
  readonly slack?: number | undefined;
  /** Cases at a time; 40 if not given. */
  readonly parallel?: number | undefined;
  /** A topic that the login may subscribe to and not publish to. */
  readonly deniedTopic?: string | undefined;
  readonly profile?: DeviationProfile | undefined;
  /** What carries the probes' TCP; `auto` if not given. */
  readonly engine?: EngineChoice | undefined;
  /** In place of the catalog. */
  readonly cases?: readonly ConformanceCase[];
}

/** What a run calls and is called by. */
export interface ConformanceHooks {
  /** Told of each case as it is done. */
  readonly onCase?: (result: CaseResult, done: number, total: number) => void;
  /** Restarts the broker; fulfilled when it accepts connections again. Cases that need it are not testable without. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Its `abort` begins no further case; what runs is called off. */
  readonly interrupt?: AbortSignal;
  /** In place of the real one, for tests. */
  readonly world?: World;
}
