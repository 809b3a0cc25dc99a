/** `mqtt-sim report` on the command line: a saved report drawn again, and several merged into one. */
import { merge, object, or } from "@optique/core/constructs";
import { multiple } from "@optique/core/modifiers";
import type { InferValue } from "@optique/core/parser";
import { argument, command, constant } from "@optique/core/primitives";
import { parseDurationMs } from "../../base/units.ts";
import { profileNames } from "../../profiles/profiles.ts";
import { parseThreshold } from "../../report/model/threshold.ts";
import {
  fileValue as saved,
  type FlagValue,
  neededArgument,
  orNone,
  plainArgument,
  repeatedFlag,
  sentence,
  switchFlag,
  valueFlag,
  wordValue,
} from "../options/flag.ts";
import { reportFlags } from "./report_outputs.ts";

const duration: FlagValue<number> = { metavar: "TIME", read: parseDurationMs };

const text = object("Output", {
  text: switchFlag(
    "--text",
    "Write the report as text, even beside other forms. Default: when no other form is asked for.",
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
    }),
    thresholds(
      "Hold the whole against this, as mqtt-sim fleet --threshold does; takes the place of all thresholds that the parts " +
        "were given. May be repeated.",
    ),
    reportFlags,
    text,
  ),
  {
    brief: sentence("Join the reports of one run's parts."),
    description: sentence(
      "Joins the reports of one run's parts into one: counts added, histograms merged, and one verdict over all. A fault " +
        "that is proven in one part fails the whole, whatever became of the others. Parts of different plans, seeds or " +
        "brokers are refused.",
    ),
    usageLine: [{ type: "literal", value: "FILE FILE… [FLAGS]" }],
  },
);

const savedRun: FlagValue<SavedRun> = { metavar: "[NAME=]FILE", read: parseSavedRun, isFile: true };

/** A saved run, and what it is to be called beside others. */
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
      "Hold each of the runs against this, as mqtt-sim fleet --threshold does; takes the place of all thresholds that a " +
        "run was given. May be repeated.",
    ),
    reportFlags,
    text,
  ),
  {
    brief: sentence("Put saved runs side by side."),
    description: sentence(
      "Puts saved reports and recordings side by side, a column for each; a name before the file is what the column is called, else it " +
        "is the file's. A comparison that fleet wrote brings all of its brokers. A form whose file's name holds " +
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
      "Cannot draw a report without its file: expected what mqtt-sim fleet --report or --record wrote",
      "What mqtt-sim fleet --report wrote, or --record: the file says itself which it is.",
    ),
  }),
  object("Judging", {
    threshold: repeatedFlag(
      "--threshold",
      { metavar: "EXPRESSION", read: parseThreshold },
      "Hold what was saved against this, as mqtt-sim fleet --threshold does; takes the place of all thresholds that the " +
        "run was given. May be repeated.",
    ),
    lateAfter: valueFlag(
      "--late-after",
      duration,
      "Of what --record wrote: a will later than this past its due instant is late, 1ms to 1h. Default: as the run.",
    ),
    profile: valueFlag(
      "--profile",
      { ...wordValue(profileNames), metavar: "NAME" },
      "Of what --record wrote: the broker whose known deviations do not fail the run. Default: as the run.",
    ),
  }),
  reportFlags,
  text,
);

/** No argument at all: the command has its own sentence for it. */
const nothing = { command: "report merge", files: [], threshold: [] } as unknown as InferValue<typeof mergeCommand>;

/** `mqtt-sim report` and what can follow it. */
export const reportCommand = command(
  "report",
  orNone(or(mergeCommand, compareCommand, draw), () => nothing),
  {
    brief: sentence("Draw a saved report again, in any form, or merge several."),
    description: sentence(
      "Reads what mqtt-sim fleet --report wrote and writes it in other forms; as text when none is asked for. Of what " +
        "--record wrote, every event is judged again. The exit code is the run's. mqtt-sim report merge joins the parts " +
        "of one run, mqtt-sim report compare puts runs side by side.",
    ),
    usageLine: [{ type: "literal", value: "FILE [FLAGS]" }],
  },
);

/** What `mqtt-sim report` was asked for. */
export type ReportAsked = InferValue<typeof reportCommand>;

/** What `mqtt-sim report` and its `merge` were asked for. */
export type DrawAsked = Exclude<ReportAsked, { readonly command: "report compare" }>;

/** What `mqtt-sim report compare` was asked for. */
export type CompareAsked = Extract<ReportAsked, { readonly command: "report compare" }>;
