/** Scenario files: entries, flags that overrule them, faults with their places, and the repeat command. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import { fleetRequest, withScenario } from "../../../src/cli/fleet/fleet_request.ts";
import { overrule, parseScenario } from "../../../src/cli/fleet/scenario_file.ts";
import { planFields, scenarioEntries } from "../../../src/cli/fleet/scenario_settings.ts";
import { builtInScenarios } from "../../../src/cli/fleet/scenarios.ts";
import { main } from "../../../src/cli/main.ts";
import { makePlan, planDefaults } from "../../../src/fleet/plan/make_plan.ts";
import type { FleetPlan } from "../../../src/fleet/plan/plan.ts";
import { makeReport } from "../../../src/report/model/report.ts";
import { repeatCommand } from "../../../src/report/model/repeat.ts";
import { passed } from "../../report/sample.ts";
import { captured } from "../captured.ts";
import { eachCase } from "../../support/steps.ts";

const whole = `# all there is
clients: 200
seed: 9
kill-rate: 10/s
kill-mode: reset=3,close
duration: 2m
ramp-rate: 500
will-qos: mix
will-retain: true
protocol: 5
username: u-{client}
source-address: [127.0.0.2-127.0.0.4, 127.0.1.0/30]
telemetry: { rate: 2/s, size: 1k, qos: 1 }
groups:
  - name: a
    share: 3
    will-delay: 5
    session-expiry: 1m
    password: secret-{group}
  - name: b
    protocol: 3.1.1
    telemetry: { rate: 0.5 }
    reconnect-after: never
phases:
  - kill: 5%
    for: 30s
    groups: a
    kill-mode: leave
    reconnect-after: 1s
    jitter: 500ms
  - hold: 250ms
  - kill: once
    groups: [a, b]
  - return: 2s
    groups: b
  - return: once
`;

function requestOf(text: string, flags = {}) {
  return overrule(parseScenario(text, "s.yaml"), flags, { seed: 1, run: "r" });
}

Deno.test("scenario: a file sets each option of the flags, and groups and phases", () => {
  const { wishes } = parseScenario(whole, "s.yaml");
  assert.deepEqual(wishes, {
    scenario: "s.yaml",
    clients: 200,
    seed: 9,
    killRate: { kind: "count", perSecond: 10 },
    killShares: [{ mode: "reset", weight: 3 }, { mode: "close", weight: 1 }],
    durationMs: 120_000,
    rampPerSecond: 500,
    willQos: "mix",
    willRetain: true,
    protocol: "5",
    username: "u-{client}",
    sourceAddresses: ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.1.1", "127.0.1.2"],
    telemetry: { perSecond: 2, sizeBytes: 1_024, qos: 1 },
    groups: [
      { name: "a", share: 3, willDelayS: 5, sessionExpiryS: 60, password: "secret-{group}" },
      {
        name: "b",
        share: 1,
        protocol: "3.1.1",
        telemetry: { perSecond: 0.5, sizeBytes: 64, qos: 0 },
        reconnectAfterMs: "never",
      },
    ],
    phases: [
      {
        kind: "kill",
        groups: ["a"],
        rate: { kind: "fraction", perSecond: 0.05 },
        durationMs: 30_000,
        killShares: [{ mode: "leave", weight: 1 }],
        reconnectAfterMs: 1_000,
        jitterMs: 500,
      },
      { kind: "hold", durationMs: 250 },
      { kind: "kill", groups: ["a", "b"], rate: "once" },
      { kind: "return", durationMs: 2_000, groups: ["b"] },
      { kind: "return", durationMs: 0 },
    ],
  });
  const { groups } = makePlan(requestOf(whole));
  assert.deepEqual(groups!.map(({ cleanStart }) => cleanStart), ["no", undefined], "sessions are there to be resumed");
});

Deno.test("scenario: flags win over a file in its groups and phases too; all at once stays", () => {
  const killShares = [{ mode: "garbage", weight: 1 }] as const;
  const killRate = { kind: "count", perSecond: 3 } as const;
  const flags = { killShares, killRate, durationMs: 5_000, reconnectAfterMs: 0, willDelayS: 0, clients: 50 };
  const plan = makePlan(requestOf(whole, flags));
  assert.deepEqual({ ...plan, ...flags }, plan);
  assert.deepEqual(plan.groups!.map((group) => [group.willDelayS, group.reconnectAfterMs, group.sessionExpiryS]), [
    [undefined, undefined, 60],
    [undefined, undefined, undefined],
  ]);
  assert.deepEqual(plan.phases!.slice(0, 3), [
    { kind: "kill", groups: ["a"], jitterMs: 500 },
    { kind: "hold", durationMs: 250 },
    { kind: "kill", groups: ["a", "b"], rate: "once" },
  ]);
  assert.deepEqual(plan.overruled, Object.keys(flags));
});

Deno.test("scenario: reports each fault of a file at once, with line and column", () => {
  const text = `clients: 0
kil-rate: 5%
will-qos: 3
telemetry: { size: 5, rat: 1 }
groups:
  - name: a
    shar: 2
    keepalive: 99999
  - share: 1
phases:
  - kill: 5x
    hold: 2s
    for: 3x
  - hold: 1s
    jitter: 1s
    groups: a
  - for: 2s
  - storm: 1
`;
  assert.throws(() => parseScenario(text, "s.yaml"), {
    name: "UsageError",
    message: [
      'Cannot use scenario "s.yaml": 17 errors',
      "  s.yaml:1:10: Cannot read clients 0: expected a whole number, 1 to 10,000,000",
      '  s.yaml:2:1: Cannot read setting "kil-rate": unknown setting; did you mean kill-rate?',
      "  s.yaml:3:11: Cannot read will-qos 3: expected 0, 1, 2 or mix",
      "  s.yaml:4:12: Cannot find rate: expected a number a second such as 500/s",
      '  s.yaml:4:23: Cannot read setting "rat": unknown setting; did you mean rate?',
      '  s.yaml:7:5: Cannot read setting "shar": unknown setting; did you mean share?',
      "  s.yaml:8:16: Cannot read keepalive 99999: expected whole seconds such as 10s, 2m or 10, 0s to 65,535s",
      "  s.yaml:9:5: Cannot find name: expected text",
      "  s.yaml:11:5: Missing kind of phase: expected one of kill, hold, return, restart and node-loss",
      '  s.yaml:11:11: Cannot read kill "5x": expected a fraction such as 5%, or kills a second such as 50/s',
      '  s.yaml:13:10: Cannot read for "3x": expected a duration such as 250ms, 1.5s, 1m30s or 30 (seconds), 0s to 168h',
      "  s.yaml:15:13: Cannot use jitter in this phase: expected it with kill or restart or node-loss",
      "  s.yaml:16:13: Cannot use groups in this phase: expected it with kill or return",
      "  s.yaml:17:5: Missing kind of phase: expected one of kill, hold, return, restart and node-loss",
      "  s.yaml:17:10: Cannot use for in this phase: expected it with kill or node-loss",
      '  s.yaml:18:5: Cannot read setting "storm": unknown setting',
      "  s.yaml:18:5: Missing kind of phase: expected one of kill, hold, return, restart and node-loss",
    ].join("\n"),
  });
});

Deno.test("scenario: reports conflicting settings with their place, and the fault of a flag as one of the flag", () => {
  const text = `protocol: 3.1.1
groups:
  - name: a
    will-delay: 5
  - name: b
    keepalive: 0
    kill-mode: freeze
phases:
  - kill: 5%
`;
  assert.throws(() => requestOf(text), {
    message: [
      'Cannot use scenario "s.yaml": 2 errors',
      '  s.yaml:4:17: Cannot use --will-delay 5 s in group "a": expected 0 with --protocol 3.1.1, which has no will delay',
      '  s.yaml:6:16: Cannot use --keepalive 0 in group "b": expected 1 s or more with the kill modes freeze, ' +
      "half-packet, slow-loris, stall and vanish, which rely on it",
    ].join("\n"),
  });
  const named =
    "groups:\n  - name: a\n  - name: a\nphases:\n  - kill: once\n    groups: b\n  - kill: 5%\n    for: 1ms\n";
  assert.throws(() => requestOf(named), /:3:11: Cannot name group 2 "a": group 1 has that name$/);
  assert.throws(
    () => requestOf(named.replace("  - name: a\n", "")),
    /:5:13: Cannot use group "b" in phase 1: expected one of a\n {2}s.yaml:7:10: Cannot use 1 ms in phase 2: expected 100 /,
  );
  assert.throws(() => requestOf("phases:\n  - hold: 1s\n"), /:2:3: Cannot use phases without kills/);
  assert.throws(
    () => requestOf(whole, { clients: 0 }),
    new UsageError("Cannot use --clients 0: expected 1 to 10,000,000"),
  );
});

Deno.test("scenario: refuses a missing file and an unknown name", async () => {
  for (
    const [name, sentence] of [[
      "strom",
      /^Cannot find scenario "strom": expected steady, .*\.yaml; did you mean storm\?\n$/,
    ], [
      "no/such.yaml",
      /^Cannot read scenario "no\/such.yaml": there is no such file\n$/,
    ]] as const
  ) {
    const output = captured();
    assert.equal(await main(["fleet", "--scenario", name], output), 2);
    assert.match(output.written.err, sentence);
  }
});

Deno.test("scenario: a file may name its brokers: one, or a list, with names", () => {
  const brokersOf = (text: string) =>
    parseScenario(text, "s.yaml").brokers.map((each) => [each.name, each.endpoint?.url]);
  assert.deepEqual(brokersOf("clients: 5"), []);
  assert.deepEqual(brokersOf("url: mqtt://b.example"), [["b.example:1883", "mqtt://b.example:1883"]]);
  assert.deepEqual(
    brokersOf("url:\n  - embedded\n  - two=mqtt://u:p@b.example:99\n"),
    [["embedded", undefined], ["two", "mqtt://b.example:99"]],
  );
  for (
    const [said, shown] of [
      ["http://b.example", '"http://b.example"'],
      ["[embedded, 7]", '["embedded",7]'],
      ["a b=mqtt://b.example", '"a b=mqtt://b.example"'],
    ]
  ) {
    assert.throws(() => parseScenario(`url: ${said}`, "s.yaml"), {
      message: 'Cannot use scenario "s.yaml": one error\n' +
        `  s.yaml:1:6: Cannot read url ${shown}: expected [NAME=]URL of a broker, or embedded, or a list`,
    });
  }
});

async function planOf(...args: string[]): Promise<FleetPlan> {
  return makePlan(await fleetRequest(readCommandLine(["fleet", ...args], captured()) as FleetFlags));
}

const repeated: readonly string[][] = [
  [],
  ["--clients", "80", "--kill-mode", "garbage"],
  ["--kill-rate", "5%", "--will-retain", "--late-after", "1s", "--username", "u"],
];
/** The flags without which the plan of a scenario of a cluster is not valid. */
const cluster = [
  "--node",
  "n1=mqtt://127.0.0.1:1,n2=mqtt://127.0.0.1:2",
  "--node-stop",
  "stop",
  "--node-start",
  "start",
];

for (const { name, ofCluster } of builtInScenarios) {
  Deno.test(`scenario ${name}: the repeat command gives the same plan, with every flag that overrules it`, async (t) => {
    await eachCase(t, repeated, async (flags) => {
      const plan = await planOf("--scenario", name, "--run-id", "r1", ...ofCluster ? cluster : [], ...flags);
      const command = repeatCommand(plan, undefined, { program: "mqtt-sim", runIdAsked: true });
      assert.ok(command.includes(`--scenario ${name}`), command);
      assert.deepEqual(await planOf(...command.split(" ").slice(2)), plan, command);
    });
  });
}

Deno.test("scenario: each built-in one is valid for few and many clients, and is in its canonical form", async () => {
  for (const { name, text, about, ofCluster } of builtInScenarios) {
    const nodes = ofCluster ? cluster : [];
    for (const clients of ["5", "50000"]) await planOf("--scenario", name, "--clients", clients, ...nodes);
    const output = captured(80);
    assert.equal(await main(["fleet", "scenario", name], output), 0);
    assert.equal(output.written.out, text);
    const help = captured(100);
    await main(["fleet", "--help", "all"], help);
    assert.match(help.written.out, new RegExp(`^  ${name} +${about.replaceAll(/[()%]/g, "\\$&")}$`, "m"));
  }
});

Deno.test("scenario: the JSON Schema has each entry, also of groups and phases", async (t) => {
  const output = captured();
  assert.equal(await main(["fleet", "scenario-schema"], output), 0);
  const schema = JSON.parse(output.written.out);
  assert.deepEqual(Object.keys(schema.properties), [...scenarioEntries.keys()]);
  await eachCase(t, ["groups", "phases"], (name) => {
    const { items } = schema.properties[name];
    assert.deepEqual(Object.keys(items.properties), [...scenarioEntries.get(name)!.inner!.keys()]);
    assert.equal(items.additionalProperties, false);
  });
  assert.deepEqual(schema.properties.groups.items.required, ["name"]);
});

Deno.test("scenario: each part of a plan with a flag has an entry", () => {
  const fields = new Set(planFields.values());
  for (const name of Object.keys(planDefaults)) assert.ok(fields.has(name as keyof FleetPlan), name);
});

Deno.test("scenario: no report contains the passwords of groups", () => {
  const plan = makePlan({ ...requestOf(whole), password: "secret" });
  const report = makeReport({ ...passed(), plan }, {
    tool: { name: "mqtt-sim", version: "0" },
    embedded: true,
    program: "mqtt-sim",
  });
  assert.ok(!JSON.stringify(report).includes("secret"));
  assert.equal(report.plan.groups?.length, 2);
});

Deno.test("docs: scenarios.md has each scenario, and with options.md each entry", async () => {
  const text = await Deno.readTextFile("docs/scenarios.md");
  for (const { name } of builtInScenarios) assert.match(text, new RegExp(`^\\| \`${name}\` `, "m"));
  const options = await Deno.readTextFile("docs/options.md");
  const entries = [scenarioEntries, ...["groups", "phases"].map((name) => scenarioEntries.get(name)!.inner!)];
  for (const name of entries.flatMap((each) => [...each.keys()])) {
    assert.ok(
      new RegExp(`\`--${name}[ \`]`).test(options) || text.includes(`\`${name}\``) || text.includes(`\`${name}: {`) ||
        new RegExp(`^ .*\\b${name}: `, "m").test(text),
      name,
    );
  }
});

Deno.test("scenario: a file has thresholds, which those of the command line replace", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/s.yaml`;
  await Deno.writeTextFile(file, "clients: 5\nthreshold: [wills.late<1%, latencyMs.all.p95<2s]\n");
  const thresholdsOf = async (...args: string[]) => {
    const asked = readCommandLine(["fleet", "--scenario", file, ...args], captured()) as FleetFlags;
    return (await withScenario(asked)).threshold.map(({ expression }) => expression);
  };
  assert.deepEqual(await thresholdsOf(), ["wills.late<1%", "latencyMs.all.p95<2s"]);
  assert.deepEqual(await thresholdsOf("--threshold", "wills.late<3"), ["wills.late<3"]);
  await Deno.writeTextFile(file, "threshold: wills.lat<1\n");
  await assert.rejects(
    thresholdsOf(),
    /Cannot read threshold "wills\.lat<1": expected a condition such as wills\.late<10 over a path/,
  );
  await Deno.remove(folder, { recursive: true });
});
