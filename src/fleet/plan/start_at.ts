/**
 * A run that starts at an instant: the syntax of the instant, and its meaning for the squads.
 */
import { wallTime } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { formatCount, parseDurationMs } from "../../base/units.ts";
import type { FleetPlan } from "./plan.ts";

/** An instant as the person wrote it. */
interface StartAsked {
  readonly at: Date;
  /** It is an absolute time: all shards that get it start together. */
  readonly absolute: boolean;
}

const instantForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const allowed = "an instant such as 2026-05-01T12:00:00Z or 2026-05-01T14:00:00+02:00, or a time from now such as +10s";

/** Reads an instant of RFC 3339, or `+10s`. @throws UsageError when it is neither */
export function parseStartAt(text: string, name: string): StartAsked {
  if (text.startsWith("+")) {
    return { at: new Date(wallTime().getTime() + parseDurationMs(text.slice(1), name)), absolute: false };
  }
  const at = instantForm.test(text) ? new Date(text) : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) {
    throw new UsageError(`Cannot read ${name} ${JSON.stringify(text)}: expected ${allowed}`);
  }
  return { at, absolute: true };
}

/** After the planned time of the ramp, shards wait for the slowest so long before they kill. */
const slackMs = 2_000;
const slackShare = 0.1;

/**
 * When the squads connect their clients, and when they may begin to kill.
 *
 * @param now one instant, by the wall clock and by the monotonic one
 * @throws UsageError when it is over
 */
export function startInstants(
  at: Date,
  { clients, rampPerSecond }: Pick<FleetPlan, "clients" | "rampPerSecond">,
  now: { readonly wall: Date; readonly monotonicMs: number },
): StartInstants {
  const leftMs = at.getTime() - now.wall.getTime();
  if (leftMs < 0) {
    const ago = formatCount(-leftMs / 1_000);
    throw new UsageError(`Cannot start at ${at.toISOString()}: it was ${ago} s ago; expected a future time`);
  }
  const connect = now.monotonicMs + leftMs;
  return { connect, kill: connect + clients / rampPerSecond * 1_000 * (1 + slackShare) + slackMs };
}

/** Instants by the monotonic clock that all threads share. */
export interface StartInstants {
  readonly connect: number;
  readonly kill: number;
}
