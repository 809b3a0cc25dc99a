/**
 * What the clients of a squad share, and what they count together.
 */
import type { Histogram } from "../../base/histogram.ts";
import type { FleetWorld } from "./fleet_world.ts";
import type { Groups } from "../plan/groups.ts";
import type { ClientEvents } from "../ledger/client_events.ts";
import type { PresenceLog } from "../ledger/presence_log.ts";
import type { Failures } from "./retry.ts";

/** A client whose CONNECT failed. */
export interface FailedClient {
  readonly number: number;
  readonly failures: Failures;
}

/** What all clients of a squad share. */
export interface ClientHost {
  /** Who belongs to which group, and the plan as it holds there. */
  readonly groups: Groups;
  readonly world: FleetWorld;
  /** When the last turn was: what is seen now may have waited here since. */
  readonly turnMs: number;
  /** Where a client tells what becomes of its lives. */
  readonly lives: ClientEvents;
  /** Of clients that speak of their presence, where there are any. */
  readonly presence: PresenceLog | undefined;
  /** How long each CONNECT took, from the dial to CONNACK. */
  readonly connects: Histogram;
  /** A client gave up connecting for now; it tries again by itself. */
  onConnectFailed(client: FailedClient, sentence: string): void;
}
