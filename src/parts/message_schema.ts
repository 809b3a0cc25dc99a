/**
 * Checks of the messages and of the stored entries that arrive: another program on the NATS server can send anything. A
 * receiver ignores what is not of the expected form. Further fields are accepted.
 */
import { z } from "zod";
import { runPhases } from "../fleet/result/run_phase.ts";

const number = z.number();
const count = z.int().min(0);
const positive = z.int().min(1);
const counts = z.record(z.string(), number);
/** JSON has null for NaN. */
const percentile = number.nullable();
const twoPercentiles = z.looseObject({ p50: number, p99: number });

/** A run, or the further step of a search. A part uses it in subjects and in the names of its files. */
const runName = z.string().regex(/^[0-9A-Za-z-]{1,16}(\.[0-9]{1,9})?$/);

const who = z.looseObject({
  ...{ id: z.string().min(1), host: z.string(), pid: number, pod: z.string().optional(), version: z.string() },
});

const clock = z.looseObject({ offsetMs: number, errorMs: number, rttMs: number });

const buckets = z.looseObject({ counts: z.array(number), sumMs: number });
const modeDetail = z.looseObject({
  ...{ kills: number, due: number, open: number, verdicts: counts, surplus: counts },
  ...{ latency: buckets, brokerLatency: buckets },
});
const detail = z.looseObject({
  ...{ byMode: z.record(z.string(), modeDetail), overdue: number, counters: counts, connects: buckets, slip: buckets },
});

const progress = z.looseObject({
  ...{ phase: z.enum(runPhases), phaseMs: number, phaseOfMs: number, clients: number, alive: number },
  ...{ connected: number, killed: number, wills: number, faults: counts, statesWrong: number.optional() },
  ...{ p50: percentile, p99: percentile, brokerMs: twoPercentiles.optional(), floorMs: twoPercentiles.optional() },
  controls: counts.optional(),
  detail: detail.optional(),
  instants: z.looseObject({
    began: counts,
    restarts: z.array(z.looseObject({ fromMs: number, backMs: number.optional() })),
    holds: z.array(z.looseObject({ atMs: number, ms: number })).optional(),
  }),
});

const notice = z.looseObject({ level: z.enum(["info", "warning"]), text: z.string() });

/** Messages that a coordinator receives. */
export const toCoordinatorSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("join"), who, confirm: count.optional() }),
  z.looseObject({ type: z.literal("ping"), id: z.string(), ping: number, sentMs: number }),
  z.looseObject({ type: z.literal("leave"), id: z.string() }),
  z.looseObject({
    ...{ type: z.literal("status"), id: z.string(), part: positive, why: z.string().optional() },
    state: z.enum(["check", "gathered", "connect", "ready", "kill", "done", "unfit", "failed"]),
    ...{ progress: progress.optional(), notices: z.array(notice).optional(), clock: clock.optional() },
    ...{ lateMs: number.optional(), step: count.optional() },
  }),
]);

const task = z.looseObject({
  plan: z.looseObject({ run: z.string(), clients: positive }),
  ...{ url: z.string(), epochMs: number, thresholds: z.array(z.string()), detail: z.boolean() },
  next: runName.optional(),
});

/** Messages that a part receives. */
export const toPartSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("seat"), part: positive, of: positive, task, confirmed: z.boolean() }),
  z.looseObject({ type: z.literal("wait") }),
  z.looseObject({ type: z.literal("again") }),
  z.looseObject({ type: z.literal("no"), why: z.string(), exitCode: z.union([z.literal(0), z.literal(2)]) }),
  z.looseObject({ type: z.literal("pong"), ping: number, sentMs: number, atMs: number }),
  z.looseObject({ type: z.literal("kept") }),
]);

/** Beats of a coordinator. */
export const beatSchema = z.looseObject({
  ...{ run: runName.optional(), state: z.enum(["gather", "connect", "kill", "end", "over"]) },
  ...{ killAtMs: number.optional(), why: z.string().optional(), dismissed: z.literal(true).optional() },
  done: z.union([
    z.looseObject({ step: count, fromMs: number, commandMs: number.optional() }),
    z.looseObject({ step: count, fault: z.string() }),
  ]).optional(),
});

/** The first entry of a run in the store. */
export const runEntrySchema = z.looseObject({
  ...{ parts: z.int().min(1).max(1_000_000), host: z.string(), since: z.string(), thresholds: z.array(z.string()) },
});

/** The largest report, in bytes: compressed, and as JSON. A report of 600 s has some hundred thousand. */
export const mostReportBytes = { compressed: 2 ** 26, whole: 2 ** 28 };

/** The last entry of a report in the store. */
export const reportEntrySchema = z.looseObject({
  ...{ chunks: count, bytes: count.max(mostReportBytes.compressed), sha256: z.string() },
});

/** A report in the store; the reader of reports checks the report itself. */
export const storedReportSchema = z.looseObject({
  ...{ who, part: positive, of: positive, clock: clock.optional(), lateMs: number.optional() },
  coresPerWorker: number.optional(),
  report: z.looseObject({}),
});

/** The value of JSON that has this form; undefined for anything else. */
export function parsedAs<Value>(schema: z.ZodType, text: string): Value | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return schema.safeParse(value).success ? value as Value : undefined;
  } catch {
    return undefined;
  }
}
