/**
 * A session: what the broker holds for a client identifier, online or not. Its parts are made when they are first
 * needed, so that an idle client costs little.
 */
import type { Deadline } from "../../base/deadlines.ts";
import type { QoS } from "../../mqtt/packet.ts";
import type { Publisher } from "../message/publication.ts";
import type { Identity } from "../access/identity.ts";
import type { Due } from "../due.ts";
import type { SessionRecord } from "../store/session_record.ts";
import type { ConnectionOf } from "./connection.ts";
import { Inbox } from "./inbox.ts";
import { Outbox, type OutboxParts } from "./outbox.ts";

/** A connection of a client, with its session once it is online. */
export type Connection = ConnectionOf<Session>;

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
  /** The user that the session belongs to; undefined where the broker decides on no logins. */
  readonly owner: Identity | undefined;
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
  #publisher: Publisher | undefined;

  constructor(clientId: string, parts: OutboxParts, owner?: Identity) {
    this.clientId = clientId;
    this.owner = owner;
    this.#parts = parts;
  }

  /** What a message of this client refers to; a message may outlive the session. */
  get publisher(): Publisher {
    return this.#publisher ??= { clientId: this.clientId, owner: this.owner };
  }

  /** The owner's name; undefined for a client that gave none. */
  get username(): string | undefined {
    return this.owner?.username;
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
    return this.#inbox ??= new Inbox(this.#parts.memory, this.record);
  }

  /** The inbox if anything was ever put into it. */
  get usedInbox(): Inbox | undefined {
    return this.#inbox;
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

/** A session's granted subscription. */
export interface Subscribed extends Placed {
  readonly session: Session;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number | undefined;
}

export interface Placed {
  /** By which it is found; no shared filter. */
  readonly topicFilter: string;
  /** Its place among those of its filter; the tree's own. */
  place: number;
}
