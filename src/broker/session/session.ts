/**
 * A session: what the broker holds for a client identifier, online or not. Its parts are made when they are first
 * needed, so that an idle client costs little.
 */
import type { Deadline } from "../../base/deadlines.ts";
import type { QoS } from "../../mqtt/packet.ts";
import type { Subscribed } from "../routing/topic_tree.ts";
import type { Due } from "../due.ts";
import type { SessionRecord } from "../store/session_record.ts";
import type { Connection } from "./connection.ts";
import { Inbox } from "./inbox.ts";
import { Outbox, type OutboxParts } from "./outbox.ts";

/** A session that never ends by itself (5.0). */
export const neverExpiresS = 0xffff_ffff;

/** What a session is to get of the message that is being routed; the router's own, kept here to be used again. */
export interface Share {
  /** Of the message for which it was last filled. */
  serial: number;
  qos: QoS;
  retainAsPublished: boolean;
  identifiers: number[] | undefined;
}

export class Session {
  readonly clientId: string;
  /** Seconds from the end of the connection to the end of the session; {@link neverExpiresS}: no end. */
  expiryIntervalS = 0;
  /** Under which the client came in last; undefined for those who gave none, and until then. */
  username: string | undefined;
  /** The client's connection while it is online. */
  connection: Connection | undefined;
  /** By topic filter. */
  subscriptions: Map<string, Subscribed> | undefined;
  /** The end of the session, while it is offline and has one. */
  deadline: Deadline<Due> | undefined;
  /** Its place in the store, if there is one and the session ever was to outlive its connection. */
  record: SessionRecord | undefined;
  readonly #parts: OutboxParts;
  #outbox: Outbox | undefined;
  #inbox: Inbox | undefined;
  #share: Share | undefined;

  constructor(clientId: string, parts: OutboxParts) {
    this.clientId = clientId;
    this.#parts = parts;
  }

  /** Messages to the client. */
  get outbox(): Outbox {
    return this.#outbox ??= new Outbox(this.#parts, this.clientId, this.connection, this.record);
  }

  /** The outbox if anything was ever put into it. */
  get usedOutbox(): Outbox | undefined {
    return this.#outbox;
  }

  /** QoS 2 messages from the client. */
  get inbox(): Inbox {
    return this.#inbox ??= new Inbox(this.record);
  }

  get share(): Share {
    return this.#share ??= { serial: 0, qos: 0, retainAsPublished: false, identifiers: undefined };
  }

  /** Parts from the client's connection. */
  detach(): void {
    this.connection = undefined;
    this.#outbox?.detach();
  }
}
