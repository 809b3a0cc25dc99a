/**
 * How many items one packet may have, where its reader bounds them: a packet of 2 MB has room for 400,000 user properties
 * or 500,000 topic filters. The walk over a packet stops at the first item beyond, before it makes objects of the others.
 */
import { ProtocolError } from "../../base/failure.ts";
import { ReasonCode } from "../reason.ts";

/** What is counted over a whole packet. */
export type CountedItem = "userProperties" | "filters" | "filterLevels";

/** The most items of each kind that one packet may have. */
export interface PacketLimits extends Readonly<Record<CountedItem, number>> {
  /** User properties of a packet, or of a will. */
  readonly userProperties: number;
  /** Topic filters of a SUBSCRIBE or UNSUBSCRIBE. */
  readonly filters: number;
  /** Levels of these filters, all together. */
  readonly filterLevels: number;
  /** Levels of one filter. A deeper one counts for one more than that: the reader refuses it by itself, at no cost. */
  readonly topicLevels: number;
}

/** For a reader that bounds the size of a packet alone. */
export const noPacketLimits: PacketLimits = {
  userProperties: Infinity,
  filters: Infinity,
  filterLevels: Infinity,
  topicLevels: Infinity,
};

const itemNames: Readonly<Record<CountedItem, string>> = {
  userProperties: "user properties",
  filters: "topic filters",
  filterLevels: "levels of topic filters",
};

/** A packet has more items than its reader accepts. Source: MQTT 5.0, section 4.13.2 and table 2-6. */
export class PacketLimitError extends ProtocolError {
  constructor(packet: string, readonly limit: CountedItem, most: number) {
    super(ReasonCode.quotaExceeded, `${packet}: it has more than ${most} ${itemNames[limit]}`);
  }
}
