/**
 * Messages between the thread of the fleet and the thread of a squad.
 */
import type { LifeRow } from "../ledger/life_row.ts";
import type { FaultBatch } from "../result/fault_sample.ts";
import type { Progress } from "../result/result.ts";
import type { SquadResult, SquadTask } from "../result/squad_task.ts";

/** Messages to the thread of a squad. */
export type ToSquad =
  | { readonly type: "start"; readonly task: SquadTask }
  | { readonly type: "go"; readonly killMs?: number | undefined }
  | { readonly type: "written"; readonly length: number }
  | { readonly type: "stepDone" }
  | { readonly type: "giveUp"; readonly sentence: string }
  | { readonly type: "interrupt" };

/** The reports of a squad's thread. */
export type FromSquad =
  | { readonly type: "ready" }
  | { readonly type: "atStep"; readonly step: number }
  | { readonly type: "progress"; readonly progress: Progress }
  | { readonly type: "lives"; readonly rows: readonly LifeRow[] }
  | { readonly type: "faults"; readonly batch: FaultBatch }
  | { readonly type: "record"; readonly lines: string }
  | { readonly type: "kick"; readonly clientId: string }
  | { readonly type: "done"; readonly result: SquadResult }
  | { readonly type: "failed"; readonly message: string };
