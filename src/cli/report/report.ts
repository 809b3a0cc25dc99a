/** `mqtt-sim report`: saved report, or several → report → forms → the run's exit code. */
import { UsageError } from "../../base/failure.ts";
import { makePlan } from "../../fleet/plan/make_plan.ts";
import { mergeReports } from "../../report/model/merge_reports.ts";
import type { CheckReport } from "../../report/model/check_report.ts";
import type { Report } from "../../report/model/report.ts";
import { parseThreshold } from "../../report/model/threshold.ts";
import { reportAnnotations } from "../../report/export/annotations.ts";
import { reportBody, reportVerdict } from "../../report/terminal/text.ts";
import { readReport, readRun } from "../../parts/report_store.ts";
import { gatheredReport } from "../over/gathered_report.ts";
import { openRendezvous } from "../over/open_rendezvous.ts";
import type { OverAddress } from "../over/over_flags.ts";
import type { Output } from "../process/output.ts";
import {
  openReportOutputs,
  openRunOutputs,
  type ReportOutputs,
  reportPlaces,
  type RunOutputs,
} from "./report_outputs.ts";
import { checkedReport } from "./saved_report.ts";
import { openSaved, readSaved, type Rejudging } from "./saved_record.ts";
import type { DrawAsked } from "./report_flags.ts";
import { checkPlaces, openCheckOutputs } from "./check_outputs.ts";
import { isCheckReport, parseCheckReport } from "./saved_check.ts";
import { printCheck, printReport, roomOn } from "./print_report.ts";

type DrawOne = Extract<DrawAsked, { readonly command: "report" }>;

/** Widest text of a report. */
const widest = 100;

/**
 * Writes a saved report, or several merged, in the requested forms; returns the run's exit code.
 *
 * @throws UsageError when a report is unreadable, parts do not fit, or a file is not writable
 */
export async function report(asked: DrawAsked, output: Output): Promise<number> {
  if (asked.command === "report") return await drawAgain(asked, output);
  const whole = asked.over === undefined ? await merged(asked) : await mergedOver(asked, asked.over);
  return await writeAll(whole, asked, await openReportOutputs(asked), output);
}

/** A recording has every life, so the command writes each after its judgement; a report has only samples. */
async function drawAgain(asked: DrawOne, output: Output): Promise<number> {
  const bounds = boundsOf(asked);
  const saved = await openSaved(asked.file);
  let outputs: RunOutputs | undefined;
  try {
    if (!saved.isRecording && isCheckReport(await saved.text())) {
      return await drawCheck(parseCheckReport(await saved.text(), asked.file), asked, output);
    }
    if (!saved.isRecording) refuseBounds(asked);
    outputs = saved.isRecording
      ? await openRunOutputs(asked, (text) => output.out.write(text))
      : await openReportOutputs(asked);
    const thresholds = asked.threshold.length === 0 ? undefined : asked.threshold;
    return await writeAll(await saved.read(thresholds, outputs.onLives, bounds), asked, outputs, output);
  } finally {
    await saved.close();
    await outputs?.discard();
  }
}

/** The flags that the report of a check has no data for. */
const onlyForRuns = {
  csv: "--csv",
  csvLives: "--csv-lives",
  hdr: "--hdr",
  lateAfter: "--late-after",
  profile: "--profile",
} as const;

/** Writes the report of a check in the requested forms. @throws UsageError for a form that only a run has */
async function drawCheck(whole: CheckReport, asked: DrawOne, { out, err }: Output): Promise<number> {
  const [name] = (Object.keys(onlyForRuns) as (keyof typeof onlyForRuns)[]).filter((each) => asked[each] !== undefined);
  const flag = name !== undefined ? onlyForRuns[name] : asked.threshold.length > 0 ? "--threshold" : undefined;
  if (flag !== undefined) {
    throw new UsageError(
      `Cannot use ${flag} with "${asked.file}", the report of a check: expected --report, --html, --junit, --markdown or --text`,
    );
  }
  const outputs = await openCheckOutputs(asked);
  const stream = outputs.usesStandardOutput ? err : out;
  const places = checkPlaces(asked);
  const wantsText = asked.text === true || places.length === 0;
  const files = places.filter((path) => path !== "-").length;
  try {
    await printCheck(
      stream,
      whole,
      files,
      { ...asked, wantsText },
      () => outputs.write(whole, (form) => out.write(form)),
    );
    return whole.exitCode;
  } finally {
    await outputs.discard();
  }
}

/** @throws UsageError when one exceeds the limit of a plan */
function boundsOf({ lateAfter: lateAfterMs, profile }: DrawOne): Rejudging {
  const bounds = { ...lateAfterMs !== undefined && { lateAfterMs }, ...profile !== undefined && { profile } };
  makePlan({ seed: 0, run: "bounds", ...bounds });
  return bounds;
}

/** A report has no events that could be judged. */
function refuseBounds({ file, lateAfter, profile }: DrawOne): void {
  const flag = lateAfter !== undefined ? "--late-after" : profile !== undefined ? "--profile" : undefined;
  if (flag === undefined) return;
  throw new UsageError(
    `Cannot judge "${file}" again by ${flag}: it has counts and no events; expected a file that mqtt-sim fleet --record wrote`,
  );
}

type MergeAsked = Extract<DrawAsked, { command: "report merge" }>;

async function merged(asked: MergeAsked): Promise<Report> {
  if (asked.files.length === 0) {
    throw new UsageError(
      "Cannot write a report without its file: expected a file that mqtt-sim fleet --report or --record wrote",
    );
  }
  const parts = [];
  for (const name of asked.files) parts.push({ name, report: await readSaved(name) });
  return mergeReports(parts, asked.threshold.length === 0 ? undefined : asked.threshold);
}

/** Joins the reports that the parts of a run left in the store of NATS. */
async function mergedOver(asked: MergeAsked, over: OverAddress): Promise<Report> {
  const { run, files } = asked;
  if (run === undefined) throw new UsageError("Cannot use --over without --run: expected the name of the run");
  if (files.length > 0) throw new UsageError(`Cannot use --over with the file "${files[0]}": expected one of them`);
  const store = await openRendezvous(over, asked, `mqtt-sim report merge ${run}`);
  try {
    const entry = await readRun(store, run);
    if (entry === undefined) {
      throw new UsageError(
        `Cannot find run ${run} at ${over.shown}: expected a run of mqtt-sim fleet --over within 24 h`,
      );
    }
    const stored = [];
    for (let part = 1; part <= entry.parts; part++) stored.push(...[await readReport(store, run, part) ?? []].flat());
    const thresholds = asked.threshold.length > 0
      ? asked.threshold
      : entry.thresholds.map((text) => parseThreshold(text));
    const whole = gatheredReport(stored, { of: entry.parts }, thresholds, checkedReport);
    if (whole === undefined) {
      throw new UsageError(`Cannot join run ${run}: none of its ${entry.parts} parts has left a report`);
    }
    return whole;
  } finally {
    await store.close();
  }
}

async function writeAll(
  whole: Report,
  asked: DrawAsked,
  outputs: ReportOutputs,
  { out, err }: Output,
): Promise<number> {
  const stream = outputs.usesStandardOutput ? err : out;
  const places = reportPlaces(asked);
  const files = places.filter((path) => path !== "-").length;
  const { style } = stream;
  const { width, verdictWidth, rows } = roomOn(stream, widest, files, asked.verbose ?? false);
  const wantsText = asked.text === true || places.length === 0;
  const body = wantsText ? reportBody(whole, { width, style, ...rows !== undefined && { rows } }) : "";
  const verdict = reportVerdict(whole, { width: verdictWidth, style });
  try {
    const annotations = asked.annotations === undefined ? "" : reportAnnotations(whole);
    await printReport(stream, body, { annotations, verdict }, () => outputs.write(whole, (form) => out.write(form)));
    return whole.exitCode;
  } finally {
    await outputs.discard();
  }
}
