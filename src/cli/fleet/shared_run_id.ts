/**
 * The run id on which the parts of a run agree.
 */
import { mix } from "../../base/random.ts";
import type { PlanRequest } from "../../fleet/plan/plan.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";

/** The settings in which processes may differ. */
const ownToShard: ReadonlySet<string> = new Set([
  "run",
  ...optionList.flatMap(([name, option]) => option.ownToShard ? [name] : []),
]);

/**
 * The run id on which all parts of a run agree without communication: a hash of their request, seed included.
 *
 * @param marks the further common data, such as the instant at which they start
 */
export function sharedRunId(request: PlanRequest, ...marks: readonly string[]): string {
  const asked = Object.entries(request).filter(([name, value]) => !ownToShard.has(name) && value !== undefined)
    .sort(([one], [other]) => one < other ? -1 : 1);
  const text = JSON.stringify([asked, marks]);
  return mix(request.seed, ...Array.from(text, (letter) => letter.codePointAt(0)!)).toString(36);
}
