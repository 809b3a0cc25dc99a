/** `mqtt-sim report`, and the options that `fleet` shares with it: the formats of a report, and their destinations. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { main } from "../../../src/cli/main.ts";
import { openReportOutputs } from "../../../src/cli/report/report_outputs.ts";
import { reportJson } from "../../../src/report/export/json.ts";
import { reportText } from "../../../src/report/terminal/text.ts";
import { checkJunit } from "../../../src/report/export/check_junit.ts";
import { checkMarkdown } from "../../../src/report/export/check_markdown.ts";
import { checkHtml } from "../../../src/report/html/check_html.ts";
import { checkReportJson } from "../../../src/report/model/check_report.ts";
import { checkText } from "../../../src/report/terminal/check_text.ts";
import { checkSample } from "../../report/check_sample.ts";
import { failed, passed, reportOf } from "../../report/sample.ts";
import { FleetStage } from "../../support/fleet_stage.ts";
import { Recording, reportOf as recordedReport } from "../../support/recording.ts";
import { simulateFleet } from "../../support/simulated_fleet.ts";
import { captured } from "../captured.ts";
import { eachCase } from "../../support/steps.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
const forms = ["report", "html", "junit", "markdown", "csv", "csv-lives", "hdr"];

async function run(...args: string[]) {
  const output = captured();
  const code = await main(["report", ...args], output);
  return { code, ...output.written };
}

Deno.test("report: prints a saved report as text, with the run's exit code", () =>
  inFolder(async (folder) => {
    for (const result of [passed(), failed()]) {
      await Deno.writeTextFile(`${folder}/run.json`, reportJson(reportOf(result)));
      const { code, out } = await run(`${folder}/run.json`);
      assert.deepEqual({ code, out }, { code: result.exitCode, out: reportText(reportOf(result)) });
    }
  }));

Deno.test("report: writes all formats at once, each in its form", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in.json`, reportJson(reportOf(failed())));
    const flags = forms.flatMap((form) => [`--${form}`, `${folder}/out.${form}`]);
    const { out } = await run(`${folder}/in.json`, ...flags);
    // The verdict is printed even without text output.
    const [files, verdict] = out.split("\n\n");
    assert.match(verdict!, /^FAIL {2}25 wills of 90,038 are missing.*\n$/);
    assert.equal(files!.split("\n").length, forms.length);
    assert.deepEqual(namesIn(folder), ["in.json", ...forms.map((form) => `out.${form}`)].sort());
    const starts = {
      html: "<!doctype html>",
      junit: "<?xml",
      markdown: "### ❌",
      csv: "mode,",
      hdr: "#mqtt-sim",
      report: "{",
    };
    for (const [form, start] of Object.entries(starts)) {
      assert.ok((await Deno.readTextFile(`${folder}/out.${form}`)).trimStart().startsWith(start), form);
    }
  }));

Deno.test("report: a format on standard output moves --text to standard error", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in.json`, reportJson(reportOf(passed())));
    const { out, err } = await run(`${folder}/in.json`, "--report", "-", "--text");
    assert.equal(out, reportJson(reportOf(passed())));
    assert.match(err, /\nPASS {2}.*\n$/);
  }));

Deno.test("report: merge joins files", () =>
  inFolder(async (folder) => {
    const report = reportOf(passed());
    const other = { ...report, run: { ...report.run, startedAt: "2026-01-02T03:04:09.000Z" } };
    await Deno.writeTextFile(`${folder}/a.json`, reportJson(report));
    await Deno.writeTextFile(`${folder}/b.json`, reportJson(other));
    const { code } = await run("merge", `${folder}/a.json`, `${folder}/b.json`, "--report", `${folder}/all.json`);
    assert.equal(code, 0);
    assert.equal(JSON.parse(await Deno.readTextFile(`${folder}/all.json`)).wills.expected, 2 * report.wills.expected);
  }));

Deno.test("report: compare shows files side by side under file names or given names; a comparison adds its brokers", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/one.json`, reportJson(reportOf(passed())));
    await Deno.writeTextFile(`${folder}/two.json`, reportJson(reportOf(failed())));
    const both = [`${folder}/one.json`, `2nd=${folder}/two.json`];
    const { code, out } = await run("compare", ...both);
    assert.equal(code, 1);
    assert.match(out, /^ +one +2nd$/m);
    await run("compare", ...both, "--report", `${folder}/all.json`, "--csv", `${folder}/{broker}.csv`);
    const again = await run("compare", `${folder}/all.json`, `third=${folder}/one.json`, "--report", "-");
    assert.deepEqual(JSON.parse(again.out).brokers.map(({ name }: { name: string }) => name), ["one", "2nd", "third"]);
    assert.deepEqual(namesIn(folder), ["2nd.csv", "all.json", "one.csv", "one.json", "two.json"]);
    await Deno.writeTextFile(`${folder}/all.json`, again.out.replace('"outcome": "pass"', '"outcome": "fine"'));
    assert.match(
      (await run("compare", `${folder}/all.json`)).err,
      /^Cannot read comparison .* at brokers\.0\.outcome it is/,
    );
    await Deno.writeTextFile(`${folder}/all.json`, again.out.replace('"verdict": "pass"', '"verdict": "fine"'));
    assert.match((await run("compare", `x=${folder}/all.json`)).err, /^Cannot call all brokers of the comparison/);
  }));

Deno.test("report: merge and compare print the verdict beside other formats, and accept thresholds on each number", () =>
  inFolder(async (folder) => {
    const report = reportOf(passed());
    const other = { ...report, run: { ...report.run, startedAt: "2026-01-02T03:04:09.000Z" } };
    await Deno.writeTextFile(`${folder}/a.json`, reportJson(report));
    await Deno.writeTextFile(`${folder}/b.json`, reportJson(other));
    const files = [`${folder}/a.json`, `${folder}/b.json`];
    for (const command of ["merge", "compare"]) {
      const held = (...flags: string[]) =>
        run(command, ...files, ...flags, "--report", `${folder}/out-${command}.json`);
      const right = await held("--threshold", "resources.cpuMs>1");
      assert.deepEqual([right.code, /\nPASS {2}.*\n$/.test(right.out)], [0, true], command);
      const wrong = await held("--threshold", "controls.total<14");
      assert.deepEqual([wrong.code, /\nFAIL {2}.*\n$/.test(wrong.out)], [1, true], command);
      const unmeasured = await held("--threshold", "latencyMs.byMode.freeze.p99<200");
      assert.equal(unmeasured.code, 1, command);
      const written = await Deno.readTextFile(`${folder}/out-${command}.json`);
      assert.match(written, /not met: latencyMs\.byMode\.freeze\.p99<200 \(the run measured nothing for it\)/);
      const unknown = await held("--threshold", "byMode.freeze.p99<200");
      assert.equal(unknown.code, 2);
      assert.match(unknown.err, /a report has no number at byMode\.freeze\.p99, but at latencyMs\.byMode\.freeze\.p99/);
    }
  }));

Deno.test("report: compare writes the sampled lives of reports and all lives of recordings", () =>
  inFolder(async (folder) => {
    const recording = new Recording();
    const result = simulateFleet({ plan: { clients: 12, durationMs: 2_000 }, recording });
    await Deno.writeTextFile(`${folder}/kept.ndjson`, recording.text);
    await Deno.writeTextFile(`${folder}/saved.json`, reportJson(recordedReport(result)));
    const forms = ["--report", `${folder}/all.json`, "--csv-lives", `${folder}/{broker}.csv`];
    const { code, err } = await run("compare", `${folder}/kept.ndjson`, `${folder}/saved.json`, ...forms);
    assert.equal(code, result.exitCode, err);
    const { brokers } = JSON.parse(Deno.readTextFileSync(`${folder}/all.json`));
    assert.deepEqual(brokers.map(({ name }: { name: string }) => name), ["kept", "saved"]);
    assert.deepEqual(brokers[0].report, brokers[1].report, "the recording is the report");
    const rows = (name: string) => Deno.readTextFileSync(`${folder}/${name}.csv`).trim().split("\r\n").length - 1;
    assert.equal(rows("kept"), result.clients.connected + result.clients.reconnects);
    assert.equal(rows("saved"), result.slowest.length + result.faults.length);
    assert.ok(result.slowest.length > 0);
  }));

Deno.test("report: judges a recording again by other bounds, and says so; refuses that for a report", () =>
  inFolder(async (folder) => {
    const recording = new Recording();
    const slow = { script: { publish: () => [{ afterMs: 300 }] }, durationMs: 3_000, recording };
    const kept = new FleetStage(slow).finish();
    assert.deepEqual({ verdict: kept.verdict, late: kept.wills.late }, { verdict: "pass", late: 0 }, kept.reason);
    const [record, saved, out] = ["run.ndjson", "run.json", "out.json"].map((name) => `${folder}/${name}`);
    await Deno.writeTextFile(record!, recording.text);
    await Deno.writeTextFile(saved!, reportJson(recordedReport(kept)));
    const strict = await run(record!, "--late-after", "100ms", "--profile", "mosquitto", "--report", out!, "--text");
    assert.equal(strict.code, 1, strict.err);
    const report = JSON.parse(Deno.readTextFileSync(out!));
    assert.equal(report.wills.late, kept.wills.expected);
    assert.deepEqual(
      { lateAfterMs: report.plan.lateAfterMs, profile: report.plan.profile, name: report.profile.name },
      { lateAfterMs: 100, profile: "mosquitto", name: "mosquitto" },
    );
    const warning =
      "judged again from its recording: late after 100ms (the run: 1s), profile mosquitto (the run: strict)";
    assert.ok(report.warnings.includes(warning), JSON.stringify(report.warnings));
    assert.ok(strict.out.replaceAll(/\s+/g, " ").includes(warning));
    for (const [flag, value] of [["--late-after", "2s"], ["--profile", "mosquitto"]] as const) {
      const { code, err } = await run(saved!, flag, value, "--html", `${folder}/none.html`);
      const is = "it has counts and no events; expected a file that mqtt-sim fleet --record wrote";
      assert.deepEqual({ code, err }, { code: 2, err: `Cannot judge "${saved}" again by ${flag}: ${is}\n` });
    }
    const { code, err } = await run(record!, "--late-after", "0s", "--html", `${folder}/none.html`);
    assert.deepEqual({ code, err }, { code: 2, err: "Cannot use --late-after 0 ms: expected 1 to 3,600,000 ms\n" });
    assert.deepEqual(namesIn(folder), ["out.json", "run.json", "run.ndjson"]);
  }));

Deno.test("report: bad input exits with code 2 and one sentence", async (t) => {
  const cases: Record<string, string> = {
    "": "Cannot write a report without its file: expected a file that mqtt-sim fleet --report or --record wrote\n",
    "merge": "Cannot write a report without its file: expected a file that mqtt-sim fleet --report or --record wrote\n",
    "compare": "Cannot compare 0 runs: expected 2 to 20\n",
    "compare none.json":
      'Cannot read report "none.json": there is no such file; expected a file that mqtt-sim fleet --report or --record wrote\n',
    "none.json":
      'Cannot read report "none.json": there is no such file; expected a file that mqtt-sim fleet --report or --record wrote\n',
    "run.json --htm x": 'Cannot read flag "--htm": report has none of that name; did you mean --html?\n',
  };
  await eachCase(t, Object.entries(cases), async ([args, sentence]) => {
    const { code, out, err } = await run(...args.split(" ").filter((word) => word !== ""));
    assert.deepEqual({ code, out, err }, { code: 2, out: "", err: sentence });
  });
});

Deno.test("report: one unwritable path leaves the other files unchanged", () =>
  inFolder(async (folder) => {
    const asked = { html: `${folder}/run.html`, junit: `${folder}/none/run.xml` };
    await assert.rejects(openReportOutputs(asked), UsageError);
    assert.deepEqual(namesIn(folder), []);
    const twice = { html: `${folder}/x`, csv: `${folder}/x` };
    await assert.rejects(
      openReportOutputs(twice),
      /^UsageError: Cannot write HTML page and CSV both to ".*\/x": expected/,
    );
    await assert.rejects(openReportOutputs({ html: "-", csv: "-" }), /both to standard output/);
  }));

Deno.test("report: a report may be one line of any length; a line of a recording may not", () =>
  inFolder(async (folder) => {
    const [long, short] = [17 * 1_048_576, reportJson(reportOf(passed()))];
    const one = JSON.stringify({ padding: "x".repeat(long), ...JSON.parse(short) });
    await Deno.writeTextFile(`${folder}/run.json`, one);
    assert.equal((await run(`${folder}/run.json`)).code, 0);
    const recording = new Recording();
    simulateFleet({ plan: { clients: 2, durationMs: 1_000 }, recording });
    await Deno.writeTextFile(`${folder}/run.ndjson`, `${recording.text}${"x".repeat(long)}`);
    assert.match((await run(`${folder}/run.ndjson`)).err, /a line is too long/);
  }));

Deno.test("report: the report of a check is written again in each of its forms, and refuses those of a run", () =>
  inFolder(async (folder) => {
    const file = `${folder}/check.json`;
    await Deno.writeTextFile(file, checkReportJson(checkSample()));
    assert.deepEqual(await run(file), { code: 1, out: checkText(checkSample()), err: "" });
    const forms = { report: checkReportJson, html: checkHtml, junit: checkJunit, markdown: checkMarkdown };
    const flags = Object.keys(forms).flatMap((form) => [`--${form}`, `${folder}/out.${form}`]);
    const { code, out } = await run(file, ...flags);
    assert.deepEqual([code, out.split("\n\n")[1]], [1, "FAIL  1 of 6 cases failed\n"]);
    for (const [form, write] of Object.entries(forms)) {
      assert.equal(await Deno.readTextFile(`${folder}/out.${form}`), write(checkSample()), form);
    }
    assert.match(
      (await run(file, "--csv", "-")).err,
      /^Cannot use --csv with ".*", the report of a check: expected --report/,
    );
    assert.match((await run(file, "--threshold", "wills.late<1")).err, /^Cannot use --threshold with/);
    await Deno.writeTextFile(file, checkReportJson(checkSample()).replace('"outcome": "fail"', '"outcome": "bad"'));
    assert.match(
      (await run(file)).err,
      /^Cannot read report ".*": at cases\.2\.outcome it is not a valid report of a check/,
    );
  }));
