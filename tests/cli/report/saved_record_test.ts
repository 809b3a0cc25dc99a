/** Recordings that `mqtt-sim report` reads: judged again, cut, damaged, of an earlier schema. */
import assert from "node:assert/strict";
import { parseThreshold } from "../../../src/report/model/threshold.ts";
import { reportJson } from "../../../src/report/export/json.ts";
import { EveryNth, FleetStage, type StageOptions } from "../../support/fleet_stage.ts";
import { Recording, reportOf, reread } from "../../support/recording.ts";
import { simulateFleet } from "../../support/simulated_fleet.ts";
import { everyKillMode } from "../../../src/fleet/plan/kill_mode.ts";
import { eachCase } from "../../support/steps.ts";

const busy = {
  killRate: { kind: "count", perSecond: 8 },
  durationMs: 12_000,
  killShares: everyKillMode.map((mode) => ({ mode, weight: 1 })),
} as const;

/** A finished stage and its recording. */
function recorded(options: StageOptions = {}, limit?: number) {
  const recording = new Recording(limit);
  const stage = new FleetStage({ ...busy, ...options, recording });
  return { recording, stage };
}

const nth = () => new EveryNth(5);
const changed = (change: object) => {
  const some = nth();
  return { publish: (will: Parameters<EveryNth["pick"]>[0]) => some.pick(will) ? [{ change }] : [{}] };
};
const delivered = (deliveries: readonly object[]) => {
  const some = nth();
  return { publish: (will: Parameters<EveryNth["pick"]>[0]) => some.pick(will) ? deliveries : [{}] };
};

/** A run for each verdict with the text that its report must contain, so that each test proves its verdict. */
const runs: readonly [what: string, options: StageOptions, verdict: string, shows: string][] = [
  ["all is well", {}, "pass", "onTime"],
  ["wills are missing", { script: delivered([]) }, "fail", "missing"],
  ["wills are late", { script: delivered([{ afterMs: 1_500 }]) }, "fail", "late"],
  ["wills come twice", { script: delivered([{}, { afterMs: 200 }]) }, "fail", "duplicate"],
  ["wills come again after they were judged", { script: delivered([{}, { afterMs: 4_000 }]) }, "fail", "duplicate"],
  ["payloads are altered", { script: changed({ payload: new Uint8Array(9) }) }, "fail", "altered"],
  ["properties are lost", { script: changed({ properties: {} }) }, "fail", "altered"],
  [
    "silent clients are ended early",
    {
      killShares: [{ mode: "freeze", weight: 1 }],
      script: { patience: 1.25 },
    },
    "pass",
    "onTime",
  ],
  [
    "wills are retained, with a password",
    {
      willRetain: true,
      username: "u",
      password: "s3cret",
      script: { retain: () => undefined },
    },
    "fail",
    "onTime",
  ],
  ["wills of clients that leave", { script: { wait: () => 0 } }, "fail", "unwanted"],
  [
    "the watcher is refused",
    { script: { connack: ({ clientId }) => clientId.endsWith("-w0") ? 0x87 : 0 } },
    "void",
    "",
  ],
];

for (const [what, options, verdict, shows] of runs) {
  Deno.test(`saved record: judged again it gives the same report: ${what}`, async () => {
    const { recording, stage } = recorded(options);
    const report = reportOf(stage.finish());
    assert.equal(report.verdict, verdict, report.reason);
    if (shows !== "") assert.ok(report.wills[shows as "onTime"] > 0, `none is ${shows}`);
    assert.equal(reportJson(await reread(recording.text)), reportJson(report));
    assert.doesNotMatch(recording.text, /s3cret/);
  });
}

Deno.test("saved record: the recording of an interrupted run has its exit code", async () => {
  const { recording, stage } = recorded();
  stage.runUntil(() => stage.squad.counters.kills === 20);
  stage.squad.interrupt(stage.nowMs);
  const report = reportOf(stage.finish());
  assert.equal(report.exitCode, 130);
  assert.equal(reportJson(await reread(recording.text)), reportJson(report));
});

Deno.test("saved record: another threshold replaces that of the run", async () => {
  const { recording, stage } = recorded({ script: delivered([{ afterMs: 1_500 }]) });
  const { wills } = stage.finish();
  const failed = await reread(recording.text, [parseThreshold("wills.late<1")]);
  assert.deepEqual({ verdict: failed.verdict, reason: failed.reason }, {
    verdict: "fail",
    reason: `not met: wills.late<1 (it is ${wills.late})`,
  });
  const passed = await reread(recording.text, [parseThreshold("wills.late<1000")]);
  assert.deepEqual({ verdict: passed.verdict, exitCode: passed.exitCode }, { verdict: "pass", exitCode: 0 });
});

Deno.test("saved record: a recording that is cut anywhere is void, says so, and counts the rest", async (t) => {
  const { recording, stage } = recorded();
  const whole = reportOf(stage.finish());
  const { lines, text } = recording;
  const until = lines.findIndex((line) => line.includes('"phase":"drain"'));
  const cuts = [lines.slice(0, until).join("\n") + "\n", text.slice(0, -20), lines.slice(0, -1).join("\n") + "\n"];
  await eachCase(t, cuts, async (cut) => {
    const report = await reread(cut);
    assert.deepEqual({ verdict: report.verdict, exitCode: report.exitCode }, { verdict: "void", exitCode: 3 });
    assert.match(
      report.reason,
      /^the recording is truncated: it ends \d+\.\d s after the start of the run, before the end of the run; /,
    );
    assert.equal(report.kills.total, whole.kills.total);
  });
  const half = await reread(text.slice(0, text.length / 2));
  assert.ok(half.kills.total > 10 && half.kills.total < whole.kills.total);
  assert.deepEqual(half.faults, [], "no fault for missing lines");
  const bare = await reread(`${lines[0]}\n`);
  assert.deepEqual({ verdict: bare.verdict, connected: bare.clients.connected }, { verdict: "void", connected: 0 });
});

Deno.test("saved record: no prefix of an honest run has a fault", async () => {
  const { recording, stage } = recorded();
  stage.finish();
  const { lines } = recording;
  for (let until = 1; until < lines.length; until += 97) {
    const { faults, verdict } = await reread(`${lines.slice(0, until).join("\n")}\n`);
    assert.deepEqual({ faults, verdict }, { faults: [], verdict: "void" }, `${until} lines`);
  }
});

Deno.test("saved record: a recording with a gap is void, and gives the number of lost events", async () => {
  const { recording, stage } = recorded({}, 20_000);
  const squad = stage.squad;
  // The stage compares each recording with its run; this one is incomplete on purpose.
  stage.runUntil(() => squad.done);
  recording.end({ ...facts, plan: stage.plan, durationMs: stage.nowMs }, [squad.result()]);
  const report = await reread(recording.text);
  assert.equal(report.verdict, "void");
  assert.match(
    report.reason,
    /^the recording has a gap: [\d,]+ events were lost because they could not be written fast/,
  );
  assert.ok(report.kills.total > 0 && report.kills.total < squad.counters.kills);
});

const facts = {
  target: "stage",
  protocol: "5",
  startedAt: "2026-01-01T00:00:00.000Z",
  warnings: [],
  resources: { cpuMs: 0, rssBytes: 0 },
} as const;

Deno.test("saved record: detects missing lines", async () => {
  const { recording, stage } = recorded();
  stage.finish();
  const { lines } = recording;
  const at = lines.findIndex((line) => line.includes('"kind":"will"'));
  const report = await reread(`${lines.toSpliced(at, 1).join("\n")}\n`);
  assert.equal(report.verdict, "void");
  assert.match(report.reason, /^the recording is incomplete: it has [\d,]+ events of [\d,]+; /);
});

Deno.test("saved record: names the number of a damaged line", async (t) => {
  const { recording, stage } = recorded();
  stage.finish();
  const { lines } = recording;
  const at = lines.findIndex((line) => line.includes('"kind":"killed"'));
  const damaged: readonly [line: string, fault: string][] = [
    ["hello", "it is not a JSON object; expected an event"],
    ["", "it is not a JSON object; expected an event"],
    [lines[at]!.slice(0, -5), "it is not a JSON object; expected an event"],
    ['{"atMs":1,"squad":0,"kind":"born"}', 'kind is "born"; expected an event of mqtt-sim/record/1'],
    ['{"atMs":1,"kind":"ready"}', "squad is undefined; expected an event of mqtt-sim/record/1"],
    ['{"atMs":1,"squad":9,"kind":"ready"}', "there is no squad 9"],
    ['{"atMs":1,"squad":0,"kind":"lost","client":3,"life":99}', "client 3 has no life 99 at this point"],
    ['{"atMs":1,"squad":0,"kind":"serves"}', "the broker is not down at this point"],
    ['{"atMs":1,"squad":0,"kind":"up","survived":0}', "the broker is not down at this point"],
    [
      lines[at]!.replace(/"mode":"[^"]*"/, '"mode":"boredom"'),
      'mode is "boredom"; expected an event of mqtt-sim/record/1',
    ],
  ];
  await eachCase(t, damaged, async ([line, fault]) => {
    await assert.rejects(reread(`${lines.with(at, line).join("\n")}\n`), {
      name: "UsageError",
      message: `Cannot read recording "x.ndjson": line ${at + 1}: ${fault}`,
    });
  });
});

Deno.test("saved record: a recording that is cut while the broker is down is judged to its end, and void", async (t) => {
  const recording = new Recording();
  simulateFleet({ plan: { phases: [{ kind: "restart", downMs: 500 }], clients: 6 }, recording });
  const { lines } = recording;
  const at = (kind: string) => lines.findIndex((line) => line.includes(`"kind":"${kind}"`));
  assert.ok(at("down") < at("ended") && at("ended") < at("serves") && at("serves") < at("up"));
  await eachCase(t, ["ended", "serves", "up"], async (kind) => {
    const report = await reread(`${lines.slice(0, at(kind)).join("\n")}\n`);
    assert.match(report.reason, /^the recording is truncated: /);
    assert.equal(report.restarts?.lives.kills, kind === "ended" ? 0 : 6, kind);
  });
  const twice = [...lines.slice(0, at("ended")), lines[at("down")]].join("\n");
  await assert.rejects(reread(`${twice}\n`), /: the broker is already down at this point$/);
});

Deno.test("saved record: refuses another schema and an invalid header in one sentence", async () => {
  const { recording, stage } = recorded();
  stage.finish();
  const [header] = recording.lines;
  await assert.rejects(reread(`${header!.replace("record/1", "record/2")}\n`), {
    name: "UsageError",
    message: 'Cannot read recording "x.ndjson": its schema is "mqtt-sim/record/2"; expected "mqtt-sim/record/1"',
  });
  await assert.rejects(
    reread(`${header!.replace('"clients":20', '"clients":"many"')}\n`),
    /line 1: at plan\.clients it is not a valid header: invalid input: expected number/,
  );
});

Deno.test("saved record: recognises a report by its content, whatever its name", async () => {
  const { stage } = recorded();
  const report = reportOf(stage.finish());
  assert.equal(reportJson(await reread(reportJson(report))), reportJson(report));
  assert.equal(reportJson(await reread(JSON.stringify(report))), reportJson(report));
  await assert.rejects(reread(""), /Cannot read report "x\.ndjson": it is not JSON/);
});
