/** When a run can no longer pass: for `--abort-on-fail`. */
import { formatCount } from "../../base/units.ts";
import { canaryFaultsIn } from "../../fleet/result/canary_counts.ts";
import type { Progress } from "../../fleet/result/result.ts";
import type { Threshold } from "./threshold.ts";
import { faultNames } from "./will_rows.ts";

/** Why a run can no longer pass; undefined while it can. Counts only grow; a share or a latency may still improve. */
export function whyItFails(progress: Progress, thresholds: readonly Threshold[]): string | undefined {
  const on = (start: string) => thresholds.filter(({ path }) => path.startsWith(start));
  for (const name of faultNames) {
    const count = progress.faults[name];
    const own = on(`wills.${name}`);
    const broken = own.find((threshold) => isBroken(threshold, count));
    if (broken !== undefined) return `${broken.expression} cannot be met any more (it is ${formatCount(count)})`;
    // An overdue will may still come: it is late then, which another threshold judges.
    const maybeLate = name === "missing" && on("wills.late").length > 0;
    if (count > 0 && own.length === 0 && !maybeLate) {
      return `${formatCount(count)} ${name === "missing" ? "overdue" : name}`;
    }
  }
  const { statesWrong = 0, controls } = progress;
  if (statesWrong > 0 && on("presence.").length === 0) return `${formatCount(statesWrong)} presence states wrong`;
  const ofCanaries = controls === undefined ? 0 : canaryFaultsIn(controls);
  return ofCanaries > 0 && on("controls.").length === 0 ? `${formatCount(ofCanaries)} canary wills wrong` : undefined;
}

/** Whether a count that only grows breaks a threshold for good. */
function isBroken({ operator, value, whole }: Threshold, count: number): boolean {
  if (whole !== undefined) return false;
  return operator === "<" ? count >= value : (operator === "<=" || operator === "==") && count > value;
}
