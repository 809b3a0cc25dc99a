/**
 * A saved comparison, read again: the program checks each of its reports like one in a separate file.
 */
import { z } from "zod";
import { UsageError } from "../../base/failure.ts";
import { type ComparedBroker, comparedRun, comparisonSchema } from "../../report/model/comparison.ts";
import type { LifeRow } from "../../fleet/ledger/life_row.ts";
import { withMaskedUrls } from "../../net/endpoint.ts";
import { applyThresholds, type Threshold } from "../../report/model/threshold.ts";
import { openSaved } from "./saved_record.ts";
import { checkedReport, parseReport } from "./saved_report.ts";
import { documentFault } from "./document_fault.ts";

const broker = z.looseObject({
  name: z.string().min(1),
  target: z.string(),
  outcome: z.enum(["pass", "fail", "void", "not spoken", "skipped"]),
  reason: z.string(),
  report: z.unknown(),
});
const document = z.looseObject({ schema: z.literal(comparisonSchema), brokers: z.array(broker).min(1) });

/** One broker of a comparison; a recording is not read yet. */
export interface SavedBroker {
  readonly name: string;
  /** It has every life; a report has samples. */
  readonly isRecording: boolean;
  /**
   * Once.
   *
   * @param onLives receives every life of a recording after its judgement, some at a time
   * @param thresholds replace those of the run; undefined leaves them
   */
  read(onLives?: (rows: readonly LifeRow[]) => void, thresholds?: readonly Threshold[]): Promise<ComparedBroker>;
  close(): Promise<void>;
}

/**
 * The runs of a file: one where it is a report or a recording, each of its brokers where it is a comparison.
 *
 * @param name the name of a single run, if the user gave one
 * @throws UsageError when the file is none of them
 */
export async function openSavedRuns(path: string, name: string | undefined): Promise<SavedBroker[]> {
  const saved = await openSaved(path);
  const own = name ?? usualName(path);
  if (saved.isRecording) {
    const read: SavedBroker["read"] = async (onLives, held) => comparedRun(own, await saved.read(held, onLives));
    return [{ name: own, isRecording: true, read, close: saved.close }];
  }
  const text = await saved.text();
  if (schemaOf(text) !== comparisonSchema) return [asSaved(comparedRun(own, parseReport(text, path)))];
  if (name !== undefined) {
    throw new UsageError(
      `Cannot call all brokers of the comparison "${path}" ${name}: expected the file without a name`,
    );
  }
  return parseBrokers(text, path).map(asSaved);
}

function asSaved(broker: ComparedBroker): SavedBroker {
  const { name, report } = broker;
  const read: SavedBroker["read"] = (_, held = []) =>
    Promise.resolve(
      report === undefined || held.length === 0 ? broker : comparedRun(name, applyThresholds(report, held)),
    );
  return { name, isRecording: false, read, close: () => Promise.resolve() };
}

function parseBrokers(text: string, path: string): ComparedBroker[] {
  const { data, error } = document.safeParse(JSON.parse(text));
  if (error !== undefined) {
    throw new UsageError(`Cannot read comparison "${path}": ${documentFault(error, "comparison")}`);
  }
  return data.brokers.map(({ report, ...about }, place) => ({
    ...about,
    // A comparison of an earlier version shows the whole URL, and may be called by it.
    name: about.name.replace(/\?.*$/s, "?…"),
    target: withMaskedUrls(about.target),
    ...report !== undefined && { report: checkedReport(report, `${path}: brokers.${place}.report`) },
  }));
}

function schemaOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly schema?: unknown } | null)?.schema;
  } catch {
    return undefined;
  }
}

/** The file's name without folder and ending. */
function usualName(path: string): string {
  return path.replace(/^.*[/\\]/, "").replace(/\.(nd)?json$/, "");
}
