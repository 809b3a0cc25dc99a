import type { Arrival, Expectation } from "../oracle/expectation.ts";
import type { SlowLife, Timeline } from "../result/fault_sample.ts";

/**
 * The timelines of lives, for the report.
 */
import type { KillMode } from "../plan/kill_mode.ts";
import type { Life } from "../life/life.ts";

/** The events of a life and after it, in milliseconds since `originMs`. */
export function timelineOf(
  { connectedMs, end }: Life,
  arrivals: readonly (readonly Arrival[])[],
  expectation: Expectation,
  originMs: number,
): Timeline {
  const since = (atMs: number) => Math.round((atMs - originMs) * 1_000) / 1_000;
  return {
    ...connectedMs !== undefined && { connectedMs: since(connectedMs) },
    ...end !== undefined && { killDueMs: since(end.dueMs), killedMs: since(end.doneMs) },
    ...expectation.kind === "one" && { dueMs: since(expectation.dueMs) },
    seenMs: arrivals.flat().map(({ atMs }) => since(atMs)).toSorted((one, other) => one - other),
  };
}

/** A life whose will arrived on time. */
export function slowLife(
  client: string,
  { incarnation, version, qos }: Life,
  mode: KillMode,
  latencyMs: number,
  timeline: Timeline,
): SlowLife {
  return { client, incarnation, mode, protocol: version === 5 ? "5" : "3.1.1", qos, latencyMs, timeline };
}
