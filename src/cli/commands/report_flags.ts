/** `mqtt-sim report` on the command line: a saved report drawn again, and several merged into one. */
import { merge, object, or } from "@optique/core/constructs";
import { map, multiple, optional } from "@optique/core/modifiers";
import type { InferValue } from "@optique/core/parser";
import { argument, command, constant } from "@optique/core/primitives";
import { type FlagValue, plainArgument, sentence, switchFlag } from "../flag.ts";
import { reportFlags } from "../report_outputs.ts";

const saved: FlagValue<string> = { metavar: "FILE.json", read: (value) => value, isFile: true };

const text = object("Output", {
  text: switchFlag(
    "--text",
    "Write the report as text, even beside other forms. Default: when no other form is asked for.",
  ),
});

const mergeCommand = command(
  "merge",
  merge(
    object({ command: constant("report merge") }),
    object("Parts", {
      files: multiple(argument(plainArgument(saved), { description: sentence("A part's report.") }), { min: 0 }),
    }),
    reportFlags,
    text,
  ),
  {
    brief: sentence("Join the reports of one run's parts."),
    description: sentence(
      "Joins the reports of one run's parts into one: counts added, histograms merged, and one verdict over all. Parts " +
        "of different plans, seeds or brokers are refused.",
    ),
    usageLine: [{ type: "literal", value: "FILE.json FILE.json… [FLAGS]" }],
  },
);

const draw = merge(
  object({ command: constant("report") }),
  object("Saved report", {
    file: argument(plainArgument(saved), { description: sentence("What mqtt-sim fleet --report wrote.") }),
  }),
  reportFlags,
  text,
);

/** No argument at all: the command has its own sentence for it. */
const nothing = { command: "report merge", files: [] } as unknown as InferValue<typeof mergeCommand>;

/** `mqtt-sim report` and what can follow it. */
export const reportCommand = command("report", map(optional(or(mergeCommand, draw)), (asked) => asked ?? nothing), {
  brief: sentence("Draw a saved report again, in any form, or merge several."),
  description: sentence(
    "Reads what mqtt-sim fleet --report wrote and writes it in other forms; as text when none is asked for. The exit " +
      "code is the run's. mqtt-sim report merge joins the parts of one run.",
  ),
  usageLine: [{ type: "literal", value: "FILE.json [FLAGS]" }],
});

/** What `mqtt-sim report` was asked for. */
export type ReportAsked = InferValue<typeof reportCommand>;
