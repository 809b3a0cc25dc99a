/** A message to one session: plain data. */
import type { QoS } from "../../mqtt/packet.ts";
import type { Publication } from "./publication.ts";
import type { DeliveryPlace } from "./place.ts";

/** One message to one client. */
export interface Delivery {
  readonly publication: Publication;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[] | undefined;
  /** The shared filter that matched, with `$share` and the group. */
  readonly share?: string | undefined;
  packetId: number;
  /** `published`: waits for PUBACK or PUBREC; `released`: PUBREL was sent, waits for PUBCOMP. */
  state: "waiting" | "published" | "released" | "done";
  /** Its place in the store; managed by the store. */
  place?: DeliveryPlace;
}

/** A message of a shared subscription that its member has not received. */
export type SharedDelivery = Pick<Delivery, "publication"> & { readonly share: string };
