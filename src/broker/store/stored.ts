/**
 * What a store holds of a session beside its messages: plain data.
 */
import type { ConnectWill, QoS } from "../../mqtt/packet.ts";
import type { Identity } from "../access/identity.ts";
import type { Ending } from "../options/ending.ts";

/** A subscription as it was granted. */
export interface StoredSubscription {
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number | undefined;
}

/** A will that is held; instants in the broker's own milliseconds. */
export interface StoredWill {
  readonly will: ConnectWill;
  /** Whose rights it is published with; undefined where the broker decides on no logins. */
  readonly owner: Identity | undefined;
  /** Absent while the connection lives, or lived when the broker ended. */
  readonly delayed?: { readonly dueMs: number; readonly ending: Ending };
}
