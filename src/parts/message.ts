/**
 * The messages between the coordinator of a run and its parts, as plain data. Any of them may be lost, late or doubled:
 * the sender repeats its state, and the receiver acts on a state once.
 */
import type { Notice, Progress } from "../fleet/result/result.ts";
import type { FleetPlan, HiddenName } from "../fleet/plan/plan.ts";
import { beatSchema, parsedAs, toCoordinatorSchema, toPartSchema } from "./message_schema.ts";

/** The version of the messages. */
export const messageVersion = 1;

/** The task of all parts: the plan without secrets, and the broker. */
export interface PartsTask {
  readonly plan: Omit<FleetPlan, "password" | HiddenName>;
  /** The URL of the broker, without a login. */
  readonly url: string;
  /** The run's clock: the coordinator's time since 1970 at the zero of its monotonic clock, in milliseconds. */
  readonly epochMs: number;
  /** The thresholds of the run, as they were written. */
  readonly thresholds: readonly string[];
  /** True where progress has the counts for metrics. */
  readonly detail: boolean;
  /** The run that these parts join once this one is over; absent where they end then. */
  readonly next?: string;
}

/** A process that offers itself as a part. */
export interface PartIdentity {
  /** Drawn by the process; another process of the same machine has another one. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** The name of its pod, where there is one. */
  readonly pod?: string;
  /** The version of mqtt-sim. */
  readonly version: string;
}

/** How the clock of a part differs from that of the coordinator. */
export interface OffsetFacts {
  readonly offsetMs: number;
  /** The offset is right to this bound. */
  readonly errorMs: number;
  /** The quickest round trip. */
  readonly rttMs: number;
}

/** The states of a part that the coordinator distinguishes. */
export type PartState = "check" | "gathered" | "connect" | "ready" | "kill" | "done" | "unfit" | "failed";

/** From a part to the coordinator. */
export type ToCoordinator =
  /** Requests a number; or, with `confirm`, the permission to connect under the number that it has. */
  | { readonly type: "join"; readonly who: PartIdentity; readonly confirm?: number }
  | { readonly type: "ping"; readonly id: string; readonly ping: number; readonly sentMs: number }
  | PartStatus
  /** The process ends before it has connected a client. */
  | { readonly type: "leave"; readonly id: string };

/** The state of a part; sent again and again. */
export interface PartStatus {
  readonly type: "status";
  readonly id: string;
  readonly part: number;
  readonly state: PartState;
  /** Why it failed, in a sentence. */
  readonly why?: string;
  readonly progress?: Progress;
  readonly notices?: readonly Notice[];
  readonly clock?: OffsetFacts;
  /** How much later than the common instant it began to kill. */
  readonly lateMs?: number;
  /** The action on the broker that it waits for, by its number. */
  readonly step?: number;
}

/** An action on the broker that the coordinator has carried out, by the coordinator's clock; or why it failed. */
export type StepDone =
  & { readonly step: number }
  & ({ readonly fromMs: number; readonly commandMs?: number } | { readonly fault: string });

/** From the coordinator to one part. */
export type ToPart =
  | {
    readonly type: "seat";
    readonly part: number;
    readonly of: number;
    readonly task: PartsTask;
    /** The roster is frozen with this part in it: it may connect. */
    readonly confirmed: boolean;
  }
  /** All numbers are taken; one may become free. */
  | { readonly type: "wait" }
  /** The process has no number (any more): it has to join again. */
  | { readonly type: "again" }
  /** The run goes on without it. */
  | { readonly type: "no"; readonly why: string; readonly exitCode: 0 | 2 }
  | { readonly type: "pong"; readonly ping: number; readonly sentMs: number; readonly atMs: number }
  /** The coordinator has its report. */
  | { readonly type: "kept" };

/** The states of a run. */
export type RunState = "gather" | "connect" | "kill" | "end" | "over";

/** From the coordinator to all parts, four times a second: the whole state, so that no single message matters. */
export interface Beat {
  /** The name of the run, for parts that wait for any. */
  readonly run?: string;
  readonly state: RunState;
  /** The instant of the first kill, by the coordinator's clock. */
  readonly killAtMs?: number;
  /** Why the run ends early. */
  readonly why?: string;
  /** The last action on the broker. */
  readonly done?: StepDone;
  /** No run comes: the parts that wait for it have done their work. */
  readonly dismissed?: true;
}

/** The subjects of a run; of all runs for `*`. */
export function subjectsOf(run: string) {
  const root = `mqtt-sim.${run}`;
  return {
    coordinator: `${root}.coordinator`,
    beat: `${root}.beat`,
    part: (id: string) => `${root}.part.${id}`,
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message as bytes. NaN, which JSON lacks, is null. */
export function encodeMessage(message: ToCoordinator | ToPart | Beat): Uint8Array {
  return encoder.encode(JSON.stringify({ v: messageVersion, ...message }));
}

/**
 * The message to a coordinator; undefined for one of another version, and for bytes that are none. Requests to join are
 * alike in each version, so that a coordinator refuses a part of another one with a sentence.
 */
export function decodeToCoordinator(bytes: Uint8Array): ToCoordinator | undefined {
  return decoded(toCoordinatorSchema, bytes, "join");
}

/** The same for a message to a part, in which a refusal is alike in each version. */
export function decodeToPart(bytes: Uint8Array): ToPart | undefined {
  return decoded(toPartSchema, bytes, "no");
}

/** The same for a beat. */
export function decodeBeat(bytes: Uint8Array): Beat | undefined {
  return decoded(beatSchema, bytes);
}

/** @param alike the type of messages that have the same form in each version */
function decoded<Message>(
  schema: Parameters<typeof parsedAs>[0],
  bytes: Uint8Array,
  alike?: string,
): Message | undefined {
  const found = parsedAs<Message & { readonly v?: unknown; readonly type?: unknown }>(schema, decoder.decode(bytes));
  if (found === undefined) return undefined;
  const isAlike = typeof found.v === "number" && alike !== undefined && found.type === alike;
  if (found.v !== messageVersion && !isAlike) return undefined;
  const { v: _, ...message } = found;
  return message as Message;
}

/** Progress as a message carries it: the percentiles of no wills are null there. */
export function receivedProgress(progress: Progress): Progress {
  const { p50, p99 } = progress as { p50: number | null; p99: number | null };
  return { ...progress, p50: p50 ?? NaN, p99: p99 ?? NaN };
}
