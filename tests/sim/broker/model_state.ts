/**
 * The state of the simulation's model of a broker: the nouns of the standard in a simple form. Shares no code with
 * src/broker.
 */

/** A message as published. */
export interface ModelMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly expiryS: number | undefined;
  readonly publisherId: string;
  readonly atMs: number;
}

/**
 * One copy that is due to one session. `due`: the client has not read it; `read`: it has, and the broker has no
 * acknowledgement; `received`: PUBREC reached the broker, PUBREL is due.
 */
export interface Due {
  readonly message: ModelMessage;
  readonly qos: number;
  readonly retain: boolean;
  readonly identifiers: readonly number[];
  /** When it was routed. */
  readonly atMs: number;
  state: "due" | "read" | "received";
  packetId: number;
  /** The connection on which the client last read it. */
  readOn: ModelConnection | undefined;
}

/** A message for one member of a group of shared subscriptions; the broker chooses the member. */
export interface SharedDue {
  readonly message: ModelMessage;
  /** The members that may receive it, by their subscriptions. */
  readonly members: ReadonlyMap<ModelSession, ModelSubscription>;
}

export interface ModelSubscription {
  readonly filter: string;
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number | undefined;
}

export interface ModelWill {
  readonly message: Omit<ModelMessage, "atMs">;
  readonly delayS: number;
}

/** The fields of a client's CONNECT. */
export interface ModelConnect {
  readonly clientId: string;
  readonly version: 4 | 5;
  readonly cleanStart: boolean;
  readonly keepAliveS: number;
  /** 5.0 only. */
  readonly expiryS: number;
  readonly will: ModelWill | undefined;
  readonly badLogin: boolean;
  readonly maximumPacketSize: number;
}

/** An answer that is due to a client: its type and its content. */
export type Answer = string;

export class ModelConnection {
  online = false;
  over = false;
  /** True after the limit on open links: the broker reads no more of this one. */
  turnedAway = false;
  version: 4 | 5 = 5;
  clientId = "";
  session: ModelSession | undefined;
  will: ModelWill | undefined;
  lastPacketMs: number;
  silenceMs = Infinity;
  askedExpiryS = 0;
  maximumPacketSize = Infinity;
  readonly aliases = new Map<number, string>();
  /** Unreleased QoS 2 packet identifiers of this connection. */
  readonly unreleased = new Set<number>();
  /** Answers, in the order of the packets that they answer. */
  readonly answers: Answer[] = [];
  /** QoS 0 messages in order. */
  readonly atMostOnce: Due[] = [];

  constructor(readonly openedMs: number) {
    this.lastPacketMs = openedMs;
  }
}

export class ModelSession {
  expiryS = 0;
  /** When it ends, while offline. */
  endMs = Infinity;
  ended = false;
  connection: ModelConnection | undefined;
  readonly subscriptions = new Map<string, ModelSubscription>();
  /** QoS 1 and 2 messages in the order of routing. */
  due: Due[] = [];
  /** Packet identifiers of the client's unreleased QoS 2 messages. */
  readonly inbox = new Set<number>();

  constructor(readonly clientId: string) {}
}

/** Whether a topic name matches a topic filter, by a plain reading of section 4.7. */
export function within(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const wanted = filter.split("/");
  const given = topic.split("/");
  for (let level = 0; level < wanted.length; level++) {
    if (wanted[level] === "#") return given.length >= level;
    if (level >= given.length || (wanted[level] !== "+" && wanted[level] !== given[level])) return false;
  }
  return wanted.length === given.length;
}

/** The share name and the filter of a shared subscription. */
export function sharedParts(filter: string): { readonly name: string; readonly filter: string } | undefined {
  const [, name, shared] = /^\$share\/([^/]+)\/(.+)$/.exec(filter) ?? [];
  return name === undefined || shared === undefined ? undefined : { name, filter: shared };
}

/** The value of a session expiry interval that means "never". */
export const never = 0xffff_ffff;
