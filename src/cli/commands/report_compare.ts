/** `mqtt-sim report compare`: saved reports → comparison → forms → the worst exit code. */
import { makeComparison } from "../../report/comparison.ts";
import { comparisonText } from "../../report/comparison_text.ts";
import { openComparisonOutputs } from "../comparison_outputs.ts";
import type { Output } from "../output.ts";
import { type Form, formTitles } from "../report_outputs.ts";
import { readSavedRuns } from "../saved_comparison.ts";
import { tool } from "../tool.ts";
import type { CompareAsked } from "./report_flags.ts";

/** Widest text of a comparison. */
const widest = 120;
const forms = Object.keys(formTitles) as Form[];

/**
 * Puts saved reports side by side, in the forms that were asked for; answers the worst of their exit codes.
 *
 * @throws UsageError when one cannot be read, there are fewer than two, or a file cannot be written
 */
export async function compareReports(asked: CompareAsked, output: Output): Promise<number> {
  const brokers = [];
  for (const { path, name } of asked.files) brokers.push(...await readSavedRuns(path, name));
  const comparison = makeComparison(brokers, tool);
  const outputs = await openComparisonOutputs(asked, brokers.map(({ name }) => name));
  const { out, err } = output;
  const stream = outputs.usesStandardOutput ? err : out;
  try {
    const told: string[] = [];
    for (const { name, report } of brokers) {
      if (report !== undefined) told.push(...await outputs.writeOne(name, report));
    }
    if (asked.text || forms.every((form) => asked[form] === undefined)) {
      const width = Math.min(stream.columns() ?? widest, widest);
      stream.write(comparisonText(comparison, { width, style: stream.style }));
    }
    told.push(...await outputs.write(comparison, (form) => out.write(form)));
    for (const line of told) stream.write(`${line}\n`);
    return comparison.exitCode;
  } finally {
    await outputs.discard();
  }
}
