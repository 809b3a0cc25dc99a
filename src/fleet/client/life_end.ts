/** The end of a life by the fleet: its packets on the connection, and its record. `virtual_client.ts` decides when. */
import type { ClientEvents } from "../ledger/client_events.ts";
import type { Life, LifeEnd } from "../life/life.ts";
import type { OwnKillMode } from "../plan/kill_mode.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { ClientHost } from "./client_host.ts";
import type { ClientConnection } from "./connection.ts";
import { kill } from "./kill.ts";

/** A life to kill. */
interface LifeToKill {
  readonly host: Pick<ClientHost, "lives" | "world">;
  readonly plan: FleetPlan;
  readonly life: Life;
  readonly connection: ClientConnection;
}

/**
 * Kills a life. Returns true where the broker has to close the connection. The kill is complete when its system call has
 * returned, which the clock then dates: a turn with several kills does not date all of them by its beginning.
 */
export function killLife(
  { host, plan, life, connection }: LifeToKill,
  mode: OwnKillMode,
  dueMs: number,
  nowMs: number,
): boolean {
  const { lives, world: { clock } } = host;
  const { lastSentMs } = connection;
  noteSleep(lives, life, connection, nowMs);
  const sinceMs = clock.nowMs();
  const { silent, brokerCloses, detail, lastPacketMs = lastSentMs } = kill(connection, mode, plan, life, nowMs);
  const doneMs = clock.nowMs();
  // On a busy machine this thread may wait after the system call, and the will arrives before the call has returned.
  const end: LifeEnd & { readonly mode: OwnKillMode } = !silent && sinceMs < doneMs
    ? { mode, dueMs, doneMs, silent, sinceMs }
    : { mode, dueMs, doneMs, silent };
  lives.kill(life, detail === undefined ? end : { ...end, detail }, lastPacketMs);
  return brokerCloses;
}

/** Disconnects at the end of a run, and ends the session. */
export function leaveRun(
  lives: ClientEvents,
  life: Life,
  connection: ClientConnection,
  { sparkplug }: Pick<FleetPlan, "sparkplug">,
  nowMs: number,
): void {
  const { version } = connection;
  const properties = version === 5 && life.sessionExpiryS > 0 ? { sessionExpiryIntervalS: 0 } : undefined;
  // [tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50]
  const reason = sparkplug && version === 5 ? { reasonCode: 0x04 } : {};
  noteSleep(lives, life, connection, nowMs);
  connection.send({ type: "disconnect", ...reason, ...properties && { properties } }, nowMs);
  connection.end();
  lives.leave(life, nowMs);
}

/** Records that this machine, not the broker, was late with a packet of the life. */
export function noteSleep(lives: ClientEvents, life: Life, connection: ClientConnection, nowMs: number): void {
  if (connection.oversleeps(nowMs)) lives.oversleep(life, nowMs);
}
