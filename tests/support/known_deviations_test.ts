import assert from "node:assert/strict";
import { comparedRun, makeComparison } from "../../src/report/comparison.ts";
import { context, failed, modeCounts, passed, reportOf } from "../report/sample.ts";
import { findingsOf, findingText } from "./known_deviations.ts";

/** A run on mosquitto in which one will of that mode is missing, by that rule. */
function missing(mode: "disconnect-error" | "reset", rule: string) {
  const [sample] = failed().faults;
  const byMode = { [mode]: modeCounts(10, { onTime: 9, missing: 1 }) };
  const found = passed({}, {
    kills: { ...passed().kills, byMode },
    wills: { ...passed().wills, ...byMode[mode]! },
    faults: [{ ...sample!, mode, verdict: "missing", rule }],
  });
  return makeComparison(
    [comparedRun("mosquitto", reportOf(found)), comparedRun("ok", reportOf(passed()))],
    context.tool,
  );
}

Deno.test("a fault is explained by the profile's deviation of that fault, ending and rule", () => {
  const [finding, ...more] = findingsOf(missing("disconnect-error", "MQTT 5.0, 3.1.2-8"));
  assert.equal(more.length, 0);
  assert.deepEqual(finding!.known.map(({ id }) => id), ["disconnect-error"]);
  assert.match(
    findingText(finding!),
    /^\*\*mosquitto\*\*, disconnect-error: 1 missing of 10 due \(MQTT 5\.0, 3\.1\.2-8\)\. DISCONNECT/,
  );
  assert.match(findingText(finding!), /mosquitto#3743/);
});

Deno.test("what no deviation tells of is unexplained: another ending, another rule, another broker", () => {
  for (
    const comparison of [
      missing("reset", "MQTT 5.0, 3.1.2-8"),
      missing("disconnect-error", "MQTT 3.1.1, 3.1.2-8"),
      makeComparison(
        [comparedRun("unheard-of", reportOf(failed())), comparedRun("ok", reportOf(passed()))],
        context.tool,
      ),
    ]
  ) {
    for (const finding of findingsOf(comparison)) assert.match(findingText(finding), /\. Unexplained\.$/);
  }
  assert.equal(findingsOf(missing("reset", "MQTT 5.0, 3.1.2-8")).length, 1);
});
