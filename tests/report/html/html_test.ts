import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { reportHtml, reportMain } from "../../../src/report/html/html.ts";
import { reportPlots } from "../../../src/report/html/page/report_plots.ts";
import { assertGolden } from "../golden.ts";
import { hostile, script } from "../hostile.ts";
import { failed, passed, reportOf, voided } from "../sample.ts";

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

Deno.test("html: the policy names the page's own scripts and style by digest, and allows nothing else", () => {
  for (const page of reports.map(reportHtml)) {
    const scripts = bodies(page, "script");
    assert.equal(scripts.length, 2);
    assert.deepEqual(policyOf(page).split("; "), [
      "default-src 'none'",
      `script-src ${scripts.map(digest).join(" ")}`,
      `style-src ${bodies(page, "style").map(digest).join(" ")}`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  }
});

Deno.test("html: the page loads nothing from other addresses", () => {
  for (const page of reports.map(reportHtml)) {
    const markup = page.replaceAll(/<(script|style)[^>]*>[^]*?<\/\1>|<!--[^]*?-->/g, "");
    assert.doesNotMatch(markup, /\s(src|srcset|action|style|on\w+)=|<(iframe|object|embed|base|form)\b/i);
    assert.deepEqual([...markup.matchAll(/href="([^"]{0,20})/g)].map(([, start]) => start), ["data:image/svg+xml,%"]);
  }
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

Deno.test("html: the number of a fault links to its rule, and the life of a fault to its timeline", () => {
  const main = reportMain(reports[1]!, []).text;
  assert.match(main, /<td class="bad">\s*<b>12<\/b>\s*<small>MQTT 5.0, 3.1.2-8<\/small>/);
  assert.match(
    main,
    /aria-label="connected at 1.000 s · killed at 2.000 s · will due at once · seen 1,500 ms after the kill"/,
  );
});
