/** `mqtt-sim report compare`: saved runs → comparison → forms → the worst exit code. */
import { checkCompared, checkNames, type ComparedBroker, makeComparison } from "../../report/model/comparison.ts";
import { comparisonAnnotations } from "../../report/export/annotations.ts";
import { comparisonVerdict } from "../../report/terminal/comparison_text.ts";
import { openComparisonOutputs } from "./comparison_outputs.ts";
import type { Output } from "../process/output.ts";
import { type Form, formTitles } from "./report_outputs.ts";
import { openSavedRuns, type SavedBroker } from "./saved_comparison.ts";
import { printComparison, printReport } from "./print_report.ts";
import { tool } from "../process/tool.ts";
import type { CompareAsked } from "./report_flags.ts";

const forms = Object.keys(formTitles) as Form[];

/**
 * Compares saved runs, in the requested forms; returns the worst of their exit codes.
 *
 * @throws UsageError when one is unreadable, there are fewer than two, or a file is not writable
 */
export async function compareReports(asked: CompareAsked, output: Output): Promise<number> {
  const saved: SavedBroker[] = [];
  try {
    checkNames(asked.files.flatMap(({ name }) => name ?? []), "runs");
    for (const { path, name } of asked.files) saved.push(...await openSavedRuns(path, name));
    checkCompared(saved.map(({ name }) => name), "runs");
    return await compareSaved(saved, asked, output);
  } finally {
    for (const broker of saved) await broker.close();
  }
}

async function compareSaved(saved: readonly SavedBroker[], asked: CompareAsked, output: Output): Promise<number> {
  const recorded = new Set(saved.filter(({ isRecording }) => isRecording).map(({ name }) => name));
  const outputs = await openComparisonOutputs(asked, saved.map(({ name }) => name), (name) => recorded.has(name));
  const { out, err } = output;
  const stream = outputs.usesStandardOutput ? err : out;
  const thresholds = asked.threshold.length === 0 ? undefined : asked.threshold;
  try {
    const written: string[] = [];
    const brokers: ComparedBroker[] = [];
    for (const broker of saved) {
      const compared = await broker.read(outputs.onLivesOf(broker.name), thresholds);
      brokers.push(compared);
      if (compared.report !== undefined) written.push(...await outputs.writeOne(broker.name, compared.report));
    }
    const comparison = makeComparison(brokers, tool, asked.tolerance);
    const writeFiles = async () => [...written, ...await outputs.write(comparison, (form) => out.write(form))];
    if (asked.text || forms.every((form) => asked[form] === undefined)) {
      await printComparison(stream, comparison, written.length + outputs.count, asked, writeFiles);
    } else {
      const verdict = comparisonVerdict(comparison, { width: stream.columns() ?? Infinity, style: stream.style });
      const annotations = asked.annotations === undefined ? "" : comparisonAnnotations(comparison);
      await printReport(stream, "", { annotations, verdict }, writeFiles);
    }
    return comparison.exitCode;
  } finally {
    await outputs.discard();
  }
}
