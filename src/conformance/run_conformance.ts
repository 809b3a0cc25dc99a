import { chooseEngineFor, type EngineName } from "../net/engine.ts";
import { otherTransport } from "../net/sniff.ts";
import { allCases } from "./catalog.ts";
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
  const runs = selectCases(run.cases ?? allCases, run);
  const asked = { ...run, parallel: run.parallel ?? usualParallel };
  if (hooks.world !== undefined) return await new Check(asked, hooks, runs, { world: hooks.world }).run();
  const { name: engine } = await chooseEngineFor(run.target, run.engine ?? "auto");
  const result = await new Check(asked, hooks, runs, { world: worldOf(run.target, engine), engine }).run();
  return await withOtherTransport(result, run, engine);
}

/** Where no client got a CONNACK: names the transport that the server speaks, if it is another one. */
async function withOtherTransport(
  result: ConformanceResult,
  { target }: ConformanceRun,
  engine: EngineName,
): Promise<ConformanceResult> {
  const isUnanswered = result.controls.every(({ outcome, cause }) =>
    outcome === "not spoken" || cause === "unreachable"
  );
  if (result.verdict !== "void" || result.exitCode !== 3 || !isUnanswered) return result;
  const other = await otherTransport(target, engine);
  if (other !== undefined) return { ...result, reason: `cannot reach ${target.url}: ${other}` };
  return { ...result, reason: result.reason.replace(/^cannot reach the broker/, `cannot reach ${target.url}`) };
}
