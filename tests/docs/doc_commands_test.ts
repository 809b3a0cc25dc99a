/** The examples of the pages: the command line accepts each command, and can read each file. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { brokerSettings } from "../../src/cli/broker/broker_settings.ts";
import { readCommandLine } from "../../src/cli/command_line.ts";
import { parseScenario } from "../../src/cli/fleet/scenario_file.ts";
import { parseConfig } from "../../src/cli/options/config_file.ts";
import { captured } from "../cli/captured.ts";
import { blocksOf, pages, proseOf, textOf } from "./doc_page.ts";
import { docCommands } from "./doc_commands.ts";

const { tasks }: { tasks: Record<string, unknown> } = JSON.parse(textOf("deno.json"));
/** The values of variables in the scripts of examples. */
const variables: Readonly<Record<string, string>> = {
  $part: "1",
  $at: "2026-01-01T00:00:00Z",
  PORT: "1883",
  BROKER: "strict",
};

Deno.test("docs: the command line accepts every command in an example", () => {
  const commands = docCommands().filter(({ task }) => task === "mqtt-sim");
  assert.ok(commands.length > 30, `${commands.length} commands found`);
  assert.deepEqual(commands.flatMap(({ place, args }) => refusal(place, args)), []);
});

Deno.test("docs: a command that the command line refuses is found", () => {
  assert.match(refusal("page:1", ["fleet", "--no-such-flag"]).join(), /^page:1: Cannot read flag "--no-such-flag"/);
});

Deno.test("docs: every task in an example and in the text exists", () => {
  const inText = pages().flatMap((page) =>
    [...proseOf(page).matchAll(/`(?:npx -y deno@[\d.]+|deno) task ([\w:-]+)/g)].map(([, task]) => `${page}: ${task}`)
  );
  const inBlocks = docCommands().map(({ place, task }) => `${place}: ${task}`);
  assert.ok(inText.length > 10, `${inText.length} tasks found`);
  assert.deepEqual([...inText, ...inBlocks].filter((call) => !(call.split(": ").at(-1)! in tasks)), []);
});

Deno.test("docs: the YAML examples of broker and scenarios can be read", () => {
  for (const { text } of yamlBlocks("docs/broker.md")) parseConfig(text, "broker.yaml", brokerSettings);
  for (const { text } of yamlBlocks("docs/scenarios.md")) {
    const groups = "groups:\n  - name: sensors\n  - name: others\n";
    parseScenario(text.startsWith("groups:") ? text : `${groups}${text}`, "example.yaml");
  }
});

function yamlBlocks(page: string) {
  const blocks = blocksOf(page).filter(({ language }) => language === "yaml");
  assert.ok(blocks.length > 0, `${page} has YAML`);
  return blocks;
}

/** The sentence with which the command line refuses these arguments, if it does. */
function refusal(place: string, args: readonly string[]): string[] {
  const given = args.map((arg) =>
    Object.entries(variables).reduce((word, [name, value]) => word.replaceAll(name, value), arg)
  );
  try {
    readCommandLine(given, captured(100));
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [`${place}: ${error.message}`];
  }
}
