/** The trials of runs in parts that CI runs; `deno task trial:parts` runs all of them. */
import assert from "node:assert/strict";
import { peerTest } from "../../support/brokers/peers.ts";
import { runTrial, trials } from "./trials/trials.ts";
import type { Trial } from "./trials/trial.ts";

/** Most of a trial is waiting. */
const atOnce = 3;

const chosen = trials.filter(({ ci }) => ci);
const needs = [...new Set(chosen.flatMap((trial) => trial.needs))];
const limitMs = 420_000;

peerTest("parts: the losses that CI tries end as docs/parts.md states", needs, async () => {
  const waiting = [...chosen];
  const failures: string[] = [];
  const work = async () => {
    for (let trial: Trial | undefined; (trial = waiting.shift()) !== undefined;) {
      // The next trial begins after this one.
      // deno-lint-ignore no-await-in-loop
      await runTrial(trial).catch((error: Error) => failures.push(`${trial!.name}: ${error.message}`));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  assert.deepEqual(failures, []);
}, limitMs);
