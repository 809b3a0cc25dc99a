/** The lines of a report about the load during the run. */
import assert from "node:assert/strict";
import { mergeTelemetry } from "../../../src/fleet/result/telemetry_result.ts";
import { reportHtml } from "../../../src/report/html/html.ts";
import { telemetryText } from "../../../src/report/model/telemetry_text.ts";
import { reportText } from "../../../src/report/terminal/text.ts";
import { passed, reportOf } from "../sample.ts";

const squads = [
  { sensors: { sent: 6_000, acknowledged: 5_990, withheld: 2 }, meters: { sent: 30, acknowledged: 0, withheld: 0 } },
  { sensors: { sent: 3_000, acknowledged: 3_000, withheld: 0 } },
];

Deno.test("telemetry text: adds up the squads' telemetry, by group and in total, if any", () => {
  assert.deepEqual(mergeTelemetry([...squads, undefined]), {
    ...{ sent: 9_030, acknowledged: 8_990, withheld: 2 },
    byGroup: {
      sensors: { sent: 9_000, acknowledged: 8_990, withheld: 2 },
      meters: { sent: 30, acknowledged: 0, withheld: 0 },
    },
  });
  assert.equal(mergeTelemetry([undefined, undefined]), undefined);
  assert.equal(telemetryText(reportOf(passed())), undefined);
});

Deno.test("telemetry text: text and page show the load", () => {
  const report = reportOf(passed({}, { telemetry: mergeTelemetry(squads)! }));
  const text = "301 messages a second in addition to the wills: 9,030 sent, 8,990 acknowledged, 2 withheld; " +
    "sensors: 9,000 sent, 8,990 acknowledged, 2 withheld; meters: 30 sent, 0 acknowledged";
  assert.equal(telemetryText(report), text);
  assert.ok(reportText(report, { width: 500 }).includes(`\nload     ${text}\n`));
  assert.ok(reportHtml(report).includes(`Under load: ${text}.`));
});
