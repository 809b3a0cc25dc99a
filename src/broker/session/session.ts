/**
 * A session: the broker's state for a client identifier, online or not. Its parts are created at first use, so that an
 * idle client costs little.
 */
import type { Deadline } from "../../base/deadlines.ts";
import type { QoS } from "../../mqtt/packet.ts";
import type { Publisher } from "../message/publication.ts";
import type { Identity } from "../access/identity.ts";
import type { Due } from "../due.ts";
import type { SessionRecord } from "../store/session_record.ts";
import type { ConnectionOf } from "./connection.ts";
import { Inbox } from "./inbox.ts";
import { Outbox, type OutboxDeps } from "./outbox.ts";

/** A connection of a client, with its session once it is online. */
export type Connection = ConnectionOf<Session>;

/** A session that does not expire (5.0). */
export const neverExpiresS = 0xffff_ffff;

/** The options of a session's subscriptions that match the message being routed; the router owns and reuses it. */
export interface MatchedOptions {
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
  /** The user that owns the session; undefined if the broker has no login checks. */
  readonly owner: Identity | undefined;
  /** The client's connection while it is online. */
  connection: Connection | undefined;
  /** By topic filter. */
  subscriptions: Map<string, Subscribed> | undefined;
  /** The end of the session, while it is offline and will expire. */
  deadline: Deadline<Due> | undefined;
  /** Its record in the store, if there is a store and the session was ever meant to outlive its connection. */
  record: SessionRecord | undefined;
  readonly #deps: OutboxDeps;
  #outbox: Outbox | undefined;
  #inbox: Inbox | undefined;
  #matched: MatchedOptions | undefined;
  #publisher: Publisher | undefined;

  constructor(clientId: string, deps: OutboxDeps, owner?: Identity) {
    this.clientId = clientId;
    this.owner = owner;
    this.#deps = deps;
  }

  /** The publisher of this client's messages; a message may outlive the session. */
  get publisher(): Publisher {
    return this.#publisher ??= { clientId: this.clientId, owner: this.owner };
  }

  /** The owner's name; undefined for a client without a user name. */
  get username(): string | undefined {
    return this.owner?.username;
  }

  /** Messages to the client. */
  get outbox(): Outbox {
    return this.#outbox ??= new Outbox(this.#deps, this.clientId, this.connection, this.record);
  }

  /** The outbox, if it was ever used. */
  get usedOutbox(): Outbox | undefined {
    return this.#outbox;
  }

  /** QoS 2 messages from the client. */
  get inbox(): Inbox {
    return this.#inbox ??= new Inbox(this.#deps.memory, this.record);
  }

  /** The inbox, if it was ever used. */
  get usedInbox(): Inbox | undefined {
    return this.#inbox;
  }

  get matched(): MatchedOptions {
    return this.#matched ??= { serial: 0, qos: 0, retainAsPublished: false, identifiers: undefined };
  }

  /** Detaches the client's connection. */
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
  /** The filter by which the tree finds it; not a shared filter. */
  readonly topicFilter: string;
  /** Its index among those of its filter; managed by the tree. */
  place: number;
}
