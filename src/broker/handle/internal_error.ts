/** Contains an internal error of a handler: it ends one connection, and not the broker. */
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core/core.ts";
import { disconnectWith } from "./leave.ts";
import type { Connection } from "../session/session.ts";

/**
 * Counts and logs an error that a handler threw, and ends the connection that it served.
 *
 * @throws the error itself if it must not be contained
 */
export function contain(core: Core, error: unknown, connection: Connection | undefined, nowMs: number): void {
  const { onInternalError, log } = core.settings;
  if (onInternalError === "throw") throw error;
  core.metrics.internalErrors++;
  const who = connection === undefined ? "a due action" : connection.session?.clientId ?? connection.link.peer;
  log("error", `Internal error while serving ${who}: ${error instanceof Error ? error.stack ?? error.message : error}`);
  if (connection !== undefined) end(core, connection, nowMs);
}

function end(core: Core, connection: Connection, nowMs: number): void {
  const reasonCode = ReasonCode.implementationSpecificError;
  try {
    disconnectWith(core, connection, reasonCode, { kind: "protocol-error", reasonCode }, nowMs);
  } catch {
    // The second error is a consequence of the first: only close the link.
    connection.phase = "over";
    connection.link.reset();
  }
}
