/** A search in several parts: its flags, and the evidence against the generator by its parts. */
import assert from "node:assert/strict";
import { partEvidence, showNotice } from "../../../src/cli/capacity/step_runs_over.ts";
import { capacity } from "../../../src/cli/capacity/capacity.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import type { Notice } from "../../../src/fleet/result/result.ts";
import type { StoredReport } from "../../../src/parts/report_store.ts";
import { passed, reportOf } from "../../report/sample.ts";
import { captured } from "../captured.ts";

const report = reportOf(passed());
const stored = (part: number, facts: Partial<StoredReport> = {}): StoredReport => ({
  ...{ who: { id: `${part}`, host: `node-${part}`, pid: 7, version: "1" }, part, of: 3 },
  report: JSON.parse(JSON.stringify(report)),
  ...facts,
});

Deno.test("search over: each part is judged as a generator alone, and the evidence names the first", () => {
  assert.equal(partEvidence([stored(1), stored(2, { coresPerWorker: 0.4 }), stored(3)], 3, 1_000), undefined);
  const noCpu = "the generator had no CPU time left: each of its threads used 0.95 cores";
  const one = [stored(1), stored(2, { coresPerWorker: 0.95 }), stored(3)];
  assert.equal(partEvidence(one, 3, 1_000), `part 2 of 3 (node-2): ${noCpu}`);
  const two = [stored(1), stored(2, { coresPerWorker: 0.95 }), stored(3, { coresPerWorker: 1 })];
  assert.equal(partEvidence(two, 3, 1_000), `part 2 of 3 (node-2): ${noCpu}; 1 more of 3 parts were at their limit`);
  const bound = { ...report, generatorBound: "5 ms passed between two turns" };
  assert.match(
    partEvidence([stored(1, { report: JSON.parse(JSON.stringify(bound)) })], 3, 1_000)!,
    /^part 1 of 3 \(node-1\): 5 ms passed/,
  );
});

const over = ["--over", "127.0.0.1:1", "--parts", "2", "--url", "mqtt://b"];
const refused: readonly [args: readonly string[], sentence: RegExp][] = [
  [["--run-id", "night"], /^Cannot use --run-id without --over: each step of a search has a run id of its own/],
  [["--parts", "2"], /^Cannot use --parts without --over/],
  [["--over", "127.0.0.1:1", "--parts", "2"], /^Cannot use --over without one --url/],
  [[...over, "--url", "mqtt://c"], /^Cannot use --over without one --url/],
  [[...over, "--password-file", "f"], /^Cannot use --password-file with --over: .* give it to mqtt-sim part$/],
  [[...over, "--kick-command", "k"], /^Cannot use --kick-command with --over/],
  [[...over, "--recovery", "6m"], /^Cannot use --recovery 360s with --over: expected at most 5m$/],
];
for (const [args, sentence] of refused) {
  Deno.test(`search over: refuses capacity ${args.join(" ")}`, async () => {
    const output = captured(80);
    const asked = readCommandLine(["capacity", ...args], output);
    assert.ok(asked.command === "capacity");
    await assert.rejects(() => capacity(asked, output), (error: Error) => sentence.test(error.message));
  });
}

Deno.test("capacity over parts: a warning is printed at once and once, such as that of a part of another version", () => {
  const warnings = new Set<string>();
  const output = captured(80);
  const { err } = output;
  const show = (level: Notice["level"], text: string, isInfoShown: boolean) =>
    showNotice({ level, text }, { warnings, err, isInfoShown });
  const why = "the part on node-3 is mqtt-sim 0.2.0, the coordinator is 0.3.0";
  show("info", "1 of 3 parts are here", true);
  show("info", "2 of 3 parts are here", false);
  for (const isInfoShown of [true, false]) show("warning", why, isInfoShown);
  assert.equal(output.written.err, `1 of 3 parts are here\nwarning: ${why}\n`);
  assert.deepEqual([...warnings], [why], "the report of the search has it too");
});
