import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { reportHtml, reportMain } from "../../../src/report/html/html.ts";
import { reportPlots } from "../../../src/report/html/page/report_plots.ts";
import { assertGolden } from "../golden.ts";
import { hostile, script } from "../hostile.ts";
import { failed, passed, reportOf, voided } from "../sample.ts";
import { eachCase } from "../../support/steps.ts";

const reports = [passed(), failed(), voided()].map((result) => reportOf(result));
const policyOf = (page: string) =>
  /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll("&#39;", "'");
const bodies = (page: string, element: string) =>
  [...page.matchAll(new RegExp(`<${element}>([^]*?)</${element}>`, "g"))].map(([, body]) => body!);
const digest = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

Deno.test("html: the content between head and foot equals its golden file", () => {
  for (const [name, report] of [["pass", reports[0]!], ["fail", reports[1]!], ["void", reports[2]!]] as const) {
    const text = reportMain(report, reportPlots(report)).text.replaceAll(/^\s+|[ \t]+$/gm, "");
    assertGolden(`${name}.main.html`, `${text}\n`);
  }
});

Deno.test("html: the policy names the page's own scripts and style by digest, and allows nothing else", async (t) => {
  await eachCase(t, reports.map(reportHtml), (page) => {
    const scripts = bodies(page, "script");
    // A page without a plot has no library of plots.
    assert.equal(scripts.length, page.includes('class="canvas"') ? 2 : 1);
    assert.deepEqual(policyOf(page).split("; "), [
      "default-src 'none'",
      `script-src ${scripts.map(digest).join(" ")}`,
      `style-src ${bodies(page, "style").map(digest).join(" ")}`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });
});

Deno.test("html: the page loads nothing from other addresses", async (t) => {
  await eachCase(t, reports.map(reportHtml), (page) => {
    const markup = page.replaceAll(/<(script|style)[^>]*>[^]*?<\/\1>|<!--[^]*?-->/g, "");
    assert.doesNotMatch(markup, /\s(src|srcset|action|style|on\w+)=|<(iframe|object|embed|base|form)\b/i);
    const [icon, ...links] = [...markup.matchAll(/href="([^"]{0,20})/g)].map(([, start]) => start!);
    assert.equal(icon, "data:image/svg+xml,%");
    for (const link of links) assert.ok(link.startsWith("#") && markup.includes(` id="${link.slice(1)}"`), link);
  });
});

Deno.test("html: escapes hostile names in text, attributes and the data of plots", () => {
  const page = reportHtml(hostile());
  assert.ok(!page.includes(script));
  assert.equal(page.split("<script").length - 1, 3);
  assert.ok(page.includes("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"));
  assert.doesNotMatch(page.split('id="plots">')[1]!.split("</script>")[0]!, /[<\u2028]/);
});

Deno.test("html: each plot has a table with the same numbers", () => {
  for (const report of reports) {
    const page = reportHtml(report);
    for (const { id, data, lines } of reportPlots(report)) {
      assert.ok(page.includes(`id="plot-${id}"`));
      const table = page.split(`<table id="table-${id}">`)[1]!.split("</table>")[0]!;
      assert.equal(table.split('<th scope="row">').length - 1, data[0]!.length, `rows of ${id}`);
      assert.equal(table.split("<td>").length - 1, data[0]!.length * lines.length, `cells of ${id}`);
    }
  }
});

Deno.test("html: the rules of faults are below the table of counts, in none of its cells", () => {
  const main = reportMain(reports[1]!, []).text;
  assert.match(main, /<td class="bad">\s*<b>12<\/b>\s*<\/td>/);
  const table = main.split('<table id="counts">')[1]!.split("</table>")[0]!;
  assert.ok(!table.includes("3.1.2-8"));
  assert.match(main, /<li><b>missing<\/b>: MQTT 5.0, 3.1.2-8<\/li>/);
});

Deno.test("html: what went wrong is under the tiles, the most frequent kind first, with links to lives", () => {
  const main = reportMain(reports[1]!, reportPlots(reports[1]!)).text;
  const places = ['id="tiles"', 'id="kinds-title"', 'id="plots-title"', 'id="counts"', 'id="faults-title"'];
  const found = places.map((place) => main.indexOf(place));
  assert.ok(!found.includes(-1));
  assert.deepEqual(found, found.toSorted((one, other) => one - other));
  const kinds = main.split('id="kinds"')[1]!.split("</ol>")[0]!;
  assert.deepEqual([...kinds.matchAll(/badge bad">([^<]+)</g)].map(([, text]) => text), [
    ...["25 missing", "7 presence", "6 late", "4 duplicate", "2 early", "2 altered", "2 unwanted"],
  ]);
  for (const [, id] of kinds.matchAll(/href="#([^"]+)"/g)) assert.ok(main.includes(`<li id="${id}">`), `${id}`);
});

Deno.test("html: a kind of fault with several rules is one entry with the sum", () => {
  const [first, ...others] = reports[1]!.faultKinds;
  const other = { ...first!, rule: "MQTT 3.1.1, 3.1.2-8", count: 3 };
  const faults = [...reports[1]!.faults, { ...reports[1]!.faults[0]!, rule: other.rule }];
  const main = reportMain({ ...reports[1]!, faults, faultKinds: [...others, first!, other] }, []).text;
  const kinds = main.split('id="kinds"')[1]!.split("</ol>")[0]!;
  assert.match(
    kinds,
    /^[^]*?28 missing<\/b>\s*<small class="rule">25 by MQTT 5.0, 3.1.2-8; 3 by MQTT 3.1.1, 3.1.2-8</,
  );
});

Deno.test("html: a void run without a kill has its reason and what to try, and no number", () => {
  const page = reportHtml(reports[2]!);
  assert.match(page, /What to try/);
  assert.match(page, /accepts MQTT connections at mqtt:\/\/127.0.0.1:41883/);
  for (const part of ['id="tiles"', "canvas", "<table", 'class="card good"']) {
    assert.ok(!page.split('<main id="main">')[1]!.split("</main>")[0]!.includes(part), part);
  }
});

Deno.test("html: a void run that measured something shows nothing as good", () => {
  const result = passed({}, { verdict: "void", verdictText: "VOID", reason: "interrupted", exitCode: 130 });
  const main = reportMain(reportOf(result), []).text;
  assert.ok(main.includes('id="tiles"') && main.includes("shorter --duration"));
  assert.ok(!main.includes("card good"));
});

Deno.test("html: a life of a fault has its timeline on the scale of all, and a duplicate shows both arrivals", () => {
  const main = reportMain(reports[1]!, []).text;
  assert.match(
    main,
    /aria-label="connected at 1.000 s · killed at 2.000 s · will due at once · seen 1,500 ms after the kill"/,
  );
  const [, twice] = main.split(
    'aria-label="connected at 1.000 s · killed at 2.000 s · will due at once · seen 1.20 ms',
  );
  const places = [...twice!.split("</p>")[0]!.matchAll(/<svg x="([\d.]+)%"[^>]*>\s*<path class="(seen|again)"/g)];
  assert.deepEqual(places.map(([, , sign]) => sign), ["seen", "again"]);
  const [first, second] = places.map(([, place]) => Number(place));
  // 1.2 ms is far from the 1,500 ms of another life on the same scale.
  assert.ok(first! < 45 && second! - first! >= 2.5 && second! < 50, `${first}, ${second}`);
  assert.match(main, /class="time-axis"[^]*?\+1 s</);
});
