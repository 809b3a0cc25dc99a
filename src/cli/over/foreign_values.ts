/**
 * Values of a plan that name a command or a file. A part takes them from its own command line alone: otherwise each
 * process that reaches the NATS server could run programs on the machine of a part and read its files.
 */
import type { FleetPlan } from "../../fleet/plan/plan.ts";
import { optionList } from "../../fleet/plan/plan_options.ts";

const commandsAndFiles = optionList.flatMap(([name, { value, flag }]) =>
  value.kind === "file" || (value.kind === "text" && value.metavar === "COMMAND") ? [[name, `--${flag}`] as const] : []
);
/** Options whose text names a file if it begins with `@`. */
const textsOrFiles = optionList.flatMap(([name, { value, flag }]) =>
  value.kind === "text" && (value.metavar === "TEXT|@FILE" || name === "authData") ? [[name, `--${flag}`] as const] : []
);

/** The flag of the first value of a plan, or of one of its groups, that names a command or a file. */
export function foreignFlag(plan: Pick<FleetPlan, "groups">): string | undefined {
  for (const values of [plan, ...plan.groups ?? []] as readonly Readonly<Record<string, unknown>>[]) {
    const own = commandsAndFiles.find(([name]) => values[name] !== undefined);
    const read = textsOrFiles.find(([name]) => typeof values[name] === "string" && `${values[name]}`.startsWith("@"));
    if (own !== undefined || read !== undefined) return (own ?? read)![1];
  }
  return undefined;
}

/** The commands of the coordinator, which no part receives. */
export const ownCommands = ["restartCommand", "nodeStop", "nodeStart"] as const;

/** The plan as the parts receive it: the coordinator restarts the broker, and stops and starts its nodes. */
export function withoutCommands<Plan extends Partial<Pick<FleetPlan, typeof ownCommands[number]>>>(plan: Plan) {
  const { restartCommand: _restart, nodeStop: _stop, nodeStart: _start, ...others } = plan;
  return others;
}
