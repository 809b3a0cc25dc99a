/**
 * Environment variables: each flag has one, named after it. A flag of the command line wins over its variable.
 */
import { UsageError } from "../../base/failure.ts";
import { meant } from "../options/similar.ts";
import { commandPaths, type HelpList } from "./command_help.ts";
import { type Environment, variablePrefix as prefix } from "../process/environment.ts";
import { type FlagFact, flagsAt } from "./grammar.ts";

/** The variable of a flag: that of `--kill-rate` is `MQTT_SIM_KILL_RATE`. */
export function variableOf(flag: string): string {
  return prefix + flag.replace(/^--/, "").replaceAll("-", "_").toUpperCase();
}

/** The list of a command's variables, for help. */
export function variablesList(path: string): HelpList[] {
  const flags = flagsAt(path);
  if (flags.length === 0) return [];
  const rule = "The value of a flag that the command line does not have. A switch takes 1 or 0. A flag that may be " +
    "repeated takes one value a line, or values with a semicolon between them.";
  return [{
    title: "Variables",
    rows: [[`${prefix}FLAG`, rule], ["The names", flags.map(({ name }) => variableOf(name)).join(", ")]],
  }];
}

/** Flags of which a command takes only one: a flag of the command line excludes the variables of the others. */
const alternatives: readonly (readonly string[])[] = [["--password", "--password-file"]];

/** A flag that a variable sets, as an argument. */
export interface FromVariable {
  readonly variable: string;
  readonly argument: string;
}

/**
 * The flags of a command that variables set, and that its arguments do not have.
 *
 * @throws UsageError for an unknown variable, or a switch with another value than 1 or 0
 */
export function flagsFrom(environment: Environment, path: string, args: readonly string[]): FromVariable[] {
  refuseUnknown(environment);
  const flags = flagsAt(path);
  const given = new Set(args.map((word) => word.split("=")[0]!));
  const isGiven = ({ name, names }: FlagFact) => {
    const group = alternatives.find((each) => each.includes(name)) ?? [];
    return [...names, ...group].some((each) => given.has(each));
  };
  return flags.flatMap((flag) => {
    const variable = variableOf(flag.name);
    const value = environment[variable];
    if (value === undefined || value === "" || isGiven(flag)) return [];
    return argumentsOf(flag, variable, value).map((argument) => ({ variable, argument }));
  });
}

function argumentsOf({ name, takesValue, repeats }: FlagFact, variable: string, value: string): string[] {
  if (!takesValue) return isOn(variable, value) ? [name] : [];
  const values = repeats
    ? value.split(value.includes("\n") ? "\n" : ";").filter((each) => each.trim() !== "")
    : [value];
  return values.map((each) => `${name}=${repeats ? each.trim() : each}`);
}

function isOn(variable: string, value: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw new UsageError(`Cannot read ${variable} ${JSON.stringify(value)}: expected 1 or 0`);
}

function refuseUnknown(environment: Environment): void {
  const known = new Set(commandPaths.flatMap(flagsAt).map(({ name }) => variableOf(name)));
  const unknown = Object.keys(environment).find((name) => name.startsWith(prefix) && !known.has(name));
  if (unknown === undefined) return;
  throw new UsageError(
    `Cannot use the variable ${unknown}: no flag has that name; see mqtt-sim help fleet variables${
      meant(unknown, known)
    }`,
  );
}
