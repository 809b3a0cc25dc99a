/** Drives the coordinator of a run in several parts: its messages, its clock, and the reports in the store. */
import { type Clock, monotonicClock } from "../../base/clock.ts";
import { mergeProgress } from "../../fleet/merge/merge.ts";
import type { Notice, Progress } from "../../fleet/result/result.ts";
import { phases } from "../../fleet/result/run_phase.ts";
import type { OutageRunner } from "../../fleet/squad/outage_commands.ts";
import { Coordinator } from "../../parts/coordinator.ts";
import type { CoordinatorOptions, RunEnd } from "../../parts/coordinator_host.ts";
import { decodeToCoordinator, encodeMessage, subjectsOf } from "../../parts/message.ts";
import type { Rendezvous } from "../../parts/rendezvous.ts";
import { readReport, type StoredReport } from "../../parts/report_store.ts";
import type { PartProcess } from "../../parts/roster.ts";

/** The callbacks of a coordinated run. */
export interface CoordinateHooks {
  onProgress(progress: Progress): void;
  onNotice(notice: Notice): void;
  /** Ends the run early when it returns why. */
  abortOn?(progress: Progress): string | undefined;
  /** Carries out the actions of the plan on the broker. */
  readonly outage: OutageRunner;
  readonly interrupt: AbortSignal;
}

/** The outcome of a coordinated run. */
export interface Coordinated {
  readonly end: RunEnd;
  /** The reports of the parts that left one. */
  readonly stored: readonly StoredReport[];
  /** The processes of all parts. */
  readonly seats: readonly PartProcess[];
  /** A person ended the run. */
  readonly interrupted: boolean;
}

const turnEveryMs = 20;
const progressEveryMs = 200;

/** Coordinates a run to its end. */
export async function coordinate(
  rendezvous: Rendezvous,
  run: string,
  options: CoordinatorOptions,
  hooks: CoordinateHooks,
  clock: Clock = monotonicClock,
): Promise<Coordinated> {
  const subjects = subjectsOf(run);
  const stored = new Map<number, StoredReport>();
  const sought = new Set<number>();
  const over = new AbortController();
  const act = async (step: number) => {
    const how = await hooks.outage.run(step, over.signal);
    if (how.kind === "failed") return coordinator.acted({ step, fault: how.sentence });
    const { kind: _, ...times } = how;
    coordinator.acted({ step, ...times });
  };
  const failure = Promise.withResolvers<never>();
  const coordinator = new Coordinator(options, {
    act: (step) => void act(step).catch(failure.reject),
    beat: (beat) => rendezvous.publish(subjects.beat, encodeMessage({ run, ...beat })),
    answer: (id, message) => rendezvous.publish(subjects.part(id), encodeMessage(message)),
    notice: (notice) => hooks.onNotice(notice),
    seek: (part) => {
      if (sought.has(part)) return;
      sought.add(part);
      readReport(rendezvous, run, part).then((report) => {
        if (report === undefined) return;
        stored.set(part, report);
        coordinator.found(part, clock.nowMs());
        // The coordinator seeks the report again while the store is unavailable.
      }).catch(() => {}).finally(() => sought.delete(part));
    },
  }, clock.nowMs());
  rendezvous.listen(subjects.coordinator, (bytes) => {
    const message = decodeToCoordinator(bytes);
    if (message !== undefined) coordinator.receive(message, clock.nowMs());
  });
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    coordinator.abort("interrupted before the end of the plan", clock.nowMs());
  };
  hooks.interrupt.addEventListener("abort", interrupt, { once: true });
  if (hooks.interrupt.aborted) interrupt();
  let shownMs = -Infinity;
  for (let nowMs = clock.nowMs(); !coordinator.isOver(nowMs); nowMs = clock.nowMs()) {
    coordinator.turn(nowMs);
    if (nowMs >= shownMs + progressEveryMs) {
      shownMs = nowMs;
      showProgress(coordinator, hooks, nowMs);
    }
    if (coordinator.state === "end") over.abort();
    await Promise.race([failure.promise, new Promise((resolve) => setTimeout(resolve, turnEveryMs))]);
  }
  hooks.interrupt.removeEventListener("abort", interrupt);
  over.abort();
  const { end, roster: { seats } } = coordinator;
  return { end, stored: [...stored.values()].sort((a, b) => a.part - b.part), seats, interrupted };
}

/** Passes on the progress of all parts as one, once each has some. */
function showProgress(coordinator: Coordinator, { onProgress, abortOn }: CoordinateHooks, nowMs: number): void {
  const { seats, of } = coordinator.roster;
  const all = seats.flatMap(({ progress }) => progress ?? []);
  if (all.length < of) return;
  // The clients of a part that is gone count; it comes to no further phase.
  const going = seats.flatMap(({ gone, progress }) => gone === undefined ? progress ?? [] : []);
  const whole = mergeProgress(all, phases);
  const isWhole = going.length === 0 || going.length === all.length;
  const { phase, phaseMs, phaseOfMs } = isWhole ? whole : mergeProgress(going, phases);
  const progress = { ...whole, phase, phaseMs, phaseOfMs };
  onProgress(progress);
  const why = abortOn?.(progress);
  if (why !== undefined) coordinator.abort(`--abort-on-fail ended the run: ${why}`, nowMs);
}
