/**
 * A tally as a squad sends it to the thread of the fleet: plain data.
 */
import type { DeviationData } from "./deviation_counts.ts";
import type { FaultKind, FaultSample, SlowLife } from "./fault_sample.ts";
import type { GroupData, NodeCellData } from "./group_result.ts";
import type { Remarks } from "./remarks.ts";
import type { StormsData } from "./storm_result.ts";
import type { ModeCounts, RedeliveryCounts } from "./will_counts.ts";

/** A tally as it crosses a thread. */
export interface TallyData {
  readonly byMode: Readonly<Record<string, ModeCounts>>;
  readonly latencies: Readonly<Record<string, string>>;
  /** From the completed kill; absent in a report of an earlier version. */
  readonly brokerLatencies?: Readonly<Record<string, string>>;
  /** Absent where no will arrived and no storm began. */
  readonly storms?: StormsData;
  readonly missingByQos: readonly [number, number, number];
  readonly eitherWay: number;
  readonly undecided: number;
  /** Absent where there is none. */
  readonly unseeable?: number;
  /** Absent where there is none. */
  readonly remarks?: Remarks;
  readonly redeliveries?: RedeliveryCounts;
  readonly faults: readonly FaultSample[];
  /** Every kind of fault with its count, the most frequent first. */
  readonly faultKinds: readonly FaultKind[];
  readonly slowest: readonly SlowLife[];
  readonly deviations: DeviationData;
  /** The matrix of the nodes; absent where the plan has no nodes. */
  readonly nodes?: readonly NodeCellData[];
  /** Absent where the plan has no groups. */
  readonly groups?: readonly GroupData[];
}
