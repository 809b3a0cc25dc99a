import { eventLine } from "./record_buffer.ts";
import { type EventFields, type EventKind, recordSchema } from "./record_event.ts";
import type { RecordHeader } from "./record_header.ts";
import type { Restarted } from "../result/restart_result.ts";
import type { RunFacts } from "../result/run_facts.ts";
import type { SquadResult } from "../result/squad_task.ts";

/** The destination of a recording. */
export interface RecordSink {
  /** The header's data for readers: plain data. */
  readonly context: object;
  /** Writes whole lines; resolves after the writing, or its final failure. */
  write(lines: string): Promise<void>;
}

/** This process' use of its machine, beside the clock's instant. */
export type Usage = RunFacts["resources"];

/** Why there was no run; empty where there was. */
type EndReason = Pick<EventFields<"end">, "reason" | "notSpoken">;

/** The interval of the notes on the use of the machine, in milliseconds. */
const usageEveryMs = 1_000;

export class RunRecord {
  readonly #sink: RecordSink;
  readonly #originMs: number;
  readonly #early: string[] = [];
  #begun = false;
  #usageMs = 0;

  constructor(sink: RecordSink, originMs: number) {
    this.#sink = sink;
    this.#originMs = originMs;
  }

  /** The first line; the events noted before follow it. */
  begin(header: Omit<RecordHeader, "schema" | "context" | "originMs">): void {
    const whole: RecordHeader = {
      schema: recordSchema,
      context: this.#sink.context,
      ...header,
      originMs: this.#originMs,
    };
    this.#begun = true;
    void this.#sink.write(`${JSON.stringify(whole)}\n${this.#early.join("")}`);
  }

  /** Notes a fact of the whole run. */
  note<Kind extends EventKind>(kind: Kind, atMs: number, fields: EventFields<Kind>): void {
    const line = eventLine(this.#originMs, kind, atMs, fields);
    if (this.#begun) void this.#sink.write(line);
    else this.#early.push(line);
  }

  /** Notes a restart of the broker; one that failed is in the reason for which the run is void. */
  restarted(how: Restarted): void {
    if (how.kind === "failed") return;
    const { node, downMs, backMs, commandMs } = how;
    const of = node === undefined ? {} : { node };
    this.note("restarted", backMs, { downMs, ...commandMs !== undefined && { commandMs }, ...of });
  }

  /** Notes the use of the machine, now and then. */
  use(usage: () => Usage, nowMs: number): void {
    if (nowMs < this.#usageMs + usageEveryMs) return;
    this.#usageMs = nowMs;
    this.note("usage", nowMs, usage());
  }

  /** Writes a squad's batch. */
  async write(lines: string): Promise<void> {
    await this.#sink.write(lines);
  }

  /** The last lines: they complete the recording. Returns the number of lost events. */
  async end(facts: RunFacts, squads: readonly SquadResult[], nowMs: number, why: EndReason = {}): Promise<number> {
    const { durationMs, resources } = facts;
    const sum = (pick: (counts: { events: number; lost: number }) => number) =>
      squads.reduce((total, { recorded }) => total + (recorded === undefined ? 0 : pick(recorded)), 0);
    const counts = { events: sum(({ events }) => events), lost: sum(({ lost }) => lost) };
    this.note("usage", nowMs, resources);
    const end = { durationMs, ...counts, ...why };
    await this.#sink.write(eventLine(this.#originMs, "end", nowMs, end));
    return counts.lost;
  }
}
