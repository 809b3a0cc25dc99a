/**
 * How long a run waits for wills that fall due long after their clients' end: by keep alive, and by a will delay. The
 * run reports it before its start, so that its user has the reason for the wait.
 */
import { formatCount } from "../../base/units.ts";
import type { Groups } from "../plan/groups.ts";
import { longestWaitOf, phasesOf } from "../plan/phases.ts";
import { fallsSilent } from "../plan/kill_mode.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { Notice } from "../result/result.ts";

/** Shorter waits than this are not worth a line. */
const leastToldMs = 1_000;

/** Shorter ramps than this have no line. */
const leastRampMs = 10_000;

/** The line about the duration of the ramp; undefined for a short one. */
export function rampNotice({ clients, rampPerSecond }: FleetPlan): Notice | undefined {
  const rampMs = clients / rampPerSecond * 1_000;
  if (rampMs < leastRampMs) return undefined;
  const rate = `${formatCount(rampPerSecond)}/s (--ramp-rate)`;
  return { level: "info", text: `The ramp takes ${durationText(rampMs)}: ${formatCount(clients)} clients at ${rate}.` };
}

/** The line about the wait of a run; undefined where its wills are due at once. */
export function waitNotice(plan: FleetPlan, groups: Groups): Notice | undefined {
  const wait = groups.plans.map((each) => waitOf(each, groups.speaks5)).reduce((one, other) =>
    other.ms > one.ms ? other : one
  );
  if (wait.ms < leastToldMs) return undefined;
  const due = `wills are due up to ${durationText(wait.ms)} after their clients' end (${wait.why})`;
  const capMs = longestWaitOf(plan);
  if (wait.ms <= capMs) {
    const text =
      `${due}: the run waits for them, and then up to ${durationText(plan.drainMs)} (--drain) for those that ` +
      "are missing.";
    return { level: "info", text: capital(text) };
  }
  const cap = plan.drainMs < capMs ? durationText(capMs) : `${durationText(capMs)} (--drain)`;
  const text = `${due}: the run does not wait for a will that is due later than ${cap} after its client's end, ends ` +
    `${durationText(plan.drainMs)} (--drain) after the last other one, and leaves such wills undecided`;
  return { level: "warning", text };
}

interface Wait {
  readonly ms: number;
  readonly why: string;
}

/** How long after the end of a client of this plan its will is due at the latest. */
function waitOf(plan: FleetPlan, speaks5: boolean): Wait {
  const { willDelayS, sessionExpiryS, keepAliveS } = plan;
  const delayS = speaks5 ? Math.min(willDelayS, sessionExpiryS) : 0;
  const silentMs = maySilence(plan) ? keepAliveS * 1_500 : 0;
  const delay = delayS === 0 ? [] : [
    `will delay ${formatCount(willDelayS)} s, session expiry ${formatCount(sessionExpiryS)} s`,
  ];
  const silence = silentMs === 0 ? [] : [`1.5 times keep alive of ${formatCount(keepAliveS)} s`];
  return { ms: delayS * 1_000 + silentMs, why: [...silence, ...delay].join(", ") };
}

/** Whether keep alive alone may end any client of this plan. */
function maySilence(plan: FleetPlan): boolean {
  const phases = phasesOf(plan).flatMap((phase) => phase.kind === "kill" ? phase.killShares ?? plan.killShares : []);
  return [...plan.killShares, ...phases].some(({ mode, weight }) => weight > 0 && fallsSilent(mode));
}

const units = [["day", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const;
const daysOfYear = 365.25;

/** The text of a duration: `136 years`, `1 h 30 min`, `8 s`. */
export function durationText(ms: number): string {
  const years = ms / (units[0][1] * daysOfYear);
  if (years >= 2) return `${formatCount(Math.floor(years))} years`;
  const place = units.findIndex(([, unitMs]) => ms >= unitMs);
  if (place < 0) return `${Math.round(ms)} ms`;
  const [name, unitMs] = units[place]!;
  const whole = Math.floor(ms / unitMs);
  const next = units[place + 1];
  const rest = next === undefined ? 0 : Math.floor((ms - whole * unitMs) / next[1]);
  const first = name === "day" ? counted(whole) : `${whole} ${name}`;
  return rest === 0 ? first : `${first} ${rest} ${next![0]}`;
}

function counted(days: number): string {
  return days === 1 ? "1 day" : `${formatCount(days)} days`;
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
