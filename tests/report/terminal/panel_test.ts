import assert from "node:assert/strict";
import type { Progress } from "../../../src/fleet/result/result.ts";
import { panelLines, progressLine } from "../../../src/report/terminal/panel.ts";
import { plainStyle } from "../../../src/report/terminal/style.ts";
import { noCounts } from "../../../src/fleet/result/will_counts.ts";

const none = noCounts();

/** In the middle of the kills. */
const halfway: Progress = {
  phase: "kill",
  phaseMs: 15_000,
  phaseOfMs: 30_000,
  clients: 1_000,
  alive: 951,
  connected: 951,
  killed: 748,
  wills: 672,
  faults: none,
  p50: 0.812,
  p99: 2.34,
  instants: { began: {}, restarts: [] },
};

Deno.test("panel: a run without faults", () => {
  assert.deepEqual(panelLines(halfway, 100), [
    "clients are being killed    [##########----------]  15.0s of 30s, 15s left",
    "alive 951 of 1,000   killed 748   wills 672   p50 0.812 ms   p99 2.34 ms",
    "faults none",
  ]);
});

Deno.test("panel: shows faults by verdict", () => {
  const progress = { ...halfway, faults: { ...none, missing: 1_200, late: 1 } };
  assert.equal(panelLines(progress, 100)[2], "faults 1,200 missing, 1 late");
});

Deno.test("panel: has no percentiles before the first will, and no bar for a phase without an end", () => {
  const progress: Progress = { ...halfway, phase: "connect", phaseOfMs: 0, p50: NaN, p99: NaN };
  const [head, numbers] = panelLines(progress, 100);
  assert.match(head!, /^fleet is connecting +15\.0s$/);
  assert.ok(numbers!.endsWith("p50 –   p99 –"));
});

Deno.test("panel: a phase that exceeds its duration has a full bar", () => {
  const [head] = panelLines({ ...halfway, phaseMs: 45_000 }, 100);
  assert.ok(head!.endsWith(`[${"#".repeat(20)}]  45.0s of 30s`));
});

Deno.test("panel: no line is wider than the terminal", () => {
  for (const width of [20, 40, 79]) {
    for (const line of panelLines(halfway, width)) assert.ok(line.length <= width, line);
  }
});

Deno.test("panel: has a form of one line", () => {
  assert.equal(
    progressLine(halfway),
    "clients are being killed, 15.0s of 30s, 15s left: alive 951 of 1,000, killed 748, wills 672, p50 0.812 ms, p99 2.34 ms, faults none",
  );
});

Deno.test("panel: counts faults of canaries as faults, and shows their deviations", () => {
  const controls = { total: 9, blind: 0, lost: 1, altered: 2 };
  assert.equal(panelLines({ ...halfway, controls }, 100)[2], "faults 3 canary wills wrong");
  const deviating = { total: 9, blind: 0, lost: 0, deviating: 1 };
  assert.equal(panelLines({ ...halfway, controls: deviating }, 100)[2], "faults none, 1 deviation");
});

Deno.test("panel: counts wrong states as faults, and shows deviations separately", () => {
  const deviating = { ...halfway, faults: { ...none, deviating: 1_004 }, statesWrong: 0 };
  assert.equal(panelLines(deviating, 100)[2], "faults none, 1,004 deviations");
  const wrong = { ...deviating, faults: { ...deviating.faults, late: 1 }, statesWrong: 2 };
  assert.equal(panelLines(wrong, 100)[2], "faults 1 late, 2 states wrong, 1,004 deviations");
  assert.ok(progressLine({ ...halfway, statesWrong: 1 }).endsWith(", faults 1 state wrong"));
  const mark = (sign: string) => (text: string) => `${sign}${text}`;
  const painted = { ...plainStyle, good: mark("+"), bad: mark("-"), unsure: mark("?") };
  assert.deepEqual([halfway, deviating, wrong].map((each) => panelLines(each, 100, painted)[2]![0]), ["+", "?", "-"]);
});
