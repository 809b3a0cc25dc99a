/** A comparison that was written to a file, read again: each of its reports is checked as one in a file of its own is. */
import { z } from "zod";
import { UsageError } from "../base/failure.ts";
import { type ComparedBroker, comparedRun, comparisonSchema } from "../report/comparison.ts";
import { parseReport, textOfReport } from "./saved_report.ts";

const broker = z.looseObject({
  name: z.string().min(1),
  target: z.string(),
  outcome: z.enum(["pass", "fail", "void", "not spoken", "skipped"]),
  reason: z.string(),
  report: z.unknown(),
});
const document = z.looseObject({ schema: z.literal(comparisonSchema), brokers: z.array(broker).min(1) });

/**
 * The runs of a file: one where it is a report, each of its brokers where it is a comparison.
 *
 * @param name what a single run is called, if anybody said so
 * @throws UsageError when the file is neither
 */
export async function readSavedRuns(path: string, name: string | undefined): Promise<ComparedBroker[]> {
  const text = await textOfReport(path);
  if (schemaOf(text) !== comparisonSchema) return [comparedRun(name ?? usualName(path), parseReport(text, path))];
  if (name !== undefined) {
    throw new UsageError(
      `Cannot call all brokers of the comparison "${path}" ${name}: expected the file without a name`,
    );
  }
  return parseBrokers(text, path);
}

function parseBrokers(text: string, path: string): ComparedBroker[] {
  const { data, error } = document.safeParse(JSON.parse(text));
  if (error !== undefined) {
    const { path: at, message } = error.issues[0]!;
    const fault = `${message[0]!.toLowerCase()}${message.slice(1)}`;
    throw new UsageError(`Cannot read comparison "${path}": at ${at.join(".")} it is not as a comparison is: ${fault}`);
  }
  return data.brokers.map(({ report, ...about }, place) => ({
    ...about,
    ...report !== undefined && { report: parseReport(JSON.stringify(report), `${path}: brokers.${place}.report`) },
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
  return path.replace(/^.*[/\\]/, "").replace(/\.json$/, "");
}
