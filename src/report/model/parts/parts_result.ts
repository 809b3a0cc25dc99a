/** The parts of a run that a coordinator gathered: which process carried out each, and how its clock differed. */
import { formatCount, formatMs } from "../../../base/units.ts";

/** A part of a run, and its process. */
export interface PartRow {
  /** The number of the part, from 1. */
  readonly part: number;
  /** The machine. */
  readonly host: string;
  /** The number of the process. */
  readonly pid: number;
  /** The pod, where there is one. */
  readonly pod?: string;
  /** Clients of the part that were connected. */
  readonly clients: number;
  /** Kills of the part. */
  readonly kills: number;
  /** The verdict of the part alone. */
  readonly verdict: "pass" | "fail" | "void";
  /** The reason for it. */
  readonly reason: string;
  /** The offset of its clock to that of the coordinator, in milliseconds; absent where it was not measured. */
  readonly offsetMs?: number;
  /** The bound of the error of the offset. */
  readonly errorMs?: number;
  /** How much later than the common instant the order to kill reached it; 0 in time. */
  readonly lateMs?: number;
  /** CPU time of the process. */
  readonly cpuMs: number;
  /** Memory of the process. */
  readonly rssBytes: number;
}

/** All parts of a run. */
export interface PartsResult {
  /** The number of parts that the run had to have. */
  readonly of: number;
  /** Parts whose own verdict is void. */
  readonly void: number;
  /** Parts without a report. */
  readonly lost: number;
  /** The parts with a report, in the order of their numbers. */
  readonly each: readonly PartRow[];
}

/** The facts that a coordinator has of a run besides the reports of its parts. */
export interface Gathered {
  /** The processes of the run. */
  readonly parts: PartsResult;
  /** Why the run did not follow its plan, in a sentence. */
  readonly why?: string | undefined;
  /** A person ended the run. */
  readonly interrupted: boolean;
}

/** The parts in a line of text. */
export function partsText({ of, void: voids, lost, each }: PartsResult): string {
  const errors = each.flatMap(({ errorMs }) => errorMs ?? []);
  const lates = each.flatMap(({ lateMs }) => lateMs ?? []);
  return [
    `${formatCount(each.length)} of ${formatCount(of)} reports on ${
      formatCount(new Set(each.map(({ host }) => host)).size)
    } hosts`,
    ...lost > 0 ? [`${formatCount(lost)} lost`] : [],
    ...voids > 0 ? [`${formatCount(voids)} void`] : [],
    ...errors.length > 0 ? [`clocks known to ${formatMs(Math.max(...errors))}`] : [],
    ...lates.some((lateMs) => lateMs > 0) ? [`latest start ${formatMs(Math.max(...lates))} late`] : [],
  ].join(", ");
}
