/** What a store contains of a session besides its messages: plain data. */
import type { ConnectWill, QoS } from "../../mqtt/packet.ts";
import type { Identity } from "../access/identity.ts";
import type { Ending } from "../options/ending.ts";

/** A granted subscription. */
export interface StoredSubscription {
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number | undefined;
}

/** A stored will; times in the broker's own milliseconds. */
export interface StoredWill {
  readonly will: ConnectWill;
  /** The identity whose rights it is published with; undefined if the broker has no login checks. */
  readonly owner: Identity | undefined;
  /** Absent while the connection is open, or if it was open when the broker ended. */
  readonly delayed?: { readonly dueMs: number; readonly ending: Ending };
}
