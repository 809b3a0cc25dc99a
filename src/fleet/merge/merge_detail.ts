/** The counts of several squads in progress as one. */
import { addBuckets } from "../tally/latency_buckets.ts";
import type { ClientCounters } from "../result/client_counters.ts";
import { dueVerdicts, type ModeDetail, type ProgressDetail, surplusKinds } from "../result/progress_detail.ts";
import type { TallyMode } from "../result/will_counts.ts";
import { sumOf, sumsOf } from "./merge_parts.ts";

/** Sums of all parts. */
export function mergeDetails(all: readonly ProgressDetail[]): ProgressDetail {
  const modes = new Set(all.flatMap(({ byMode }) => Object.keys(byMode) as TallyMode[]));
  const names = Object.keys(all[0]!.counters) as (keyof ClientCounters)[];
  return {
    byMode: Object.fromEntries(
      [...modes].map((mode) => [mode, mergeModes(all.flatMap(({ byMode }) => byMode[mode] ?? []))]),
    ),
    overdue: sumOf(all, ({ overdue }) => overdue),
    counters: sumsOf(all.map(({ counters }) => counters), names),
    connects: addBuckets(all.map(({ connects }) => connects)),
    slip: addBuckets(all.map(({ slip }) => slip)),
  };
}

function mergeModes(all: readonly ModeDetail[]): ModeDetail {
  return {
    ...sumsOf(all, ["kills", "due", "open"]),
    verdicts: sumsOf(all.map(({ verdicts }) => verdicts), dueVerdicts),
    surplus: sumsOf(all.map(({ surplus }) => surplus), surplusKinds),
    latency: addBuckets(all.map(({ latency }) => latency)),
    brokerLatency: addBuckets(all.map(({ brokerLatency }) => brokerLatency)),
  };
}
