/**
 * The samples of judged lives for the report: their faults, or the slowest of the lives without a fault.
 */
import type { Described } from "../tally/deviation_tally.ts";
import type { Judgement } from "../oracle/expectation.ts";
import { describeFault, faultCount } from "../oracle/fault_text.ts";
import type { KillMode } from "../plan/kill_mode.ts";
import { hasFault } from "../oracle/oracle.ts";
import { clientIdOf } from "../plan/client_id.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { isTimed, type LedgerEntry } from "./ledger_entry.ts";
import type { Tally } from "../tally/tally.ts";
import { slowLife, timelineOf } from "./timeline.ts";

/** Keeps the samples of one life in a tally. */
export function keepSamples(
  tally: Tally,
  plan: FleetPlan,
  { life, arrivals }: LedgerEntry,
  judgement: Judgement,
  described: Described,
  originMs: number,
): void {
  const { expectation, verdict, answer } = judgement;
  if (hasFault(judgement)) {
    const timeline = timelineOf(life, arrivals, expectation, originMs);
    for (const fault of describeFault(clientIdOf(plan, life.client), life, judgement, timeline)) {
      const deviation = described[fault.verdict];
      if (deviation === undefined) tally.keepFault(fault, faultCount(fault.verdict, judgement));
      else tally.deviations.keep(deviation.id, fault);
    }
  } else if (verdict === "onTime" && expectation.kind === "one" && isTimed(life, expectation)) {
    const latencyMs = answer!.atMs - expectation.latencyFromMs;
    if (!tally.isSlow(latencyMs)) return;
    const timeline = timelineOf(life, arrivals, expectation, originMs);
    const client = clientIdOf(plan, life.client);
    tally.keepSlow(slowLife(client, life, life.end!.mode as KillMode, latencyMs, timeline));
  }
}
