/**
 * Flags made from the table of a plan's options. The values have the plan's names, so that the parsed flags are a part
 * of the plan. The plan checks the bounds.
 */
import { map } from "@optique/core/modifiers";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import { UsageError } from "../../base/failure.ts";
import { parseWhole } from "../../base/units.ts";
import { formOf, isList, type OptionValue, rangeText } from "../../fleet/plan/option_value.ts";
import { optionHelp, type OptionSection, type PlanOption } from "../../fleet/plan/plan_option.ts";
import { optionList, type OptionName, planOptions } from "../../fleet/plan/plan_options.ts";
import { type FlagValue, repeatedFlag, type ShortName, switchFlag, valueFlag } from "./flag.ts";

type PlanFlag<Name extends OptionName> = ReturnType<typeof valueFlag<Required<FleetPlan>[Name]>>;

/** The options of a section. */
type NamesIn<Section extends OptionSection> = {
  [Name in OptionName]: typeof planOptions[Name]["section"] extends Section ? Name : never;
}[OptionName];

/** The flags of these options. */
export function planFlags<const Name extends OptionName>(
  ...names: readonly Name[]
): { readonly [Each in Name]: PlanFlag<Each> } {
  return Object.fromEntries(names.map((name) => [name, planFlag(name, optionHelp(planOptions[name]))])) as never;
}

/** The flags of all options of a section, in the order of the table. */
export function sectionFlags<const Section extends OptionSection>(section: Section) {
  return planFlags(
    ...optionList.flatMap(([name, option]) => option.section === section ? [name as NamesIn<Section>] : []),
  );
}

/** The reader of a whole number: its error has the bounds, because a minus sign is no digit. The plan checks them. */
function rangedRead(value: OptionValue): { readonly read?: FlagValue<unknown>["read"] } {
  if (value.kind !== "whole") return {};
  const read = (text: string, name: string) => {
    if (/^\d+$/.test(text)) return parseWhole(text, name);
    const allowed = `a whole number, ${rangeText(value)}`;
    throw new UsageError(`Cannot read ${name} ${JSON.stringify(text)}: expected ${allowed}`);
  };
  return { read };
}

/** The flag of an option with its own help: for commands where the option has another use. */
export function planFlag<const Name extends OptionName>(name: Name, help: string): PlanFlag<Name> {
  return flagOf(planOptions[name], help.replace("{range}", rangeText(planOptions[name].value))) as never;
}

function flagOf({ flag, short, value, called }: PlanOption, help: string): unknown {
  const letter: ShortName | undefined = short === undefined ? undefined : `-${short}`;
  if (value.kind === "switch") return switchFlag(`--${flag}`, help, letter);
  const form = { ...formOf(value), ...rangedRead(value), ...called && { name: called }, isFile: value.kind === "file" };
  if (!isList(value)) return valueFlag(`--${flag}`, form as FlagValue<unknown>, help, letter);
  const lists = repeatedFlag(`--${flag}`, form as FlagValue<readonly unknown[]>, `${help} May be repeated.`);
  return map(lists, (each) => each.length === 0 ? undefined : each.flat());
}
