/**
 * A clean stop in three steps: those who only publish go first, so that their wills and everyone else's still find the
 * watchers; the watchers get time to take them; then they go too. What the broker holds in memory ends with it, so that
 * wills cannot be put off to the next start; with a store they can, as the standard allows.
 */
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core/core.ts";
import { expel } from "../handle/leave.ts";
import type { Connection } from "../session/session.ts";

/** Ends the connections that nothing is sent to, and publishes all wills, or none when they are to be kept. */
export function beginStop(core: Core, nowMs: number): void {
  const publish = core.settings.onShutdown === "publish";
  const lasts = core.store.changes !== undefined;
  if (!publish) lasts ? core.wills.keep() : core.wills.stop(false, nowMs);
  for (const connection of [...core.connections]) {
    if (connection.session?.subscriptions === undefined) end(core, connection, nowMs);
  }
  if (publish) lasts ? releaseAll(core, nowMs) : core.wills.stop(true, nowMs);
}

/** The sessions go on in the store: the wills of those still here become due or delayed as at any end of a connection. */
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

/** Whether every client online has taken what was sent to it. */
export function isDrained(core: Core): boolean {
  for (const { phase, session, link } of core.connections) {
    if (link.bufferedBytes > 0) return false;
    if (phase === "online" && (session!.usedOutbox?.size ?? 0) > 0) return false;
  }
  return true;
}

/** Ends the connections that are left. */
export function finishStop(core: Core, nowMs: number): void {
  for (const connection of [...core.connections]) end(core, connection, nowMs);
  core.warnings.flush();
}

function end(core: Core, connection: Connection, nowMs: number): void {
  expel(core, connection, ReasonCode.serverShuttingDown, { kind: "shutdown" }, nowMs);
}
