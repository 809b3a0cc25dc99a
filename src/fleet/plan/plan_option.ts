/**
 * The definition of one option of a plan, and the text of its help and its default.
 */
import { formOf, isNumber, numberForms, type OptionValue, rangeText } from "./option_value.ts";

/** Sections of the flags, in the order of help. */
export const optionSections = [
  "Target",
  "TLS",
  "Fleet",
  "Parts",
  "Kills",
  "Wills",
  "Sparkplug",
  "Watching",
  "Judging",
  "Restart",
  "Output",
] as const;

/** A section of the flags. */
export type OptionSection = typeof optionSections[number];

/** One option. */
export interface PlanOption<Value = unknown> {
  /** The name of the flag, without dashes, and of the setting in a scenario file. */
  readonly flag: string;
  /** A name of one letter, where programs of the field have it for the same purpose. */
  readonly short?: string;
  readonly section: OptionSection;
  readonly value: OptionValue;
  /** The name of the value in an error about the flag's text, if not the flag. */
  readonly called?: string;
  readonly default?: Value;
  /** The default as a text, where plans differ in it. */
  readonly defaultText?: string;
  /** Sentences; `{range}` is the placeholder of the bounds. The default follows them. */
  readonly help: string;
  /** True where every plan has a value, and the default differs between plans. */
  readonly derived?: true;
  /** True where a group of clients may have its own value. */
  readonly ownToGroup?: true;
  /** True where the processes of one run may have different values. */
  readonly ownToShard?: true;
  /** False where only the command line may set it. */
  readonly inScenario?: false;
  /** True where saved plans of earlier versions lack it. */
  readonly added?: true;
}

/** A default as people write it; undefined without one. */
export function defaultTextOf({ value, default: usual, defaultText }: PlanOption): string | undefined {
  if (defaultText !== undefined || usual === undefined || value.kind === "switch") return defaultText;
  return isNumber(value) ? numberForms[value.kind].text(usual as number) : formOf(value).write(usual);
}

/** True where a plan may be without the option. */
export function mayLack({ default: usual, derived }: PlanOption): boolean {
  return usual === undefined && derived === undefined;
}

/** The sentences of an option, with its bounds in them. */
export function optionText({ help, value }: PlanOption): string {
  return help.replace("{range}", rangeText(value));
}

/** The help of an option: its sentences and its default. */
export function optionHelp(option: PlanOption): string {
  const usual = defaultTextOf(option);
  if (usual === undefined) return optionText(option);
  return `${optionText(option)} Default${option.defaultText === undefined ? "" : ":"} ${usual}.`;
}
