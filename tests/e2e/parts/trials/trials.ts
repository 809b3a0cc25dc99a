/**
 * Runs the trials of runs in parts and prints their table: `deno task trial:parts [--only NAME] [--times N]`. Ends with 1
 * where one of them does not end as docs/parts.md states.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { ChildProcess } from "../../../support/machine/child_process.ts";
import { coordinators } from "./coordinators.ts";
import { losses } from "./losses.ts";
import { networks } from "./networks.ts";
import { servers } from "./servers.ts";
import type { Outcome } from "./stage.ts";
import type { Trial } from "./trial.ts";

/** All trials. */
export const trials: readonly Trial[] = [...losses, ...coordinators, ...servers, ...networks];

/** Runs one; returns its outcome and the sentence that it found. */
export async function runTrial({ sentence, run }: Trial): Promise<{ outcome: Outcome; found: string }> {
  const outcome = await run();
  const line = sentence === undefined ? "" : outcome.said.match(sentence)?.[0];
  assert.ok(line !== undefined, `no sentence like ${sentence}:\n${outcome.said}`);
  return { outcome, found: line };
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Runs a trial and prints its line; false where it failed. */
async function show(trial: Trial): Promise<boolean> {
  const missing = trial.needs.filter(({ program }) => program === "").map(({ install }) => install);
  if (missing.length > 0) {
    print(`${trial.name.padEnd(16)} skipped: needs ${missing.join(", ")}`);
    return true;
  }
  const startMs = Date.now();
  try {
    const { outcome: { verdict, exit, parts }, found } = await runTrial(trial);
    const seconds = Math.round((Date.now() - startMs) / 1_000);
    print(
      `${trial.name.padEnd(16)} ${verdict.padEnd(5)} ${`${exit ?? "-"}`.padEnd(4)} ${parts.join(" ").padEnd(16)} ${
        `${seconds} s`.padStart(5)
      }  ${found}`,
    );
    return true;
  } catch (error) {
    print(`${trial.name.padEnd(16)} FAILED: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

/** The trials and the number of times that the command line asks for; ends with 2 where it cannot be read. */
function asked(): { readonly chosen: readonly Trial[]; readonly times: number } {
  try {
    const { values } = parseArgs({ args: Deno.args, options: { only: { type: "string" }, times: { type: "string" } } });
    const names = values.only?.split(",") ?? trials.map(({ name }) => name);
    const times = Number(values.times ?? 1);
    const chosen = trials.filter(({ name }) => names.includes(name));
    if (chosen.length === names.length && Number.isInteger(times) && times >= 1) return { chosen, times };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  print(
    `Cannot run trials with ${Deno.args.join(" ")}: expected --only with names of ${
      trials.map(({ name }) => name).join(",")
    }, and --times from 1`,
  );
  Deno.exit(2);
}

if (import.meta.main) {
  const { chosen, times } = asked();
  print("trial            verdict exit parts             time  sentence");
  let failed = 0;
  let isInterrupted = false;
  // The trial under way fails without its processes, and removes its namespaces and folders.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      isInterrupted = true;
      void ChildProcess.endAll();
    });
  }
  for (const trial of chosen) {
    for (let time = 1; time <= times && !isInterrupted; time++) if (!await show(trial)) failed++;
  }
  print(failed === 0 ? "All ended as docs/parts.md states." : `${failed} did not end as docs/parts.md states.`);
  Deno.exit(failed === 0 ? 0 : 1);
}
