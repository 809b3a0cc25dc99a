/** The late subscribers of one squad, where its clients publish their presence. */
import type { FleetWorld } from "../client/fleet_world.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { PresenceAuditor } from "../ledger/presence_auditor.ts";
import type { Groups } from "../plan/groups.ts";
import type { SquadTask } from "../result/squad_task.ts";
import { bucketOf } from "../watch/own_topics.ts";
import { PresenceChecker } from "../watch/presence_checker.ts";

/** The parts of a squad that they need. */
interface SquadParts {
  readonly groups: Groups;
  readonly world: FleetWorld;
  readonly ledger: Ledger;
}

/** @param nextCanary a number for one more canary */
export function presenceCheckerOf(
  { groups, world, ledger: { rules } }: SquadParts,
  scope: SquadTask,
  auditor: PresenceAuditor,
  nextCanary: () => number,
): PresenceChecker {
  const whose = (client: number) => bucketOf(scope, client);
  return new PresenceChecker({ scope, groups, world, bucketOf: whose, rules, auditor, nextCanary });
}
