import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../../src/base/failure.ts";
import { parseReport } from "../../../src/cli/report/saved_report.ts";
import { reportJson } from "../../../src/report/export/json.ts";
import { simulateFleet } from "../../support/simulated_fleet.ts";
import { failed, passed, reportOf, voided } from "../../report/sample.ts";
import { eachCase } from "../../support/steps.ts";

const json = reportJson(reportOf(passed()));
const refused = (text: string) => {
  try {
    parseReport(text, "x.json");
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  assert.fail("it was taken");
};

Deno.test("saved report: a written report is parsed again unchanged", async (t) => {
  await eachCase(t, [passed(), failed(), voided()], (result) => {
    const text = reportJson(reportOf(result));
    assert.equal(reportJson(parseReport(text, "x.json")), text);
  });
});

Deno.test("saved report: a report with a restart is parsed again unchanged, with faults of such lives", () => {
  const plan = { phases: [{ kind: "restart", downMs: 500 }], clients: 6 } as const;
  const lose = (path: string) => {
    using database = new DatabaseSync(path);
    database.exec("DELETE FROM will");
  };
  const result = simulateFleet({ plan, protocol: "5", tamper: lose });
  assert.deepEqual({ faults: result.faults.length, mode: result.faults[0]?.mode }, { faults: 6, mode: "restart" });
  const text = reportJson(reportOf(result));
  assert.equal(reportJson(parseReport(text, "x.json")), text);
  assert.match(refused(text.replace('"unseeable": 0', '"unseeable": "no"')), /at restarts\.unseeable it is not/);
});

Deno.test("saved report: refuses an invalid report in one sentence", async (t) => {
  const is = 'Cannot read report "x.json": ';
  const expected = "expected a file that mqtt-sim fleet --report wrote";
  assert.equal(refused("hello"), `${is}it is not JSON; ${expected}`);
  await eachCase(t, ["[]", "3", "null", '{"a":1}'], (other) => {
    assert.equal(refused(other), `${is}it is not a report of mqtt-sim; ${expected}`);
  });
  assert.equal(
    refused('{"schema":"mqtt-sim/report/2"}'),
    `${is}its schema is "mqtt-sim/report/2"; expected "mqtt-sim/report/1"`,
  );
  assert.match(
    refused(json.replace('"expected": 1392', '"expected": "many"')),
    /at wills\.expected it is not a valid report/,
  );
  assert.match(
    refused(json.replace('"hdr": "HIST', '"hdr": "HAST')),
    /at [\w.]+\.hdr .*expected a compressed HdrHistogram/,
  );
});
