/**
 * An independent model of the standard, without a broker. From the packets that reach the broker and their times it
 * computes the answers and messages due to each client, the published wills, the sessions, subscriptions and retained
 * messages. It only walks lists, and shares no code with src/broker.
 */
import {
  type Due,
  type ModelConnect,
  ModelConnection,
  type ModelMessage,
  ModelSession,
  type ModelSubscription,
  type ModelWill,
  never,
  type SharedDue,
  sharedParts,
  within,
} from "./model_state.ts";

/** The limits that a simulated client can reach. */
export interface ModelLimits {
  readonly timeToConnectMs: number;
  readonly connections: number;
  readonly sessions: number;
  readonly receiveMaximum: number;
  readonly subscriptionsPerSession: number;
  readonly retainedMessages: number;
}

interface DelayedWill {
  readonly will: ModelWill;
  readonly atMs: number;
}

/** An event at a later time. */
interface Waiting {
  readonly atMs: number;
  readonly act: (nowMs: number) => void;
}

export class Model {
  readonly sessions = new Map<string, ModelSession>();
  readonly connections = new Set<ModelConnection>();
  readonly retained = new Map<string, ModelMessage>();
  readonly delayed = new Map<string, DelayedWill>();
  /** Messages to groups of shared subscriptions that no member has read. */
  shared: SharedDue[] = [];
  /** Messages that a member may not have received before its session ended; another member may receive them. */
  handedOn: SharedDue[] = [];
  /** Each message of a shared subscription, by its complete filter. */
  readonly #everShared: { readonly message: ModelMessage; readonly filter: string }[] = [];
  /** The number of published wills. */
  willsOut = 0;
  /** Links whose end the broker has not seen. */
  openLinks = 0;
  readonly #limits: ModelLimits;
  #assigned = 0;

  constructor(limits: ModelLimits) {
    this.#limits = limits;
  }

  get willsHeld(): number {
    return this.delayed.size + [...this.connections].filter((each) => each.will !== undefined).length;
  }

  open(nowMs: number): ModelConnection {
    const connection = new ModelConnection(nowMs);
    if (this.openLinks >= 2 * this.#limits.connections) {
      connection.turnedAway = connection.over = true;
      return connection;
    }
    this.connections.add(connection);
    this.openLinks++;
    return connection;
  }

  /** The events that are due, earliest first. */
  tick(nowMs: number): void {
    for (;;) {
      let next: Waiting | undefined;
      for (const each of this.#waiting()) if (each.atMs < (next?.atMs ?? Infinity)) next = each;
      if (next === undefined || next.atMs > nowMs) return;
      next.act(nowMs);
    }
  }

  /** The earliest two different times of later events. */
  get nextTwoMs(): readonly [firstMs: number, secondMs: number] {
    let [firstMs, secondMs] = [Infinity, Infinity];
    for (const { atMs } of this.#waiting()) {
      if (atMs < firstMs) [firstMs, secondMs] = [atMs, firstMs];
      else if (atMs > firstMs && atMs < secondMs) secondMs = atMs;
    }
    return [firstMs, secondMs];
  }

  #waiting(): Waiting[] {
    const waiting: Waiting[] = [];
    const add = (atMs: number, act: Waiting["act"]) => waiting.push({ atMs, act });
    for (const each of this.connections) {
      const atMs = each.online ? each.lastPacketMs + each.silenceMs : each.openedMs + this.#limits.timeToConnectMs;
      add(atMs, (nowMs) => this.fault(each, nowMs));
    }
    for (const [clientId, { atMs }] of this.delayed) add(atMs, (nowMs) => this.#willOut(clientId, nowMs));
    for (const { expiryS, atMs, topic } of this.retained.values()) {
      if (expiryS !== undefined) add(atMs + 1_000 * expiryS, () => this.retained.delete(topic));
    }
    for (const session of this.sessions.values()) add(session.endMs, (nowMs) => this.#endSession(session, nowMs));
    return waiting;
  }

  connect(connection: ModelConnection, asked: ModelConnect, nowMs: number): void {
    this.tick(nowMs); // events that were due earlier come first
    if (connection.over) return;
    connection.version = asked.version;
    connection.lastPacketMs = nowMs;
    if (this.#refuses(asked)) return this.#refuse(connection);
    const clientId = asked.clientId === "" ? `assigned${++this.#assigned}` : asked.clientId;
    if (asked.badLogin) return this.#refuse(connection);
    const session = this.#sessionFor(clientId, asked.cleanStart, nowMs);
    connection.answers.push(`connack ${session !== undefined} ok`);
    this.#admit(connection, session ?? this.#begin(clientId), asked);
  }

  #refuses(asked: ModelConnect): boolean {
    if (asked.clientId === "" && asked.version === 4 && !asked.cleanStart) return true;
    if (this.openLinks > this.#limits.connections) return true;
    return this.sessions.size >= this.#limits.sessions && !this.sessions.has(asked.clientId);
  }

  #refuse(connection: ModelConnection): void {
    connection.answers.push("connack false refused");
    this.#leave(connection);
  }

  #sessionFor(clientId: string, cleanStart: boolean, nowMs: number): ModelSession | undefined {
    const older = this.sessions.get(clientId)?.connection;
    if (older !== undefined) this.#lose(older, nowMs);
    const session = this.sessions.get(clientId);
    if (session === undefined) return undefined;
    if (!cleanStart) {
      this.delayed.delete(clientId); // returned in time
      session.endMs = Infinity;
      return session;
    }
    this.#endSession(session, nowMs);
    return undefined;
  }

  #begin(clientId: string): ModelSession {
    const session = new ModelSession(clientId);
    this.sessions.set(clientId, session);
    return session;
  }

  #admit(connection: ModelConnection, session: ModelSession, asked: ModelConnect): void {
    const { version, cleanStart, keepAliveS, will, maximumPacketSize } = asked;
    connection.online = true;
    connection.clientId = session.clientId;
    connection.session = session;
    connection.will = will;
    connection.silenceMs = keepAliveS === 0 ? Infinity : keepAliveS * 1_500;
    connection.askedExpiryS = version === 5 ? asked.expiryS : cleanStart ? 0 : never;
    connection.maximumPacketSize = maximumPacketSize;
    session.expiryS = connection.askedExpiryS;
    session.connection = connection;
  }

  /** A packet arrived that resets keep alive. */
  heard(connection: ModelConnection, nowMs: number): void {
    connection.lastPacketMs = nowMs;
  }

  /** A normal DISCONNECT, or one with a reason code. */
  disconnect(connection: ModelConnection, reasonCode: number, expiryS: number | undefined, nowMs: number): void {
    if (connection.version === 5 && expiryS !== undefined) {
      if (connection.askedExpiryS === 0 && expiryS > 0) return this.fault(connection, nowMs);
      connection.session!.expiryS = expiryS;
    }
    if (connection.version === 4 || reasonCode === 0) connection.will = undefined;
    this.#lose(connection, nowMs);
  }

  /** The client violated the standard or was silent: its connection ends, and its will is due. */
  fault(connection: ModelConnection, nowMs: number): void {
    if (connection.over) return;
    if (connection.online) this.#lose(connection, nowMs);
    else this.#leave(connection);
  }

  /** The link ended without DISCONNECT. */
  linkOver(connection: ModelConnection, nowMs: number): void {
    if (connection.turnedAway) return;
    this.openLinks--;
    this.fault(connection, nowMs);
  }

  #lose(connection: ModelConnection, nowMs: number): void {
    const { clientId, will } = connection;
    const session = connection.session!;
    this.#leave(connection);
    session.connection = undefined;
    const lifeS = session.expiryS;
    if (will !== undefined) {
      const waitS = Math.min(will.delayS, lifeS === never ? Infinity : lifeS);
      this.delayed.set(clientId, { will, atMs: nowMs + 1_000 * waitS });
    }
    if (lifeS === 0) return this.#endSession(session, nowMs);
    session.endMs = lifeS === never ? Infinity : nowMs + 1_000 * lifeS;
    if (this.delayed.get(clientId)?.atMs === nowMs) this.#willOut(clientId, nowMs);
  }

  #leave(connection: ModelConnection): void {
    connection.over = true;
    connection.online = false;
    connection.will = undefined;
    this.connections.delete(connection);
  }

  #endSession(session: ModelSession, nowMs: number): void {
    session.ended = true;
    session.endMs = Infinity;
    this.sessions.delete(session.clientId);
    this.#handOn(session);
    this.#willOut(session.clientId, nowMs);
  }

  /** Ignores which of them the member had acknowledged: each may arrive once more, at a present member. */
  #handOn(session: ModelSession): void {
    for (const { filter, qos } of session.subscriptions.values()) {
      if (sharedParts(filter) === undefined) continue;
      const members = new Map<ModelSession, ModelSubscription>();
      for (const other of this.sessions.values()) {
        const subscription = other.subscriptions.get(filter);
        if (subscription !== undefined) members.set(other, subscription);
      }
      for (const { message, filter: own } of this.#everShared) {
        if (own === filter && Math.min(qos, message.qos) === 1) this.handedOn.push({ message, members });
      }
    }
  }

  #willOut(clientId: string, nowMs: number): void {
    const delayed = this.delayed.get(clientId);
    if (delayed === undefined) return;
    this.delayed.delete(clientId);
    this.willsOut++;
    this.publish({ ...delayed.will.message, atMs: nowMs });
  }

  /** PUBLISH of an online client. */
  published(connection: ModelConnection, message: ModelMessage, packetId: number): void {
    const { topic, qos, atMs } = message;
    const isReserved = /^\$(SYS|share|CONTROL)(\/|$)/.test(topic); // only the broker may publish to it
    if (isReserved && (qos === 0 || connection.version === 4)) return this.fault(connection, atMs);
    if (qos === 2) return this.#publishedOnce(connection, message, packetId, isReserved);
    if (!isReserved) this.publish(message);
    if (qos === 1) connection.answers.push(`puback ${packetId}${isReserved ? " refused" : ""}`);
  }

  #publishedOnce(connection: ModelConnection, message: ModelMessage, packetId: number, isReserved: boolean): void {
    const { inbox } = connection.session!;
    const { unreleased } = connection;
    const isFull = unreleased.size >= this.#limits.receiveMaximum && !unreleased.has(packetId);
    if (connection.version === 5 && isFull) return this.fault(connection, message.atMs);
    if (!inbox.has(packetId)) {
      if (isReserved) return void connection.answers.push(`pubrec ${packetId} refused`);
      inbox.add(packetId);
      this.publish(message);
    }
    unreleased.add(packetId);
    connection.answers.push(`pubrec ${packetId}`);
  }

  released(connection: ModelConnection, packetId: number): void {
    connection.session!.inbox.delete(packetId);
    connection.unreleased.delete(packetId);
    connection.answers.push(`pubcomp ${packetId}`);
  }

  publish(message: ModelMessage): void {
    if (message.retain) this.#retain(message);
    this.#share(message);
    for (const session of this.sessions.values()) {
      const matching = [...session.subscriptions.values()].filter(({ filter, noLocal }) =>
        within(filter, message.topic) && !(noLocal && session.clientId === message.publisherId)
      );
      if (matching.length === 0) continue;
      const highest = Math.max(...matching.map(({ qos }) => qos));
      const retain = message.retain && matching.some(({ retainAsPublished }) => retainAsPublished);
      this.#deliver(session, message, highest, retain, matching, message.atMs);
    }
  }

  /** One for each group; a group is a share name with a filter. */
  #share(message: ModelMessage): void {
    const groups = new Map<string, Map<ModelSession, ModelSubscription>>();
    for (const session of this.sessions.values()) {
      for (const subscription of session.subscriptions.values()) {
        const shared = sharedParts(subscription.filter);
        if (shared === undefined || !within(shared.filter, message.topic)) continue;
        let members = groups.get(subscription.filter);
        if (members === undefined) groups.set(subscription.filter, members = new Map());
        members.set(session, subscription);
      }
    }
    for (const [filter, members] of groups) {
      this.shared.push({ message, members });
      this.#everShared.push({ message, filter });
    }
  }

  #retain(message: ModelMessage): void {
    if (message.payload === "") return void this.retained.delete(message.topic);
    const room = this.retained.has(message.topic) || this.retained.size < this.#limits.retainedMessages;
    if (room) this.retained.set(message.topic, message);
  }

  #deliver(
    session: ModelSession,
    message: ModelMessage,
    granted: number,
    retain: boolean,
    subscriptions: readonly ModelSubscription[],
    atMs: number,
  ): void {
    const identifiers = subscriptions.flatMap(({ identifier }) => identifier === undefined ? [] : [identifier]).sort();
    const qos = Math.min(message.qos, granted);
    const due: Due = { message, qos, retain, identifiers, atMs, state: "due", packetId: 0, readOn: undefined };
    if (qos > 0) session.due.push(due);
    else session.connection?.atMostOnce.push(due);
  }

  subscribe(
    connection: ModelConnection,
    asked: readonly (ModelSubscription & { handling: number })[],
    packetId: number,
    nowMs: number,
  ): void {
    const session = connection.session!;
    const codes: number[] = [];
    const sent: ModelSubscription[] = [];
    for (const { handling, ...subscription } of asked) {
      const isNew = !session.subscriptions.has(subscription.filter);
      if (isNew && session.subscriptions.size >= this.#limits.subscriptionsPerSession) {
        codes.push(-1);
        continue;
      }
      session.subscriptions.set(subscription.filter, subscription);
      codes.push(subscription.qos);
      const isPlain = sharedParts(subscription.filter) === undefined;
      if (isPlain && (handling === 0 || (handling === 1 && isNew))) sent.push(subscription);
    }
    connection.answers.push(`suback ${packetId} ${codes.join()}`);
    for (const subscription of sent) {
      this.#sendRetained(session, session.subscriptions.get(subscription.filter)!, nowMs);
    }
  }

  #sendRetained(session: ModelSession, subscription: ModelSubscription, nowMs: number): void {
    for (const [topic, message] of this.retained) {
      if (!within(subscription.filter, topic)) continue;
      if (isExpired(message, nowMs)) this.retained.delete(topic);
      else if (!subscription.noLocal || message.publisherId !== session.clientId) {
        this.#deliver(session, message, subscription.qos, true, [subscription], nowMs);
      }
    }
  }

  unsubscribe(connection: ModelConnection, filters: readonly string[], packetId: number): void {
    for (const filter of filters) connection.session!.subscriptions.delete(filter);
    connection.answers.push(`unsuback ${packetId}`);
  }

  /** PUBACK, PUBREC or PUBCOMP; returns whether it matches an open message. */
  acknowledged(connection: ModelConnection, type: "puback" | "pubrec" | "pubcomp", packetId: number, refused: boolean) {
    const session = connection.session!;
    const due = session.due.find((each) => each.state !== "due" && each.packetId === packetId);
    if (due === undefined) return;
    if (type === "pubrec" && !refused) due.state = "received";
    else session.due = session.due.filter((each) => each !== due);
  }
}

/**
 * Whether the message may remain unread: its member's session ended, its member has not returned, it was QoS 0, or it
 * was too large for a member.
 */
export function mayBeUnread({ message, members }: SharedDue, nowMs: number, bigBytes: number): boolean {
  if (isExpired(message, nowMs) || message.payload.length > bigBytes) return true;
  return [...members].some(([session, { qos }]) =>
    session.ended || session.connection === undefined || Math.min(qos, message.qos) === 0
  );
}

/** Whether the message expiry interval has passed. */
export function isExpired(message: ModelMessage, nowMs: number): boolean {
  return message.expiryS !== undefined && nowMs > message.atMs && nowMs - message.atMs >= message.expiryS * 1_000;
}
