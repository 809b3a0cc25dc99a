import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { main } from "../../src/cli/main.ts";
import { areas } from "../../src/conformance/case/case.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import { isNumber, rangeText } from "../../src/fleet/plan/option_value.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import { optionList } from "../../src/fleet/plan/plan_options.ts";
import { killModes } from "../../src/fleet/plan/kill_mode.ts";
import { captured } from "./captured.ts";

async function help(args: readonly string[], columns?: number): Promise<string> {
  const output = captured(columns);
  assert.equal(await main([...args, "--help"], output), 0);
  assert.equal(output.written.err, "");
  return output.written.out;
}

/** The help of one flag, in one line. */
function told(text: string, flag: string): string {
  const entry = new RegExp(`^  ${flag}\\b[^\\n]*(?:\\n {20,}[^\\n]*)*`, "m").exec(text);
  assert.ok(entry !== null, `${flag} is in help`);
  return entry[0].replaceAll(/\s+/g, " ");
}

const sections: Readonly<Record<string, string>> = {
  Scenario: "scenario",
  Target: "url username password password-file protocol source-address source-ports engine",
  TLS: "tls-ca tls-cert tls-key tls-server-name tls-insecure",
  Parts: "shard start-at",
  Fleet: "clients ramp-rate connects-under-way keepalive session-expiry clean-start workers client-prefix",
  Kills: "kill-rate kill-mode duration reconnect-after seed",
  Wills: "will-qos will-retain presence will-delay will-topic will-payload-size",
  Watching: "watchers fan-out late-after drain",
  Output: "threshold run-id record live metrics metrics-linger verbose quiet",
  Reports: "report html junit markdown csv csv-lives hdr",
};

Deno.test("help: fleet --help has each flag, in its section", async () => {
  const text = await help(["fleet"]);
  for (const [name, flags] of Object.entries(sections)) {
    const section = text.split(`\n${name}:\n`)[1]?.split("\n\n")[0] ?? "";
    const found = [...section.matchAll(/^ {2}--([a-z-]+)/gm)].map((match) => match[1]);
    assert.deepEqual(found, flags.split(" "), name);
  }
});

Deno.test("help: each flag has its default, except switches and logins", async () => {
  const text = await help(["fleet"]);
  const without =
    "url password password-file will-retain presence threshold record live metrics verbose quiet report html junit markdown csv csv-lives hdr"
      .split(
        " ",
      );
  for (const flag of Object.values(sections).join(" ").split(" ").filter((each) => !without.includes(each))) {
    assert.match(told(text, `--${flag}`), /Default/);
  }
});

Deno.test("help: the limits are those of the plan", async () => {
  const text = await help(["fleet"]);
  const planOf = (name: string, value: number) =>
    makePlan({ run: "r", seed: 1, watchers: 100, [name]: value } as PlanRequest);
  for (const [name, { flag, value: kind }] of optionList) {
    if (!isNumber(kind)) continue;
    const { min, max } = kind;
    assert.ok(told(text, `--${flag}`).includes(rangeText(kind)), flag);
    for (const value of [min, max]) assert.equal(planOf(name, value)[name], value);
    for (const value of [min - 1, max + 1]) assert.throws(() => planOf(name, value), UsageError, `${flag} ${value}`);
  }
});

Deno.test("help: lists each kill mode and exit code", async () => {
  const text = await help(["fleet"]);
  for (const mode of killModes) assert.match(text, new RegExp(`^ ${mode} +\\S`, "m"));
  for (const code of [0, 1, 2, 3, 70, 130]) assert.match(text, new RegExp(`^ ${code} +\\S`, "m"));
});

Deno.test("help: fits the terminal, and 80 columns without a terminal", async () => {
  for (const args of [[], ["fleet"], ["broker"], ["check"]]) {
    for (const [columns, width] of [[undefined, 80], [70, 70], [300, 100]] as const) {
      const wide = (await help(args, columns)).split("\n").filter((line) =>
        line.length > width && !line.startsWith(" ")
      );
      assert.deepEqual(wide, []);
    }
  }
});

Deno.test("help: each command has one line of usage", async () => {
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
  for (const [command, line] of Object.entries(lines)) {
    const output = captured();
    assert.equal(await main([...command.split(" "), "--help"], output), 0);
    assert.equal(output.written.out.split("\n\n")[0]!.split("\n")[1], `Usage: mqtt-sim ${command} ${line}`.trimEnd());
  }
});

Deno.test("help: mqtt-sim --help names the commands", async () => {
  const text = await help([]);
  assert.match(text, /^Usage: mqtt-sim COMMAND \[FLAGS\]$/m);
  assert.match(text, /^ {2}fleet +\S/m);
  assert.match(text, /^ {2}broker +\S/m);
});

Deno.test("help: broker --help has the defaults of host and port", async () => {
  const text = await help(["broker"]);
  assert.ok(told(text, "--host").endsWith("Default 127.0.0.1."));
  assert.ok(told(text, "--port").endsWith("Default 1883."));
});

Deno.test("help: check --help has each flag, area and exit code", async () => {
  const text = await help(["check"]);
  const found = [...text.matchAll(/^ {2}--([a-z-]+)/gm)].map((match) => match[1]);
  const flags =
    "url username password password-file denied-topic restart-command engine tls-ca tls-cert tls-key tls-server-name tls-insecure only rule protocol quick list slack parallel profile verbose quiet " +
    "report html junit markdown";
  assert.deepEqual(found, flags.split(" "));
  for (const area of Object.keys(areas)) assert.match(text, new RegExp(`^ ${area} +\\S`, "m"));
  for (const code of [0, 1, 2, 3, 70, 130]) assert.match(text, new RegExp(`^ ${code} +\\S`, "m"));
});
