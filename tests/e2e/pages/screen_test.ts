/**
 * The look of the pages, compared with pictures in fixtures/screens. Delete a picture, and the next run takes it again
 * and fails: look at it.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { Progress } from "../../../src/fleet/result/result.ts";
import { checkHtml } from "../../../src/report/html/check_html.ts";
import { comparisonHtml } from "../../../src/report/html/comparison_html.ts";
import { reportHtml } from "../../../src/report/html/html.ts";
import { parseThreshold } from "../../../src/report/model/threshold.ts";
import { LivePage } from "../../../src/report/html/live_page.ts";
import { checkSample } from "../../report/check_sample.ts";
import { everyOutcome } from "../../report/comparison_sample.ts";
import { grouped } from "../../report/grouped_sample.ts";
import { lossyDetail } from "../../report/live_sample.ts";
import { storm, tenHours } from "../../report/long_sample.ts";
import { context, passed, reportOf, voided } from "../../report/sample.ts";
import { openPage, type RunningBrowser, startBrowser } from "../../support/machine/browser.ts";
import { chromium, peerTest } from "../../support/brokers/peers.ts";
import { differences, type Screen, seen, type SeenScreen } from "../../support/machine/screen.ts";

const folder = new URL("../../../fixtures/screens/", import.meta.url);
const looks = {
  desk: { width: 1_280, height: 900, scheme: "light" },
  phone: { width: 390, height: 844, scheme: "dark" },
} as const;
const pages = {
  report: reportHtml(reportOf(grouped())),
  pass: reportHtml(reportOf(passed())),
  void: reportHtml(reportOf(voided())),
  storm: reportHtml(storm()),
  "ten-hours": reportHtml(tenHours()),
  live: livePage(),
  comparison: comparisonHtml(everyOutcome()),
  check: checkHtml(checkSample()),
};
type Name = `${keyof typeof pages}-${keyof typeof looks}`;

/** A run after 20 s. */
function livePage(): string {
  const plan = makePlan({ run: "k3x9a", seed: 12_345 });
  const thresholds = ["wills.missing<1", "latencyMs.all.p99<200ms", "slipMs.p99<20ms"].map(parseThreshold);
  const page = new LivePage({ plan, target: "mqtt://127.0.0.1:41883", tool: context.tool, thresholds }, 0);
  for (let second = 1; second <= 20; second++) page.progress(progressAt(second), second * 1_000);
  return page.html("events");
}

function progressAt(second: number): Progress {
  const faults = {
    expected: 40 * second,
    onTime: 39 * second - 2,
    late: 2,
    early: 0,
    missing: second,
    altered: 0,
    duplicate: 0,
    unwanted: 0,
    deviating: 0,
  };
  const numbers = { clients: 1_000, alive: 950 + second, connected: 1_000, killed: 48 * second, wills: 40 * second };
  const latency = {
    ...{ p50: 1.5 + second / 20, p99: 6 + second / 4 },
    ...{ brokerMs: { p50: 1 + second / 20, p99: 3 + second / 4 }, floorMs: { p50: 0.06, p99: 0.2 } },
  };
  const instants = { began: { watch: 20, control: 60, connect: 140, kill: 1_240 }, restarts: [] };
  return {
    phase: "kill",
    phaseMs: second * 1_000,
    phaseOfMs: 30_000,
    faults,
    ...numbers,
    ...latency,
    instants,
    detail: lossyDetail(second),
  };
}

/** Takes the picture of a page, with a change of its style if one is given. */
async function look({ browser }: RunningBrowser, name: Name, rule?: string): Promise<SeenScreen> {
  const cut = name.lastIndexOf("-");
  const [page, at] = [name.slice(0, cut) as keyof typeof pages, name.slice(cut + 1) as keyof typeof looks];
  const file = await Deno.makeTempFile({ suffix: ".html" });
  try {
    await Deno.writeTextFile(file, pages[page]);
    await using opened = await openPage(browser, `file://${file}`, looks[at]);
    if (rule !== undefined) await restyle(opened.page, rule);
    return await seen(opened.page, browser);
  } finally {
    await Deno.remove(file);
  }
}

/** Adds a rule to the page's own style sheet, because the page's policy permits no other sheet. */
async function restyle(page: Page, rule: string): Promise<void> {
  await page.evaluate(`(() => {
    const sheet = document.styleSheets[0];
    sheet.insertRule(${JSON.stringify(rule)}, sheet.cssRules.length);
    dispatchEvent(new Event("resize"));
  })()`);
}

async function reference(name: Name): Promise<SeenScreen | undefined> {
  try {
    const screen: Screen = JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, folder)));
    return { ...screen, picture: await Deno.readFile(new URL(`${name}.png`, folder)) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function keep(name: Name, { picture, ...screen }: SeenScreen): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const lines = screen.boxes.map((box) => `  ${JSON.stringify(box)}`).join(",\n");
  await Deno.writeTextFile(new URL(`${name}.json`, folder), `{"width": ${screen.width}, "boxes": [\n${lines}\n]}\n`);
  await Deno.writeFile(new URL(`${name}.png`, folder), picture);
}

const names = Object.keys(pages).flatMap((page) => Object.keys(looks).map((look) => `${page}-${look}` as Name));

peerTest("screens: each page equals its picture, at a desk and on a phone", [chromium], async () => {
  await using running = await startBrowser(chromium);
  const found: string[] = [];
  for (const name of names) {
    const now = await look(running, name);
    const before = await reference(name);
    if (before === undefined) {
      await keep(name, now);
      found.push(`fixtures/screens/${name}.png was not there and has been taken: look at it, and run the test again`);
    } else found.push(...(await differences(running.browser, now, before)).map((text) => `${name}: ${text}`));
  }
  assert.deepEqual(found, []);
}, 300_000);

/** Changes of the style, and whether the comparison must detect them. */
const changes: readonly (readonly [name: Name, rule: string, noticed: RegExp | undefined])[] = [
  ["report-desk", '* { font-family: "DejaVu Serif", "Liberation Serif", serif !important }', undefined],
  ["report-phone", '* { font-family: "DejaVu Sans Mono", monospace !important; letter-spacing: -0.06em }', undefined],
  ["report-desk", ".verdict.fail { background: #0f6b3e !important }", /verdict 0 has other colours/],
  ["report-desk", ".tiles { display: block !important }", /tiles > div 1 is .* wide/],
  ["live-phone", "canvas { visibility: hidden }", /canvas \d has other colours/],
  ["comparison-desk", ".brokers { display: none }", /tiles > div 0 is not there/],
  ["comparison-phone", "main { padding-left: 60px }", /verdict 0 is from/],
];

peerTest("screens: another font is no difference, a broken page is one", [chromium], async () => {
  await using running = await startBrowser(chromium);
  for (const [name, rule, noticed] of changes) {
    const before = await reference(name);
    assert.ok(before !== undefined, name);
    const found = await differences(running.browser, await look(running, name, rule), before);
    if (noticed === undefined) assert.deepEqual(found, [], rule);
    else assert.match(found.join("\n"), noticed, rule);
  }
}, 180_000);
