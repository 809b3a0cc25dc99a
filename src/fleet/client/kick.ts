/**
 * Kill mode `kicked`: a command of the user has the broker end the connection of a client. The client stays as it is
 * until it sees the close, which ends its life.
 */
import type { ClientEvents } from "../ledger/client_events.ts";
import type { Life } from "../life/life.ts";
import type { ClientHost } from "./client_host.ts";

/** A command under way, or done, whose client is still connected. */
export interface Kick {
  /** When the command started. */
  readonly sinceMs: number;
}

/** Starts the command. */
export function beginKick(host: ClientHost, client: number, dueMs: number, nowMs: number): Kick {
  host.lives.kick(client, dueMs, nowMs);
  host.kick(client, nowMs);
  return { sinceMs: nowMs };
}

/** The connection of the client is over. Latency counts from here: the duration of the command is not the broker's. */
export function endByKick(
  lives: ClientEvents,
  life: Life,
  { sinceMs }: Kick,
  lastPacketMs: number,
  nowMs: number,
): void {
  // A restart of the broker ends it, too.
  if (lives.restartOf(life, nowMs) !== undefined) return lives.end(life, nowMs);
  lives.kill(life, { mode: "kicked", dueMs: nowMs, doneMs: nowMs, sinceMs, silent: false }, lastPacketMs);
}
