/** The views of a run in progress, as the command sees them: the live page, the metrics and the export. */
import type { FaultBatch } from "../../fleet/result/fault_sample.ts";
import type { Notice, Progress } from "../../fleet/result/result.ts";
import type { RunStart } from "../../fleet/squad/fleet_hooks.ts";
import type { Report } from "../../report/model/report.ts";
import type { HttpAddress } from "../process/http_address.ts";

/** Views of one run. */
export interface RunViews {
  /** Where they are, for people. */
  readonly notices: readonly string[];
  /** True where a view needs the detail of the progress. */
  readonly detail: boolean;
  start(start: RunStart): void;
  progress(progress: Progress): void;
  /** Receives faults, where a view needs them. */
  readonly faults: ((batch: FaultBatch) => void) | undefined;
  /** The report replaces the live page in open browsers. */
  finish(report: Report): void;
  /**
   * Exports what is left, within a few seconds; returns the outcome for the user.
   *
   * @param stop aborts the export
   */
  flush(stop: AbortSignal): Promise<readonly Notice[]>;
  /** What the user is to know of {@link linger}; undefined where it does not wait. */
  readonly lingers: string | undefined;
  /** Serves the final metrics for the requested time, or until the signal aborts. */
  linger(ended: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Which views are wanted, and where. */
export interface ViewsAsked {
  readonly live?: HttpAddress | undefined;
  readonly metrics?: HttpAddress | undefined;
  /** How long the metrics are served after the end of the run, in milliseconds. */
  readonly metricsLinger?: number | undefined;
  /** The collector that receives metrics and traces. */
  readonly otlp?: URL | undefined;
  /** The file with the headers of requests to it. */
  readonly otlpHeaders?: string | undefined;
  /** The clients are in other processes, which report faults at the end alone. */
  readonly over?: object | undefined;
}

/** A view, without the parts that it does not need. */
export type RunView = Pick<RunViews, "notices" | "progress" | "finish" | "close"> & Partial<RunViews>;
