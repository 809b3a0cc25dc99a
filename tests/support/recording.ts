/**
 * A recording of a squad under a manual clock, in memory: with the same buffer, header and end as a real run, but
 * without a thread.
 */
import assert from "node:assert/strict";
import type { FleetPlan } from "../../src/fleet/plan/plan.ts";
import { RecordBuffer } from "../../src/fleet/recording/record_buffer.ts";
import { eventFault, type Note } from "../../src/fleet/recording/record_event.ts";
import { withEmptyPasswords, withoutPasswords } from "../../src/fleet/recording/record_header.ts";
import { Replay } from "../../src/fleet/replay.ts";
import type { Restarted } from "../../src/fleet/result/restart_result.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import type { RunFacts } from "../../src/fleet/result/run_facts.ts";
import { RunRecord } from "../../src/fleet/recording/run_record.ts";
import type { SquadResult } from "../../src/fleet/result/squad_task.ts";
import { readSaved } from "../../src/cli/report/saved_record.ts";
import { makeReport, type Report } from "../../src/report/model/report.ts";

const context = { tool: { name: "mqtt-sim", version: "0.0.0" }, embedded: false, program: "mqtt-sim" } as const;

/** The report of a result, in the form of these recordings. */
export function reportOf(result: FleetResult): Report {
  return makeReport(result, { ...context, thresholds: [] });
}

export class Recording {
  text = "";
  readonly #run: RunRecord;
  readonly #buffers = new Map<number, RecordBuffer>();
  readonly #limit: number | undefined;

  /** @param limit the number of characters that the buffer holds while the test writes none of them */
  constructor(limit?: number) {
    this.#limit = limit;
    this.#run = new RunRecord({ context, write: (lines) => Promise.resolve(this.#write(lines)) }, 0);
  }

  #write(lines: string): void {
    this.text += lines;
  }

  /** Receives the events of one squad. */
  noteOf(squad: number): Note {
    const buffer: RecordBuffer = new RecordBuffer(squad, 0, (lines) => {
      this.#write(lines);
      // With a limit, the test never acknowledges a written line.
      if (this.#limit === undefined) buffer.written(lines.length);
    }, this.#limit);
    this.#buffers.set(squad, buffer);
    return buffer.note;
  }

  begin(plan: FleetPlan, protocol: "3.1.1" | "5" | "mix"): void {
    const startedAt = "2026-01-01T00:00:00.000Z";
    const target = plan.run === "stage" ? "stage" : "sim";
    this.#run.begin({ plan: withEmptyPasswords(plan), protocol, spoken: protocol, target, startedAt, broker: [] });
  }

  restarted(how: Restarted): void {
    this.#run.restarted(how);
  }

  /** @param results of the squads, in their order */
  end(facts: RunFacts, results: readonly SquadResult[]): void {
    for (const buffer of this.#buffers.values()) buffer.flush();
    const recorded = results.map((result, squad) => ({ ...result, recorded: this.#buffers.get(squad)!.counts }));
    void this.#run.end(facts, recorded, facts.durationMs);
  }

  /** Judges the recording again: the result must be identical. */
  mustReplay(result: FleetResult): void {
    const [header, ...events] = this.lines.map((line) => JSON.parse(line));
    const replay = new Replay(header);
    for (const event of events) {
      assert.equal(eventFault(event), undefined);
      replay.take(event);
    }
    assert.deepEqual(plain(replay.result()), plain(result));
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

/** As in JSON, and without passwords. */
function plain(result: FleetResult): unknown {
  return JSON.parse(JSON.stringify({ ...result, plan: withoutPasswords(result.plan) }));
}

/** The report of `mqtt-sim report` on this text. */
export async function reread(text: string, ...thresholds: Parameters<typeof readSaved>[1][]): Promise<Report> {
  const file = await Deno.makeTempFile({ suffix: ".ndjson" });
  try {
    await Deno.writeTextFile(file, text);
    return await readSaved(file, thresholds[0]);
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replace(file, "x.ndjson");
    throw error;
  } finally {
    await Deno.remove(file);
  }
}
