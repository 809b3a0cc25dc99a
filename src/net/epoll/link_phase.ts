/** The phases of a link of the epoll engine, and every legal transition between them. */
import { nextState, type StateTable } from "../../base/state_table.ts";

/** The phase of a link. Its user may write in the first two; the transition to the last two calls `onEnd`. */
export type LinkPhase =
  /** Being dialled; without a socket yet. */
  | "opening"
  | "open"
  /** Its user has ended it: it sends the written bytes, then FIN. Reads continue. */
  | "ending"
  /** FIN was sent. Reads continue until the peer's end. */
  | "fin-sent"
  /** Its end is certain; `onEnd` has not been called yet. */
  | "closing"
  /** The peer has sent FIN and may still read: the link sends the written bytes. */
  | "leaving"
  /** Without a socket; nothing follows. */
  | "closed";

/** Whether the operating system accepts bytes: `free` now, `full` later, `failed` never again: writes are discarded. */
export type Writing = "free" | "full" | "failed";

/** What moves a link from one phase to another. */
export type LinkEvent =
  /** Its socket is open. */
  | "opened"
  /** Its user ends it. */
  | "end"
  /** All written bytes and FIN have been sent. */
  | "fin"
  /** Its user resets it, or it has failed. */
  | "shut"
  /** The peer has sent FIN while bytes are queued. */
  | "peer-fin"
  /** It has ended with nothing left to send. */
  | "over"
  /** The queued bytes have been sent, or were dropped. */
  | "left";

/** The next phase by phase and event. */
export const linkPhases: StateTable<LinkPhase, LinkEvent> = {
  "opening": { opened: "open", shut: "closing" },
  "open": { end: "ending", shut: "closing" },
  "ending": { "fin": "fin-sent", "shut": "closing", "peer-fin": "leaving", "over": "closed" },
  "fin-sent": { shut: "closing", over: "closed" },
  // A reset changes nothing if the link is already closing.
  "closing": { "shut": "closing", "peer-fin": "leaving", "over": "closed" },
  "leaving": { left: "closed" },
  "closed": {},
};

/** @throws InvariantError if the event is illegal in the phase */
export function nextLinkPhase(phase: LinkPhase, event: LinkEvent): LinkPhase {
  return nextState("an epoll link", linkPhases, phase, event);
}
