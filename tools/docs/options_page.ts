/** docs/options.md, written from the options of the fleet's plan and the settings of the broker. */
import { formOf, isList } from "../../src/fleet/plan/option_value.ts";
import { defaultTextOf, optionSections, optionText, type PlanOption } from "../../src/fleet/plan/plan_option.ts";
import { optionList } from "../../src/fleet/plan/plan_options.ts";
import { brokerSections } from "../../src/cli/broker/broker_settings.ts";
import { commandPaths } from "../../src/cli/line/command_help.ts";
import { flagsAt } from "../../src/cli/line/grammar.ts";
import { variableOf } from "../../src/cli/line/variables.ts";
import type { Setting } from "../../src/cli/options/setting.ts";
import { formattedMarkdown } from "./formatted_markdown.ts";

const head = `# Options

\`deno task docs:options\` writes this page from \`src/fleet/plan/plan_options.ts\` and
\`src/cli/broker/broker_settings.ts\`. A test compares the page with both tables.

Times are written 250ms, 1.5s, 1m30s or 1h; a plain number is in seconds. BYTES may be a plain number, and may end with k (1,024) or m
(1,048,576).
`;

const fleetHead = `## mqtt-sim fleet

These options set the plan of a run. The name of a setting in a [scenario file](scenarios.md) is the name of the flag
without the dashes. The column *Scenario* says where a file may set the option: for the whole *fleet*, or for the fleet
and for each *group* of clients. \`mqtt-sim fleet --help all\` also lists the flags that do not change the plan, such as
\`--url\` and \`--report\`.
`;

const brokerHead = `## mqtt-sim broker

Every option is a flag and, without the dashes, a setting of the file that \`--config\` names.
`;

const variablesHead = `## Variables

Each flag has a variable, which counts where the command line does not have the flag
([command line](command-line.md#variables)).
`;

function variables(path: string): string[] {
  const names = flagsAt(path).map(({ name }) => `\`${variableOf(name)}\``);
  return names.length === 0 ? [] : [`- \`mqtt-sim ${path}\`: ${names.join(", ")}`];
}

/** The page, before it is formatted. */
export function optionsPage(): string {
  const fleet = optionSections.map((section) => {
    const rows = optionList.filter(([, option]) => option.section === section).map(([, option]) => fleetRow(option));
    return table(section, ["Flag", "Default", "Scenario", "Meaning"], rows);
  });
  const broker = Object.entries(brokerSections).map(([section, settings]) => {
    const rows = Object.entries(settings).map(([name, setting]) => brokerRow(name, setting));
    return table(section, ["Flag", "Default", "Meaning"], rows);
  });
  return [head, fleetHead, ...fleet, brokerHead, ...broker, variablesHead, ...commandPaths.flatMap(variables)].join(
    "\n",
  );
}

function fleetRow(option: PlanOption): string[] {
  const { flag, value, inScenario = true, ownToGroup } = option;
  const usual = defaultTextOf(option) ?? (value.kind === "switch" ? "off" : "none");
  const scenario = inScenario ? ownToGroup ? "fleet, group" : "fleet" : "no";
  const repeated = isList(value) ? " May be repeated." : "";
  return [flagCell(flag, formOf(value).metavar), usual, scenario, `${optionText(option)}${repeated}`];
}

function brokerRow(name: string, { metavar, usual, text }: Setting<unknown>): string[] {
  return [flagCell(name, metavar), usual ?? (metavar === "" ? "off" : "none"), text];
}

function flagCell(name: string, metavar: string): string {
  return `\`${`--${name} ${metavar}`.trim()}\``;
}

function table(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const escaped = rows.map((cells) => line(cells.map((cell) => cell.replaceAll(/[|*<]/g, "\\$&"))));
  return [`### ${title}`, "", line(columns), line(columns.map(() => "---")), ...escaped, ""].join("\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("../../docs/options.md", import.meta.url), await formattedMarkdown(optionsPage()));
}
