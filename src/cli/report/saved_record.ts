/**
 * The saved output of a run, read again: a report as it is, a recording by judging its events again, line by line, so
 * that a long one is never in memory as a whole. The content of a file decides which of the two it is.
 */
import { z } from "zod";
import { UsageError } from "../../base/failure.ts";
import { Histogram } from "../../base/histogram.ts";
import { formatDuration } from "../../base/units.ts";
import { eventFault, type RecordEvent, recordSchema } from "../../fleet/recording/record_event.ts";
import type { RecordHeader } from "../../fleet/recording/record_header.ts";
import type { LifeRow } from "../../fleet/ledger/life_row.ts";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import { Replay } from "../../fleet/replay.ts";
import type { FleetResult } from "../../fleet/result/result.ts";
import { openInput } from "../process/input_file.ts";
import { withMaskedUrls } from "../../net/endpoint.ts";
import { strict } from "../../profiles/strict.ts";
import { makeReport, type Report, type ReportContext } from "../../report/model/report.ts";
import { applyThresholds, parseThreshold, type Threshold } from "../../report/model/threshold.ts";
import { parseReport, planSchema } from "./saved_report.ts";
import { documentFault } from "./document_fault.ts";

const protocol = z.enum(["3.1.1", "5", "mix"]);

const header = z.looseObject({
  context: z.looseObject({
    tool: z.looseObject({ name: z.literal("mqtt-sim"), version: z.string() }),
    embedded: z.boolean(),
    program: z.string(),
    runIdAsked: z.boolean().optional(),
    passwordFile: z.string().optional(),
    thresholds: z.array(z.string()).optional(),
  }),
  plan: planSchema,
  protocol,
  spoken: protocol,
  target: z.string(),
  brokerName: z.string().optional(),
  engine: z.enum(["epoll", "deno"]).optional(),
  floor: z.string().refine(Histogram.isEncoded, "expected a compressed HdrHistogram in base64").optional(),
  startedAt: z.iso.datetime(),
  originMs: z.number(),
});

type Header = RecordHeader & { readonly context: z.infer<typeof header>["context"] };

/** A line longer than this is no event's; in characters. */
const longestLine = 16 * 1_048_576;
/** A line longer than this is no report's; in characters. */
const longestReport = 256 * 1_048_576;

/** The most lives in one call. */
const rowsAtOnce = 500;

const expected = "expected a file that mqtt-sim fleet --report or --record wrote";

/**
 * Reads a file of `--report` or `--record`.
 *
 * @param thresholds replace those of the run; undefined leaves them
 * @throws UsageError when the file is unreadable, or is neither
 */
export async function readSaved(path: string, thresholds?: readonly Threshold[]): Promise<Report> {
  const saved = await openSaved(path);
  try {
    return await saved.read(thresholds);
  } finally {
    await saved.close();
  }
}

/** The bounds for judging a recording, where they differ from those of the run. */
export type Rejudging = Partial<Pick<FleetPlan, "lateAfterMs" | "profile">>;

/** A saved record, after its first line. */
export interface Saved {
  /** It has every life; a report has samples. */
  readonly isRecording: boolean;
  /**
   * Reads the rest, once; throws as above.
   *
   * @param onLives receives every life of a recording after its judgement, some at a time
   * @param bounds only for a recording
   */
  read(
    thresholds?: readonly Threshold[],
    onLives?: (rows: readonly LifeRow[]) => void,
    bounds?: Rejudging,
  ): Promise<Report>;
  /** The same of a file that is no recording, as text. */
  text(): Promise<string>;
  close(): Promise<void>;
}

/** Opens a file of `--report` or `--record`. @throws UsageError when the file is unreadable */
export async function openSaved(path: string): Promise<Saved> {
  const lines = linesOf(path);
  const first = (await lines.next()).value ?? { text: "", whole: false };
  const recorded = isRecording(first.text);
  let whole: Promise<string> | undefined;
  const text = () => whole ??= rest(lines).then((others) => [first.text, ...others].join("\n"));
  return {
    isRecording: recorded,
    text,
    close: async () => void await lines.return(),
    async read(thresholds, onLives, bounds = {}) {
      if (recorded) return await readRecording(path, first, lines, { thresholds, onLives, bounds });
      return applyThresholds(parseReport(await text(), path), thresholds ?? []);
    },
  };
}

interface Line {
  readonly text: string;
  /** It has its line end. */
  readonly whole: boolean;
}

async function* linesOf(path: string): AsyncGenerator<Line, void> {
  const parts: string[] = [];
  let length = 0;
  let most: number | undefined;
  for await (const chunk of chunksOf(path)) {
    const [first = "", ...lines] = chunk.split("\n");
    parts.push(first);
    length += first.length;
    for (const line of lines) {
      const text = parts.splice(0).join("");
      // A report is one document, and may be one line of any length.
      most ??= isRecording(text) ? longestLine : longestReport;
      yield { text, whole: true };
      parts.push(line);
      length = line.length;
    }
    if (length > (most ?? longestReport)) {
      throw new UsageError(`Cannot read report "${path}": a line is too long; ${expected}`);
    }
  }
  const text = parts.join("");
  if (text !== "") yield { text, whole: false };
}

async function* chunksOf(path: string): AsyncGenerator<string, void> {
  try {
    const bytes = await openInput(path);
    for await (const chunk of bytes.pipeThrough(new TextDecoderStream())) yield chunk;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const fault = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read report "${path}": ${fault}; ${expected}`);
  }
}

async function rest(lines: AsyncGenerator<Line, void>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of lines) texts.push(text);
  return texts;
}

const schemaStart = recordSchema.slice(0, recordSchema.lastIndexOf("/") + 1);

/** True for the first line of a recording with any schema number. */
function isRecording(line: string): boolean {
  const { schema } = (parsed(line) ?? {}) as { readonly schema?: unknown };
  return typeof schema === "string" && schema.startsWith(schemaStart);
}

function parsed(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

interface Judging {
  readonly thresholds: readonly Threshold[] | undefined;
  readonly onLives: ((rows: readonly LifeRow[]) => void) | undefined;
  readonly bounds: Rejudging;
}

async function readRecording(
  path: string,
  first: Line,
  lines: AsyncGenerator<Line, void>,
  { thresholds, onLives, bounds }: Judging,
): Promise<Report> {
  const own = headerOf(path, first.text);
  const header = { ...own, target: withMaskedUrls(own.target), plan: { ...own.plan, ...bounds } };
  const rows: LifeRow[] = [];
  const replay = new Replay(header, onLives && ((row) => rows.push(row)));
  let number = 1;
  for await (const { text, whole } of lines) {
    number++;
    // Its writer ended in the middle of a line: the recording is cut, and its report states it.
    if (!whole) break;
    takeLine(replay, path, number, text);
    if (rows.length >= rowsAtOnce) onLives?.(rows.splice(0));
  }
  const result = judgedAnew(replay.result(), own.plan, bounds);
  if (rows.length > 0) onLives?.(rows);
  const asked = thresholds ?? (header.context.thresholds ?? []).map(parseThreshold);
  const thresholdTexts = asked.map(({ expression }) => expression);
  return applyThresholds(makeReport(result, contextOf(header, thresholdTexts)), asked);
}

/** States the bounds of this judgement, and those of the run. */
function judgedAnew(result: FleetResult, run: FleetPlan, { lateAfterMs, profile }: Rejudging): FleetResult {
  const changes: string[] = [];
  if (lateAfterMs !== undefined) {
    changes.push(`late after ${formatDuration(lateAfterMs)} (the run: ${formatDuration(run.lateAfterMs)})`);
  }
  if (profile !== undefined) changes.push(`profile ${profile} (the run: ${run.profile ?? strict.name})`);
  if (changes.length === 0) return result;
  return { ...result, warnings: [...result.warnings, `judged again from its recording: ${changes.join(", ")}`] };
}

function takeLine(replay: Replay, path: string, number: number, text: string): void {
  const refuse = (fault: string) => new UsageError(`Cannot read recording "${path}": line ${number}: ${fault}`);
  const event = parsed(text);
  if (event === undefined) throw refuse("it is not a JSON object; expected an event");
  const fault = eventFault(event as Readonly<Record<string, unknown>>);
  if (fault !== undefined) throw refuse(`${fault}; expected an event of ${recordSchema}`);
  try {
    replay.take(event as RecordEvent);
  } catch (error) {
    throw error instanceof UsageError ? refuse(error.message) : error;
  }
}

function headerOf(path: string, line: string): Header {
  const value = parsed(line)!;
  const { schema } = value as { readonly schema?: unknown };
  const refuse = (fault: string) => new UsageError(`Cannot read recording "${path}": ${fault}`);
  if (schema !== recordSchema) throw refuse(`its schema is ${JSON.stringify(schema)}; expected "${recordSchema}"`);
  const { error } = header.safeParse(value);
  if (error === undefined) return value as Header;
  throw refuse(`line 1: ${documentFault(error, "header")}`);
}

/** Without absent fields: a comparison distinguishes an undefined field from a missing one. */
function contextOf({ context }: Header, thresholds: readonly string[]): ReportContext {
  const { tool, embedded, program, runIdAsked, passwordFile } = context;
  return {
    ...{ tool, embedded, program, thresholds },
    ...runIdAsked !== undefined && { runIdAsked },
    ...passwordFile !== undefined && { passwordFile },
  };
}
