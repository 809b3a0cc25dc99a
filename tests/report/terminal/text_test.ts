import assert from "node:assert/strict";
import { colourStyle } from "../../../src/report/terminal/style.ts";
import { reportText } from "../../../src/report/terminal/text.ts";
import { assertGolden } from "../golden.ts";
import { failed, passed, reportOf, voided } from "../sample.ts";
import { eachCase } from "../../support/steps.ts";

// deno-lint-ignore no-control-regex
const codes = /\x1b\[\d+m/g;
const linesOf = (text: string) => text.split("\n");

Deno.test("text: a run that passed equals its golden file", () => {
  assertGolden("pass.txt", reportText(reportOf(passed(), { embedded: true })));
});

Deno.test("text: a run with each fault equals its golden file", () => {
  assertGolden("fail.txt", reportText(reportOf(failed())));
});

Deno.test("text: a run without counters of the broker equals its golden file", () => {
  assertGolden("void.txt", reportText(reportOf(voided())));
});

Deno.test("text: the last line is the verdict with its reason", () => {
  for (const result of [passed(), failed(), voided()]) {
    const last = linesOf(reportText(reportOf(result)).trimEnd()).at(-1);
    assert.equal(last, `${result.verdict.toUpperCase()}  ${result.reason}`);
  }
});

Deno.test("text: no line is wider than the width", async (t) => {
  // At 80 columns the table has no space for six kinds of fault and ten modes.
  await eachCase(
    t,
    [[80, [passed(), voided()]], [100, [passed(), voided(), failed()]]] as const,
    ([width, results]) => {
      for (const result of results) {
        const lines = linesOf(reportText(reportOf(result), { width }));
        assert.deepEqual(lines.filter((line) => line.length > width), []);
      }
    },
  );
});

Deno.test("text: a narrow table omits kinds of faults without a count, and names them", () => {
  const text = reportText(reportOf(passed()), { width: 60 });
  assert.match(text, /^mode +kills +due +on time$/m);
  assert.match(text, /^None late, early, missing, duplicate, unwanted, altered\.$/m);
});

Deno.test("text: colours add only escape sequences", () => {
  for (const result of [passed(), failed(), voided()]) {
    const coloured = reportText(reportOf(result), { style: colourStyle });
    assert.notEqual(coloured, reportText(reportOf(result)));
    assert.equal(coloured.replaceAll(codes, ""), reportText(reportOf(result)));
  }
});

Deno.test("text: shows at most ten faults before the numbers, each with its rule, and each kind first", () => {
  const lines = linesOf(reportText(reportOf(failed()), { width: 400 }));
  const shown = lines.filter((line) => /\[MQTT 5\.0, 3\.(1\.2-8|3\.1-5)\]$/.test(line));
  assert.equal(shown.length, 10);
  assert.match(shown[0]!, /^missing {4}25 of this kind: mqtt-sim-k3x9a-0 life 1 /);
  assert.ok(lines.indexOf(shown[9]!) < lines.findIndex((line) => line.startsWith("clients ")));
  assert.ok(lines.includes("Faults, 10 of 48, one of each kind first, the most frequent kind first:"));
});
