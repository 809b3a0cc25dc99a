/** The detail of a run in progress. */
import type { ClientCounters } from "../../src/fleet/result/client_counters.ts";
import {
  dueVerdicts,
  type ModeDetail,
  type ProgressDetail,
  surplusKinds,
} from "../../src/fleet/result/progress_detail.ts";

const noBuckets = { counts: [], sumMs: 0 };
const noCounters: ClientCounters = {
  ...{ connected: 0, peakAlive: 0, reconnects: 0, refused: 0, lost: 0, kills: 0, deferred: 0, alive: 0, overslept: 0 },
};
const noMode: ModeDetail = {
  ...{ kills: 0, due: 0, open: 0, latency: noBuckets, brokerLatency: noBuckets },
  verdicts: Object.fromEntries(dueVerdicts.map((name) => [name, 0])) as ModeDetail["verdicts"],
  surplus: Object.fromEntries(surplusKinds.map((name) => [name, 0])) as ModeDetail["surplus"],
};

/** Five kills by reset a second, one of whose wills is lost. */
export function lossyDetail(second: number): ProgressDetail {
  const verdicts = { ...noMode.verdicts, onTime: 4 * second - 1, missing: second };
  const reset: ModeDetail = { ...noMode, kills: 5 * second, due: 5 * second, open: 1, verdicts };
  return { byMode: { reset }, overdue: 0, counters: noCounters, connects: noBuckets, slip: noBuckets };
}
