/**
 * The reports of a run's parts in the store of the rendezvous: compressed, in chunks. A report exists once its last
 * entry does, which has the digest of the whole.
 */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { UsageError } from "../base/failure.ts";
import type { OffsetFacts, PartIdentity } from "./message.ts";
import { mostReportBytes, parsedAs, reportEntrySchema, runEntrySchema, storedReportSchema } from "./message_schema.ts";
import type { Rendezvous } from "./rendezvous.ts";

/** The largest value of the store, in bytes: half of what NATS accepts by default. */
const chunkBytes = 524_288;

/** A report as the store has it, with the facts of its process. */
export interface StoredReport {
  readonly who: PartIdentity;
  readonly part: number;
  readonly of: number;
  readonly clock?: OffsetFacts;
  /** How much later than the common instant the order to kill came. */
  readonly lateMs?: number;
  /** Mean CPU cores for each worker of the part during the kills; absent for a short kill phase. */
  readonly coresPerWorker?: number;
  /** The JSON report. */
  readonly report: unknown;
}

/** The first entry of a run: it reserves the name, and states how many parts there are. */
export interface RunEntry {
  readonly parts: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** The thresholds of the run, as they were written. */
  readonly thresholds: readonly string[];
}

interface ReportEntry {
  readonly chunks: number;
  readonly bytes: number;
  readonly sha256: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const runKey = (run: string) => `${run}.run`;
const reportKey = (run: string, part: number) => `${run}.report.${part}`;

/**
 * Reserves the name of a run; returns the entry of the run that has it already, if any.
 *
 * @throws UsageError where another program has written the entry
 */
export async function reserveRun(store: Rendezvous, run: string, entry: RunEntry): Promise<RunEntry | undefined> {
  if (await store.putIfNew(runKey(run), encoder.encode(JSON.stringify(entry)))) return undefined;
  const other = await readRun(store, run);
  if (other === undefined) {
    throw new UsageError(
      `Cannot use the run name "${run}": another program has written its entry; expected a new name`,
    );
  }
  return other;
}

/** The entry of a run; undefined where there is no such run, or where another program wrote the entry. */
export async function readRun(store: Rendezvous, run: string): Promise<RunEntry | undefined> {
  const bytes = await store.get(runKey(run));
  return bytes === undefined ? undefined : parsedAs<RunEntry>(runEntrySchema, decoder.decode(bytes));
}

/** Stores a report. Rejects while the store is unavailable. */
export async function storeReport(store: Rendezvous, run: string, stored: StoredReport): Promise<void> {
  const bytes = new Uint8Array(gzipSync(encoder.encode(JSON.stringify(stored))));
  const key = reportKey(run, stored.part);
  const chunks = Math.ceil(bytes.length / chunkBytes);
  for (let chunk = 0; chunk < chunks; chunk++) {
    await store.put(`${key}.${chunk}`, bytes.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes));
  }
  const entry: ReportEntry = { chunks, bytes: bytes.length, sha256: digestOf(bytes) };
  await store.put(key, encoder.encode(JSON.stringify(entry)));
}

/** The report of a part; undefined where none is whole yet. Rejects while the store is unavailable. */
export async function readReport(store: Rendezvous, run: string, part: number): Promise<StoredReport | undefined> {
  const key = reportKey(run, part);
  const entryBytes = await store.get(key);
  if (entryBytes === undefined) return undefined;
  const entry = parsedAs<ReportEntry>(reportEntrySchema, decoder.decode(entryBytes));
  if (entry === undefined) return undefined;
  const whole = new Uint8Array(entry.bytes);
  let at = 0;
  for (let chunk = 0; chunk < entry.chunks; chunk++) {
    const bytes = await store.get(`${key}.${chunk}`);
    if (bytes === undefined || at + bytes.length > entry.bytes) return undefined;
    whole.set(bytes, at);
    at += bytes.length;
  }
  if (at !== entry.bytes || digestOf(whole) !== entry.sha256) return undefined;
  return unpacked(whole);
}

/** The stored report; undefined for bytes that are none, and for one that is too large. */
function unpacked(bytes: Uint8Array): StoredReport | undefined {
  try {
    const text = decoder.decode(gunzipSync(bytes, { maxOutputLength: mostReportBytes.whole }));
    return parsedAs<StoredReport>(storedReportSchema, text);
  } catch {
    return undefined;
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
