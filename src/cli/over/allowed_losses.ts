/** The number of parts that a run may lose, by its thresholds on `parts.void` and `parts.lost`. */
import { UsageError } from "../../base/failure.ts";
import type { LostParts } from "../../parts/coordinator_host.ts";
import { coversParts, isPartsPath } from "../../report/model/parts/parts_thresholds.ts";
import { resultOf, type Threshold } from "../../report/model/threshold.ts";

/** True where the thresholds still allow these losses. Without a threshold on a number, it has to be 0. */
export function allowsLosses(thresholds: readonly Threshold[], of: number, { voids, lost }: LostParts): boolean {
  if (voids + lost >= of) return false;
  if (voids > 0 && !coversParts(thresholds, "parts.void")) return false;
  if (lost > 0 && !coversParts(thresholds, "parts.lost")) return false;
  const parts = { of, void: voids, lost, each: [] };
  return thresholds.every((threshold) => !isPartsPath(threshold.path) || resultOf({ parts }, threshold).met);
}

/** @throws UsageError for a threshold on parts where the run has none */
export function refusePartsThresholds(thresholds: readonly Threshold[]): void {
  const first = thresholds.find(({ path }) => path.startsWith("parts."));
  if (first === undefined) return;
  throw new UsageError(
    `Cannot use threshold ${JSON.stringify(first.expression)} without --over: expected a run in several parts`,
  );
}
