/** `mqtt-sim report` on the command line: a saved report drawn again, and several merged into one. */
import { merge, object, or } from "@optique/core/constructs";
import { multiple } from "@optique/core/modifiers";
import type { InferValue } from "@optique/core/parser";
import { argument, command, constant } from "@optique/core/primitives";
import { parseThreshold } from "../../report/model/threshold.ts";
import { parseTolerance } from "../../report/model/tolerance.ts";
import {
  colorFlag,
  fileValue as saved,
  type FlagValue,
  neededArgument,
  orNone,
  plainArgument,
  repeatedFlag,
  sentence,
  switchFlag,
  valueFlag,
} from "../options/flag.ts";
import { planFlag } from "../options/plan_flags.ts";
import { overFlag, overLoginFlags, runNameValue } from "../over/over_flags.ts";
import { reportFlags } from "./report_outputs.ts";
import { annotationsFlag, verboseFlag } from "./print_report.ts";

const text = object("Output", {
  color: colorFlag,
  annotations: annotationsFlag,
  verbose: verboseFlag,
  text: switchFlag(
    "--text",
    "Write the report as text, also with other formats. Default: if no other format is requested.",
  ),
});

const thresholds = (description: string) =>
  object("Judging", {
    threshold: repeatedFlag("--threshold", { metavar: "EXPRESSION", read: parseThreshold }, description),
  });

const mergeCommand = command(
  "merge",
  merge(
    object({ command: constant("report merge") }),
    object("Parts", {
      files: multiple(argument(plainArgument(saved), { description: sentence("A part's report.") }), { min: 0 }),
      over: overFlag(
        "In place of files: NATS, which has the reports of a run of mqtt-sim fleet --over for 24 hours, also when its " +
          "coordinator did not end properly.",
      ),
      run: valueFlag("--run", runNameValue, "The run whose reports to join, for --over."),
      ...overLoginFlags,
    }),
    thresholds(
      "Check the merged report against this, as mqtt-sim fleet --threshold does; replaces all thresholds of the " +
        "parts. May be repeated.",
    ),
    reportFlags,
    text,
  ),
  {
    brief: sentence("Join the reports of one run's parts."),
    description: sentence(
      "Joins the reports of one run's parts into one: counts added, histograms merged, and one verdict over all. A fault " +
        "that is proven in one part fails the merged report. Parts with different plans, seeds or " +
        "brokers are refused.",
    ),
    usageLine: [{ type: "literal", value: "FILE FILE… [FLAGS]" }],
  },
);

const savedRun: FlagValue<SavedRun> = { metavar: "[NAME=]FILE", read: parseSavedRun, isFile: true };

/** A saved run, and its name beside others. */
export interface SavedRun {
  readonly path: string;
  readonly name?: string;
}

/** Reads `FILE` or `NAME=FILE`. */
function parseSavedRun(text: string): SavedRun {
  const [, name, path] = /^([\w.-]{1,32})=(.+)$/s.exec(text) ?? [];
  return name === undefined || path === undefined ? { path: text } : { name, path };
}

const compareCommand = command(
  "compare",
  merge(
    object({ command: constant("report compare") }),
    object("Runs", {
      files: multiple(
        argument(plainArgument(savedRun), { description: sentence("A run's report, its recording, or a comparison.") }),
        {
          min: 0,
        },
      ),
    }),
    thresholds(
      "Check each run against this, as mqtt-sim fleet --threshold does; replaces all thresholds of the " +
        "run. May be repeated.",
    ),
    object("Baseline", {
      tolerance: repeatedFlag(
        "--tolerance",
        { metavar: "[PATH=]LIMIT", read: parseTolerance },
        "Fail where a run is worse than the first one, the baseline, by more than this: 10% for the faults, latencies and " +
          "rates of the run, latencyMs.all.p99=20% or =5ms for one number of the JSON report. The verdict of the baseline " +
          "does not count. May be repeated.",
      ),
    }),
    reportFlags,
    text,
  ),
  {
    brief: sentence("Put saved runs side by side."),
    description: sentence(
      "Puts saved reports and recordings side by side, in one column each. A name before the file is the title of the column, otherwise it " +
        "is the file's. A comparison that fleet wrote adds all its brokers. A format whose file name contains " +
        "{broker} is written once for each.",
    ),
    usageLine: [{ type: "literal", value: "[NAME=]FILE [NAME=]FILE… [FLAGS]" }],
  },
);

const draw = merge(
  object({ command: constant("report") }),
  object("Saved report", {
    file: neededArgument(
      saved,
      "Cannot write a report without its file: expected a file that mqtt-sim fleet --report or --record wrote",
      "A file that mqtt-sim fleet --report or --record, or mqtt-sim check --report wrote.",
    ),
  }),
  object("Judging", {
    threshold: repeatedFlag(
      "--threshold",
      { metavar: "EXPRESSION", read: parseThreshold },
      "Check the saved run against this, as mqtt-sim fleet --threshold does; replaces all thresholds of the " +
        "run. May be repeated.",
    ),
    lateAfter: planFlag(
      "lateAfterMs",
      "For a recording: a will that comes later than this after its due time is late, {range}. Default: as in the run.",
    ),
    profile: planFlag(
      "profile",
      "For a recording: the broker whose known deviations do not fail the run. Default: as in the run.",
    ),
  }),
  reportFlags,
  text,
);

/** No argument at all: the command has its own sentence for it. */
const nothing = { command: "report merge", files: [], threshold: [] } as unknown as InferValue<typeof mergeCommand>;

/** `mqtt-sim report` and its subcommands. */
export const reportCommand = command(
  "report",
  orNone(or(mergeCommand, compareCommand, draw), () => nothing),
  {
    brief: sentence("Write a saved report again, in any format, or merge several."),
    description: sentence(
      "Reads a file that mqtt-sim fleet --report or check --report wrote and writes it in other formats; default text. For a file that " +
        "--record wrote, it judges every event again. The exit code is the run's. mqtt-sim report merge joins the parts " +
        "of one run, mqtt-sim report compare puts runs side by side.",
    ),
    usageLine: [{ type: "literal", value: "FILE [FLAGS]" }],
  },
);

/** The parsed command line of `mqtt-sim report`. */
export type ReportAsked = InferValue<typeof reportCommand>;

/** The parsed command line of `mqtt-sim report` and its `merge`. */
export type DrawAsked = Exclude<ReportAsked, { readonly command: "report compare" }>;

/** The parsed command line of `mqtt-sim report compare`. */
export type CompareAsked = Extract<ReportAsked, { readonly command: "report compare" }>;
