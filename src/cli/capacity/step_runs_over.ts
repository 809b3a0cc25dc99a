/**
 * The steps of a search in several parts: each step is one run of the same parts, which join the next run once a step
 * is over. The generator is judged for each part alone.
 */
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { formatCount } from "../../base/units.ts";
import { generatorEvidence, stepOf } from "../../fleet/capacity/step_outcome.ts";
import type { Notice, Progress } from "../../fleet/result/result.ts";
import { Dismissal } from "../../parts/dismissal.ts";
import { beatEveryMs, overForMs } from "../../parts/limits.ts";
import { decodeToCoordinator, encodeMessage, subjectsOf } from "../../parts/message.ts";
import type { Rendezvous } from "../../parts/rendezvous.ts";
import type { StoredReport } from "../../parts/report_store.ts";
import { whyItFails } from "../../report/model/abort_on_fail.ts";
import { partName } from "../../report/model/parts/parts_result.ts";
import { planOver } from "../fleet/fleet_over.ts";
import { gatheredReport } from "../over/gathered_report.ts";
import { openRendezvous } from "../over/open_rendezvous.ts";
import type { OverAsked } from "../over/over_flags.ts";
import { runParts } from "../over/run_parts.ts";
import { programName } from "../process/invocation.ts";
import { checkedReport } from "../report/saved_report.ts";
import { boundOf, type StepRuns, type StepRunsAsked } from "./step_runs.ts";

/** The parts of a search. */
export interface SearchParts extends OverAsked {
  /** The name at which the parts find the search. */
  readonly name: string;
}

/** The longest pause between two steps: parts that hear of no run for 10 min end. */
const longestRecoveryMs = 300_000;

/** @throws UsageError where parts cannot wait so long between two steps */
export function checkRecovery(recoveryMs: number): void {
  if (recoveryMs <= longestRecoveryMs) return;
  throw new UsageError(`Cannot use --recovery ${recoveryMs / 1_000}s with --over: expected at most 5m`);
}

/** Opens the rendezvous of a search. */
export async function openStepRunsOver(
  url: string,
  parts: SearchParts,
  { thresholds, interrupts, warnings, settings, err }: StepRunsAsked,
  isQuiet = false,
): Promise<StepRuns> {
  const rendezvous = await openRendezvous(parts.over!, parts, `mqtt-sim capacity ${parts.name}`);
  const of = parts.parts!;
  let [steps, held] = [0, false];
  const nameOf = (step: number) => step === 0 ? parts.name : `${parts.name}.${step + 1}`;
  return {
    async run(step, plan) {
      const [name, next] = [nameOf(steps), nameOf(++steps)];
      let cut: string | undefined;
      const hooks = {
        onProgress: () => {},
        onNotice: (notice: Notice) => showNotice(notice, { warnings, err, isInfoShown: steps === 1 && !isQuiet }),
        abortOn: (now: Progress) => cut ??= whyItFails(now, thresholds),
        ...{ interrupt: interrupts.early, detail: false },
      };
      const call = `${programName()} part --over ${parts.over!.shown} --run ${name}`;
      const waiting = { level: "info", text: `Waiting for ${formatCount(of)} parts: ${call}` } as const;
      const asked = { ...parts, name, next, url, parts: of, threshold: thresholds, notices: [waiting] };
      const { end, stored, seats, interrupted } = await runParts(
        rendezvous,
        { ...asked, plan: planOver(plan, of) },
        hooks,
      );
      if (interrupted) return undefined;
      const report = gatheredReport(stored, { of, why: end.why, interrupted: false, seats }, thresholds, checkedReport);
      if (report === undefined) return { void: end.why ?? "no part has left a report" };
      const isCut = cut !== undefined && (end.why?.endsWith(cut) ?? false);
      const { verdict, generatorBound, reason } = report;
      const isLost = end.why !== undefined && !isCut;
      if (isLost || verdict === "void" && generatorBound === undefined && !isCut && !held) return { void: reason };
      const boundMs = boundOf(plan.lateAfterMs, thresholds);
      const cores = stored.flatMap(({ coresPerWorker }) => coresPerWorker ?? []);
      const result = { ...report, plan, ...isCut && cut !== undefined && { aborted: cut } };
      const one = stepOf(result, step, {
        of: settings.of,
        judgement: { met: verdict === "pass", reason },
        boundMs,
        ...cores.length > 0 && { coresPerWorker: Math.max(...cores) },
        partEvidence: partEvidence(stored, of, boundMs),
      });
      if (one.outcome === "held") held = true;
      return one;
    },
    close: async () => {
      await dismiss(rendezvous, nameOf(steps), of, interrupts.early);
      await rendezvous.close();
    },
  };
}

/** Prints a notice of a step, each warning once: the report has the warnings only at the end of the search. */
export function showNotice(
  { level, text }: Notice,
  { warnings, err, isInfoShown }: Pick<StepRunsAsked, "warnings" | "err"> & { readonly isInfoShown: boolean },
): void {
  if (level === "info") return isInfoShown ? err.write(`${text}\n`) : undefined;
  if (!warnings.has(text)) err.write(`warning: ${text}\n`);
  warnings.add(text);
}

/** The evidence against the generator by its parts: that of the first, and the number of others that have some. */
export function partEvidence(
  stored: readonly StoredReport[],
  of: number,
  boundMs: number,
): string | undefined {
  const late = stored.flatMap(({ part, who: { host }, report, coresPerWorker }) => {
    const evidence = generatorEvidence(checkedReport(report, `part ${part}`), {
      boundMs,
      coresPerWorker,
    });
    return evidence === undefined ? [] : [`${partName({ part, host }, of)}: ${evidence}`];
  });
  if (late.length <= 1) return late[0];
  return `${late[0]}; ${formatCount(late.length - 1)} more of ${formatCount(of)} parts were at their limit`;
}

/** Lets the parts end that wait for a step which never comes. A person who has ended the search waits for none. */
async function dismiss(rendezvous: Rendezvous, run: string, parts: number, interrupt: AbortSignal): Promise<void> {
  const [subjects, clock] = [subjectsOf(run), monotonicClock];
  const dismissal = new Dismissal("the search is over", parts, {
    beat: (beat) => rendezvous.publish(subjects.beat, encodeMessage(beat)),
    answer: (id, message) => rendezvous.publish(subjects.part(id), encodeMessage(message)),
  }, clock.nowMs());
  const unlisten = rendezvous.listen(subjects.coordinator, (bytes) => {
    const message = decodeToCoordinator(bytes);
    if (message !== undefined) dismissal.receive(message, clock.nowMs());
  });
  const untilMs = interrupt.aborted ? clock.nowMs() + 3 * overForMs : Infinity;
  for (let nowMs = clock.nowMs(); !dismissal.isOver(nowMs) && nowMs < untilMs; nowMs = clock.nowMs()) {
    dismissal.turn(nowMs);
    await new Promise((resolve) => setTimeout(resolve, beatEveryMs));
  }
  unlisten();
}
