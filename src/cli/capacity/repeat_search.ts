/**
 * The command that repeats a search: the flags that the user gave, and the seed; never a password.
 */
import { quoteShell } from "../../base/escape.ts";
import { formatDuration, formatPercent } from "../../base/units.ts";
import { type OptionName, optionsBySection } from "../../fleet/plan/plan_options.ts";
import { targetName } from "../../report/model/comparison.ts";
import { headerWords, written } from "../../report/model/repeat.ts";
import type { BrokerChoice } from "../fleet/broker_choice.ts";
import { programName } from "../process/invocation.ts";
import type { CapacityAsked } from "./capacity_flags.ts";

/** Options with their own rules of writing. */
const ownRules: ReadonlySet<OptionName> = new Set(["seed", "password", "wsHeaders"]);

/** The command, in the form of a shell. */
export function repeatSearch(
  asked: CapacityAsked,
  brokers: readonly BrokerChoice[],
  { seed }: { readonly seed: number },
): string {
  const words = [
    ...asked.url.length === 0 ? [] : brokers.flatMap((broker) => ["--url", urlWord(broker)]),
    ...searchWords(asked),
    ...(asked.wsHeaders ?? []).flatMap(headerWords),
    "--seed",
    String(seed),
    ...planWords(asked),
    ...asked.passwordFile === undefined ? [] : ["--password-file", asked.passwordFile],
    ...asked.password === undefined ? [] : ["--password-file", "PASSWORD_FILE"],
    ...asked.over === undefined ? [] : ["--over", asked.over.shown, "--parts", String(asked.parts)],
    ...asked.threshold.flatMap(({ expression }) => ["--threshold", expression]),
  ];
  return [programName(), "capacity", ...words.map(quoteShell)].join(" ");
}

function urlWord({ name, endpoint }: BrokerChoice): string {
  const target = endpoint?.url ?? "embedded";
  return targetName(target) === name ? target : `${name}=${target}`;
}

function searchWords({ of, from, to, growth, precision, stepDuration, recovery }: CapacityAsked): string[] {
  const values = {
    of,
    from,
    to,
    growth,
    precision: precision === undefined ? undefined : formatPercent(precision),
    "step-duration": stepDuration === undefined ? undefined : formatDuration(stepDuration),
    recovery: recovery === undefined ? undefined : formatDuration(recovery),
  };
  return Object.entries(values).flatMap(([name, value]) => value === undefined ? [] : [`--${name}`, String(value)]);
}

function planWords(asked: CapacityAsked): string[] {
  const values: Readonly<Record<string, unknown>> = asked;
  return optionsBySection.flatMap(([name, option]) => {
    const value = values[name];
    if (value === undefined || ownRules.has(name)) return [];
    return written(option, value);
  });
}
