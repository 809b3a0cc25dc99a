/**
 * The files of a comparison's forms: one file for all brokers, or, where its name contains {broker}, one for each.
 */
import { UsageError } from "../../base/failure.ts";
import { type Comparison, comparisonJson } from "../../report/model/comparison.ts";
import { comparisonHtml } from "../../report/html/comparison_html.ts";
import { comparisonJunit } from "../../report/export/comparison_junit.ts";
import { comparisonMarkdown } from "../../report/export/comparison_markdown.ts";
import type { Report } from "../../report/model/report.ts";
import {
  type Form,
  formTitles,
  openForms,
  openReportOutputs,
  openRunOutputs,
  type ReportFlags,
  type RunOutputs,
} from "./report_outputs.ts";

const writers = {
  report: comparisonJson,
  html: comparisonHtml,
  junit: comparisonJunit,
  markdown: comparisonMarkdown,
} as const satisfies Partial<Record<Form, (comparison: Comparison) => string>>;

/** The placeholder for the broker in the name of a file. */
export const placeholder = "{broker}";

/** Files that wait for a comparison, and for the report of each of its brokers. */
export interface ComparisonOutputs {
  /** True when one form goes to standard output. */
  readonly usesStandardOutput: boolean;
  /** The number of files of all brokers. */
  readonly count: number;
  /** The receiver of one broker's judged lives; undefined where no file needs them. */
  onLivesOf(name: string): RunOutputs["onLives"];
  /** Writes the files of one broker; returns a line on each file. */
  writeOne(name: string, report: Report): Promise<string[]>;
  /** Writes the files of all brokers; returns a line on each file. */
  write(comparison: Comparison, toStandardOutput: (text: string) => void): Promise<string[]>;
  /** Leaves the files that were not written as they were. */
  discard(): Promise<void>;
}

/**
 * Opens all files.
 *
 * @param hasLives whether the caller passes a broker's lives as it judges them; else there are only samples
 * @throws UsageError when one is not writable, two are the same, or a form needs a file for each broker
 */
export async function openComparisonOutputs(
  flags: ReportFlags,
  names: readonly string[],
  hasLives: (name: string) => boolean = () => true,
): Promise<ComparisonOutputs> {
  const forms = Object.keys(formTitles) as Form[];
  const asked = forms.filter((form) => flags[form] !== undefined);
  const apart = asked.filter((form) => flags[form]!.includes(placeholder));
  const together = asked.filter((form) => !apart.includes(form));
  for (const form of together) checkForm(form, flags[form]!);
  const flagsOf = (name: string) =>
    Object.fromEntries(
      apart.map((form) => [form, placeFor(flags[form]!, name)]),
    ) as ReportFlags;
  checkFiles([
    ...names.flatMap((name) => Object.values(flagsOf(name) as Record<string, string>)),
    ...together.map((form) => flags[form]!),
  ]);
  const togetherFlags: Partial<Record<keyof typeof writers, string>> = Object.fromEntries(
    together.map((form) => [form, flags[form]]),
  );
  const one = new Map<string, RunOutputs>();
  const discardOnes = async () => {
    for (const outputs of one.values()) await outputs.discard();
  };
  try {
    for (const name of names) {
      one.set(
        name,
        hasLives(name) ? await openRunOutputs(flagsOf(name), () => {}) : await openReportOutputs(flagsOf(name)),
      );
    }
    const all = await openForms<Comparison, keyof typeof writers>(togetherFlags, writers, formTitles);
    return {
      usesStandardOutput: all.usesStandardOutput,
      count: together.filter((form) => flags[form] !== "-").length,
      onLivesOf: (name) => one.get(name)!.onLives,
      writeOne: (name, report) => one.get(name)!.write(report, () => {}),
      write: (comparison, toStandardOutput) => all.write(comparison, toStandardOutput),
      discard: async () => {
        await discardOnes();
        await all.discard();
      },
    };
  } catch (error) {
    await discardOnes();
    throw error;
  }
}

function checkForm(form: Form, path: string): void {
  if (form in writers) return;
  throw new UsageError(
    `Cannot write ${formTitles[form]} of several brokers to "${path}": expected a file for each, by a name such as ` +
      `${placeholder}-${path}`,
  );
}

function checkFiles(paths: readonly string[]): void {
  const twice = paths.find((path, place) => paths.indexOf(path) < place);
  if (twice === undefined) return;
  const where = twice === "-" ? "standard output" : `"${twice}"`;
  throw new UsageError(`Cannot write two formats to ${where}: expected a place for each`);
}

/** The name of one broker's file. */
export function placeFor(path: string, broker: string): string {
  return path.replaceAll(placeholder, fileName(broker));
}

/** The same flags with the broker's name in the names of their files: for commands on one broker. */
export function withBrokerName<Flags extends object>(flags: Flags, broker: string): Flags {
  const forms = [...Object.keys(formTitles), "record"];
  return Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name,
      forms.includes(name) && typeof value === "string" ? placeFor(value, broker) : value,
    ]),
  ) as Flags;
}

/** Where the forms of some brokers go, all of them. */
export function comparisonPlaces(flags: ReportFlags, names: readonly string[]): string[] {
  const paths = (Object.keys(formTitles) as Form[]).flatMap((form) => flags[form] ?? []);
  return paths.flatMap((path) => names.map((name) => placeFor(path, name)));
}

/** A broker's name in the name of a file. */
function fileName(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, "-");
}
