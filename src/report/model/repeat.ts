/**
 * How to repeat a run: the command line that gives the same plan. It has only values that differ from the defaults, and
 * never a password, authentication data or the value of a header.
 */
import { quoteShell } from "../../base/escape.ts";
import { fillPlan } from "../../fleet/plan/make_plan.ts";
import { formOf } from "../../fleet/plan/option_value.ts";
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import type { PlanOption } from "../../fleet/plan/plan_option.ts";
import { maskedAuthData } from "../../fleet/recording/record_header.ts";
import { maskedProxy } from "../../net/proxy/proxy_target.ts";
import { type OptionName, optionsBySection, planOptions } from "../../fleet/plan/plan_options.ts";

/** The flags whose value may be a secret, and how they are written without it. */
const shownBy: Readonly<Record<string, ((value: string) => string) | undefined>> = {
  [planOptions.authData.flag]: maskedAuthData,
  [planOptions.proxy.flag]: maskedProxy,
};

/** Options with their own rules of writing. */
const ownRules: ReadonlySet<OptionName> = new Set(["run", "seed", "username", "password", "wsHeaders"]);

/** The inputs of the command besides the plan. */
export interface RepeatContext {
  readonly program: string;
  readonly runIdAsked?: boolean;
  readonly passwordFile?: string;
  readonly thresholds?: readonly string[];
}

/** The command that repeats a run on `url`, or on the embedded broker without one. */
export function repeatCommand(plan: FleetPlan, url: string | undefined, context: RepeatContext): string {
  const words = [
    ...(url === undefined || plan.nodes !== undefined ? [] : ["--url", url]),
    ...(plan.scenario === undefined ? [] : ["--scenario", plan.scenario]),
    ...login(plan, context),
    ...(inScenario(plan, "wsHeaders") ? [] : plan.wsHeaders ?? []).flatMap(headerWords),
    "--seed",
    String(plan.seed),
    ...(context.runIdAsked ? ["--run-id", plan.run] : []),
    ...asked(plan),
    ...(context.thresholds ?? []).flatMap((expression) => ["--threshold", expression]),
  ];
  return [context.program, "fleet", ...words.map(quoteShell)].join(" ");
}

/** The flag of a header without its value, which may be a secret. */
export function headerWords(header: string): string[] {
  return ["--ws-header", `${header.split("=")[0]}=VALUE`];
}

function login(plan: FleetPlan, { passwordFile }: RepeatContext): string[] {
  return [
    ...(plan.username === undefined || inScenario(plan, "username") ? [] : ["--username", plan.username]),
    ...(plan.password === undefined || inScenario(plan, "password")
      ? []
      : ["--password-file", passwordFile ?? "PASSWORD_FILE"]),
  ];
}

function asked(plan: FleetPlan): string[] {
  return optionsBySection.flatMap(([name, option]) => {
    const value = plan[name];
    if (value === undefined || ownRules.has(name) || inScenario(plan, name)) return [];
    // A value that overrides a scenario appears even where it is the default.
    if (plan.scenario === undefined && JSON.stringify(usually(plan, name)) === JSON.stringify(value)) return [];
    return written(option, value);
  });
}

/** The words that set a value; none for a switch that is off. */
export function written({ flag, value: kind }: PlanOption, value: unknown): string[] {
  if (kind.kind === "switch") return value ? [`--${flag}`] : [];
  const text = shownBy[flag]?.(value as string) ?? formOf(kind).write(value);
  return text === "" ? [] : [`--${flag}`, text];
}

/** True for values that the plan has from its scenario or from the scenario's defaults. */
function inScenario({ scenario, overruled = [] }: FleetPlan, field: string): boolean {
  return scenario !== undefined && !overruled.includes(field);
}

/** The value of the plan without the option: some defaults follow from other options. */
function usually(plan: FleetPlan, name: OptionName): unknown {
  const { [name]: _, ...others } = plan;
  return fillPlan({ run: plan.run, seed: plan.seed, ...others })[name];
}
