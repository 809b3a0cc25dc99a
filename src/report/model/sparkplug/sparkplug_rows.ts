/** The findings on Sparkplug as rows, one for each assertion: the input of every writer of a table. */
import { formatCount } from "../../../base/units.ts";
import {
  type AssertionCounts,
  type SparkplugAssertion,
  sparkplugAssertions,
} from "../../../fleet/result/sparkplug/sparkplug_result.ts";
import type { Report } from "../report.ts";

/** One assertion with its counts. */
export interface AssertionRow extends AssertionCounts {
  /** Its identifier in the specification. */
  readonly id: string;
  /** The assertion in a few words. */
  readonly name: string;
}

const names: Readonly<Record<SparkplugAssertion, string>> = {
  bdSeq: "bdSeq of NDEATH is that of its NBIRTH",
  order: "NDEATH before the next NBIRTH",
  deathQos: "NDEATH has QoS 1",
  deathRetain: "NDEATH is not retained",
  stateDeath: "STATE of a dead host says offline",
  stateQos: "that STATE has QoS 1",
  stateRetain: "that STATE is retained",
};

/** A row for each assertion that the run checked; empty without edge nodes. */
export function assertionRows({ sparkplug }: Pick<Report, "sparkplug">): AssertionRow[] {
  if (sparkplug === undefined) return [];
  return (Object.keys(sparkplugAssertions) as SparkplugAssertion[]).flatMap((key) => {
    const counts = sparkplug.assertions[key];
    return counts === undefined ? [] : [{ id: sparkplugAssertions[key], name: names[key], ...counts }];
  });
}

/** How many certificates nodes published, and watchers received: one sentence. */
export function certificateText({ sparkplug }: Pick<Report, "sparkplug">): string | undefined {
  if (sparkplug === undefined) return undefined;
  const { births, ownDeaths, rebirths } = sparkplug;
  return `Nodes published ${formatCount(births.sent)} NBIRTH (${formatCount(births.seen)} seen by watchers, ` +
    `${formatCount(rebirths)} for a Rebirth command) and left with ${formatCount(ownDeaths.sent)} NDEATH ` +
    `(${formatCount(ownDeaths.seen)} seen).`;
}
