/**
 * The common parts of the checks of a plan and of its phases.
 */
import { authFault, isScram } from "../../auth/auth_settings.ts";
import { listed } from "../../base/units.ts";
import { fallsSilent, killModes, needsVersion5 } from "./kill_mode.ts";
import type { FleetPlan } from "./plan.ts";

/** One thing that does not go. */
export interface PlanFault {
  /** The path of the value in the plan, by the plan's own names: `["groups", 1, "willDelayS"]`. */
  readonly path: readonly (string | number)[];
  readonly sentence: string;
}

/** Records an invalid value: its name in the plan, the value as people write it, and the permitted values. */
export type Refuse = (field: string, what: string, allowed: string) => void;

/** The combinations that the standard and the oracle require, in a fleet or a group; `killShares` may be a phase's. */
export function checkTogether(
  { protocol, killShares, keepAliveS, willDelayS, authMethod }: FleetPlan,
  refuse: Refuse,
): void {
  const drawn = killShares.filter((share) => share.weight > 0);
  if (drawn.length === 0) {
    refuse("killShares", "--kill-mode", "at least one mode with a share above 0");
  } else if (protocol !== "5" && protocol !== "auto" && drawn.every(({ mode }) => needsVersion5(mode))) {
    refuse("protocol", `--protocol ${protocol}`, `5, which kill mode ${drawn[0]!.mode} needs`);
  }
  if (keepAliveS === 0 && drawn.some(({ mode }) => fallsSilent(mode))) {
    const silent = listed(killModes.filter(fallsSilent), "and");
    const allowed = `1 s or more with the kill modes ${silent}, which rely on it`;
    refuse("keepAliveS", "--keepalive 0", allowed);
  }
  if (authMethod !== undefined && protocol !== "5") {
    refuse("protocol", `--protocol ${protocol}`, "5 with --auth-method: MQTT 3.1.1 has no enhanced authentication");
  }
  if (authMethod !== undefined && !isScram(authMethod) && drawn.some(({ mode }) => mode === "refused-login")) {
    refuse("killShares", `--kill-mode refused-login with --auth-method ${authMethod}`, "a method of SCRAM, or none");
  }
  if (protocol === "3.1.1" && willDelayS > 0) {
    refuse("willDelayS", `--will-delay ${willDelayS} s`, "0 with --protocol 3.1.1, which has no will delay");
  }
}

/** Enhanced authentication: the method and its data. */
export function checkAuth(plan: FleetPlan, refuse: Refuse): void {
  const fault = authFault(plan);
  if (fault !== undefined) refuse(...fault);
  const { authMethod, reauthEveryMs, username, credentials, groups = [] } = plan;
  if (authMethod === undefined && reauthEveryMs !== undefined) {
    refuse("reauthEveryMs", "--reauth-every alone", "--auth-method with it");
  }
  const logsIn = username ?? credentials ?? groups.find((group) => group.username !== undefined);
  if (fault === undefined && isScram(authMethod) && logsIn === undefined) {
    refuse("authMethod", `--auth-method ${authMethod} alone`, "--username and --password-file with it");
  }
}
