/**
 * The limits of a service, by its profile: defaults of a plan, and the plans that the service would not take.
 */
import { formatCount } from "../../../base/units.ts";
import type { ServiceLimit } from "../../../profiles/profile.ts";
import { profileOf } from "../../../profiles/profiles.ts";
import { clientIdOf } from "../client_id.ts";
import { formOf, isNumber, numberForms } from "../option_value.ts";
import type { FleetPlan, PlanRequest } from "../plan.ts";
import { type OptionName, planOptions } from "../plan_options.ts";
import type { Refuse } from "../plan_rules.ts";

/** The defaults that the profile of a request sets. */
export function profileDefaults({ profile }: Partial<PlanRequest>): Partial<FleetPlan> {
  const limits = profileOf(profile ?? "")?.limits ?? [];
  return Object.fromEntries(
    limits.flatMap(({ setting, usual }) => usual === undefined ? [] : [[setting, usual]]),
  );
}

/** Refuses the settings that the service of the profile does not take. */
export function checkLimits(plan: FleetPlan, refuse: Refuse): void {
  for (const limit of profileOf(plan.profile ?? "")?.limits ?? []) {
    if (isWithin(limit, plan)) continue;
    const name = limit.setting as OptionName;
    const allowed = `${allowedText(limit)} with --profile ${plan.profile}: ${limit.what} (${limit.source})`;
    refuse(name, shownText(name, plan), allowed);
  }
}

/** A limit by the flag of its setting, for lists: `--keepalive 30s to 1,200s, default 30s.` */
export function limitText(limit: ServiceLimit): string {
  const { setting, usual, min, max } = limit;
  const option = planOptions[setting as OptionName];
  const { flag, value: kind } = option;
  if (kind.kind === "switch") return max === 0 ? `no --${flag}.` : `--${flag} is set.`;
  const allowed = (min ?? max) === undefined ? "" : ` ${allowedText(limit)}`;
  const own = usual === undefined ? "" : `${allowed === "" ? "" : ","} default ${formOf(kind).write(usual)}`;
  return `--${flag}${allowed}${own}.`;
}

function isWithin(limit: ServiceLimit, plan: FleetPlan): boolean {
  const { setting, min = -Infinity, max = Infinity, slashes = Infinity, notFirst } = limit;
  if (setting === "clientId" || setting === "willTopic") {
    const text = setting === "clientId" ? clientIdOf(plan, plan.clients - 1) : plan.willTopic;
    const size = new TextEncoder().encode(text).length;
    return size <= max && text.split("/").length - 1 <= slashes && !text.startsWith(notFirst ?? "\0");
  }
  const value = amountOf(setting as OptionName, plan);
  return value === undefined || (value >= min && value <= max);
}

/** The value as a number; undefined where no limit concerns it. */
function amountOf(name: OptionName, plan: FleetPlan): number | undefined {
  const { killRate, clients } = plan;
  if (name === "killRate") return killRate.kind === "count" ? killRate.perSecond : killRate.perSecond * clients;
  const value = plan[name];
  // A mix draws QoS 2, too.
  if (name === "willQos" && value === "mix") return 2;
  if (value === undefined || value === "never") return undefined;
  return Number(value);
}

function shownText(name: OptionName, plan: FleetPlan): string {
  const { flag, value: kind } = planOptions[name];
  if (kind.kind === "switch") return plan[name] ? `--${flag}` : `a plan without --${flag}`;
  if (name === "clientId" && plan.clientId === undefined) return `client identifiers of ${plan.clientPrefix}`;
  return `--${flag} ${formOf(kind).write(plan[name])}`;
}

function allowedText({ setting, min, max, slashes, notFirst }: ServiceLimit): string {
  const { value: kind, flag } = planOptions[setting as OptionName];
  if (kind.kind === "switch") return max === 0 ? `a plan without it` : `--${flag}`;
  if (setting === "clientId" || setting === "willTopic") {
    const parts = [
      ...max === undefined ? [] : [`up to ${formatCount(max)} bytes`],
      ...slashes === undefined ? [] : [`up to ${slashes} slashes`],
      ...notFirst === undefined ? [] : [`no ${notFirst} at its beginning`],
    ];
    return parts.join(", ");
  }
  const text = (value: number) => isNumber(kind) ? numberForms[kind.kind].text(value) : formatCount(value);
  if (setting === "reconnectAfterMs") return `${(min ?? 0) / 1_000}s or more`;
  if (setting === "killRate") return `up to ${formatCount(max!)} kills a second`;
  if (min === undefined) return `up to ${text(max!)}`;
  return max === undefined ? `${text(min)} or more` : `${text(min)} to ${text(max)}`;
}
