import type { Arrival, Judgement } from "../oracle/expectation.ts";
import type { FaultSample, Timeline } from "../result/fault_sample.ts";

/**
 * One life as a row of a table: plain data, emitted as it is judged, for consumers that need every life of a run.
 */
import type { Groups } from "../plan/groups.ts";
import { clientIdOf } from "../plan/client_id.ts";
import { type Life } from "../life/life.ts";
import { modeOf } from "../oracle/oracle.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { timelineOf } from "./timeline.ts";

/** A life and the outcome of its will. */
export interface LifeRow extends Pick<FaultSample, "client" | "incarnation" | "mode" | "protocol" | "qos"> {
  /** The name of its client's group; `all` without groups. */
  readonly group: string;
  /** `none` where no will was due, `eitherWay` where the standard allows both, `undecided` where the watch ended. */
  readonly verdict:
    | "onTime"
    | "late"
    | "early"
    | "missing"
    | "altered"
    | "none"
    | "eitherWay"
    | "undecided"
    | "unseeable";
  /** Where a will was due and arrived. */
  readonly latencyMs?: number;
  /** The number of wills that arrived once more, or without being due. */
  readonly duplicates: number;
  /** The number of unwanted copies. */
  readonly unwanted: number;
  /** The events of the life. */
  readonly timeline: Timeline;
}

const withoutVerdict = { none: "none", either: "eitherWay", one: "undecided" } as const;

/** The row of a judged life. */
export function lifeRow(
  plan: FleetPlan,
  groups: Groups,
  life: Life,
  arrivals: readonly (readonly Arrival[])[],
  { expectation, verdict, answer, duplicates, unwanted }: Judgement,
  originMs: number,
): LifeRow {
  const { client, incarnation, version, qos } = life;
  const latencyMs = expectation.kind === "one" && answer !== undefined
    ? answer.atMs - expectation.latencyFromMs
    : undefined;
  return {
    client: clientIdOf(plan, client),
    group: groups.nameOf(groups.indexOf(client)),
    incarnation,
    mode: modeOf(life),
    protocol: version === 5 ? "5" : "3.1.1",
    qos,
    verdict: verdict ?? withoutVerdict[expectation.kind],
    ...latencyMs !== undefined && { latencyMs: Math.round(latencyMs * 1_000) / 1_000 },
    duplicates,
    unwanted,
    timeline: timelineOf(life, arrivals, expectation, originMs),
  };
}
