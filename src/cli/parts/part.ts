/** `mqtt-sim part`: one part of a run that a coordinator gathers. */
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { freshSeed } from "../../base/random.ts";
import { orphanMs } from "../../parts/limits.ts";
import { decodeBeat, decodeToPart, encodeMessage, type PartIdentity, subjectsOf } from "../../parts/message.ts";
import { Part, type PartEnd } from "../../parts/part.ts";
import type { Rendezvous } from "../../parts/rendezvous.ts";
import type { Report } from "../../report/model/report.ts";
import { reportBody, reportVerdict } from "../../report/terminal/text.ts";
import { openRendezvous } from "../over/open_rendezvous.ts";
import { hostName } from "../process/host_name.ts";
import { type Interrupts, openInterrupts } from "../process/interrupt.ts";
import type { Output } from "../process/output.ts";
import { tool } from "../process/tool.ts";
import { openReportOutputs } from "../report/report_outputs.ts";
import { followingRun, NextRun } from "./next_run.ts";
import { checkPartFiles } from "./part_files.ts";
import { PartFleet } from "./part_fleet.ts";
import type { PartAsked, PartFlags } from "./part_flags.ts";

const turnEveryMs = 20;
const dialAgainMs = 1_000;
/** Widest text of a report. */
const widest = 100;

/**
 * Carries out one part of a run; returns the exit code.
 *
 * @throws UsageError when the command line cannot be used
 */
export async function part(asked: PartAsked, output: Output): Promise<number> {
  const { over, stay = false } = asked;
  const run = asked.run ?? (stay ? "*" : undefined);
  if (over === undefined || run === undefined) {
    throw new UsageError(
      "Cannot run a part without --over and --run: expected the URL of NATS, and the --run-id of the run",
    );
  }
  if (!stay && run.includes("*")) {
    throw new UsageError(`Cannot use --run ${JSON.stringify(run)} without --stay: expected the name of one run`);
  }
  if (stay && asked.report !== undefined) {
    throw new UsageError(
      `Cannot use --report ${
        JSON.stringify(asked.report)
      } with --stay, which has a report for each run: expected --record ` +
        "with {run} and {part} in its name",
    );
  }
  checkPartFiles(asked);
  const flags = { ...asked, over, run };
  const outputs = await openReportOutputs(asked.report === undefined ? {} : { report: asked.report });
  const interrupts = openInterrupts();
  try {
    const rendezvous = await dial(flags, interrupts);
    try {
      if (stay) return await carryOutEach(flags, rendezvous, output, interrupts);
      const { report, end } = await carryOutAll(flags, rendezvous, output, interrupts);
      if (report !== undefined) await outputs.write(report, (form) => output.out.write(form));
      return end.exitCode;
    } finally {
      await rendezvous.close();
    }
  } finally {
    interrupts.close();
    await outputs.discard();
  }
}

/** A part may start before NATS does. */
async function dial(flags: PartFlags, { early }: Interrupts): Promise<Rendezvous> {
  const untilMs = monotonicClock.nowMs() + orphanMs;
  for (;;) {
    try {
      return await openRendezvous(flags.over, flags, `mqtt-sim part ${flags.run}`);
    } catch (error) {
      const isFinal = !(error instanceof UsageError) || !error.message.startsWith("Cannot use NATS");
      if (isFinal || early.aborted || monotonicClock.nowMs() >= untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, dialAgainMs));
    }
  }
}

/** Carries out a part of one run after the other, until the process is asked to end; returns the exit code. */
async function carryOutEach(
  flags: PartFlags,
  rendezvous: Rendezvous,
  output: Output,
  interrupts: Interrupts,
): Promise<number> {
  const next = new NextRun(flags.run);
  rendezvous.listen(subjectsOf("*").beat, (bytes) => {
    const beat = decodeBeat(bytes);
    if (beat !== undefined) next.beat(beat);
  });
  if (!flags.quiet) output.err.write(`Waiting for runs at ${flags.over.shown}\n`);
  for (;;) {
    if (interrupts.early.aborted) return 0;
    const run = next.take();
    if (run !== undefined) {
      const { end } = await carryOutAll({ ...flags, run }, rendezvous, output, interrupts);
      if (end.exitCode === 130) return 130;
    }
    await new Promise((resolve) => setTimeout(resolve, turnEveryMs));
  }
}

/** Carries out a part of the run, and of each run that follows it; the last report of them, and how the last one ended. */
async function carryOutAll(
  flags: PartFlags,
  rendezvous: Rendezvous,
  output: Output,
  interrupts: Interrupts,
): Promise<{ readonly report: Report | undefined; readonly end: PartEnd }> {
  let report: Report | undefined;
  for (let run = flags.run;;) {
    const fleet = new PartFleet({ ...flags, run }, rendezvous, output);
    const { end, next } = await carryOut({ ...flags, run }, rendezvous, fleet, interrupts);
    if (fleet.report !== undefined) {
      report = fleet.report;
      const { style } = output.err;
      if (!flags.quiet) output.err.write(reportBody(report, { width: widest, style }));
      output.err.write(reportVerdict(report, { width: widest, style }));
    }
    output.err.write(`Part of run ${run} ended: ${end.text}.\n`);
    const following = followingRun(end, next);
    if (following === undefined) return { report, end };
    run = following;
  }
}

async function carryOut(
  flags: PartFlags,
  rendezvous: Rendezvous,
  fleet: PartFleet,
  interrupts: Interrupts,
): Promise<{ readonly end: PartEnd; readonly next: string | undefined }> {
  const who = identity(flags);
  const subjects = subjectsOf(flags.run);
  const nowMs = () => monotonicClock.nowMs();
  const machine = new Part(who, {
    send: (message) => rendezvous.publish(subjects.coordinator, encodeMessage(message)),
    check: (task, number, of) => machine.checked(fleet.check(task, number, of), nowMs()),
    run: (task, number, of) => fleet.run(machine, task, number, of),
    go: (killMs) => fleet.go(killMs),
    acted: (done) => fleet.acted(done),
    interrupt: () => fleet.interrupt(),
    save: () => fleet.save(machine, who),
  }, nowMs());
  const unlisten = [
    rendezvous.listen(subjects.beat, (bytes) => {
      const beat = decodeBeat(bytes);
      if (beat !== undefined) machine.beat(beat, nowMs());
    }),
    rendezvous.listen(subjects.part(who.id), (bytes) => {
      const message = decodeToPart(bytes);
      if (message !== undefined) machine.receive(message, nowMs());
    }),
  ];
  const ask = () => machine.askedToEnd(nowMs());
  interrupts.early.addEventListener("abort", ask, { once: true });
  if (interrupts.early.aborted) ask();
  while (machine.end === undefined && !interrupts.atOnce.aborted) {
    machine.turn(nowMs());
    await new Promise((resolve) => setTimeout(resolve, turnEveryMs));
  }
  interrupts.early.removeEventListener("abort", ask);
  for (const stop of unlisten) stop();
  const end = machine.end ?? { exitCode: 130, text: "it was asked to end at once" } as const;
  return { end, next: machine.seat?.task.next };
}

function identity({ host: asked }: PartFlags): PartIdentity {
  const own = hostName();
  const host = asked ?? own;
  return {
    id: `${freshSeed().toString(36)}${freshSeed().toString(36)}`,
    ...{ host, pid: Deno.pid, version: tool.version, ...host !== own && { pod: own } },
  };
}
