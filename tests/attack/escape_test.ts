/** Hostile text in each place that shows external text: the place shows it, and it has no effect. */
import assert from "node:assert/strict";
import { ManualClock } from "../../src/base/clock.ts";
import { type LogFormat, openLog } from "../../src/base/log.ts";
import { startMonitor } from "../../src/broker/monitor/monitor.ts";
import { statusLines } from "../../src/cli/broker/broker_status.ts";
import { main } from "../../src/cli/main.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import type { Progress } from "../../src/fleet/result/result.ts";
import { noCounts } from "../../src/fleet/result/will_counts.ts";
import { checkHtml } from "../../src/report/html/check_html.ts";
import { checkJunit } from "../../src/report/export/check_junit.ts";
import { checkMarkdown } from "../../src/report/export/check_markdown.ts";
import { checkReportJson } from "../../src/report/model/check_report.ts";
import { checkText } from "../../src/report/terminal/check_text.ts";
import { comparisonJson } from "../../src/report/model/comparison.ts";
import { comparisonHtml } from "../../src/report/html/comparison_html.ts";
import { comparisonJunit } from "../../src/report/export/comparison_junit.ts";
import { comparisonMarkdown } from "../../src/report/export/comparison_markdown.ts";
import { comparisonText } from "../../src/report/terminal/comparison_text.ts";
import { lifeRowsCsv, livesCsv, modeCsv } from "../../src/report/export/csv.ts";
import { reportHdrLog } from "../../src/report/export/hdr_log.ts";
import { reportHtml } from "../../src/report/html/html.ts";
import { reportJson } from "../../src/report/export/json.ts";
import { reportJunit } from "../../src/report/export/junit.ts";
import { openLive } from "../../src/report/terminal/live.ts";
import { LivePage } from "../../src/report/html/live_page.ts";
import { reportMarkdown } from "../../src/report/export/markdown.ts";
import { colourStyle, plainStyle } from "../../src/report/terminal/style.ts";
import { reportText } from "../../src/report/terminal/text.ts";
import { build, monitored, startedAt } from "../broker/monitor/monitored.ts";
import { aWill, Stage } from "../broker/stage.ts";
import { captured } from "../cli/captured.ts";
import { hostileCheck } from "../report/check_sample.ts";
import { hostileComparison } from "../report/comparison_sample.ts";
import { controls, hostile } from "../report/hostile.ts";
import { context } from "../report/sample.ts";

// deno-lint-ignore no-control-regex
const cursorMoves = /\x1b\[(?:\?25[lh]|[KJ]|\d+A\r)/g;
/** The characters that no output may contain: all control characters except tab and line end. */
const acted = /(?!\n|\t|\r\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
// deno-lint-ignore no-control-regex
const ownColours = /\x1b\[\d+m/g;

function assertShown(text: string): void {
  assert.doesNotMatch(text, acted);
  assert.ok(text.includes("\\u009b2J"), "the hostile text is not in it at all");
}

const [life] = hostile().slowest;
const lifeRow = { ...life, verdict: "onTime", group: controls, duplicates: 0, unwanted: 0 } as never;

const writers: readonly (readonly [name: string, write: () => string])[] = [
  ["text", () => reportText(hostile())],
  ["JSON", () => reportJson(hostile())],
  ["HTML", () => reportHtml(hostile())],
  ["JUnit", () => reportJunit(hostile())],
  ["Markdown", () => reportMarkdown(hostile())],
  ["CSV of samples", () => livesCsv(hostile())],
  ["CSV of lives", () => lifeRowsCsv([lifeRow])],
  ["HDR log", () => reportHdrLog(hostile())],
  ["text of a comparison", () => comparisonText(hostileComparison())],
  ["JSON of a comparison", () => comparisonJson(hostileComparison())],
  ["HTML of a comparison", () => comparisonHtml(hostileComparison())],
  ["JUnit of a comparison", () => comparisonJunit(hostileComparison())],
  ["Markdown of a comparison", () => comparisonMarkdown(hostileComparison())],
  ["text of a check", () => checkText(hostileCheck())],
  ["JSON of a check", () => checkReportJson(hostileCheck())],
  ["HTML of a check", () => checkHtml(hostileCheck())],
  ["JUnit of a check", () => checkJunit(hostileCheck())],
  ["Markdown of a check", () => checkMarkdown(hostileCheck())],
];
for (const [name, write] of writers) {
  Deno.test(`F24: ${name} shows hostile text without effect`, () => assertShown(write()));
}

Deno.test("F24: the CSV of kill modes contains no name", () => assert.doesNotMatch(modeCsv(hostile()), acted));

Deno.test("F24: JSON contains hostile text unchanged", () => {
  const asData = (data: unknown) => JSON.parse(JSON.stringify(data));
  assert.deepEqual(JSON.parse(reportJson(hostile())), asData(hostile()));
  assert.deepEqual(JSON.parse(comparisonJson(hostileComparison())), asData(hostileComparison()));
  assert.deepEqual(JSON.parse(checkReportJson(hostileCheck())), asData(hostileCheck()));
});

const coloured: readonly (readonly [name: string, write: () => string])[] = [
  ["a report", () => reportText(hostile(), { style: colourStyle })],
  ["a comparison", () => comparisonText(hostileComparison(), { style: colourStyle })],
  ["a check", () => checkText(hostileCheck(), { style: colourStyle })],
];
for (const [name, write] of coloured) {
  Deno.test(`F24: all escape sequences in ${name} are the program's colours`, () => {
    const text = write();
    assertShown(text.replaceAll(ownColours, ""));
    assert.ok(text.includes("\\u001b[31m"));
  });
}

const progress: Progress = {
  ...{ phase: "kill", phaseMs: 0, phaseOfMs: 1_000, clients: 1, alive: 1, connected: 1, killed: 0, wills: 0 },
  ...{ faults: noCounts(), p50: 1, p99: 1, instants: { began: {}, restarts: [] } },
};

for (const columns of [80, undefined]) {
  for (const quiet of [true, false]) {
    Deno.test(`F24: a live notice at ${columns ?? "no"} columns, quiet ${quiet}`, () => {
      let text = "";
      const write = (more: string) => void (text += more);
      const live = openLive({ clock: new ManualClock(), style: plainStyle, write, columns: () => columns }, quiet);
      live.progress(progress);
      live.notice({ level: "warning", text: `warned by ${controls}` });
      live.end();
      assertShown(text.replaceAll(cursorMoves, ""));
    });
  }
}

Deno.test("F24: the live page shows hostile text without effect", () => {
  const plan = makePlan({ run: "r", seed: 1, clientPrefix: "p" });
  const page = new LivePage({ plan, target: controls, tool: context.tool }, 0);
  page.progress(progress, 1_000);
  assertShown(page.html("events"));
});

for (const format of ["text", "json"] satisfies LogFormat[]) {
  Deno.test(`F24: a ${format} log line with hostile text is one line`, () => {
    const lines: string[] = [];
    const log = openLog({ format, level: "debug", write: (line) => void lines.push(line) });
    log.write("error", `said ${controls}\nsecond`, { clientId: controls, topic: `a\n${controls}` });
    log.trace(controls, { clientId: controls });
    assert.equal(lines.length, 2);
    for (const line of lines) {
      assertShown(line);
      assert.equal(line.indexOf("\n"), line.length - 1);
    }
    if (format === "json") assert.equal(JSON.parse(lines[0]!).clientId, controls);
  });
}

const status = {
  ...{ url: controls, startedAt: controls, fault: controls, total: 1, offset: 0, filter: "all", limit: 1 },
  wills: { held: 0, published: {}, discarded: 0, cancelled: 0, denied: 0, faults: 0 },
  connections: { online: 0, connected: 0 },
  queued: { messages: 0, bytes: 0, clients: 0 },
  clients: [{
    ...{ clientId: controls, online: true, peer: controls, version: controls, since: controls },
    will: { state: controls, topic: controls, qos: 0, retain: false, since: controls, due: controls },
    queued: { messages: 0, bytes: 0 },
  }],
} as const;

Deno.test("F24: broker status shows hostile text without effect, as a table and as JSON", async () => {
  assertShown(statusLines(status as never).join("\n"));
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => Response.json(status));
  const output = captured();
  const url = `http://127.0.0.1:${server.addr.port}`;
  assert.equal(await main(["broker", "status", "--url", url, "--json"], output), 0);
  assertShown(output.written.out);
  assert.deepEqual(JSON.parse(output.written.out), status);
});

Deno.test("F24: the status page and the metrics of the broker show hostile text without effect", async () => {
  const stage: Stage = new Stage({ wallNowMs: () => Date.parse(startedAt) + stage.nowMs });
  const clientId = "a\u202eb";
  stage.connect({ clientId, will: aWill() });
  const monitor = await startMonitor({ ...monitored(stage), fault: controls } as never, {
    host: "127.0.0.1",
    port: 0,
    build,
  });
  try {
    const text = await (await fetch(`${monitor.url}/status`)).text();
    assertShown(text);
    assert.deepEqual([JSON.parse(text).clients[0].clientId, JSON.parse(text).fault], [clientId, controls]);
    assert.doesNotMatch(await (await fetch(`${monitor.url}/metrics`)).text(), acted);
  } finally {
    await monitor.stop();
  }
});

const commandLines: readonly (readonly string[])[] = [
  ["fleet", "--kill-rate", controls],
  ["fleet", "--url", `mqtt://${controls}`],
  ["fleet", `--${controls}`],
  [controls],
  ["report", `/no-such-folder/${controls}.json`],
  ["broker", "--config", `/no-such-folder/${controls}.yaml`],
  ["broker", "--users", `/no-such-folder/${controls}`],
];
for (const [at, args] of commandLines.entries()) {
  Deno.test(`F24: an error shows hostile text without effect, command line ${at}`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-read", "--ignore-env", "cli.ts", ...args],
      cwd: new URL("../../", import.meta.url),
      stdin: "null",
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    assertShown(err!);
  });
}
