/**
 * A message on its way to one session: plain data.
 */
import type { QoS } from "../../mqtt/packet.ts";
import type { Publication } from "./publication.ts";
import type { DeliveryPlace } from "./place.ts";

/** One message to one client. */
export interface Delivery {
  readonly publication: Publication;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[] | undefined;
  /** The shared filter, with `$share` and the group, that it came by. */
  readonly share?: string | undefined;
  packetId: number;
  /** `published`: PUBACK or PUBREC is due; `released`: PUBREL was sent, PUBCOMP is due. */
  state: "waiting" | "published" | "released" | "done";
  /** Where it is in the store; the store's own. */
  place?: DeliveryPlace;
}

/** A message of a shared subscription that its member has not got. */
export type SharedDelivery = Pick<Delivery, "publication"> & { readonly share: string };
