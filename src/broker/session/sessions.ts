/** All sessions by client identifier: their begin, their time offline, their end. */
import type { Deadlines } from "../../base/deadlines.ts";
import type { Identity } from "../access/identity.ts";
import type { Due } from "../due.ts";
import { cost, type Memory, textBytes } from "../limits/memory.ts";
import type { Metrics } from "../limits/metrics.ts";
import type { Changes } from "../store/changes.ts";
import type { SessionRecord } from "../store/session_record.ts";
import type { SharedDelivery } from "../message/delivery.ts";
import type { OutboxDeps } from "./outbox.ts";
import { neverExpiresS, Session } from "./session.ts";

/** The dependencies of sessions, and the listener for their end. */
export interface SessionsDeps {
  readonly deadlines: Deadlines<Due>;
  readonly metrics: Metrics;
  readonly outboxes: OutboxDeps;
  readonly changes: Changes | undefined;
  readonly memory: Memory;
  /**
   * Called when a session has ended, after its removal from the table, with the messages that another member may
   * receive.
   */
  readonly ended: (session: Session, left: readonly SharedDelivery[], nowMs: number) => void;
}

/** The memory cost of an empty session, in bytes. */
export function sessionBytes(clientId: string): number {
  return cost.session + textBytes(clientId);
}

export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #byClientId = new Map<string, Session>();

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#byClientId.size;
  }

  get(clientId: string): Session | undefined {
    return this.#byClientId.get(clientId); // [MQTT5 3.1.3-2] [MQTT311 3.1.3-2]
  }

  values(): Iterable<Session> {
    return this.#byClientId.values();
  }

  /** Begins a session of a user; none exists for that client identifier. */
  begin(clientId: string, owner?: Identity): Session {
    const session = new Session(clientId, this.#deps.outboxes, owner);
    this.#byClientId.set(clientId, session);
    this.#deps.memory.add(sessionBytes(clientId));
    this.#deps.metrics.sessionsHeld = this.#byClientId.size;
    return session;
  }

  /** The client is online with this session. A session that ends with its connection also ends with the broker. */
  joined(session: Session): void {
    const { changes } = this.#deps;
    if (session.expiryIntervalS > 0) session.record ??= changes?.newSession(session.clientId, session.owner);
    session.record?.save(session.expiryIntervalS, undefined);
  }

  /** Restores a session of the store, offline since that time; none exists for that client identifier. */
  restore(record: SessionRecord, offlineSinceMs: number): Session {
    const session = this.begin(record.clientId, record.owner);
    session.record = record;
    session.expiryIntervalS = record.expiryIntervalS;
    this.#expire(session, offlineSinceMs);
    return session;
  }

  /** The client has reconnected: cancels the session's end. */
  resume(session: Session): void {
    if (session.deadline !== undefined) this.#deps.deadlines.cancel(session.deadline);
    session.deadline = undefined;
  }

  /** The connection has ended: the session ends at once, later, or never. */
  leave(session: Session, nowMs: number): void {
    session.detach();
    if (session.expiryIntervalS === 0) return this.end(session, nowMs);
    session.record?.save(session.expiryIntervalS, nowMs);
    this.#expire(session, nowMs);
  }

  #expire(session: Session, offlineSinceMs: number): void {
    if (session.expiryIntervalS === neverExpiresS) return;
    const endMs = offlineSinceMs + session.expiryIntervalS * 1_000; // [MQTT5 3.1.2-23] [MQTT5 4.1.0-2]
    session.deadline = this.#deps.deadlines.add(endMs, session);
  }

  /** Ends an offline session. */
  end(session: Session, nowMs: number): void {
    this.resume(session);
    const left = session.usedOutbox?.clear() ?? [];
    session.record?.end();
    this.#deps.memory.add(-sessionBytes(session.clientId) - cost.packetId * (session.usedInbox?.size ?? 0));
    this.#byClientId.delete(session.clientId);
    this.#deps.metrics.sessionsHeld = this.#byClientId.size;
    this.#deps.ended(session, left, nowMs);
  }
}
