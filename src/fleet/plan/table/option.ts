/**
 * A row of the table of options.
 */
import type { OptionValue } from "../option_value.ts";
import type { OptionSection, PlanOption } from "../plan_option.ts";

/** The further columns of a row. */
type OptionRest = Omit<PlanOption, "flag" | "section" | "value">;

/** A row of the table. */
export function option<const S extends OptionSection, const V extends OptionValue, const Rest extends OptionRest>(
  flag: string,
  section: S,
  value: V,
  rest: Rest & { readonly [Name in Exclude<keyof Rest, keyof OptionRest>]: never },
) {
  return { flag, section, value, ...rest };
}
