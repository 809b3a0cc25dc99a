/** What a plan cannot request of a Unix socket, which has no addresses and no packets, or of a proxy. */
import { UsageError } from "../../base/failure.ts";
import { drawsMode } from "../plan/phases.ts";
import type { FleetRun } from "../plan/plan.ts";

/** @throws UsageError when the plan requests source addresses or ports, or a kill that needs a network of its own */
export function checkRoute({ plan, target, nodes = [target] }: Pick<FleetRun, "plan" | "target" | "nodes">): void {
  const vanishes = drawsMode(plan, "vanish");
  if (vanishes && plan.proxy !== undefined) {
    const why = "nftables would drop the packets to the proxy, and the proxy answers the broker";
    throw new UsageError(`Cannot use kill mode vanish with --proxy: ${why}; expected another mode, such as freeze`);
  }
  const socket = nodes.find(({ transport }) => transport === "unix");
  if (socket === undefined) return;
  if (plan.sourceAddresses.length > 0) {
    throw new UsageError(`Cannot use --source-address with ${socket.url}: a Unix socket has no addresses`);
  }
  if (plan.sourcePorts !== undefined) {
    throw new UsageError(`Cannot use --source-ports with ${socket.url}: a Unix socket has no ports`);
  }
  if (!vanishes) return;
  const why = "a Unix socket has no packets to drop";
  throw new UsageError(`Cannot use kill mode vanish with ${socket.url}: ${why}; expected another mode, such as freeze`);
}
