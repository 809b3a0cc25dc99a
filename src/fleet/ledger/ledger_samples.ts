/**
 * The samples of judged lives for the report: their faults, or the slowest of the lives without a fault.
 */
import type { Described } from "../tally/deviation_tally.ts";
import type { Judgement } from "../oracle/expectation.ts";
import { describeFault, faultCount } from "../oracle/fault_text.ts";
import type { KillMode } from "../plan/kill_mode.ts";
import { isTimed, type LedgerEntry } from "./ledger_entry.ts";
import type { Tally } from "../tally/tally.ts";
import { slowLife, timelineOf } from "./timeline.ts";

/** Keeps the samples of one life in a tally. */
export function keepSamples(
  tally: Tally,
  client: string,
  { life, arrivals }: LedgerEntry,
  judgement: Judgement,
  { described, originMs }: { readonly described: Described; readonly originMs: number },
): void {
  const { expectation, verdict, answer, duplicates, unwanted } = judgement;
  const right = verdict === undefined || verdict === "onTime" || verdict === "unseeable";
  if (!right || duplicates > 0 || unwanted > 0) {
    const timeline = timelineOf(life, arrivals, expectation, originMs);
    for (const fault of describeFault(client, life, judgement, timeline)) {
      const deviation = described[fault.verdict];
      if (deviation === undefined) tally.keepFault(fault, faultCount(fault.verdict, judgement));
      else tally.deviations.keep(deviation.id, fault);
    }
  } else if (verdict === "onTime" && expectation.kind === "one" && isTimed(life, expectation)) {
    const latencyMs = answer!.atMs - expectation.latencyFromMs;
    if (!tally.isSlow(latencyMs)) return;
    const timeline = timelineOf(life, arrivals, expectation, originMs);
    tally.keepSlow(slowLife(client, life, life.end!.mode as KillMode, latencyMs, timeline));
  }
}
