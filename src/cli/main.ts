/**
 * The program: arguments in, exit code out. Nothing below ends the process.
 */
import { UsageError } from "../base/failure.ts";
import { thresholdTable } from "../report/terminal/threshold_table.ts";
import { profilesText } from "../report/terminal/profiles_table.ts";
import { type ParsedCommand, readCommandLine } from "./command_line.ts";
import type { Environment } from "./process/environment.ts";
import { brokerSettings } from "./broker/broker_settings.ts";
import { scenarioEntries } from "./fleet/scenario_settings.ts";
import { builtInScenarios } from "./fleet/scenarios.ts";
import type { ColourChoice } from "./process/colour.ts";
import { type Output, processOutput, withColour } from "./process/output.ts";
import { type GiveUp, keepPermissions } from "./process/permissions.ts";
import type { Entries } from "./options/setting.ts";
import { withMaskedUrls } from "../net/endpoint.ts";
import { spareFor } from "./spare_permissions.ts";
import { tool } from "./process/tool.ts";

/** Exit codes outside a run: a run's result has its own. */
export const exitCodes = { usage: 2, ownFault: 70 } as const;

/**
 * Runs mqtt-sim with these arguments; returns its exit code.
 *
 * @param enter changes to the folder in which the user started the program
 * @param variables reads the variables of the environment, after that
 */
export async function main(
  args: readonly string[],
  output: Output = processOutput(),
  giveUp: GiveUp = keepPermissions,
  enter: () => void = () => {},
  variables: () => Environment = () => ({}),
): Promise<number> {
  try {
    enter();
    return await carryOut(args, output, giveUp, variables());
  } catch (error) {
    return printError(error, output);
  }
}

/** Loads the module of the command alone: all of them take twice as long. */
async function carryOut(
  args: readonly string[],
  given: Output,
  giveUp: GiveUp,
  environment: Environment,
): Promise<number> {
  const asked = readCommandLine(args, given, environment);
  const output = withColour(given, colourOf(asked));
  giveUp(...spareFor(asked));
  switch (asked.command) {
    case "finished":
      return asked.exitCode;
    case "fleet":
      return await (await import("./fleet/fleet.ts")).fleet(asked, output);
    case "capacity":
      return await (await import("./capacity/capacity.ts")).capacity(asked, output);
    case "part":
      return await (await import("./parts/part.ts")).part(asked, output);
    case "check":
      return await (await import("./check/check.ts")).check(asked, output);
    case "broker":
      return await (await import("./broker/broker.ts")).broker(asked, output, { giveUp });
    case "broker disconnect":
    case "broker end-session":
    case "broker clear-retained":
      return await (await import("./broker/broker_operator.ts")).operate(asked, output);
    case "broker passwd":
      return await (await import("./broker/broker_passwd.ts")).passwd(asked, output);
    case "report":
    case "report merge":
      return await (await import("./report/report.ts")).report(asked, output);
    case "report compare":
      return await (await import("./report/report_compare.ts")).compareReports(asked, output);
    case "broker status":
      return await (await import("./broker/broker_status.ts")).status(asked, output);
    case "fleet scenario":
      output.out.write(builtInScenarios.find(({ name }) => name === asked.name)!.text);
      return 0;
    case "fleet scenario-schema":
      return await printSchema("fleet: scenario file", scenarioEntries, output);
    case "fleet profiles":
      output.out.write(profilesText(Math.min(output.out.columns() ?? 100, 100)));
      return 0;
    case "fleet thresholds":
      output.out.write(thresholdTable(asked.word));
      return 0;
    case "broker config-schema":
      return await printSchema("broker: config file", brokerSettings, output);
  }
}

/** The value of `--color`; undefined for commands without colours. */
function colourOf(asked: ParsedCommand): ColourChoice | undefined {
  switch (asked.command) {
    case "fleet":
    case "capacity":
    case "check":
    case "report":
    case "report merge":
    case "report compare":
      return asked.color;
    default:
      return undefined;
  }
}

async function printSchema(what: string, entries: Entries, { out }: Output): Promise<number> {
  const { configJsonSchema } = await import("./options/config_file.ts");
  const schema = configJsonSchema(`${tool.name} ${what}`, entries);
  out.write(`${JSON.stringify(schema, undefined, 2)}\n`);
  return 0;
}

/** One sentence for a user's error; the whole error for a fault of this program. Returns the exit code. */
export function printError(error: unknown, { err }: Output): number {
  if (error instanceof UsageError) {
    err.write(`${withMaskedUrls(error.message)}\n`);
    return exitCodes.usage;
  }
  if (error instanceof Deno.errors.NotCapable) {
    err.write(`Missing permission: ${error.message}\n`);
    return exitCodes.usage;
  }
  const whole = error instanceof Error ? error.stack ?? error.message : String(error);
  err.write(`${tool.name} ${tool.version} failed because of an internal error:\n${withMaskedUrls(whole)}\n`);
  return exitCodes.ownFault;
}
