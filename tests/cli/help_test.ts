import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { main } from "../../src/cli/main.ts";
import { areas } from "../../src/conformance/case/case.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import { isNumber, rangeText } from "../../src/fleet/plan/option_value.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import { optionList } from "../../src/fleet/plan/plan_options.ts";
import { killModes } from "../../src/fleet/plan/kill_mode.ts";
import { commandHelp, commandPaths, firstExamples } from "../../src/cli/line/command_help.ts";
import { commandNames, flagsAt, subcommandsOf } from "../../src/cli/line/grammar.ts";
import { readCommandLine } from "../../src/cli/command_line.ts";
import { tool } from "../../src/cli/process/tool.ts";
import { shellCommands } from "../docs/shell_words.ts";
import { neededOptions } from "../fleet/plan/needed_options.ts";
import { captured } from "./captured.ts";
import { eachCase } from "../support/steps.ts";

/** The first screen, or the part that a topic names. */
async function help(args: readonly string[], columns?: number, topic: readonly string[] = ["all"]): Promise<string> {
  const output = captured(columns);
  assert.equal(await main([...args, "--help", ...topic], output), 0);
  assert.equal(output.written.err, "");
  return output.written.out;
}

/** The help of one flag, in one line. */
function helpOf(text: string, flag: string): string {
  const entry = new RegExp(`^  (?:-\\w, )?${flag}\\b[^\\n]*(?:\\n {20,}[^\\n]*)*`, "m").exec(text);
  assert.ok(entry !== null, `${flag} is in help`);
  return entry[0].replaceAll(/\s+/g, " ");
}

const sections: Readonly<Record<string, string>> = {
  Scenario: "scenario",
  Target:
    "url username password password-file node credentials password-command password-lifetime proxy ws-header aws-sign auth-method auth-data auth-command reauth-every follow-references wait protocol source-address source-ports engine",
  TLS: "tls-ca tls-cert tls-key tls-key-passphrase-file tls-server-name tls-insecure alpn",
  Parts: "shard start-at over over-creds over-tls-ca parts gather part-silence",
  Fleet:
    "clients ramp-rate connects-under-way keepalive session-expiry clean-start workers client-prefix client-id short-client-ids",
  Kills: "kill-rate kill-mode duration reconnect-after seed kick-command",
  Wills:
    "will-qos will-retain presence presence-looks will-delay will-topic will-payload-size will-payload birth-payload",
  Watching:
    "watchers fan-out watch-nodes watch-qos skip-broker-counters watcher-username watcher-password-file canary-username canary-password-file late-after drain watcher-tls-cert watcher-tls-key",
  Output:
    "threshold run-id record live metrics metrics-linger otlp otlp-headers color abort-on-fail annotations verbose quiet",
  Reports: "report html junit markdown csv csv-lives hdr",
};

Deno.test("help: fleet --help has each flag, in its section", async () => {
  const text = await help(["fleet"]);
  for (const [name, flags] of Object.entries(sections)) {
    const section = text.split(`\n${name}:\n`)[1]?.split("\n\n")[0] ?? "";
    const found = [...section.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map((match) => match[1]);
    assert.deepEqual(found, flags.split(" "), name);
  }
});

Deno.test("help: each flag has its default, except switches and logins", async () => {
  const text = await help(["fleet"]);
  const without =
    "url ws-header kick-command password password-file will-retain presence threshold record live metrics otlp otlp-headers abort-on-fail annotations verbose quiet report html junit markdown csv csv-lives hdr"
      .split(
        " ",
      );
  for (const flag of Object.values(sections).join(" ").split(" ").filter((each) => !without.includes(each))) {
    assert.match(helpOf(text, `--${flag}`), /Default/);
  }
});

Deno.test("help: the limits are those of the plan", async () => {
  const text = await help(["fleet"]);
  const planOf = (name: string, value: number) =>
    makePlan({ run: "r", seed: 1, watchers: 100, ...neededOptions[name], [name]: value } as PlanRequest);
  for (const [name, { flag, value: kind }] of optionList) {
    if (!isNumber(kind)) continue;
    const { min, max } = kind;
    assert.ok(helpOf(text, `--${flag}`).includes(rangeText(kind)), flag);
    for (const value of [min, max]) assert.equal(planOf(name, value)[name], value);
    for (const value of [min - 1, max + 1]) assert.throws(() => planOf(name, value), UsageError, `${flag} ${value}`);
  }
});

Deno.test("help: lists each kill mode and exit code", async () => {
  const text = await help(["fleet"]);
  for (const mode of killModes) assert.match(text, new RegExp(`^  ${mode} +\\S`, "m"));
  for (const code of [0, 1, 2, 3, 70, 130]) assert.match(text, new RegExp(`^  ${code} +\\S`, "m"));
});

Deno.test("help: fits the terminal, and 80 columns without a terminal", async () => {
  for (const args of [[], ["fleet"], ["broker"], ["check"]]) {
    for (const [columns, width] of [[undefined, 80], [70, 70], [300, 100]] as const) {
      for (const topic of [[], ["all"]]) {
        const lines = (await help(args, columns, topic)).split("\n");
        assert.deepEqual(lines.filter((line) => line.length > width && !line.includes(`${tool.name} `)), []);
      }
    }
  }
});

Deno.test("help: each command has one line of usage", async (t) => {
  const lines: Record<string, string> = {
    "fleet": "[FLAGS]",
    "fleet scenario": "NAME",
    "fleet scenario-schema": "",
    "fleet profiles": "",
    "check": "[FLAGS]",
    "broker": "[FLAGS]",
    "broker status": "[FLAGS]",
    "broker disconnect": "CLIENT [FLAGS]",
    "broker end-session": "CLIENT [FLAGS]",
    "broker clear-retained": "TOPIC [FLAGS]",
    "broker config-schema": "",
    "report": "FILE [FLAGS]",
    "report merge": "FILE FILE… [FLAGS]",
    "report compare": "[NAME=]FILE [NAME=]FILE… [FLAGS]",
  };
  await eachCase(t, Object.entries(lines), async ([command, line]) => {
    const output = captured();
    assert.equal(await main([...command.split(" "), "--help"], output), 0);
    assert.equal(output.written.out.split("\n\n")[0]!.split("\n")[1], `Usage: mqtt-sim ${command} ${line}`.trimEnd());
  });
});

Deno.test("help: mqtt-sim --help names the commands", async () => {
  const text = await help([]);
  assert.match(text, /^Usage: mqtt-sim COMMAND \[FLAGS\]$/m);
  assert.match(text, /^ {2}fleet +\S/m);
  assert.match(text, /^ {2}broker +\S/m);
});

Deno.test("help: broker --help has the defaults of host and port", async () => {
  const text = await help(["broker"]);
  assert.ok(helpOf(text, "--host").endsWith("Default 127.0.0.1."));
  assert.ok(helpOf(text, "--port").endsWith("Default 1883."));
});

Deno.test("help: check --help has each flag, area and exit code", async () => {
  const text = await help(["check"]);
  const found = [...text.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map((match) => match[1]);
  const flags =
    "url username password password-file password-command password-lifetime proxy ws-header aws-sign auth-method auth-data auth-command denied-topic restart-command wait engine tls-ca tls-cert tls-key tls-key-passphrase-file tls-server-name tls-insecure alpn only rule protocol quick list slack parallel profile color annotations verbose quiet " +
    "report html junit markdown";
  assert.deepEqual(found, flags.split(" "));
  for (const area of Object.keys(areas)) assert.match(text, new RegExp(`^  ${area} +\\S`, "m"));
  for (const code of [0, 1, 2, 3, 70, 130]) assert.match(text, new RegExp(`^  ${code} +\\S`, "m"));
});

/** Lines and columns of the smallest usual terminal, with room for the lines that a command with subcommands needs. */
const screen = { lines: 40, columns: 80 };

for (const path of ["", ...commandPaths]) {
  Deno.test(`help: the first screen of mqtt-sim ${path} is short, and no line wraps to its start`, async () => {
    const text = await help(path === "" ? [] : path.split(" "), undefined, []);
    const lines = text.split("\n");
    if (!path.startsWith("report ")) assert.ok(lines.length <= screen.lines, `${lines.length} lines`);
    assert.deepEqual(lines.filter((line) => line.length > screen.columns), []);
    // A wrapped line of a list is indented, or part of a paragraph.
    for (const list of text.split("\n\n").filter((part) => /^[A-Z][\w ]*:\n/.test(part))) {
      assert.deepEqual(list.split("\n").slice(1).filter((line) => line !== "" && !line.startsWith("  ")), [], list);
    }
  });
}

Deno.test("help: each command has examples, and each example is a command line that the program reads", () => {
  for (
    const command of [
      ...commandNames,
      ...commandNames.flatMap((name) => subcommandsOf(name).map((sub) => `${name} ${sub}`)),
    ]
  ) {
    const { examples } = commandHelp(command)!;
    assert.ok(examples.length >= (command.includes(" ") ? 1 : 5), command);
    for (const line of examples) {
      assert.ok(line.startsWith(command), line);
      assert.notEqual(readCommandLine(shellCommands(line)[0]!, captured()).command, "finished");
    }
  }
  for (const line of firstExamples) {
    assert.notEqual(readCommandLine(shellCommands(line)[0]!, captured()).command, "finished");
  }
});

Deno.test("help: the flags of the first screen are ten at most, and each has its default", async () => {
  for (const name of commandNames) {
    const common = Object.keys(commandHelp(name)!.common!);
    assert.ok(common.length <= 10, name);
    const text = await help([name], undefined, []);
    for (const flag of common) assert.ok(helpOf(text, flag).length > flag.length + 10, flag);
  }
  assert.match(helpOf(await help(["fleet"], undefined, []), "--clients"), /Default 1,000\.$/);
});

const requests: readonly [args: string, first: RegExp][] = [
  ["help", /^Does an MQTT broker/],
  ["--help", /^Does an MQTT broker/],
  ["-h", /^Does an MQTT broker/],
  ["help fleet", /^Connect a fleet/],
  ["fleet help", /^Connect a fleet/],
  ["--help fleet", /^Connect a fleet/],
  ["fleet --clients 5 -h", /^Connect a fleet/],
  ["help fleet kills", /^Kills:\n[^]*^Kill modes:\n/m],
  ["fleet --help kills", /^Kills:\n[^]*^Kill modes:\n/m],
  ["fleet --help=kills", /^Kills:\n[^]*^Kill modes:\n/m],
  ["help fleet scenario", /^Write the file of a built-in scenario/],
  ["help fleet scenarios", /^Scenarios:\n {2}steady/],
  ["help fleet variables", /^Variables:\n[^]*MQTT_SIM_KILL_RATE/],
  ["help report merge", /^Join the reports/],
  ["help broker kinds-of-faults", /^Kinds of faults:\n {2}lose/],
  ["help check exit-codes", /^Exit codes:\n {2}0/],
  ["help all", /^Does an MQTT broker[^]*^ {2}-c, --clients N[^]*^ {2}--denied-topic[^]*^ {2}merge/m],
];
for (const [args, first] of requests) {
  Deno.test(`help: mqtt-sim ${args}`, async () => {
    const output = captured();
    assert.equal(await main(args.split(" "), output), 0);
    assert.match(output.written.out, first);
    assert.equal(output.written.err, "");
  });
}

Deno.test("help: mqtt-sim alone shows help on standard error, and is a usage error", async () => {
  const output = captured();
  assert.equal(await main([], output), 2);
  assert.equal(output.written.out, "");
  assert.match(output.written.err, /^Does an MQTT broker[^]*^Examples:/m);
});

Deno.test("help: a subcommand has its own exit codes, and no list of its parent", async () => {
  const text = await help(["fleet", "scenario"], undefined, []);
  assert.deepEqual([...text.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => code), ["0", "2", "70"]);
  assert.ok(!text.includes("Kill modes") && !text.includes("Scenarios:"));
  assert.match(await help(["broker", "disconnect"], undefined, []), /^ {2}1 +the broker has no such client/m);
  assert.match(await help(["broker", "status"], undefined, []), /^ {2}3 +no answer of the broker/m);
});

const letters: Readonly<Record<string, string>> = {
  "fleet": "-L --url -u --username -P --password -c --clients -k --keepalive -d --duration -q --quiet -o --report",
  "check": "-L --url -u --username -P --password -q --quiet -o --report",
  "broker": "-c --config -p --port -q --quiet",
};
for (const [command, pairs] of Object.entries(letters)) {
  Deno.test(`help: the flags of one letter of ${command}`, () => {
    const found = flagsAt(command).filter(({ names }) => names.length > 1).flatMap(({ names }) => names);
    assert.deepEqual(found, pairs.split(" "));
  });
}

Deno.test("help: a flag of one letter is the long flag", () => {
  const asked = readCommandLine("fleet -c 7 -d 1m30s -L host:1 -u me -q".split(" "), captured());
  assert.ok(asked.command === "fleet");
  assert.deepEqual([asked.clients, asked.durationMs, asked.url[0]!.endpoint!.url, asked.username, asked.quiet], [
    7,
    90_000,
    "mqtt://host:1",
    "me",
    true,
  ]);
});
