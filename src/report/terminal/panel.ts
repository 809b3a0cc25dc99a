/**
 * The progress of a run as text: a small panel for terminals, one line for everything else. Pure: progress in, lines
 * out.
 */
import { formatCount, formatDuration, formatMs } from "../../base/units.ts";
import { canaryFaultsIn } from "../../fleet/result/canary_counts.ts";
import type { Progress } from "../../fleet/result/result.ts";
import type { RunPhase } from "../../fleet/result/run_phase.ts";
import { deviationsIn } from "../../fleet/merge/verdict.ts";
import { plainStyle, type Style } from "./style.ts";

/** The work of each phase. */
export const phaseText: Readonly<Record<RunPhase, string>> = {
  await: "waiting for the broker",
  watch: "watchers are subscribing",
  control: "canary kills",
  wait: "waiting for the start time",
  connect: "fleet is connecting",
  kill: "clients are being killed",
  drain: "waiting for the last wills",
  look: "checking retained wills",
  leave: "fleet is disconnecting",
  counters: "reading broker's counters",
  done: "done",
};

const nameWidth = Math.max(...Object.values(phaseText).map((text) => text.length));
const barWidth = 20;

/** The panel's lines, each at most `width` characters, always as many. */
export function panelLines(progress: Progress, width: number, style: Style = plainStyle): string[] {
  const { phase, phaseMs, phaseOfMs } = progress;
  const head = `${phaseText[phase].padEnd(nameWidth)}  ${bar(phaseMs, phaseOfMs)}  ${phaseTime(phaseMs, phaseOfMs)}`;
  const faults = faultText(progress);
  const deviating = deviatingText(progress);
  const last = `faults ${faults ?? "none"}${deviating}`.slice(0, width);
  const paint = faults !== undefined ? style.bad : deviating === "" ? style.good : style.unsure;
  return [
    style.strong(head.slice(0, width).trimEnd()),
    numbers(progress).join("   ").slice(0, width),
    paint(last),
  ];
}

/** The same in one line. */
export function progressLine(progress: Progress): string {
  const time = phaseTime(progress.phaseMs, progress.phaseOfMs);
  return `${phaseText[progress.phase]}, ${time}: ${numbers(progress).join(", ")}, faults ${
    faultText(progress) ?? "none"
  }${deviatingText(progress)}`;
}

function numbers({ alive, clients, killed, wills, p50, p99 }: Progress): string[] {
  return [
    `alive ${formatCount(alive)} of ${formatCount(clients)}`,
    `killed ${formatCount(killed)}`,
    `wills ${formatCount(wills)}`,
    `p50 ${formatMs(p50)}`,
    `p99 ${formatMs(p99)}`,
  ];
}

function bar(ms: number, ofMs: number): string {
  if (ofMs <= 0) return " ".repeat(barWidth + 2);
  const full = Math.round(Math.min(ms / ofMs, 1) * barWidth);
  return `[${"#".repeat(full)}${"-".repeat(barWidth - full)}]`;
}

/** How far a phase is, and the time left: `12.0s of 30s, 18s left`. */
export function phaseTime(ms: number, ofMs: number): string {
  const passed = `${(ms / 1_000).toFixed(1)}s`;
  if (ofMs <= 0) return passed;
  const left = ms < ofMs ? `, ${Math.ceil((ofMs - ms) / 1_000)}s left` : "";
  return `${passed} of ${formatDuration(Math.round(ofMs / 100) * 100)}${left}`;
}

/** `3 missing, 1 late, 2 states wrong`; undefined when there are none. */
function faultText({ faults, statesWrong = 0, controls }: Progress): string | undefined {
  const names = ["missing", "late", "early", "duplicate", "unwanted", "altered"] as const;
  const found = names.filter((name) => faults[name] > 0).map((name) => `${formatCount(faults[name])} ${name}`);
  if (statesWrong > 0) found.push(`${formatCount(statesWrong)} ${statesWrong === 1 ? "state" : "states"} wrong`);
  const ofControls = controls === undefined ? 0 : canaryFaultsIn(controls);
  if (ofControls > 0) found.push(`${formatCount(ofControls)} canary ${ofControls === 1 ? "will" : "wills"} wrong`);
  return found.length === 0 ? undefined : found.join(", ");
}

/** A deviation that the profile describes is no fault; the panel lists it beside the faults. */
function deviatingText({ faults: wills, controls }: Progress): string {
  const deviating = deviationsIn({ wills, controls });
  return deviating === 0 ? "" : `, ${formatCount(deviating)} ${deviating === 1 ? "deviation" : "deviations"}`;
}
