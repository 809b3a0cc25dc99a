/**
 * The hooks that the caller of a fleet provides.
 */
import type { OutageRunner, RestartBroker } from "./outage_commands.ts";
import type { EngineName } from "../../net/engine.ts";
import type { LifeRow } from "../ledger/life_row.ts";
import type { FaultBatch } from "../result/fault_sample.ts";
import type { Notice, Progress } from "../result/result.ts";
import type { RecordSink } from "../recording/run_record.ts";

/** The beginning of a run. */
export interface RunStart {
  /** The engine of its links. */
  readonly engine: EngineName;
  /** The instant from which timelines count, in milliseconds since 1970. */
  readonly startMs: number;
}

/** Callbacks during a run, and the signal that stops it. */
export interface FleetHooks {
  /** Receives the progress of the run, a few times a second. */
  onProgress(progress: Progress): void;
  /** A line for people, once, as it happens. */
  onNotice(notice: Notice): void;
  /** True where the progress has to have the counts for metrics. */
  readonly detail?: boolean;
  /** The fleet is about to look at the broker. */
  onStart?(start: RunStart): void;
  /** Receives every fault, some at a time; the result keeps samples alone. */
  onFaults?(batch: FaultBatch): void;
  /** Receives every judged life, some at a time; the result does not keep them. */
  onLives?(rows: readonly LifeRow[]): void;
  /**
   * Its first `abort` ends the run early: wills on their way are waited for up to 2 s, and the result is whole.
   */
  readonly interrupt?: AbortSignal;
  /** Ends the run early when it returns why, as `interrupt` does; the verdict is then that of the findings. */
  abortOn?(progress: Progress): string | undefined;
  /**
   * All clients are connected: resolves to the instant, by the monotonic clock, at which killing may begin. Processes of
   * one run wait here for each other. Killing begins at once when absent.
   */
  readonly gate?: () => Promise<number>;
  /** Once this aborts too, the run waits no longer. */
  readonly stop?: AbortSignal;
  /** Receives a recording of every event, where the caller requests one. */
  readonly record?: RecordSink;
  /** Restarts the broker where the plan has phases for it and no command. */
  readonly restartBroker?: RestartBroker;
  /** Carries out the actions on the broker and its nodes, where another process has their commands. */
  readonly outage?: OutageRunner;
  /** Has the broker end the connection of a client, where the plan has kill mode kicked and no command. */
  readonly disconnectClient?: (clientId: string) => Promise<unknown>;
}
