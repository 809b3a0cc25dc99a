import type { PublishPacket } from "../../mqtt/packet.ts";

/**
 * What clients say of their own presence, on the topic of their wills: `online` after CONNACK, `left` before a proper
 * DISCONNECT. Retained, and as rich as a will, so that a broker can lose each part of it.
 */
import { contentOf, type Life } from "./life.ts";
import { type Mark, readMark } from "./mark.ts";
import type { FleetPlan } from "../plan/plan.ts";

/** What a client says of itself. */
export type PresenceWord = "online" | "left";

const names: Readonly<Record<PresenceWord, string>> = { online: "mqtt-sim-online", left: "mqtt-sim-left" };

/** The message of one life: the same each time it is asked for. */
export function presenceMessage(plan: FleetPlan, life: Life, word: PresenceWord): Outgoing {
  return { ...contentOf(plan, life, names[word]), qos: life.qos, retain: true };
}

/** Whose word a payload is. */
export interface PresenceMark extends Mark {
  readonly word: PresenceWord;
}

/** Where a presence message's name goes on and a will's is over. */
const hyphenAt = "mqtt-sim".length;
const hyphen = 0x2d;

/** Reads whose word on its presence a payload is; undefined when it is none of this run's. */
export function readPresenceMark(plan: FleetPlan, payload: Uint8Array): PresenceMark | undefined {
  if (payload[hyphenAt] !== hyphen) return undefined;
  for (const word of ["online", "left"] as const) {
    const mark = readMark(plan, payload, names[word]);
    if (mark !== undefined) return { ...mark, word };
  }
  return undefined;
}

/** A message of a client's own. */
export type Outgoing = Pick<PublishPacket, "topic" | "payload" | "qos" | "retain" | "properties">;
