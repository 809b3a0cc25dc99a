import assert from "node:assert/strict";
import type { Progress } from "../../../src/fleet/result/result.ts";
import { noCounts, type WillCounts } from "../../../src/fleet/result/will_counts.ts";
import { whyItFails } from "../../../src/report/model/abort_on_fail.ts";
import { parseThreshold } from "../../../src/report/model/threshold.ts";

function progressOf(faults: Partial<WillCounts>, more: Partial<Progress> = {}): Progress {
  const numbers = { clients: 10, alive: 9, connected: 9, killed: 5, wills: 5, p50: 1, p99: 900 };
  const phase = { phase: "kill", phaseMs: 0, phaseOfMs: 0, instants: { began: {}, restarts: [] } } as const;
  return { ...phase, ...numbers, faults: { ...noCounts(), ...faults }, ...more };
}

const canaries = { total: 3, blind: 0, lost: 1 };
const cases: readonly [
  faults: Partial<WillCounts>,
  thresholds: readonly string[],
  why: string | undefined,
  more?: Partial<Progress>,
][] = [
  [{ onTime: 5, deviating: 3 }, [], undefined],
  [{ duplicate: 1 }, [], "1 duplicate"],
  [{ missing: 2 }, [], "2 overdue"],
  [{ missing: 2 }, ["wills.late<10"], undefined],
  [{ late: 9 }, ["wills.late<10"], undefined],
  [{ late: 10 }, ["wills.late<10"], "wills.late<10 cannot be met any more (it is 10)"],
  [{ late: 10 }, ["wills.late<=10"], undefined],
  [{ late: 11 }, ["wills.late==10"], "wills.late==10 cannot be met any more (it is 11)"],
  [{ late: 5 }, ["wills.late>10"], undefined],
  [{ late: 500 }, ["wills.late<1%"], undefined],
  [{}, ["latencyMs.all.p99<1ms"], undefined],
  [{}, [], "2 presence states wrong", { statesWrong: 2 }],
  [{}, ["presence.wrong<5"], undefined, { statesWrong: 2 }],
  [{}, [], "1 canary wills wrong", { controls: canaries }],
  [{}, ["controls.lost<5"], undefined, { controls: canaries }],
];
for (const [faults, thresholds, why, more] of cases) {
  const name = `${JSON.stringify({ ...faults, ...more })} with ${thresholds.join() || "no threshold"}`;
  Deno.test(`abort on fail: ${name}: ${why ?? "the run goes on"}`, () => {
    assert.equal(whyItFails(progressOf(faults, more), thresholds.map(parseThreshold)), why);
  });
}
