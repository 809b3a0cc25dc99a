/** The parts of a run that a coordinator gathered: which process carried out each, and how its clock differed. */
import { formatCount, formatMs } from "../../../base/units.ts";

/** A part of a run, and its process. */
export interface PartRow {
  /** The number of the part, from 1. */
  readonly part: number;
  /** The machine; absent for a part of a merge of files. */
  readonly host?: string;
  /** The number of the process; absent for a part of a merge of files. */
  readonly pid?: number;
  /** The pod, where there is one. */
  readonly pod?: string;
  /** Clients of the part that were connected. */
  readonly clients: number;
  /** Kills of the part. */
  readonly kills: number;
  /** Wills of the part that were due, and those that came once, on time and unaltered. */
  readonly wills: { readonly expected: number; readonly onTime: number };
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
  /** Void parts whose counts are in no number of the report but their own row: a threshold on `parts.void` allows them. */
  readonly leftOut?: readonly number[];
  /** The parts with a report, in the order of their numbers. */
  readonly each: readonly PartRow[];
}

/** The facts that a coordinator has of a run besides the reports of its parts. */
export interface Gathered {
  /** The processes of the run. */
  readonly parts: PartsResult;
  /** Why the run did not follow its plan, in a sentence. */
  readonly why?: string | undefined;
  /** A person ended the run; absent where the reports of the parts decide that. */
  readonly interrupted?: boolean | undefined;
  /** The names of parts by their numbers; a part without one has only its number. */
  readonly names?: ReadonlyMap<number, string>;
}

/** A part, for people: `part 7 of 100 (node-3)`. */
export function partName({ part, host }: Pick<PartRow, "part" | "host">, of: number): string {
  return `part ${formatCount(part)} of ${formatCount(of)}${host === undefined ? "" : ` (${host})`}`;
}

/** The parts in a line of text. */
export function partsText({ of, void: voids, lost, leftOut = [], each }: PartsResult): string {
  const hosts = new Set(each.flatMap(({ host }) => host ?? []));
  const errors = each.flatMap(({ errorMs }) => errorMs ?? []);
  const lates = each.flatMap(({ lateMs }) => lateMs ?? []);
  return [
    `${formatCount(each.length)} of ${formatCount(of)} reports` +
    (hosts.size === 0 ? "" : ` on ${formatCount(hosts.size)} host${hosts.size === 1 ? "" : "s"}`),
    ...lost > 0 ? [`${formatCount(lost)} lost`] : [],
    ...voids > 0 ? [`${formatCount(voids)} void${leftOut.length > 0 ? ", not counted" : ""}`] : [],
    ...errors.length > 0 ? [`clocks known to ${formatMs(Math.max(...errors))}`] : [],
    ...lates.some((lateMs) => lateMs > 0) ? [`latest start ${formatMs(Math.max(...lates))} late`] : [],
  ].join(", ");
}
