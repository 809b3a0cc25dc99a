/** Comparisons of brokers, in each format. */
import assert from "node:assert/strict";
import { formatMs } from "../../../src/base/units.ts";
import {
  type ComparedBroker,
  comparedRun,
  comparisonJson,
  makeComparison,
} from "../../../src/report/model/comparison.ts";
import { comparisonHtml, comparisonMain } from "../../../src/report/html/comparison_html.ts";
import { comparisonJunit } from "../../../src/report/export/comparison_junit.ts";
import { comparisonMarkdown } from "../../../src/report/export/comparison_markdown.ts";
import { comparisonRows } from "../../../src/report/model/comparison_rows.ts";
import { comparisonText } from "../../../src/report/terminal/comparison_text.ts";
import { comparisonPlots } from "../../../src/report/html/page/comparison_plots.ts";
import { allPassed, bad, everyOutcome, gone, good, hostileComparison, mute, skipped } from "../comparison_sample.ts";
import { assertGolden } from "../golden.ts";
import { script } from "../hostile.ts";
import { context, latency, passed, reportOf } from "../sample.ts";
import { eachCase } from "../../support/steps.ts";

const { tool } = context;

Deno.test("comparison: the exit code is the worst; an unsupported version is no failure", async (t) => {
  const one = good("one");
  const cases: readonly (readonly [brokers: ComparedBroker[], exitCode: number, verdict: string])[] = [
    [[one, good("two")], 0, "pass"],
    [[one, mute()], 0, "pass"],
    [[one, gone()], 3, "void"],
    [[gone(), bad()], 1, "fail"],
    [[one, skipped], 130, "void"],
    [[bad(), skipped], 130, "fail"],
    [[mute(), { ...mute(), name: "too" }], 3, "void"],
  ];
  await eachCase(t, cases, ([brokers, exitCode, verdict]) => {
    const comparison = makeComparison(brokers, tool);
    assert.deepEqual(
      { exitCode: comparison.exitCode, verdict: comparison.verdict },
      { exitCode, verdict },
      comparison.reason,
    );
  });
});

Deno.test("comparison: refuses a single run and a repeated name", () => {
  assert.throws(() => makeComparison([good("one")], tool), /^UsageError: Cannot compare one run: expected 2 to 20$/);
  assert.throws(
    () => makeComparison([good("a"), good("a")], tool),
    /^UsageError: Cannot call two brokers "a": expected/,
  );
});

Deno.test("comparison: the reason names the outcome of each broker", () => {
  assert.equal(
    everyOutcome().reason,
    "of 6 brokers: 2 passed (embedded, swift), 1 failed (brittle), 1 void (gone), " +
      "1 not run: the broker lacks what the plan needs (mute), 1 skipped (late-comer)",
  );
  assert.match(allPassed().reason, /^on each of 2 brokers all wills/);
});

Deno.test("comparison: reports plans that differ in more than run and login", () => {
  assert.deepEqual(allPassed().notes, []);
  assert.deepEqual(everyOutcome().notes, [
    "the runs have different plans: they differ in clients, killRate, willRetain, watchers",
  ]);
  const other = comparedRun("two", reportOf(passed({ run: "other", username: "you" })));
  assert.deepEqual(makeComparison([good("one"), other], tool).notes, []);
});

Deno.test("comparison: one command repeats all runs, unless they differ in more than the broker", () => {
  const run = (name: string, target: string, clients = 1_000) =>
    comparedRun(name, reportOf(passed({ clients }, { target }), { embedded: target === "embedded" }));
  const brokers = [run("embedded", "embedded"), run("127.0.0.1:1", "mqtt://127.0.0.1:1"), run("b", "mqtt://b:2")];
  assert.equal(
    makeComparison(brokers, tool).repeat,
    "mqtt-sim fleet --url embedded --url mqtt://127.0.0.1:1 --url b=mqtt://b:2 --seed 12345",
  );
  assert.equal(makeComparison([...brokers, run("c", "mqtt://c:3", 5)], tool).repeat, undefined);
  assert.equal(makeComparison([...brokers, skipped], tool).repeat, undefined);
});

Deno.test("comparison: the JSON contains the complete reports", () => {
  const comparison = everyOutcome();
  const read = JSON.parse(comparisonJson(comparison));
  assert.equal(read.schema, "mqtt-sim/comparison/1");
  assert.deepEqual(read, JSON.parse(JSON.stringify(comparison)));
  assert.equal(read.brokers[2].report.schema, "mqtt-sim/report/1");
  assert.equal(read.brokers[5].report, undefined);
});

Deno.test("comparison: each row has a cell for each broker, and each fault its rules", () => {
  const rows = comparisonRows(everyOutcome()).flatMap(({ rows }) => rows);
  for (const { name, cells } of rows) assert.equal(cells.length, 6, name);
  const cell = (name: string, place: number) => rows.find((row) => row.name === name)!.cells[place]!;
  assert.deepEqual(cell("missing", 2), {
    ...{ text: "25", notes: ["MQTT 5.0, 3.1.2-8"], look: "bad", delta: { text: "+25", trend: "worse" } },
  });
  assert.deepEqual(cell("missing", 0), { text: "0", notes: [], look: "plain" });
  assert.deepEqual(cell("missing", 3).text, "–", "a run that did not come so far has counted nothing");
  assert.ok(cell("reset", 2).notes.includes("12 missing, MQTT 5.0, 3.1.2-8"));
  assert.deepEqual(cell("verdict", 4), { text: "not spoken", notes: [], look: "plain" });
});

Deno.test("comparison: text and Markdown equal their golden files", () => {
  assertGolden("comparison.txt", comparisonText(everyOutcome()));
  assertGolden("comparison.md", comparisonMarkdown(everyOutcome()));
});

Deno.test("comparison: text has as many tables as its width requires", () => {
  const count = (width: number) => comparisonText(everyOutcome(), { width }).split("\nRun\n").length - 1;
  assert.deepEqual([count(40), count(60), count(200)], [6, 3, 1]);
});

Deno.test("comparison: JUnit has a suite for each broker; an unsupported version is skipped", () => {
  const xml = comparisonJunit(everyOutcome());
  const suites = [
    ...xml.matchAll(/<testsuite name="([^"]*)" tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/g),
  ];
  assert.deepEqual(suites.map(([, name, , failures, errors]) => [name, Number(failures), Number(errors)]), [
    ["mqtt-sim fleet: embedded", 0, 0],
    ["mqtt-sim fleet: swift (mqtt://127.0.0.1:41883)", 0, 0],
    ["mqtt-sim fleet: brittle (mqtt://broker.example:1883)", 10, 0],
    ["mqtt-sim fleet: gone (mqtt://127.0.0.1:41883)", 0, 1],
    ["mqtt-sim fleet: mute (mqtt://127.0.0.1:41883)", 0, 0],
    ["mqtt-sim fleet: late-comer (mqtt://broker.example:1884)", 0, 0],
  ]);
  assert.equal(suites[4]![5], "1");
  const sum = (place: number) => suites.reduce((total, match) => total + Number(match[place]), 0);
  assert.match(
    xml,
    new RegExp(`<testsuites name="mqtt-sim" tests="${sum(2)}" failures="10" errors="1" skipped="${sum(5)}"`),
  );
});

Deno.test("comparison: a plot has a line for each broker with wills, in one colour throughout", () => {
  const plots = comparisonPlots(everyOutcome());
  assert.deepEqual(plots.map(({ id }) => id), ["compare-percentiles", "compare-latency", "compare-wills"]);
  for (const { lines, data } of plots) {
    assert.deepEqual(lines, [{ label: "embedded", look: 0 }, { label: "swift", look: 1 }, {
      label: "brittle",
      look: 2,
    }]);
    for (const column of data) assert.equal(column.length, data[0]!.length);
  }
});

Deno.test("comparison: each id of the page is unique, and each reference has its id", () => {
  const page = comparisonHtml(everyOutcome());
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  assert.equal(new Set(ids).size, ids.length, `twice: ${ids.filter((id, place) => ids.indexOf(id) < place)}`);
  const named = [...page.matchAll(/ (?:aria-labelledby|aria-describedby|data-copy)="([^"]+)"/g)];
  for (const [, id] of named) assert.ok(ids.includes(id!), `no ${id}`);
  const plots = JSON.parse(page.split('id="plots">')[1]!.split("</script>")[0]!) as { id: string }[];
  for (const { id } of plots) assert.ok(ids.includes(`plot-${id}`) && ids.includes(`table-${id}`), id);
  assert.equal(page.split("<h1>").length - 1, 1);
});

Deno.test("comparison: escapes hostile names in each format", () => {
  const comparison = hostileComparison();
  assert.ok(!comparisonHtml(comparison).includes(script));
  assert.ok(!comparisonMain(comparison).text.includes("<script"));
  assert.ok(!comparisonJunit(comparison).includes(script));
  assert.ok(!comparisonMarkdown(comparison).split("Repeat these runs")[0]!.includes(script));
});

Deno.test("comparison: text, Markdown and page have a row of connect times if the runs have them", () => {
  const connects = { latencyMs: latency(300, 2, 0.1), underWayLimit: 64, mostUnderWay: 9 };
  const withConnects = comparedRun("with connects", reportOf({ ...passed(), connects }));
  const { brokers } = allPassed();
  const comparison = makeComparison([withConnects, brokers[1]!], context.tool);
  const group = comparisonRows(comparison).find(({ name }) => name === "Dial to CONNACK")!;
  assert.deepEqual(group.rows.map(({ name }) => name), ["p50", "p99", "max"]);
  for (const row of group.rows) {
    const expected = formatMs(connects.latencyMs[row.name as "p50" | "p99" | "max"]);
    assert.deepEqual(row.cells.map(({ text }) => text), [expected, "–"], row.name);
  }
  for (const text of [comparisonText(comparison), comparisonMarkdown(comparison), comparisonHtml(comparison)]) {
    assert.ok(text.includes("Dial to CONNACK"));
  }
  assert.ok(!comparisonText(allPassed()).includes("Dial to CONNACK"), "no row where no run tells it");
});

Deno.test("comparison: has the matrix of each cluster, with the missing wills of a node marked", () => {
  const cell = (at: string, seen: number) => ({
    ...{ from: "a", at, due: 9, seen, missing: 9 - seen, duplicates: 0, notSeeable: 0 },
    latencyMs: latency(seen, 1, 0),
  });
  const cluster = (name: string, seen: number) => {
    const byNode = [cell("a", 9), cell("b", seen)];
    return comparedRun(name, { ...reportOf(passed()), byNode });
  };
  const comparison = makeComparison([cluster("one", 9), cluster("two", 4), good("alone")], tool);
  const matrix = comparisonRows(comparison).find(({ name }) => name === "By node: seen of due");
  const cells = matrix?.rows.map(({ name, cells }) => ({ name, looks: cells.map(({ look }) => look) }));
  assert.deepEqual(cells, [
    { name: "died on a, seen on a", looks: ["plain", "plain", "plain"] },
    { name: "died on a, seen on b", looks: ["plain", "bad", "plain"] },
  ]);
  assert.match(comparisonText(comparison, { width: 200 }), /died on a, seen on b .*9 of 9.*4 of 9.*–/);
  assert.match(comparisonMarkdown(comparison), /\| died on a, seen on b \| 9 of 9[^|]*\| \*\*4 of 9/);
});
