/** The lines of a report about its profile in each format, and the hint that proposes a profile. */
import assert from "node:assert/strict";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { profileFindings } from "../../../src/fleet/tally/deviation_tally.ts";
import { profiles } from "../../../src/profiles/profiles.ts";
import { reportHtml } from "../../../src/report/html/html.ts";
import { reportJunit } from "../../../src/report/export/junit.ts";
import { reportMarkdown } from "../../../src/report/export/markdown.ts";
import { mergeReports } from "../../../src/report/model/merge_reports.ts";
import { profileHint } from "../../../src/report/model/profile_text.ts";
import { profilesText } from "../../../src/report/terminal/profiles_table.ts";
import { faultTotal } from "../../../src/report/model/will_rows.ts";
import { applyThresholds, parseThreshold } from "../../../src/report/model/threshold.ts";
import { reportText } from "../../../src/report/terminal/text.ts";
import { assertWellFormed } from "../../support/well_formed.ts";
import { failed, modeCounts, passed, reportOf } from "../sample.ts";

const sample = {
  client: "mqtt-sim-k3x9a-9",
  incarnation: 1,
  mode: "disconnect-error",
  verdict: "missing",
  protocol: "5",
  qos: 1,
  rule: "MQTT 5.0, 3.1.2-8",
  text: "was due at the kill and never came",
} as const;

/**
 * A run with profile mosquitto: 40 kills by DISCONNECT 0x80, none of whose wills arrived, and 30 silent clients without
 * a fault.
 */
function withProfile(): FleetResult {
  const byId = {
    "disconnect-error": { lives: 40, seen: 40, samples: [sample] },
    "keep-alive-late": { lives: 30, seen: 0, samples: [] },
  };
  const result = passed({ profile: "mosquitto" });
  const byMode = { ...result.kills.byMode, "disconnect-error": modeCounts(40, { onTime: 0, deviating: 40 }) };
  return {
    ...result,
    kills: { ...result.kills, byMode },
    wills: { ...result.wills, expected: 1_432, deviating: 40 },
    profile: profileFindings("mosquitto", { byId, described: {} })!,
  };
}

const report = reportOf(withProfile());

Deno.test("profile text: has a column of deviations, those observed with their lives and those not observed", () => {
  const text = reportText(report);
  assert.match(text, /^mode .* deviating$/m);
  assert.match(text, /^Profile mosquitto \(Eclipse Mosquitto .*\): 40 faults are as it describes\.$/m);
  assert.match(text, /^disconnect-error: seen 40 times in 40 lives\. .*DISCONNECT/m);
  assert.match(text, /^keep-alive-late: not seen in 30 lives\./m);
  assert.match(text, /\[MQTT 5\.0,\s+3\.1\.2-8\]/);
  assert.doesNotMatch(text, /second-connect:/);
  assert.doesNotMatch(reportText(reportOf(passed())), /deviating|Profile/);
});

Deno.test("profile text: Markdown and page show the same deviations", () => {
  for (const text of [reportMarkdown(report), reportHtml(report)]) {
    assert.ok(text.includes("deviating"));
    assert.ok(text.includes("40 faults are as it describes"));
    assert.ok(text.includes("disconnect-error"));
  }
  assert.match(reportMarkdown(report), /not seen in 30 lives/);
  assert.ok(!reportHtml(reportOf(passed())).includes("Known deviations"));
});

Deno.test("profile text: in JUnit a deviation is a case that passes, with its note and its lives", () => {
  const text = reportJunit(report);
  assertWellFormed(text);
  assert.match(text, /classname="mqtt-sim\.deviation" name="mosquitto: disconnect-error"[^]*?<system-out>.*40 lives/);
  assert.match(text, /mqtt-sim-k3x9a-9 life 1/);
  assert.match(text, / failures="0"/);
  assert.match(text, /name="mosquitto: keep-alive-late"/);
});

Deno.test("profile text: merging joins the deviations of parts", () => {
  const later = { ...report, run: { ...report.run, startedAt: "2026-01-02T03:04:10.678Z" } };
  const whole = mergeReports([{ name: "a", report }, { name: "b", report: later }]);
  const { lives, seen, samples } = whole.profile!.deviations.find(({ id }) => id === "disconnect-error")!;
  assert.deepEqual({ lives, seen, samples: samples.length }, { lives: 80, seen: 80, samples: 2 });
  assert.deepEqual({ deviating: whole.wills.deviating, verdict: whole.verdict }, { deviating: 80, verdict: "pass" });
  assert.match(whole.reason, /80 wrong as profile mosquitto describes/);
});

Deno.test("profile text: a threshold may name the count of deviations", () => {
  const held = (expression: string) => applyThresholds(report, [parseThreshold(expression)]).verdict;
  assert.equal(held("wills.deviating<=40"), "pass");
  assert.equal(held("kills.byMode.disconnect-error.deviating<40"), "fail");
});

const hints: readonly [what: string, changes: Partial<FleetResult>, expected: RegExp | undefined][] = [
  ["nothing is described", {}, undefined],
  [
    "the broker says what it is",
    { described: { mosquitto: 7, mochi: 9 }, broker: "mosquitto version 2.0.11" },
    /^7 of/,
  ],
  ["it is another than we know", { described: { mosquitto: 7 }, broker: "mqtt-sim 0.1.0" }, undefined],
  ["its profile describes none", { described: { mochi: 9 }, broker: "mosquitto version 2.0.11" }, undefined],
  ["it says nothing, and two would do", { described: { mosquitto: 7, mochi: 9 } }, undefined],
  [
    "F15: of two profiles that describe it, that of the broker's own version is named",
    { described: { mosquitto: 7, "mosquitto-2.1": 9 }, broker: "mosquitto version 2.1.2" },
    /^9 of .*--profile mosquitto-2\.1$/,
  ],
  ["F15: it says a number alone, and one profile would do", { described: { mochi: 9 }, broker: "2.6.1" }, undefined],
  ["F15: it says nothing, and one profile would do", { described: { nanomq: 1 } }, undefined],
  ["F15: it is FlashMQ, and looks like EMQX", { described: { emqx: 39 }, broker: "FlashMQ 1.26.2" }, undefined],
  ["F15: it does not say which version", { described: { mosquitto: 7 }, broker: "mosquitto" }, undefined],
];

for (const [what, changes, expected] of hints) {
  Deno.test(`hint: ${what}`, () => {
    const hint = profileHint(reportOf({ ...failed(), ...changes }));
    if (expected === undefined) assert.equal(hint, undefined);
    else assert.match(hint ?? "none", expected);
  });
}

Deno.test("profile text: text, Markdown and page contain the hint", () => {
  const hinted = reportOf({ ...failed(), described: { mosquitto: 7 }, broker: "mosquitto version 2.0.11" });
  // The hint counts the faults that the report lists, states of presence included.
  assert.ok(hinted.presence!.wrong > 0);
  const listed = /^Faults, \d+ of (\d+), /m.exec(reportText(hinted))![1];
  assert.equal(Number(listed), faultTotal(hinted));
  const hintPattern = new RegExp(
    `7 of these ${listed} faults are what profile mosquitto describes: (\\\\|&#45;|-)*profile mosquitto`,
  );
  for (const text of [reportText(hinted), reportMarkdown(hinted), reportHtml(hinted)]) {
    assert.match(text.replaceAll(/\s+/g, " "), hintPattern);
  }
});

Deno.test("profile text: the list has each profile and each deviation, with its source, in the width", () => {
  const text = profilesText(80);
  for (const { name, deviations } of profiles) {
    assert.match(text, new RegExp(`^ ${name} `, "m"));
    for (const { id } of deviations) assert.match(text, new RegExp(`^${name} +${id} `, "m"));
  }
  assert.match(text, /mosquitto#3743/);
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});
