/** What stays on a terminal of 80 × 24 at the end of each command: the verdict, and the main faults above it. */
import assert from "node:assert/strict";
import { check, type CheckDeps } from "../../src/cli/check/check.ts";
import type { CheckAsked } from "../../src/cli/check/check_flags.ts";
import { readCommandLine } from "../../src/cli/command_line.ts";
import { fleet, type FleetDeps } from "../../src/cli/fleet/fleet.ts";
import type { FleetFlags } from "../../src/cli/fleet/fleet_flags.ts";
import { main } from "../../src/cli/main.ts";
import { catalog } from "../../src/conformance/catalog.ts";
import type { Area } from "../../src/conformance/case/case.ts";
import type { ConformanceResult } from "../../src/conformance/case/result.ts";
import type { FleetResult } from "../../src/fleet/result/result.ts";
import { reportJson } from "../../src/report/export/json.ts";
import { checkSample, voidCheck } from "../report/check_sample.ts";
import { failed, passed, reportOf, voided } from "../report/sample.ts";
import { type Captured, captured } from "./captured.ts";

const [columns, rows] = [80, 24];
const verdicts = { pass: passed, fail: failed, void: voided } as const;
const never = { early: new AbortController().signal, atOnce: new AbortController().signal, close() {} };

/** The lines above the prompt of the shell, once the command has ended. */
function screenOf({ written: { out } }: Captured): string[] {
  const lines = out.trimEnd().split("\n");
  const wide = lines.filter((line) => line.length > columns);
  assert.deepEqual(wide, [], "wider than the terminal");
  return lines.slice(-(rows - 1));
}

/** The verdict is on the screen, and no line follows its sentence. */
function assertVerdict(screen: readonly string[], verdict: string): void {
  const at = screen.findLastIndex((line) => line === "");
  assert.match(screen[at + 1]!, new RegExp(`^${verdict.toUpperCase()} `), screen.join("\n"));
  assert.ok(screen.slice(at + 2).every((line) => line.startsWith("      ")), screen.join("\n"));
}

function runOf(result: FleetResult, output: Captured, ...args: string[]): Promise<number> {
  const parts: FleetDeps = {
    runFleet: () => Promise.resolve(result),
    startBroker: () => Promise.reject(new Error("not needed")),
    openInterrupts: () => never,
    waitUntilIdle: () => Promise.resolve({ quiet: true, afterMs: 0 }),
  };
  const asked = readCommandLine(["fleet", "--url", "mqtt://broker.example", ...args], output);
  return fleet(asked as FleetFlags, output, parts);
}

for (const [verdict, result] of Object.entries(verdicts)) {
  Deno.test(`screen: fleet, ${verdict}: at most 22 lines at 80 columns, and the verdict is the last`, async () => {
    const output = captured(columns, rows);
    await runOf(result(), output);
    const screen = screenOf(output);
    assert.equal(screen.length, output.written.out.trimEnd().split("\n").length, "the whole text is on the screen");
    assert.ok(screen.length <= 22, `${screen.length} lines`);
    assertVerdict(screen, verdict);
    if (verdict === "fail") assert.match(screen.join("\n"), /^missing +25 of this kind/m);
    if (verdict === "pass") {
      assert.match(
        screen.join("\n"),
        /^latency +p99 4\.54 ms; broker alone 3\.65 ms; this instrument adds 0\.060 ms$/m,
      );
    }
  });

  Deno.test(`screen: report merge, ${verdict}: the verdict follows the written files`, async () => {
    const folder = await Deno.makeTempDir();
    const report = reportOf(result());
    const second = { ...report, run: { ...report.run, startedAt: "2026-01-02T03:04:09.000Z" } };
    await Deno.writeTextFile(`${folder}/a.json`, reportJson(report));
    await Deno.writeTextFile(`${folder}/b.json`, reportJson(second));
    for (const flags of [[], ["--report", `${folder}/whole.json`], ["--text", "--csv", `${folder}/whole.csv`]]) {
      const output = captured(columns, rows);
      await main(["report", "merge", `${folder}/a.json`, `${folder}/b.json`, ...flags], output);
      assertVerdict(output.written.out.trimEnd().split("\n").slice(-(rows - 1)), verdict);
    }
    await Deno.remove(folder, { recursive: true });
  });
}

const checks = {
  pass: () => checkSample({ verdict: "pass", exitCode: 0, reason: "all 6 cases passed", cases: manyCases("pass") }),
  fail: () => checkSample({ cases: manyCases("fail") }),
  void: voidCheck,
} as const;

/** A case of each kind in every area, and failures whose transcripts are longer than the screen. */
function manyCases(outcome: "pass" | "fail"): ConformanceResult["cases"] {
  const [one] = checkSample().cases;
  const transcript = Array.from({ length: 60 }, (_, at) => {
    const [text, hex] = [`PUBLISH topic "${"long ".repeat(20)}"`, "30 03 ".repeat(60).trim()];
    return { atMs: at, link: "client", direction: ">", text, hex } as const;
  });
  return catalog.map(({ id, title }, at) => ({
    ...one!,
    ...{ id, title, area: id.split("/")[0] as Area },
    ...at % 50 === 0 && outcome === "fail" && { outcome, reason: "watcher got no message", transcript },
    ...at % 50 === 1 && { outcome: "not testable", reason: `it needs number ${at}` } as const,
  }));
}

for (const [verdict, result] of Object.entries(checks)) {
  Deno.test(`screen: check, ${verdict}: the verdict is the last line, with the failed cases above it`, async () => {
    const parts: CheckDeps = {
      catalog,
      runConformance: () => Promise.resolve(result()),
      startTarget: () => Promise.reject(new Error("not needed")),
      openInterrupts: () => never,
    };
    const output = captured(columns, rows);
    await check(readCommandLine(["check", "--url", "mqtt://h"], output) as CheckAsked, output, parts);
    const screen = screenOf(output);
    assertVerdict(screen, verdict);
    if (verdict === "pass") assert.ok(output.written.out.split("\n").length <= 23, output.written.out);
    if (verdict === "fail") assert.match(screen.join("\n"), /^Failed cases:\n {2}will\/\S+ in 3\.1\.1: watcher got/m);
  });
}

Deno.test("screen: --verbose and a log have the whole report, and a log its verdict on one line", async () => {
  const all = captured(columns, rows);
  await runOf(failed(), all, "--verbose");
  assert.ok(all.written.out.split("\n").length > 60);
  const log = captured();
  await runOf(failed(), log);
  const last = log.written.out.trimEnd().split("\n").at(-1)!;
  assert.equal(last, `FAIL  ${failed().reason}`);
  assert.ok(last.length > 100, "longer than the lines above it");
});
