/** Runs the user's command for passwords once before the run depends on it. */
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { checkShell } from "../../base/shell_command.ts";
import { hasOwnLogins, passwordsOf } from "../client/fleet_world.ts";
import type { FleetRun } from "../plan/plan.ts";

/** @throws UsageError where the command fails, or writes nothing */
export async function checkPasswordCommand({ plan, target }: FleetRun): Promise<void> {
  const passwords = passwordsOf(plan, target);
  if (passwords === undefined) return;
  await checkShell("--password-command", monotonicClock);
  const [who, client] = hasOwnLogins(plan) ? ["first client", 0] as const : ["watchers", undefined] as const;
  const fault = await new Promise<string | undefined>((resolve) => passwords.ready(client, resolve));
  if (fault !== undefined) throw new UsageError(`Cannot get a password for the ${who}: ${fault}`);
}
