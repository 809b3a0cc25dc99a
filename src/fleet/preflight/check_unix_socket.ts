/** What a plan cannot request of a Unix socket, which has no addresses and no packets. */
import { UsageError } from "../../base/failure.ts";
import { drawsMode } from "../plan/phases.ts";
import type { FleetRun } from "../plan/plan.ts";

/** @throws UsageError when the plan requests source addresses, or a kill that needs a network */
export function checkUnixSocket({ plan, target, nodes = [target] }: Pick<FleetRun, "plan" | "target" | "nodes">): void {
  const socket = nodes.find(({ transport }) => transport === "unix");
  if (socket === undefined) return;
  if (plan.sourceAddresses.length > 0) {
    throw new UsageError(`Cannot use --source-address with ${socket.url}: a Unix socket has no addresses`);
  }
  if (!drawsMode(plan, "vanish")) return;
  throw new UsageError(
    `Cannot use kill mode vanish with ${socket.url}: a Unix socket has no packets to drop; expected another mode, such as freeze`,
  );
}
