/** What a coordinator needs of its owner, and what its owner learns of the end of the run. */
import type { Notice } from "../fleet/result/result.ts";
import type { RunLimits } from "./limits.ts";
import type { Beat, PartsTask, ToPart } from "./message.ts";

/** The actions of the coordinator, carried out by its owner. */
export interface CoordinatorHost {
  beat(beat: Beat): void;
  answer(id: string, message: ToPart): void;
  /** Looks for the stored report of a part; calls `found` when there is one, and nothing otherwise. */
  seek(part: number): void;
  /** Carries out an action on the broker, by its number; then calls `acted`. */
  act(step: number): void;
  notice(notice: Notice): void;
}

/** The settings of a coordinator. */
export interface CoordinatorOptions {
  /** The number of parts. */
  readonly parts: number;
  readonly version: string;
  readonly task: PartsTask;
  readonly limits: RunLimits;
  /** The number of actions on the broker that the plan has. */
  readonly steps: number;
  /** True where the run goes on after these losses during the kills. No loss is allowed when absent. */
  allows?(losses: LostParts): boolean;
}

/** Numbers of parts that did not carry out the plan. */
export interface LostParts {
  /** Parts that ended early or began to kill too late. */
  readonly voids: number;
  /** Parts without a report. */
  readonly lost: number;
}

/** How the run ended, apart from the findings of its parts. */
export interface RunEnd {
  /** Why the run is void, unless a part proves a fault; absent where each part carried out the plan. */
  readonly why?: string;
  /** No part of the run was possible: the exit code is that of bad usage. */
  readonly usage?: true;
}
