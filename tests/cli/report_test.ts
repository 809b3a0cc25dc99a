/** `mqtt-sim report`, and what `fleet` shares with it: the forms of a report, and where they go. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { main } from "../../src/cli/main.ts";
import { openReportOutputs } from "../../src/cli/report_outputs.ts";
import { reportJson } from "../../src/report/json.ts";
import { reportText } from "../../src/report/text.ts";
import { failed, passed, reportOf } from "../report/sample.ts";
import { captured } from "./captured.ts";

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

Deno.test("a saved report is drawn again as text, with the run's exit code", () =>
  inFolder(async (folder) => {
    for (const result of [passed(), failed()]) {
      await Deno.writeTextFile(`${folder}/run.json`, reportJson(reportOf(result)));
      const { code, out } = await run(`${folder}/run.json`);
      assert.deepEqual([code, out], [result.exitCode, reportText(reportOf(result))]);
    }
  }));

Deno.test("every form is written at once, and each is what it says", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in.json`, reportJson(reportOf(failed())));
    const flags = forms.flatMap((form) => [`--${form}`, `${folder}/out.${form}`]);
    const { out } = await run(`${folder}/in.json`, ...flags);
    assert.equal(out.trimEnd().split("\n").length, forms.length);
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

Deno.test("a form on standard output leaves it nothing else; --text goes beside", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in.json`, reportJson(reportOf(passed())));
    const { out, err } = await run(`${folder}/in.json`, "--report", "-", "--text");
    assert.equal(out, reportJson(reportOf(passed())));
    assert.match(err, /^PASS {2}/);
  }));

Deno.test("merge joins files", () =>
  inFolder(async (folder) => {
    const report = reportOf(passed());
    const other = { ...report, run: { ...report.run, startedAt: "2026-01-02T03:04:09.000Z" } };
    await Deno.writeTextFile(`${folder}/a.json`, reportJson(report));
    await Deno.writeTextFile(`${folder}/b.json`, reportJson(other));
    const { code } = await run("merge", `${folder}/a.json`, `${folder}/b.json`, "--report", `${folder}/all.json`);
    assert.equal(code, 0);
    assert.equal(JSON.parse(await Deno.readTextFile(`${folder}/all.json`)).wills.expected, 2 * report.wills.expected);
  }));

Deno.test("compare puts files side by side, named by file or by hand; a comparison brings all of its brokers", () =>
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

Deno.test("bad input: exit code 2 and one sentence", async () => {
  const cases: Record<string, string> = {
    "": "Cannot draw a report without its file: expected what mqtt-sim fleet --report or --record wrote\n",
    "merge": "Cannot draw a report without its file: expected what mqtt-sim fleet --report or --record wrote\n",
    "compare": "Cannot compare 0 runs: expected 2 to 20\n",
    "compare none.json":
      'Cannot read report "none.json": there is no such file; expected what mqtt-sim fleet --report wrote\n',
    "none.json":
      'Cannot read report "none.json": there is no such file; expected what mqtt-sim fleet --report or --record wrote\n',
    "run.json --htm x": 'Cannot read flag "--htm": report has none of that name; did you mean --html?\n',
  };
  for (const [args, sentence] of Object.entries(cases)) {
    const { code, out, err } = await run(...args.split(" ").filter((word) => word !== ""));
    assert.deepEqual([code, out, err], [2, "", sentence]);
  }
});

Deno.test("one path that cannot be written, and none of the others is touched", () =>
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
