/** The HTML pages in a real browser: desktop and phone, light and dark, and the live page. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { checkHtml } from "../../../src/report/html/check_html.ts";
import { comparisonHtml } from "../../../src/report/html/comparison_html.ts";
import { reportHtml } from "../../../src/report/html/html.ts";
import { everyOutcome } from "../../report/comparison_sample.ts";
import { hostile } from "../../report/hostile.ts";
import { checkSample } from "../../report/check_sample.ts";
import { storm, tenHours } from "../../report/long_sample.ts";
import { failed, passed, reportOf, voided } from "../../report/sample.ts";
import { type Look, openPage, startBrowser } from "../../support/machine/browser.ts";
import { chromium, peerTest, startOurs } from "../../support/brokers/peers.ts";

const pages = {
  pass: reportHtml(reportOf(passed(), { embedded: true })),
  fail: reportHtml(reportOf(failed())),
  void: reportHtml(reportOf(voided())),
  hostile: reportHtml(hostile()),
  comparison: comparisonHtml(everyOutcome()),
  storm: reportHtml(storm()),
  tenHours: reportHtml(tenHours()),
  check: checkHtml(checkSample()),
};
const desk = { width: 1_280, height: 900 };
const phone = { width: 390, height: 844 };
const smallPhone = { width: 360, height: 640 };

/** The pages and how the browser shows them: the page with every fault in each way, the others where they differ. */
const cases: readonly (readonly [name: keyof typeof pages, look: Look])[] = [
  ["fail", { ...desk, scheme: "light" }],
  ["fail", { ...desk, scheme: "dark" }],
  ["fail", { ...phone, scheme: "light" }],
  ["fail", { ...phone, scheme: "dark" }],
  ["pass", { ...desk, scheme: "light" }],
  ["pass", { ...phone, scheme: "dark" }],
  ["void", { ...phone, scheme: "light" }],
  ["storm", { ...phone, scheme: "light" }],
  ["tenHours", { ...desk, scheme: "dark" }],
  ["tenHours", { ...phone, scheme: "light" }],
  ["check", { ...phone, scheme: "light" }],
  ["comparison", { ...desk, scheme: "light" }],
  ["comparison", { ...smallPhone, scheme: "dark" }],
  ["hostile", { ...smallPhone, scheme: "dark" }],
];

/** A number or text that a script computes in the page. */
const ask = <T>(page: Page, script: string) => page.evaluate(script) as Promise<T>;

/**
 * Waits until the script returns true. (Playwright's own wait evaluates text in the page, which the page's policy
 * forbids.)
 */
async function until(page: Page, script: string, limitMs = 30_000): Promise<void> {
  for (let waitedMs = 0; !await ask<boolean>(page, script); waitedMs += 100) {
    assert.ok(waitedMs < limitMs, `not within ${limitMs} ms: ${script}`);
    await page.waitForTimeout(100);
  }
}

peerTest("pages: load nothing, log no error, and contain each part", [chromium], async () => {
  await using running = await startBrowser(chromium);
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-pages" });
  try {
    for (const [name, look] of cases) {
      const where = `${name} at ${look.width} × ${look.height}, ${look.scheme}`;
      const path = `${folder}/${name}.html`;
      await Deno.writeTextFile(path, pages[name]);
      await using opened = await openPage(running.browser, `file://${path}`, look, noteLabels);
      await holdPage(opened.page, where, name);
      assert.deepEqual(opened.violations, [], where);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, 180_000);

/** A script that notes what a canvas has as text since it was cleared, with the box of each. */
const noteLabels = `(() => {
  const noted = new WeakMap();
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (x, y, width, height) {
    if (width >= this.canvas.width) noted.set(this.canvas, []);
    return clearRect.call(this, x, y, width, height);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
    const { actualBoundingBoxLeft, actualBoundingBoxRight, actualBoundingBoxAscent, actualBoundingBoxDescent } = this.measureText(text);
    const { e, f } = this.getTransform();
    const box = { text, left: x + e - actualBoundingBoxLeft, right: x + e + actualBoundingBoxRight,
      top: y + f - actualBoundingBoxAscent, bottom: y + f + actualBoundingBoxDescent };
    if (text !== "") noted.set(this.canvas, [...noted.get(this.canvas) ?? [], box]);
    return fillText.call(this, text, x, y, ...more);
  };
  window.labelsOf = (canvas) => noted.get(canvas) ?? [];
})()`;

async function holdPage(page: Page, where: string, name: string): Promise<void> {
  const width = await ask<number>(page, "document.documentElement.scrollWidth - innerWidth");
  assert.ok(width <= 0, `${where}: ${width} px wider than the screen`);
  const bottom = await ask<number>(page, "document.querySelector('#verdict h1').getBoundingClientRect().bottom");
  const height = await ask<number>(page, "innerHeight");
  if (name !== "hostile") assert.ok(bottom > 0 && bottom < height, `${where}: the verdict ends at ${bottom}`);
  const plots = await ask<string[]>(page, "[...document.querySelectorAll('.canvas')].map(({ id }) => id.slice(5))");
  // A void run and a check have nothing to plot.
  assert.equal(plots.length > 0, !["void", "check"].includes(name), where);
  for (const id of plots) {
    const drawn = await ask<number>(page, `document.querySelectorAll('#plot-${id} canvas').length`);
    const rows = await ask<number>(page, `document.querySelectorAll('#table-${id} tbody tr').length`);
    assert.ok(drawn === 1 && rows > 0, `${where}: plot ${id} is drawn and has its table`);
    const wide = await ask<number>(page, `document.querySelector('#plot-${id} canvas').getBoundingClientRect().width`);
    assert.ok(wide > 200, `${where}: plot ${id} is ${wide} px wide`);
  }
  assert.deepEqual(await ask<string[]>(page, overlaps), [], where);
}

/** Pairs of texts that touch: labels on one canvas, and the texts of parts whose boxes could meet. */
const overlaps = `(() => {
  const meet = (one, other) => one.left < other.right - 0.5 && other.left < one.right - 0.5 &&
    one.top < other.bottom - 0.5 && other.top < one.bottom - 0.5;
  const found = [];
  const hold = (name, boxes) => boxes.forEach((one, place) => {
    for (const other of boxes.slice(place + 1)) if (meet(one, other)) found.push(name + ": " + one.text + " | " + other.text);
  });
  for (const canvas of document.querySelectorAll("canvas")) hold(canvas.closest(".canvas").id, window.labelsOf(canvas));
  for (const selector of ["nav a", ".tiles > div", ".time-axis", ".filter label", ".u-legend .u-label"]) {
    const groups = Map.groupBy([...document.querySelectorAll(selector)], (element) => element.parentElement.closest("table, nav, dl, section, div"));
    for (const [, elements] of groups) {
      const shown = elements.filter((element) => element.getClientRects().length > 0);
      hold(selector, shown.flatMap((element) => selector === ".time-axis"
        ? [...element.children].map((text) => ({ text: text.textContent, ...text.getBoundingClientRect().toJSON() }))
        : [{ text: element.textContent.trim(), ...element.getBoundingClientRect().toJSON() }]));
    }
  }
  return found;
})()`;

peerTest("pages: light and dark differ, have sufficient contrast, and the plots follow", [chromium], async () => {
  await using running = await startBrowser(chromium);
  const path = await Deno.makeTempFile({ suffix: ".html" });
  try {
    await Deno.writeTextFile(path, pages.fail);
    await using opened = await openPage(running.browser, `file://${path}`, { ...desk, scheme: "light" });
    const { page } = opened;
    const seen: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (
        const part of ["#verdict .word", "#verdict h1", "#verdict .facts", ".tiles dt", "td.bad", "td.none", "summary"]
      ) {
        const contrast = await ask<number>(page, contrastOf(part));
        assert.ok(contrast >= 4.5, `${part} in ${colorScheme}: contrast ${contrast}`);
      }
      seen.push(await ask<string>(page, "document.querySelector('#plot-rate canvas').toDataURL()"));
    }
    assert.notEqual(seen[0], seen[1], "the plots are drawn again");
  } finally {
    await Deno.remove(path);
  }
}, 90_000);

/** A script for the contrast of an element's text with its background, by the formula of WCAG. */
function contrastOf(selector: string): string {
  return `(() => {
    const luminance = (colour) => {
      const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const element = document.querySelector(${JSON.stringify(selector)});
    let behind = element;
    while (/rgba\\(.*, 0\\)/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    const [a, b] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(luminance);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  })()`;
}

peerTest(
  "pages: the keyboard moves a plot's cursor and opens its table, and the command can be copied",
  [chromium],
  async () => {
    await using running = await startBrowser(chromium);
    const path = await Deno.makeTempFile({ suffix: ".html" });
    try {
      await Deno.writeTextFile(path, pages.pass);
      await using opened = await openPage(running.browser, `file://${path}`, { ...desk, scheme: "light" });
      const { page, violations } = opened;
      const legend = () => ask<string>(page, "document.querySelector('#plot-rate .u-legend').innerText");
      assert.equal((await legend()).replaceAll(/\s+/g, ""), "seendue", "no value before hovering");
      await page.focus("#plot-rate");
      for (let times = 0; times < 3; times++) await page.keyboard.press("ArrowRight");
      await until(page, "document.querySelector('#plot-rate .u-legend').textContent.includes('48')");
      await page.focus("#plot-rate + details summary");
      await page.keyboard.press("Enter");
      assert.equal(await page.isVisible("#table-rate"), true);
      await page.click("button[data-copy]");
      await until(page, "/Copied|Selected/.test(document.querySelector('button[data-copy]').textContent)");
      assert.deepEqual(violations, []);
    } finally {
      await Deno.remove(path);
    }
  },
  90_000,
);

peerTest("pages: a check can be searched, and an address leads to a folded part", [chromium], async () => {
  await using running = await startBrowser(chromium);
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-pages" });
  try {
    await Deno.writeTextFile(`${folder}/check.html`, pages.check);
    await Deno.writeTextFile(`${folder}/fail.html`, pages.fail);
    await using check = await openPage(running.browser, `file://${folder}/check.html`, { ...desk, scheme: "light" });
    await holdSearch(check.page);
    assert.deepEqual(check.violations, []);
    const last = /<li id="(fault-\d+)">(?![^]*<li id="fault-)/.exec(pages.fail)![1]!;
    await using fail = await openPage(running.browser, `file://${folder}/fail.html`, { ...desk, scheme: "light" });
    assert.equal(await fail.page.isVisible(`#${last}`), false, "the last life is folded away");
    await fail.page.evaluate(`location.hash = ${JSON.stringify(last)}`);
    await until(fail.page, `document.getElementById("${last}").checkVisibility()`);
    assert.deepEqual(fail.violations, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, 90_000);

/** Searches by words, rule, outcome and area, and holds the counts and columns of the tables. */
async function holdSearch(page: Page): Promise<void> {
  const found = () => ask<string>(page, "document.getElementById('filter-count').textContent");
  const shown = () =>
    ask<string[]>(
      page,
      "[...document.querySelectorAll('.area tbody tr')].filter((row) => row.checkVisibility())" +
        ".map((row) => row.querySelector('th').firstChild.textContent)",
    );
  assert.equal(await found(), "7 of 7 cases");
  assert.deepEqual(await shown(), [], "the areas are folded");
  await page.fill("#filter-rule", "4.13");
  assert.deepEqual([await found(), await shown()], ["1 of 7 cases", ["will/two"]]);
  await page.click("#filter-clear");
  await page.fill("#filter-text", "WILL login");
  assert.deepEqual(await shown(), ["will/four"]);
  await page.fill("#filter-text", "");
  await page.selectOption("#filter-outcome", "pass");
  await page.selectOption("#filter-area", "connect");
  assert.deepEqual(await shown(), ["connect/five", "connect/six"]);
  await page.fill("#filter-text", "nothing of the kind");
  assert.equal(await page.isVisible("#no-case"), true);
  await page.click("#filter-clear");
  assert.equal(await found(), "7 of 7 cases");
  const alignments = await ask<string[]>(
    page,
    "[...document.querySelectorAll('#areas tr')].map((row) => getComputedStyle(row.children[1]).textAlign)",
  );
  assert.deepEqual([...new Set(alignments)], ["right"], "heads and cells of a column of numbers");
}

peerTest("live page: follows a fleet, and shows its report at the end", [chromium], async () => {
  await using running = await startBrowser(chromium);
  const flags = ["--clients", "60", "--kill-rate", "20%", "--duration", "8s", "--live", "0"];
  await using fleet = startOurs(["fleet", ...flags]);
  const [, url] = await fleet.line(/^live page: (http:\S+)$/);
  await using opened = await openPage(running.browser, url!, { ...phone, scheme: "light" }, noteLabels);
  const { page, violations } = opened;
  const killsTile = "[...document.querySelectorAll('#tiles > div')].find((tile) => " +
    "tile.querySelector('dt').textContent === 'Kills')";
  const kills = `Number(${killsTile}?.querySelector('b').textContent ?? 0)`;
  await until(page, `${kills} > 5`);
  const before = await ask<number>(page, kills);
  await until(page, `${kills} > ${before}`);
  assert.deepEqual(await ask<string[]>(page, overlaps), [], "during the run");
  await page.waitForSelector("#verdict.pass", { timeout: 40_000 });
  assert.equal((await fleet.exit(40_000)).code, 0, fleet.said);
  await holdPage(page, "live, when it is over", "live");
  assert.match(await page.title(), /^PASS: embedded/);
  assert.deepEqual(violations, []);
}, 120_000);
