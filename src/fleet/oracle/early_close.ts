import type { OracleRules } from "./expectation.ts";

/**
 * A silent connection that the broker closed before 1.5 times keep alive had passed. That time is an upper bound only (3.1.1,
 * section 3.1.2.10; 5.0, section 3.1.2.10), so that this is a note and no fault.
 */
import type { Life } from "../life/life.ts";
import type { Remarks } from "../result/remarks.ts";
import { restartAfter, rulesOf } from "./restart_rule.ts";

/** How early the broker closed a silent connection; undefined where it did not, or went down by then. */
export function earlyCloseOf(life: Life, all: OracleRules): Remarks | undefined {
  const { end, lastPacketMs, keepAliveS } = life;
  if (end?.silent !== true || end.closedMs === undefined || keepAliveS === 0) return undefined;
  const rules = rulesOf(life, all);
  const afterMs = end.closedMs - lastPacketMs;
  const mostEarlyMs = keepAliveS * 1_500 - afterMs;
  const restart = restartAfter(end.doneMs, rules);
  if (mostEarlyMs <= rules.earlyBeforeMs || (restart !== undefined && restart.fromMs <= end.closedMs)) return undefined;
  return { earlyCloses: { count: 1, soonestKeepAlives: afterMs / (keepAliveS * 1_000), mostEarlyMs } };
}
