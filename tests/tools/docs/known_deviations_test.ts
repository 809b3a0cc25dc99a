import assert from "node:assert/strict";
import { profileFindings } from "../../../src/fleet/tally/deviation_tally.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { comparedRun, makeComparison } from "../../../src/report/model/comparison.ts";
import { context, failed, modeCounts, passed, reportOf } from "../../report/sample.ts";
import { findingsOf, findingText, outcomeText } from "../../../tools/docs/known_deviations.ts";

/** A run in which wills of that mode went wrong, beside one that passed. */
function compared(over: Partial<FleetResult>) {
  return makeComparison(
    [comparedRun("mosquitto", reportOf(passed({}, over))), comparedRun("ok", reportOf(passed()))],
    context.tool,
  );
}

/** As many late by reset. */
function late(count: number, over: Partial<FleetResult> = {}) {
  const byMode = { reset: modeCounts(10, { onTime: 10 - count, late: count }) };
  const { kills, wills } = passed();
  return compared({
    verdict: "fail",
    kills: { ...kills, byMode },
    wills: { ...wills, ...byMode.reset },
    faults: [{ ...failed().faults[0]!, mode: "reset", verdict: "late", rule: "MQTT 5.0, 3.1.2-8" }],
    ...over,
  });
}

const quiet = { mosquitto: { othersShare: 0.1 } };

Deno.test("known deviations: list each deviation with its count, its lives, rule and source", () => {
  const byId = { "disconnect-error": { lives: 40, seen: 7, samples: [] } };
  const profile = profileFindings("mosquitto", { byId, described: {} })!;
  const byMode = { "disconnect-error": modeCounts(40, { onTime: 33, deviating: 7 }) };
  const { kills, wills } = passed();
  const comparison = compared({
    profile,
    kills: { ...kills, byMode },
    wills: { ...wills, ...byMode["disconnect-error"] },
  });
  const [finding, ...more] = findingsOf(comparison, quiet);
  assert.equal(more.length, 0, "an unobserved deviation is not listed");
  assert.match(
    findingText(finding!),
    /^\*\*mosquitto\*\*, `disconnect-error`: 7 in 40 lives where it could show \(MQTT 5\.0, 3\.1\.2-8\)\. DISCONNECT.*mosquitto#3743/,
  );
  assert.equal(outcomeText(comparison, "mosquitto", quiet), "7 as known");
  assert.equal(outcomeText(comparison, "ok", quiet), "pass");
});

Deno.test("known deviations: a fault that the profile does not describe is unexplained", () => {
  const [finding] = findingsOf(late(3), quiet);
  assert.equal(
    findingText(finding!),
    "**mosquitto**, reset: 3 late of 10 due (MQTT 5.0, 3.1.2-8). Unexplained.",
  );
  assert.equal(outcomeText(late(3), "mosquitto", quiet), "fail");
});

Deno.test("known deviations: late wills are separate under foreign load, or if the generator reports its own lateness", () => {
  const loaded = { mosquitto: { othersShare: 0.45 } };
  const [finding] = findingsOf(late(3), loaded);
  assert.match(
    findingText(finding!),
    /Measured under load, .*: other programs had 45% of this machine's CPU, the generator up/,
  );
  const costly = { mosquitto: { othersShare: 0.45, brokerCpuMs: passed().kills.total * 5 } };
  assert.match(findingText(findingsOf(late(3), costly)[0]!), /itself needed 5\.00 ms of CPU for each kill/);
  assert.equal(outcomeText(late(3), "mosquitto", loaded), "late under load");
  const warned = late(3, { warnings: ["this machine was late itself"] });
  assert.match(findingText(findingsOf(warned, quiet)[0]!), /; this machine was late itself\.$/);
  assert.equal(outcomeText(warned, "mosquitto", quiet), "late under load");
  const forgetful = late(3, { warnings: ["the broker had forgotten 1 of 1 watchers' sessions"] });
  assert.match(findingText(findingsOf(forgetful, quiet)[0]!), /Unexplained\.$/, "a warning of the broker is no excuse");
});

Deno.test("known deviations: load explains late wills and no other fault", () => {
  const byMode = { reset: modeCounts(10, { onTime: 9, missing: 1 }) };
  const { kills, wills } = passed();
  const missing = compared({
    verdict: "fail",
    warnings: ["this machine was late itself"],
    kills: { ...kills, byMode },
    wills: { ...wills, ...byMode.reset },
  });
  assert.match(findingText(findingsOf(missing, { mosquitto: { othersShare: 0.9 } })[0]!), /Unexplained\.$/);
  assert.equal(outcomeText(missing, "mosquitto", { mosquitto: { othersShare: 0.9 } }), "fail");
});

/** A run on that broker in which so many states of presence were stale, and so many altered. */
function presence(broker: string, stale: number, altered: number) {
  const { presence } = failed();
  const counts = { ...presence!, judged: 90, wrong: stale + altered, stale, altered, unwanted: 0, absent: 0 };
  const report = reportOf(passed({}, { verdict: "fail", presence: counts }));
  return makeComparison([comparedRun(broker, report), comparedRun("ok", reportOf(passed()))], context.tool);
}

Deno.test("known deviations: only a stale state of presence has the known cause", () => {
  const text = (broker: string, stale: number, altered: number) =>
    findingsOf(presence(broker, stale, altered), {}).map(findingText).join();
  assert.match(
    text("ejabberd", 5, 0),
    /presence: 5 of 90 states not the truth, each as `takeover-will-after-next` would/,
  );
  assert.match(text("ejabberd", 4, 1), /presence: 5 of 90 states not the truth\. Unexplained\./);
  assert.match(text("mosquitto", 5, 0), /Unexplained\./);
  assert.equal(outcomeText(presence("ejabberd", 5, 0), "ejabberd", {}), "fail");
});
