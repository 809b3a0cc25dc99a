/** The findings of a run in progress: what went wrong so far, its thresholds, its kill modes, and the time left. */
import { formatCount, formatElapsed } from "../../base/units.ts";
import { phasesDurationMs } from "../../fleet/plan/phases.ts";
import { killModes, killModeText } from "../../fleet/plan/kill_mode.ts";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import type { ModeDetail } from "../../fleet/result/progress_detail.ts";
import type { Progress } from "../../fleet/result/result.ts";
import { runPhases } from "../../fleet/result/run_phase.ts";
import type { Report } from "../model/report.ts";
import { actualText, resultOf, type Threshold } from "../model/threshold.ts";
import { willsWrong } from "../model/will_rows.ts";
import { type Markup, markup } from "./page/markup.ts";

/** The time that the plan still takes, at least: the last wills may take longer. */
export function leftText(plan: FleetPlan, { phase, phaseMs, phaseOfMs }: Progress): string {
  const [now, kill] = [runPhases.indexOf(phase), runPhases.indexOf("kill")];
  const leftMs = now < kill ? phasesDurationMs(plan) : now === kill ? Math.max(0, phaseOfMs - phaseMs) : undefined;
  if (leftMs === undefined) return "the kills are over";
  const seconds = Math.ceil(leftMs / 1_000);
  return `at least ${seconds < 120 ? `${seconds} s` : formatElapsed(seconds * 1_000)} left`;
}

/** How far the current part of the run is; absent where it has no planned length. */
export function stageBar(progress: Progress | undefined): Markup | undefined {
  if (progress === undefined || progress.phaseOfMs <= 0) return undefined;
  const share = Math.min(1, progress.phaseMs / progress.phaseOfMs);
  return markup`<progress max="1" value="${
    share.toFixed(3)
  }" aria-label="Progress of this part of the run"></progress>`;
}

/** Faults so far, the most frequent kind first; absent without any. */
export function liveFaults({ faults, statesWrong = 0 }: Progress): Markup | undefined {
  const kinds: { readonly name: string; readonly count: number }[] = [
    ...willsWrong(faults),
    ...statesWrong > 0 ? [{ name: "presence states wrong", count: statesWrong }] : [],
  ];
  if (kinds.length === 0) return undefined;
  const badges = kinds.toSorted((one, other) => other.count - one.count).map(({ name, count }) =>
    markup` <b class="badge bad">${formatCount(count)} ${name}</b>`
  );
  return markup`<section aria-labelledby="kinds-title"><h2 id="kinds-title">What went wrong so far</h2><p>${badges}</p></section>`;
}

/** The numbers of a report that the progress has already. */
function numbersOf(progress: Progress): Partial<Report> {
  const { faults, p50, p99, brokerMs, killed, connected, clients, statesWrong, controls } = progress;
  const numbers = {
    wills: faults,
    ...!Number.isNaN(p50) && { latencyMs: { all: { p50, p99 } } },
    ...brokerMs && { brokerLatencyMs: { all: brokerMs } },
    kills: { total: killed },
    clients: { connected, asked: clients },
    ...statesWrong !== undefined && { presence: { wrong: statesWrong } },
    ...controls !== undefined && { controls },
  };
  return numbers as unknown as Partial<Report>;
}

/** Thresholds by the numbers so far: the report decides. */
export function liveThresholds(thresholds: readonly Threshold[], progress: Progress): Markup | undefined {
  if (thresholds.length === 0) return undefined;
  const numbers = numbersOf(progress);
  const rows = thresholds.map((threshold) => {
    const result = resultOf(numbers, threshold);
    const isKnown = result.actual !== undefined;
    const [look, word] = !isKnown
      ? ["none", "at the end"]
      : result.met
      ? ["", "met so far"]
      : ["bad", "not met so far"];
    return markup`<tr><th scope="row">${threshold.expression}</th><td>${
      isKnown ? actualText(result).replace(/^it is /, "") : "–"
    }</td><td class="${look}"><b>${word}</b></td></tr>
`;
  });
  return markup`<section aria-labelledby="thresholds-title"><h2 id="thresholds-title">Thresholds</h2>
<div class="card scroll" role="region" aria-labelledby="thresholds-title" tabindex="0"><table id="live-thresholds">
<thead><tr><th scope="col">threshold</th><th scope="col">so far</th><th scope="col">state</th></tr></thead>
<tbody>${rows}</tbody></table></div></section>`;
}

const columns: readonly (readonly [head: string, of: (mode: ModeDetail) => number, isFault?: true])[] = [
  ["kills", ({ kills }) => kills],
  ["due", ({ due }) => due],
  ["on time", ({ verdicts }) => verdicts.onTime],
  ["awaited", ({ open }) => open],
  ["late", ({ verdicts }) => verdicts.late, true],
  ["early", ({ verdicts }) => verdicts.early, true],
  ["missing", ({ verdicts }) => verdicts.missing, true],
  ["duplicate", ({ surplus }) => surplus.duplicate, true],
  ["unwanted", ({ surplus }) => surplus.unwanted, true],
  ["altered", ({ verdicts }) => verdicts.altered, true],
];

/** The kill modes so far; absent before the first kill. */
export function liveModes(progress: Progress | undefined): Markup | undefined {
  const detail = progress?.detail;
  const rows = killModes.flatMap((mode) => {
    const counts = detail?.byMode[mode];
    return counts === undefined ? [] : [{ mode, counts }];
  });
  if (rows.length === 0) return undefined;
  const shown = columns.filter(([, of, isFault]) => isFault === undefined || rows.some(({ counts }) => of(counts) > 0));
  const body = rows.map(({ mode, counts }) => {
    const cells = shown.map(([, of, isFault]) =>
      isFault && of(counts) > 0
        ? markup`<td class="bad"><b>${formatCount(of(counts))}</b></td>`
        : markup`<td>${formatCount(of(counts))}</td>`
    );
    return markup`<tr><th scope="row">${mode}<small>${killModeText[mode]}</small></th>${cells}</tr>
`;
  });
  return markup`<section aria-labelledby="by-mode-title"><h2 id="by-mode-title">By kill mode</h2>
<div class="card scroll" role="region" aria-labelledby="by-mode-title" tabindex="0"><table id="modes-so-far">
<thead><tr><th scope="col">mode</th>${shown.map(([head]) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div></section>`;
}
