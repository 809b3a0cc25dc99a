/**
 * The states of a virtual client, the data of each, and every legal transition between them. The action of a client at
 * a transition is in `virtual_client.ts`.
 *
 * Two conditions are no states, because they are true in several: a client that has to leave as soon as it can, and a
 * broker restart under way.
 */
import { InvariantError } from "../../base/failure.ts";
import { nextState, type StateTable } from "../../base/state_table.ts";
import type { KillMode } from "../plan/kill_mode.ts";
import type { ClientConnection } from "./connection.ts";

/** The state of a virtual client, with the data that only this state needs. */
export type ClientState =
  /** Not connected yet in this run. */
  | { readonly kind: "idle" }
  /** The client opens a connection, or waits for its CONNACK. */
  | { readonly kind: "connecting" }
  /** The client is connected by `old`, and opens the connection that has to take `old` over. */
  | { readonly kind: "takeover-opening"; readonly old: ClientConnection; readonly dueMs: number }
  /** The client waits for CONNACK of the connection that takes `old` over; the life on `old` is over. */
  | { readonly kind: "takeover-connecting"; readonly old: ClientConnection }
  /** The client has received CONNACK. */
  | { readonly kind: "up" }
  /** The client waits for the answer to its last presence message; `leave` ends the connection then. */
  | { readonly kind: "parting"; readonly leave: (nowMs: number) => void }
  /** Its life is over; the broker has to close the connection. */
  | { readonly kind: "dying" }
  /** As `dying`, after the client has retired: no connection follows the close. */
  | { readonly kind: "lingering" }
  /** Without a connection; its alarm brings it back. */
  | { readonly kind: "away" }
  /** Its connection ended during a broker restart: it stays offline for a while after the broker's return. */
  | { readonly kind: "down" }
  /** Its alarm rang during a broker restart: it connects at the broker's return. */
  | { readonly kind: "overdue" }
  /** Without a connection; only the schedule reconnects the client. */
  | { readonly kind: "gone" };

/** The states without data: one object of each for all clients. */
export const plainStates = {
  connecting: { kind: "connecting" },
  up: { kind: "up" },
  dying: { kind: "dying" },
  lingering: { kind: "lingering" },
  away: { kind: "away" },
  down: { kind: "down" },
  overdue: { kind: "overdue" },
  gone: { kind: "gone" },
} as const satisfies { readonly [K in ClientStateKind]?: ClientState & { readonly kind: K } };

/** The name of a state. */
export type ClientStateKind = ClientState["kind"];

/** The causes that move a client from one state to another. */
export type ClientEvent =
  /** It begins to open a connection. */
  | "connect"
  /** It begins to open a second connection, which is to take over the first. */
  | "take-over"
  /** The second connection is open; its CONNECT goes out. */
  | "opened"
  /** The second connection is open, but the first has ended by itself: no takeover takes place. */
  | "opened-late"
  /** The client has received CONNACK with success. */
  | "accepted"
  /** The broker refused CONNECT, or did not answer in time, or the connection ended before. */
  | "failed"
  /** It publishes its last presence message. */
  | "part"
  /** The broker answered the last presence message, or the time for that passed. */
  | "parted"
  /** The fleet killed the client in a way that leaves the close of the connection to the broker. */
  | "killed"
  /** The connection ended, and the client reconnects later. */
  | "ended"
  /** The connection ended, and the client does not reconnect. */
  | "ended-for-good"
  /** Its connection ended during a broker restart. */
  | "broker-lost"
  /** The client had to connect during a broker restart. */
  | "broker-absent"
  /** It retires while the broker has yet to close a silent connection. */
  | "retired-silent"
  /** The client closes every open connection; no other follows. */
  | "dropped";

/** By state and event, the next state. An event without an entry under a state is illegal there. */
export const clientTransitions: StateTable<ClientStateKind, ClientEvent> = {
  "idle": { connect: "connecting", dropped: "gone" },
  "connecting": { accepted: "up", failed: "away", dropped: "gone" },
  "takeover-opening": {
    "opened": "takeover-connecting",
    "opened-late": "connecting",
    // The first connection stays open.
    "failed": "up",
    "dropped": "gone",
  },
  "takeover-connecting": { accepted: "up", failed: "away", dropped: "gone" },
  "up": {
    "take-over": "takeover-opening",
    "part": "parting",
    "killed": "dying",
    "ended": "away",
    "ended-for-good": "gone",
    "broker-lost": "down",
    "dropped": "gone",
  },
  "parting": {
    "parted": "up",
    "ended": "away",
    "ended-for-good": "gone",
    "broker-lost": "down",
    "dropped": "gone",
  },
  "dying": { "ended": "away", "ended-for-good": "gone", "retired-silent": "lingering", "dropped": "gone" },
  "lingering": { dropped: "gone" },
  "away": { "connect": "connecting", "broker-absent": "overdue", "dropped": "gone" },
  "down": { "ended": "away", "ended-for-good": "gone", "dropped": "gone" },
  "overdue": { connect: "connecting", dropped: "gone" },
  // The schedule calls clients back that were to stay away.
  "gone": { connect: "connecting", dropped: "gone" },
};

/** True until its CONNECT has an answer. */
export function isConnecting({ kind }: ClientState): boolean {
  return kind === "connecting" || kind === "takeover-opening" || kind === "takeover-connecting";
}

/** True while its life is over and the broker has to close the connection. */
export function isDying({ kind }: ClientState): boolean {
  return kind === "dying" || kind === "lingering";
}

/** A kill that waits until its client is connected. */
export interface PendingKill {
  readonly mode: KillMode;
  readonly reconnectAfterMs: number | "never";
}

/** @throws InvariantError unless the event leads from the one state to the other */
export function checkTransition(from: ClientStateKind, event: ClientEvent, to: ClientStateKind): void {
  if (nextState("a virtual client", clientTransitions, from, event) === to) return;
  throw new InvariantError(`a virtual client may not go from "${from}" to "${to}" by "${event}"`);
}
