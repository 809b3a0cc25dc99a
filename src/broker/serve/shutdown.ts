/**
 * A clean stop in three steps. First the broker disconnects clients that only publish, so that their wills and all
 * others still reach the watchers; then it gives the watchers time to receive them; then it disconnects the watchers.
 * With the memory store wills cannot be left to the next start; with a file they can, as the standard allows.
 */
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core/core.ts";
import { disconnectWith } from "../handle/leave.ts";
import type { Connection } from "../session/session.ts";

/** Ends the connections without subscriptions, and publishes all wills, or none if they are to be kept. */
export function beginStop(core: Core, nowMs: number): void {
  const publish = core.settings.onShutdown === "publish";
  const lasts = core.store.changes !== undefined;
  if (!publish) lasts ? core.wills.keep() : core.wills.stop(false, nowMs);
  for (const connection of [...core.connections]) {
    if (connection.session?.subscriptions === undefined) end(core, connection, nowMs);
  }
  if (publish) lasts ? releaseAll(core, nowMs) : core.wills.stop(true, nowMs);
}

/**
 * The sessions continue in the store: the wills of connected clients become due or delayed as at any end of a
 * connection.
 */
function releaseAll(core: Core, nowMs: number): void {
  for (const { id, phase, session, version } of core.connections) {
    if (phase !== "online") continue;
    const { clientId, expiryIntervalS: sessionExpiryS } = session!;
    core.wills.release({
      clientId,
      connectionId: id,
      version,
      ending: { kind: "shutdown" },
      sessionExpiryS,
      nowMs,
    });
  }
}

/** Whether every client online has received what was sent to it. */
export function isDrained(core: Core): boolean {
  for (const { phase, session, link } of core.connections) {
    if (link.bufferedBytes > 0) return false;
    if (phase === "online" && (session!.usedOutbox?.size ?? 0) > 0) return false;
  }
  return true;
}

/** Ends the remaining connections. */
export function finishStop(core: Core, nowMs: number): void {
  for (const connection of [...core.connections]) end(core, connection, nowMs);
  core.warnings.flush();
}

function end(core: Core, connection: Connection, nowMs: number): void {
  disconnectWith(core, connection, ReasonCode.serverShuttingDown, { kind: "shutdown" }, nowMs);
}
