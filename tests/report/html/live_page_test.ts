import assert from "node:assert/strict";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import { lossyDetail } from "../live_sample.ts";
import { parseThreshold } from "../../../src/report/model/threshold.ts";
import type { Progress } from "../../../src/fleet/result/result.ts";
import { noCounts } from "../../../src/fleet/result/will_counts.ts";
import { LivePage } from "../../../src/report/html/live_page.ts";
import { context } from "../sample.ts";

const plan = makePlan({
  ...{ run: "r", seed: 1 },
  phases: [{ kind: "kill", durationMs: 3_000 }, { kind: "hold", durationMs: 4_000 }],
});
const at = (second: number, more: Partial<Progress> = {}): Progress => ({
  ...{
    phase: "kill",
    phaseMs: 0,
    phaseOfMs: 7_000,
    clients: 10,
    alive: 9,
    connected: 10,
    killed: second,
    wills: second,
  },
  ...{ faults: noCounts(), p50: 1, p99: 2 },
  instants: { began: { connect: 100, kill: 1_000 }, restarts: [] },
  ...more,
});

/** A page that has followed a run for `seconds`. */
function followed(seconds: number, more: Partial<Progress> = {}): LivePage {
  const page = new LivePage({ plan, target: "mqtt://broker", tool: context.tool }, 0);
  for (let second = 1; second <= seconds; second++) page.progress(at(second, more), second * 1_000);
  return page;
}

Deno.test("live page: during a run, plots have the marks of reached stages, and updates contain the key", () => {
  const marksAfter = (seconds: number) => {
    const { plots, parts } = JSON.parse(followed(seconds).news());
    assert.equal(plots.length, 4);
    for (const { marks } of plots) assert.deepEqual(marks, plots[0].marks);
    return [plots[0].marks, parts["live-marks"]];
  };
  const [early, earlyKey] = marksAfter(3);
  assert.deepEqual(early, [
    { label: "connect", look: "stage", from: 0.1, to: 1 },
    { label: "kill", look: "stage", from: 1 },
  ]);
  assert.match(earlyKey, /<b>kill<\/b> from 1,000 ms on/);
  const [later] = marksAfter(6);
  assert.deepEqual(later.slice(1), [
    { label: "kill", look: "stage", from: 1, to: 4 },
    { label: "hold", look: "stage", from: 4 },
  ]);
  assert.ok(followed(6).html("events").includes('<div id="live-marks"><ol class="marks"'));
});

/** The progress of a run in which one kill in five lost its will. */
const lossy = (second: number): Partial<Progress> => ({
  faults: { ...noCounts(), expected: 5 * second, onTime: 4 * second, missing: second },
  detail: lossyDetail(second),
  ...{ brokerMs: { p50: 0.8, p99: 1.5 }, floorMs: { p50: 0.06, p99: 0.2 } },
});

Deno.test("live page: shows the faults, the kill modes, the thresholds and the time left", () => {
  const thresholds = ["wills.missing<1", "latencyMs.all.p99<1s", "slipMs.p99<20", "brokerLatencyMs.all.p99<1"].map(
    parseThreshold,
  );
  const page = new LivePage({ plan, target: "mqtt://broker", tool: context.tool, thresholds }, 0);
  for (let second = 1; second <= 4; second++) {
    page.progress(at(second, { phaseMs: second * 1_000, ...lossy(second) }), second * 1_000);
  }
  const { parts, plots } = JSON.parse(page.news());
  const text = (parts["live-findings"] as string).replaceAll(/\s+/g, " ");
  assert.match(text, /What went wrong so far<\/h2><p> <b class="badge bad">4 missing<\/b>/);
  assert.match(text, /wills.missing&lt;1<\/th><td>4<\/td><td class="bad"><b>not met so far/);
  assert.match(text, /latencyMs.all.p99&lt;1s<\/th><td>2 ms<\/td><td class=""><b>met so far/);
  assert.match(text, /slipMs.p99&lt;20<\/th><td>–<\/td><td class="none"><b>at the end/);
  assert.match(text, /brokerLatencyMs.all.p99&lt;1<\/th><td>1\.50? ms<\/td><td class="bad"><b>not met so far/);
  const tiles = (parts["live-tiles"] as string).replaceAll(/\s+/g, " ");
  assert.match(
    tiles,
    /Broker alone p99.*1\.50 ms.*from the completed kill; p50 0\.800 ms; this instrument adds 0\.060 ms/,
  );
  const latency = plots.find(({ id }: { readonly id: string }) => id === "latency");
  assert.deepEqual(latency.lines.map(({ label }: { readonly label: string }) => label), [
    "p99",
    "p50",
    "p99, broker alone",
  ]);
  assert.deepEqual(latency.data.at(-1), [1.5, 1.5, 1.5, 1.5]);
  const modes = (parts["live-modes"] as string).replaceAll(/\s+/g, " ");
  assert.match(
    modes,
    /reset<small>TCP RST<\/small><\/th><td>20<\/td><td>20<\/td><td>15<\/td><td>1<\/td><td class="bad"><b>4</,
  );
  assert.match(parts["live-verdict"], /at least 3 s left[^]*<progress max="1" value="0.571"/);
  assert.deepEqual(plots[0].data.slice(1), [[1, 1, 1, 1]]);
  assert.deepEqual(plots[1].lines.map(({ label }: { label: string }) => label), ["seen", "due"]);
  assert.deepEqual(plots[1].data[2], [5, 5, 5, 5]);
  for (const part of [text, modes, parts["live-verdict"] as string]) {
    assert.ok(page.html("events").replaceAll(/\s+/g, " ").includes(part.replaceAll(/\s+/g, " ")));
  }
});

Deno.test("live page: without a fault has no list of them, and hides the plot of wrong wills", () => {
  const page = followed(3);
  assert.ok(!JSON.parse(page.news()).parts["live-findings"].includes("went wrong"));
  assert.match(page.html("events"), /<figure class="card plot" hidden>\s*<figcaption>\s*<h3 id="fault-times-title">/);
});

Deno.test("live page: a page without data has no marks", () => {
  const page = new LivePage({ plan, target: "mqtt://broker", tool: context.tool }, 0);
  assert.equal(JSON.parse(page.news()).parts["live-marks"], "");
  assert.ok(page.html("events").includes('<div id="live-marks"></div>'));
});

Deno.test("live page: has a tile for wrong states when the run checks presence, and shows deviations", () => {
  const tiles = (more: Partial<Progress>) => JSON.parse(followed(2, more).news()).parts["live-tiles"] as string;
  assert.match(tiles({ statesWrong: 3 }), /class="card bad">\s*<dt>Presence states wrong<\/dt>\s*<dd><b>3<\/b>/);
  assert.match(tiles({ statesWrong: 0 }), /class="card good">\s*<dt>Presence states wrong/);
  assert.ok(!tiles({}).includes("Presence"));
  assert.match(tiles({ faults: { ...noCounts(), deviating: 4 } }), /unwanted; 4 deviating, as in the profile/);
});
