/** A message to sessions: plain data. */
import type { QoS } from "../../mqtt/packet.ts";
import type { Publication } from "./publication.ts";
import type { DeliveryPlace } from "./place.ts";

/**
 * One message as a client receives it. All clients that receive it in the same form share the object; a session with a
 * record in the store has its own.
 */
export interface Delivery {
  readonly publication: Publication;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[] | undefined;
  /** The shared filter that matched, with `$share` and the group. */
  readonly share: string | undefined;
  /** Its place in the store; managed by the store, and only in a session's own delivery. */
  place: DeliveryPlace | undefined;
}

/** A delivery from the store. */
export type StoredDelivery = Delivery & { readonly place: DeliveryPlace };

/** A message of a shared subscription that its member has not received. */
export type SharedDelivery = Pick<Delivery, "publication"> & { readonly share: string };
