/** The phases of a link of the epoll engine, and every legal transition between them. */
import { nextState, type StateTable } from "../../base/state_table.ts";

/** How far a link is. Its user may write in the first two; `onEnd` is called on the way to the last two. */
export type LinkPhase =
  /** Without a socket yet: it is being dialled. */
  | "opening"
  | "open"
  /** Its user has ended it: what was written still leaves, then FIN. Reads go on. */
  | "ending"
  /** FIN is sent. Reads go on until the peer's end. */
  | "fin-sent"
  /** Its end is certain, and `onEnd` is not called yet. */
  | "closing"
  /** The peer has sent FIN and may still read: what was written still leaves. */
  | "leaving"
  /** Without a socket; nothing follows. */
  | "closed";

/** Whether the operating system takes bytes: just now, not just now, or never again, so that they are swallowed. */
export type Writing = "free" | "full" | "failed";

/** What moves a link from one phase to another. */
export type LinkEvent =
  /** Its socket is open. */
  | "opened"
  /** Its user ends it. */
  | "end"
  /** All that was written has left, and FIN after it. */
  | "fin"
  /** Its user resets it, or it cannot go on. */
  | "shut"
  /** The peer has sent FIN while bytes wait to leave. */
  | "peer-fin"
  /** It is over, with nothing left to send. */
  | "over"
  /** What waited has left, or was dropped. */
  | "left";

/** By phase and event, the next phase. */
export const linkPhases: StateTable<LinkPhase, LinkEvent> = {
  "opening": { opened: "open", shut: "closing" },
  "open": { end: "ending", shut: "closing" },
  "ending": { "fin": "fin-sent", "shut": "closing", "peer-fin": "leaving", "over": "closed" },
  "fin-sent": { shut: "closing", over: "closed" },
  // A reset of a link whose end is on its way changes nothing.
  "closing": { "shut": "closing", "peer-fin": "leaving", "over": "closed" },
  "leaving": { left: "closed" },
  "closed": {},
};

/** @throws InvariantError when the event is illegal in the phase */
export function nextLinkPhase(phase: LinkPhase, event: LinkEvent): LinkPhase {
  return nextState("an epoll link", linkPhases, phase, event);
}
