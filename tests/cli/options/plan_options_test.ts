/**
 * The table of a plan's options: each option has its flag, scenario entry, JSON Schema, repeat command and docs row.
 */
import assert from "node:assert/strict";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import { planFields, scenarioEntries } from "../../../src/cli/fleet/scenario_settings.ts";
import { main } from "../../../src/cli/main.ts";
import { configJsonSchema } from "../../../src/cli/options/config_file.ts";
import { planSchema } from "../../../src/cli/report/saved_report.ts";
import { fillPlan, makePlan, planDefaults } from "../../../src/fleet/plan/make_plan.ts";
import { formOf, isNumber, type OptionValue, rangeText } from "../../../src/fleet/plan/option_value.ts";
import type { FleetPlan, PlanRequest } from "../../../src/fleet/plan/plan.ts";
import {
  defaultTextOf,
  mayLack,
  optionHelp,
  optionSections,
  type PlanOption,
} from "../../../src/fleet/plan/plan_option.ts";
import { optionList, type OptionName, optionsBySection, planOptions } from "../../../src/fleet/plan/plan_options.ts";
import { repeatCommand } from "../../../src/report/model/repeat.ts";
import { optionsPage } from "../../../tools/docs/options_page.ts";
import { captured } from "../captured.ts";

const base: PlanRequest = { run: "r1", seed: 7 };

/** A value other than the default, in the notation of the command line. */
function otherText(name: OptionName, { value: kind, default: usual }: PlanOption): string {
  if (name === "willTopic") return "a/{bucket}/{client}";
  if (name === "shard") return "1/2";
  if (name === "authData") return "@data.bin";
  if (isNumber(kind)) return formOf(kind).write(usual === kind.max ? kind.min : kind.max);
  const texts: Partial<Record<OptionValue["kind"], string>> = {
    killRate: "12.5/s",
    killShares: "freeze=1.5,leave=2",
    reconnect: "never",
    addresses: "127.0.0.2-127.0.0.4",
    headers: "x-key=VALUE",
    nodes: "n1=mqtt://127.0.0.1:1883,n2:3=mqtt://127.0.0.1:1884",
  };
  const words = formOf(kind).words?.filter((word) => word !== String(usual));
  return texts[kind.kind] ?? words?.at(-1) ?? "some-word";
}

/** The words of a command line with this value. */
function flagWords({ flag, value }: PlanOption, text: string): string[] {
  return value.kind === "switch" ? [`--${flag}`] : [`--${flag}`, text];
}

function planOf(name: OptionName, value: unknown): FleetPlan {
  // At least one watcher and one client for each worker.
  return fillPlan({ ...base, ...name === "workers" && { watchers: 64 }, [name]: value } as PlanRequest);
}

const jsonSchema = configJsonSchema("scenario", scenarioEntries) as {
  readonly properties: Record<string, { readonly description?: string; readonly minimum?: number }>;
};

for (const [name, option] of optionList) {
  const { flag, value: kind, inScenario = true, ownToGroup = false } = option;

  Deno.test(`option ${name}: the flag --${flag} sets it, and reads what the table writes`, () => {
    const words = flagWords(option, otherText(name, option));
    const flags = readCommandLine(["fleet", ...words], captured()) as FleetFlags;
    const value = flags[name];
    assert.notEqual(value, undefined);
    assert.notDeepEqual(value, option.default, "the value of this test is not the default");
    if (kind.kind !== "switch") assert.deepEqual(formOf(kind).read(formOf(kind).write(value), "it"), value);
  });

  Deno.test(`option ${name}: a scenario file ${inScenario ? "may" : "must not"} set it`, () => {
    const entry = scenarioEntries.get(flag);
    assert.equal(entry !== undefined, inScenario);
    assert.equal(planFields.get(flag), inScenario ? name : undefined);
    const group = scenarioEntries.get("groups")!.inner!.get(flag);
    assert.equal(group !== undefined, ownToGroup);
    if (entry === undefined) return;
    const text = otherText(name, option);
    const isSwitch = kind.kind === "switch";
    const inFile = isSwitch ? true : kind.kind === "whole" ? Number(text) : text;
    assert.deepEqual(entry.schema(flag).parse(inFile), isSwitch ? true : formOf(kind).read(text, "it"));
  });

  Deno.test(`option ${name}: the JSON Schema of scenario files has its help and its bounds`, () => {
    const schema = jsonSchema.properties[flag];
    assert.equal(schema !== undefined, inScenario);
    if (schema === undefined) return;
    assert.ok(schema.description?.startsWith(optionHelp(option)), flag);
    const text = JSON.stringify(schema);
    if (kind.kind === "whole" || kind.kind === "seconds" || kind.kind === "bytes") {
      assert.ok(text.includes(`"minimum":${kind.min},"maximum":${kind.max}`), text);
    }
    for (const word of formOf(kind).words ?? []) {
      if (kind.kind === "choice") assert.ok(text.includes(`"${word}"`), word);
    }
  });

  Deno.test(`option ${name}: saved plans with a value of another type are refused`, () => {
    const saved = JSON.parse(JSON.stringify(makePlan(base)));
    assert.ok(planSchema.safeParse(saved).success);
    const wrong = planSchema.safeParse({ ...saved, [name]: { is: "wrong" } });
    assert.deepEqual(new Set(wrong.error?.issues.map(({ path }) => path[0])), new Set([name]));
    const inGroup = planSchema.safeParse({ ...saved, groups: [{ name: "g", share: 1, [name]: { is: "wrong" } }] });
    assert.equal(inGroup.error?.issues[0]?.path.slice(0, 3).join("."), `groups.0.${name}`);
    const { [name]: _, ...without } = saved;
    const optional = mayLack(option) || option.added === true;
    assert.equal(planSchema.safeParse(without).success, optional, "a plan without it");
  });

  Deno.test(`option ${name}: the repeat command asks for it again`, () => {
    const text = otherText(name, option);
    const value = kind.kind === "switch" ? true : formOf(kind).read(text, "it");
    const context = { program: "mqtt-sim", runIdAsked: true, passwordFile: "secret.txt" };
    const command = repeatCommand(planOf(name, value), undefined, context);
    const wanted = name === "password" ? ["--password-file", "secret.txt"] : flagWords(option, text);
    assert.ok(` ${command} `.replaceAll("'", "").includes(` ${wanted.join(" ")} `), command);
    const plain = repeatCommand(makePlan(base), undefined, context);
    if (name !== "run" && name !== "seed") assert.ok(!plain.includes(`--${flag}`), "a default is not written");
  });

  Deno.test(`option ${name}: docs/options.md has its row`, () => {
    const row = optionsPage().split("\n").find((line) => new RegExp(`^\\| \`--${flag}[ \`]`).test(line));
    const cells = [rangeText(kind), defaultTextOf(option) ?? ""].map((cell) => cell.replaceAll("|", "\\|"));
    for (const cell of cells) assert.ok(row?.includes(cell), `${row}: ${cell}`);
  });
}

Deno.test("options: the table, its sections and the defaults name the same options", () => {
  assert.deepEqual(optionsBySection.map(([name]) => name).sort(), Object.keys(planOptions).sort());
  assert.deepEqual(new Set(optionList.map(([, { section }]) => section)), new Set(optionSections));
  const withDefault = optionList.flatMap(([name, option]) => "default" in option ? [[name, option.default]] : []);
  assert.deepEqual(planDefaults, Object.fromEntries(withDefault));
  const flags = optionList.map(([, { flag }]) => flag);
  assert.equal(new Set(flags).size, flags.length, "each flag once");
});

Deno.test("options: a plan of defaults has each option that a plan must have", () => {
  const plan = makePlan(base);
  for (const [name, option] of optionList) assert.equal(plan[name] === undefined, mayLack(option), name);
});

Deno.test("options: help contains the help of each option in full", async () => {
  const output = captured(100_000);
  assert.equal(await main(["fleet", "--help", "all"], output), 0);
  const text = output.written.out.replaceAll(/\s+/g, " ");
  for (const [name, option] of optionList) assert.ok(text.includes(optionHelp(option)), name);
});

Deno.test("options: the table is plain data", () => {
  for (const [name, option] of optionList) assert.deepEqual(structuredClone(option), option, name);
});
