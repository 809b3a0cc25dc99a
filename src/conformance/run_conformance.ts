import { chooseEngineFor } from "../net/engine.ts";
import { catalog } from "./catalog.ts";
import { Check } from "./check/check.ts";
import type { ConformanceHooks, ConformanceRun } from "./check/conformance_run.ts";
import type { ConformanceResult } from "./case/result.ts";
import { selectCases } from "./check/select.ts";
import { worldOf } from "../net/world.ts";

/** The default number of cases that run side by side. */
export const usualParallel = 40;

/**
 * Runs the selected cases.
 *
 * @throws UsageError when no case is selected, or the engine is not available
 */
export async function runConformance(
  run: ConformanceRun,
  hooks: ConformanceHooks = {},
): Promise<ConformanceResult> {
  const runs = selectCases(run.cases ?? catalog, run);
  const asked = { ...run, parallel: run.parallel ?? usualParallel };
  if (hooks.world !== undefined) return await new Check(asked, hooks, runs, { world: hooks.world }).run();
  const { name: engine } = await chooseEngineFor(run.target, run.engine ?? "auto");
  return await new Check(asked, hooks, runs, { world: worldOf(run.target, engine), engine }).run();
}
