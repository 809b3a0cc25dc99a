/** No output of any writer contains the login or the query of a broker's URL. */
import assert from "node:assert/strict";
import { main } from "../../../src/cli/main.ts";
import { brokerText, parseBrokerChoice } from "../../../src/cli/fleet/broker_choice.ts";
import { parseReport } from "../../../src/cli/report/saved_report.ts";
import type { FleetResult, Progress } from "../../../src/fleet/result/result.ts";
import { endpointAt, parseEndpoint } from "../../../src/net/endpoint.ts";
import { checkHtml } from "../../../src/report/html/check_html.ts";
import { checkJunit } from "../../../src/report/export/check_junit.ts";
import { checkMarkdown } from "../../../src/report/export/check_markdown.ts";
import { checkReportJson, makeCheckReport } from "../../../src/report/model/check_report.ts";
import { checkText } from "../../../src/report/terminal/check_text.ts";
import { comparedRun, comparisonJson, makeComparison, targetName } from "../../../src/report/model/comparison.ts";
import { comparisonHtml } from "../../../src/report/html/comparison_html.ts";
import { comparisonJunit } from "../../../src/report/export/comparison_junit.ts";
import { comparisonMarkdown } from "../../../src/report/export/comparison_markdown.ts";
import { comparisonText } from "../../../src/report/terminal/comparison_text.ts";
import { livesCsv, modeCsv } from "../../../src/report/export/csv.ts";
import { processUsage } from "../../../src/base/process_usage.ts";
import { FleetMetrics } from "../../../src/report/export/fleet_metrics.ts";
import { reportHdrLog } from "../../../src/report/export/hdr_log.ts";
import { reportHtml } from "../../../src/report/html/html.ts";
import { reportJson } from "../../../src/report/export/json.ts";
import { reportJunit } from "../../../src/report/export/junit.ts";
import { LivePage } from "../../../src/report/html/live_page.ts";
import { reportMarkdown } from "../../../src/report/export/markdown.ts";
import { mergeReports } from "../../../src/report/model/merge_reports.ts";
import type { Report } from "../../../src/report/model/report.ts";
import { reportText } from "../../../src/report/terminal/text.ts";
import { captured } from "../../cli/captured.ts";
import { checkSample } from "../check_sample.ts";
import { context, failed, passed, reportOf, voided } from "../sample.ts";

const secrets = ["pa55w0rd", "t0ken", "sh4red", "0ther"];
const url = "wss://user:pa55w0rd@broker.example:8443/mqtt?token=t0ken&x='sh4red'#".replace("#", "&y=<0ther>");

function holdsNone(text: string, what: string): void {
  for (const secret of secrets) assert.ok(!text.includes(secret), `${what} shows ${secret}`);
}

/** A result whose warnings contain the whole URL, as a user of the library may produce it. */
function leaky(result: FleetResult): FleetResult {
  const withoutLogin = url.replace("user:pa55w0rd@", "");
  const reason = `cannot reach ${withoutLogin}: refused`;
  return {
    ...result,
    target: withoutLogin,
    reason,
    voidReason: reason,
    warnings: [`the certificate of ${withoutLogin} is old`],
  };
}

const writers: Readonly<Record<string, (report: Report) => string>> = {
  ...{ text: reportText, JSON: reportJson, HTML: reportHtml, JUnit: reportJunit, Markdown: reportMarkdown },
  ...{ CSV: modeCsv, "CSV of lives": livesCsv, "HdrHistogram log": reportHdrLog },
};
const shown = parseEndpoint(url).url;
const reports = [failed(), voided(), passed()].map(leaky).map((result) => reportOf(result));

Deno.test("secret url: the masked url names the broker", () => {
  assert.equal(shown, "wss://broker.example:8443/mqtt?…");
  assert.equal(endpointAt(parseEndpoint(url), 9_000).url, "wss://broker.example:9000/mqtt?…");
  assert.equal(parseEndpoint(url).path, "/mqtt?token=t0ken&x=%27sh4red%27&y=%3C0ther%3E");
});

for (const [name, write] of Object.entries(writers)) {
  Deno.test(`secret url: ${name} shows neither password nor query`, () => {
    for (const report of reports) holdsNone(write(report), name);
  });
}

Deno.test("secret url: the target and the repeat command show it masked", () => {
  for (const { run } of reports) {
    assert.equal(run.target, shown);
    assert.ok(run.repeat.includes("?…"), run.repeat);
  }
});

Deno.test("secret url: merged reports, comparisons and the live page mask it", async () => {
  const [bad] = reports as [Report];
  const later = { ...bad, run: { ...bad.run, startedAt: "2026-01-02T03:05:00.000Z" } };
  const whole = mergeReports([{ name: "a", report: bad }, { name: "b", report: later }]);
  for (const [name, write] of Object.entries(writers)) holdsNone(write(whole), `merged ${name}`);
  const refused = { name: "none", target: shown, outcome: "void", reason: `Cannot use ${url}` } as const;
  const compared = makeComparison([comparedRun(targetName(shown), bad), refused], context.tool);
  for (const write of [comparisonJson, comparisonText, comparisonHtml, comparisonMarkdown, comparisonJunit]) {
    holdsNone(write(compared).replaceAll(url, ""), write.name);
  }
  const choice = parseBrokerChoice(url);
  holdsNone(`${choice.name} ${brokerText(choice)}`, "the broker's name");
  const page = new LivePage({ plan: failed().plan, target: brokerText(choice), tool: context.tool }, 0);
  holdsNone(page.html("events") + page.news(), "the live page");
  page.finish(bad);
  holdsNone(page.html("events") + page.news(), "the live page at the end");
  const metrics = new FleetMetrics(
    { plan: failed().plan, target: brokerText(choice), tool: context.tool },
    processUsage,
  );
  metrics.progress({ phase: "done", faults: bad.wills } as unknown as Progress);
  metrics.finish(bad);
  holdsNone(await metrics.text(), "metrics");
});

Deno.test("secret url: a check masks it", () => {
  const withoutLogin = url.replace("user:pa55w0rd@", "");
  const found = {
    ...checkSample(),
    target: withoutLogin,
    reason: `cannot reach ${withoutLogin}`,
    warnings: [`${withoutLogin} is slow`],
  };
  const report = makeCheckReport(found, context.tool, false);
  assert.equal(report.target, shown);
  for (const write of [checkReportJson, checkText, checkHtml, checkMarkdown, checkJunit]) {
    holdsNone(write(report), write.name);
  }
});

Deno.test("secret url: reading a report of an earlier version masks it", () => {
  const [bad] = reports as [Report];
  const withoutLogin = url.replace("user:pa55w0rd@", "");
  const old = {
    ...bad,
    run: { ...bad.run, target: withoutLogin, repeat: `mqtt-sim fleet --url "${withoutLogin.split("&x")[0]}"` },
  };
  const read = parseReport(JSON.stringify({ ...old, reason: `cannot reach ${withoutLogin}` }), "old.json");
  for (const [name, write] of Object.entries(writers)) holdsNone(write(read), `old ${name}`);
});

const refusals: readonly (readonly string[])[] = [
  ["fleet", url],
  ["check", url],
  ["fleet", "--url", url.replace("8443", "99999")],
  ["fleet", "--url", url.replace("wss", "ftp")],
  ["fleet", "--url", url.replace("wss", "mqtt")],
  ["fleet", "--url", `${url}#part`],
  ["fleet", "--url", "broker.example?t0ken=1"],
  ["fleet", "--url", url, "--url", url],
  ["fleet", "--url", url, "--scenario", "restart"],
  ["fleet", "--url", url.replace("wss", "ws"), "--tls-ca", "none.pem"],
  ["fleet", "--url", url, "--url", "embedded", "--start-at", "+60s", "--seed", "1"],
  ["check", "--url", url.replace("8443", "x")],
  ["check", "--url", url.replace("wss", "ws"), "--tls-ca", "none.pem"],
  ["report", url],
  ["report", "compare", url, url],
];
for (const args of refusals) {
  Deno.test(`secret url: the message of a refusal masks it: ${args.join(" ").replaceAll(url, "URL").slice(0, 90)}`, async () => {
    const output = captured();
    assert.equal(await main(args, output), 2);
    assert.notEqual(output.written.err, "");
    holdsNone(output.written.out + output.written.err, args.join(" "));
  });
}
