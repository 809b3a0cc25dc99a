import type { PublishPacket } from "../../mqtt/packet.ts";

/**
 * The messages of clients on their own presence, on the topic of their wills: `online` after CONNACK, `left` before a
 * proper DISCONNECT. Retained, and with as many properties as a will, so that a broker can lose each part of it.
 */
import { type Life, type LifeMessage, messageOf } from "./life.ts";
import { type Mark, readMark } from "./mark.ts";
import { hasOwnPayloads, type OwnMessage, readOwnProperties } from "./own_payload.ts";
import type { FleetPlan } from "../plan/plan.ts";

/** The presence that a client publishes. */
export type PresenceWord = Exclude<OwnMessage, "will">;

const names: Readonly<Record<PresenceWord, string>> = { online: "mqtt-sim-online", left: "mqtt-sim-left" };

/** The message of one life: equal on every call. */
export function presenceMessage(plan: FleetPlan, life: Life, word: PresenceWord): LifeMessage {
  return messageOf(plan, life, names[word], word, true);
}

/** The source of a presence payload. */
interface PresenceMark extends Mark {
  readonly word: PresenceWord;
}

/** The position in a name at which a presence message differs from a will, whose name ends there. */
const hyphenAt = "mqtt-sim".length;
const hyphen = 0x2d;

/** Reads the source of a presence payload; undefined for a payload that is not from this run. */
export function readPresenceMark(plan: FleetPlan, payload: Uint8Array): PresenceMark | undefined {
  if (payload[hyphenAt] !== hyphen) return undefined;
  for (const word of ["online", "left"] as const) {
    const mark = readMark(plan, payload, names[word]);
    if (mark !== undefined) return { ...mark, word };
  }
  return undefined;
}

/** The same by a packet: where payloads may be the user's own, by its properties. */
export function readPresence(
  plan: FleetPlan,
  packet: Pick<PublishPacket, "payload" | "properties">,
): PresenceMark | undefined {
  const mark = readPresenceMark(plan, packet.payload);
  if (mark !== undefined || !hasOwnPayloads(plan)) return mark;
  const own = readOwnProperties(plan, packet);
  return own === undefined || own.message === "will" ? undefined : { ...own, word: own.message };
}
