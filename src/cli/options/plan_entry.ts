/**
 * Entries of a scenario file made from the table of a plan's options. A file is checked with the bounds of the table, so
 * that each error names the line.
 */
import { formOf, isList, isNumber, type OptionValue } from "../../fleet/plan/option_value.ts";
import { optionHelp, type PlanOption } from "../../fleet/plan/plan_option.ts";
import { choice, type Entry, type Kind, many, number, one, text, toggle } from "./setting.ts";

/** How a file writes a value of this kind. */
export function kindOf(value: OptionValue): Kind<unknown> {
  if (isNumber(value)) return number(value);
  const { metavar, read, allowed, words } = formOf(value);
  if (value.kind === "choice" || value.kind === "qos") return { ...choice(words!), read };
  if (value.kind === "text" || value.kind === "file") {
    return text(metavar as Kind<string>["metavar"]);
  }
  return text(metavar as Kind<unknown>["metavar"], read, allowed);
}

/** The entry of an option; its help has the bounds already. */
export function optionEntry(option: PlanOption): Entry<unknown> {
  const about = { help: optionHelp(option) };
  const { value } = option;
  if (value.kind === "switch") return toggle(about);
  const kind = { ...kindOf(value), range: "" };
  return isList(value) ? flat(many(kind as Kind<readonly unknown[]>, about)) : one(kind, about);
}

/** The entry of an option in a group. */
export function groupEntry(option: PlanOption): Entry<unknown> {
  const { value } = option;
  if (value.kind !== "choice" || value.notInGroup === undefined) return optionEntry(option);
  const words = value.words.filter((word) => word !== value.notInGroup);
  return optionEntry({ ...option, value: { ...value, words } });
}

/** Values that are lists themselves, as one list. */
function flat<T>(inner: Entry<readonly (readonly T[])[]>): Entry<readonly T[]> {
  const schema = (name: string) => {
    const lists = inner.schema(name);
    return lists.transform((each) => each.flat()).meta(lists.meta() ?? {});
  };
  return { ...inner, schema };
}
