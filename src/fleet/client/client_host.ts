/**
 * The state and the counters that the clients of a squad share.
 */
import type { Histogram } from "../../base/histogram.ts";
import type { FleetWorld } from "./fleet_world.ts";
import type { Groups } from "../plan/groups.ts";
import type { ClientEvents } from "../ledger/client_events.ts";
import type { Life } from "../life/life.ts";
import type { PresenceLog } from "../ledger/presence_log.ts";
import type { SparkplugAuditor } from "../ledger/sparkplug_auditor.ts";
import type { Failures } from "./retry.ts";

/** A client whose CONNECT failed. */
interface FailedClient {
  readonly number: number;
  readonly failures: Failures;
}

/** The state that all clients of a squad share. */
export interface ClientHost {
  /** The group of each client, and the plan with the settings of that group. */
  readonly groups: Groups;
  readonly world: FleetWorld;
  /** The instant of the last turn: an event that this turn reads may have waited here since. */
  readonly turnMs: number;
  /** The record to which a client reports the events of its lives. */
  readonly lives: ClientEvents;
  /** The presence of the clients, where the plan has any. */
  readonly presence: PresenceLog | undefined;
  /** The records of Sparkplug, where the clients are edge nodes. */
  readonly sparkplug: SparkplugAuditor | undefined;
  /** How long each CONNECT took, from the dial to CONNACK. */
  readonly connects: Histogram;
  /** Sends a CONNECT of its own life with a wrong password, beside the open connection. */
  tryLogin(life: Life, open: Life, dueMs: number): void;
  /** The broker accepted the wrong password of a refused login: the run proves nothing. */
  loginAccepted(client: number, nowMs: number): void;
  /** Has the broker end the connection of a client, by the user's command. */
  kick(client: number, nowMs: number): void;
  /** When a client connects again whose node was stopped; absent where the plan stops none. */
  afterNodeLossMs?(life: Life): number | "never" | undefined;
  /** A client stopped connecting for now; it tries again by itself. */
  onConnectFailed(client: FailedClient, sentence: string): void;
}
