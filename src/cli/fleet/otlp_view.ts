/**
 * The export of a run by OTLP: its metrics at an interval and at the end, and each life with a fault as a trace. The
 * export never changes the run: a request that fails is counted, and the user gets one warning at the first and the
 * counts at the end.
 */
import { UsageError } from "../../base/failure.ts";
import { wallTime } from "../../base/clock.ts";
import { processUsage } from "../../base/process_usage.ts";
import { freshBytes } from "../../base/random.ts";
import { formatCount } from "../../base/units.ts";
import type { FaultBatch } from "../../fleet/result/fault_sample.ts";
import type { Notice } from "../../fleet/result/result.ts";
import { FleetMetrics } from "../../report/export/fleet_metrics.ts";
import { otlpMetrics } from "../../report/export/otlp_metrics.ts";
import { resourceOf } from "../../report/export/otlp_resource.ts";
import { type FaultyLife, faultyLives, otlpTraces } from "../../report/export/otlp_trace.ts";
import type { Report } from "../../report/model/report.ts";
import type { LiveRun } from "../../report/html/live_page.ts";
import { textOf } from "../options/config_file.ts";
import { type OtlpOutcome, parseOtlpHeaders, postOtlp } from "./otlp_target.ts";
import type { RunView, ViewsAsked } from "./run_view.ts";

/** The parts of an export; a test may replace the times. */
export interface OtlpParts {
  readonly target: URL;
  readonly headers: Headers;
  readonly run: LiveRun;
  /** Receives the warning at the first failure during the run. */
  readonly notify: (notice: Notice) => void;
  /** The traces are those of the samples in the report: the clients are in other processes. */
  readonly hasSamplesOnly?: boolean;
  /** Between two exports, in milliseconds. */
  readonly everyMs?: number;
  /** How long the last export may take, in milliseconds. */
  readonly lastMs?: number;
}

/** Lives that wait for their export; further ones are counted. */
const mostWaiting = 5_000;
/** Lives in one request. */
const livesPerRequest = 200;
/** Attempts of a request at the end of the run, and the wait before the second, which doubles. */
const attempts = 3;
const retryAfterMs = 250;

/**
 * Reads the headers of the requests.
 *
 * @throws UsageError when the file cannot be read, or there is no collector
 */
export async function otlpHeadersOf({ otlp, otlpHeaders }: ViewsAsked): Promise<Headers> {
  if (otlpHeaders === undefined) return new Headers();
  if (otlp === undefined) {
    throw new UsageError(`Cannot use --otlp-headers "${otlpHeaders}" without a collector: expected --otlp too`);
  }
  return parseOtlpHeaders(
    await textOf(otlpHeaders, { name: "--otlp-headers", example: "Authorization: Bearer TOKEN" }),
    otlpHeaders,
  );
}

/** Exports a run. */
export function openOtlpView(parts: OtlpParts): RunView {
  const exporter = new OtlpExporter(parts);
  return {
    notices: [`OTLP: ${parts.target.href}`],
    detail: true,
    start: ({ engine, startMs }) => exporter.start(engine, startMs),
    progress: (progress) => exporter.metrics.progress(progress),
    faults: (batch) => exporter.keep(batch),
    finish: (report) => exporter.finish(report),
    flush: (stop) => exporter.flush(stop),
    close: () => exporter.close(),
  };
}

class OtlpExporter {
  readonly metrics: FleetMetrics;
  readonly #parts: OtlpParts;
  readonly #lives: FaultyLife[] = [];
  readonly #closed = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  /** The export that is under way: there is one at a time. */
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  #startMs = wallTime().getTime();
  #dropped = 0;
  #sent = { metrics: 0, lives: 0 };
  #failed = 0;
  #rejected = 0;
  #lastWhy = "";

  constructor(parts: OtlpParts) {
    this.#parts = parts;
    this.metrics = new FleetMetrics(parts.run, processUsage);
    this.#timer = setInterval(() => this.#exportNow(), parts.everyMs ?? 10_000);
    Deno.unrefTimer(this.#timer);
  }

  start(engine: string, startMs: number): void {
    this.#startMs = startMs;
    this.metrics.engine(engine);
    this.#exportNow();
  }

  finish(report: Report): void {
    this.metrics.finish(report);
    if (!this.#parts.hasSamplesOnly) return;
    // The events of its lives count from here.
    this.#startMs = Date.parse(report.run.startedAt);
    const { faults, faultKinds } = report;
    const all = faultKinds.reduce((sum, { count }) => sum + count, 0);
    this.keep({ faults, dropped: Math.max(0, all - faults.length) });
  }

  /** Keeps the lives of faults for the next export. */
  keep({ faults, dropped }: FaultBatch): void {
    const lives = faultyLives(faults);
    const room = mostWaiting - this.#lives.length;
    this.#lives.push(...lives.slice(0, room));
    this.#dropped += dropped + Math.max(0, lives.length - room);
  }

  /** An export at the interval; one that is still under way takes its place. */
  #exportNow(): void {
    if (this.#isSending || this.#closed.signal.aborted) return;
    this.#isSending = true;
    this.#sending = this.#exportOnce().finally(() => this.#isSending = false);
  }

  async #exportOnce(): Promise<void> {
    await this.#sendMetrics(this.#closed.signal, 1);
    await this.#sendLives(this.#closed.signal, 1);
  }

  /** The last export, with further attempts, within its time limit. */
  async flush(stop: AbortSignal): Promise<readonly Notice[]> {
    clearInterval(this.#timer);
    const limit = AbortSignal.any([stop, this.#closed.signal, AbortSignal.timeout(this.#parts.lastMs ?? 6_000)]);
    await this.#sending;
    await this.#sendMetrics(limit, attempts);
    await this.#sendLives(limit, attempts);
    return [this.#outcome()];
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed.abort();
    await this.#sending;
  }

  async #sendMetrics(stop: AbortSignal, most: number): Promise<void> {
    const times = { startMs: this.#startMs, nowMs: wallTime().getTime() };
    const body = otlpMetrics(this.metrics.families(), this.metrics.labels, resourceOf(this.#parts.run), times);
    if (await this.#send("metrics", body, stop, most)) this.#sent.metrics++;
  }

  /** Lives whose request fails wait for the next export. */
  async #sendLives(stop: AbortSignal, most: number): Promise<void> {
    const { run } = this.#parts;
    const parts = { startMs: this.#startMs, lateAfterMs: run.plan.lateAfterMs, newId };
    while (this.#lives.length > 0) {
      const lives = this.#lives.slice(0, livesPerRequest);
      // One request at a time: the collector sets the pace.
      // deno-lint-ignore no-await-in-loop
      if (!await this.#send("traces", otlpTraces(lives, resourceOf(run), parts), stop, most)) return;
      this.#lives.splice(0, lives.length);
      this.#sent.lives += lives.length;
    }
  }

  async #send(signal: "metrics" | "traces", body: unknown, stop: AbortSignal, most: number): Promise<boolean> {
    const { target, headers } = this.#parts;
    for (let attempt = 1;; attempt++) {
      // Each attempt follows the one before.
      // deno-lint-ignore no-await-in-loop
      const outcome = await postOtlp(target, signal, body, headers, stop);
      if (outcome.kind === "accepted") {
        this.#rejected += outcome.rejected;
        return true;
      }
      this.#countFailure(outcome);
      if (attempt === most || !outcome.mayRetry || stop.aborted) return false;
      // deno-lint-ignore no-await-in-loop
      await passed(retryAfterMs * 2 ** (attempt - 1), stop);
    }
  }

  #countFailure({ why }: Extract<OtlpOutcome, { kind: "failed" }>): void {
    this.#lastWhy = why;
    if (this.#failed++ > 0 || this.#closed.signal.aborted) return;
    const text = `the OTLP export to ${this.#parts.target.href} failed: ${why}; the run continues`;
    this.#parts.notify({ level: "warning", text });
  }

  #outcome(): Notice {
    const { metrics, lives } = this.#sent;
    const lost = this.#lives.length + this.#dropped;
    const sent = `OTLP: sent metrics ${counted(metrics, "time")} and ${counted(lives, "trace")} to ` +
      this.#parts.target.href;
    const faults = [
      ...this.#failed > 0 ? [`${counted(this.#failed, "failed request")}, the last: ${this.#lastWhy}`] : [],
      ...lost > 0 ? [`${counted(lost, "faulty life", "faulty lives")} not exported`] : [],
      ...this.#rejected > 0 ? [`the collector rejected ${counted(this.#rejected, "item")}`] : [],
    ];
    return faults.length === 0
      ? { level: "info", text: sent }
      : { level: "warning", text: `${sent}; ${faults.join("; ")}` };
  }
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A random identifier in hexadecimal digits. */
function newId(bytes: number): string {
  return freshBytes(bytes).toHex();
}

async function passed(ms: number, stop: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  stop.addEventListener("abort", () => over.resolve(), { once: true });
  await over.promise;
  clearTimeout(timer);
}
