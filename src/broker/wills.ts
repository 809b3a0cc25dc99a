/**
 * Wills: armed at CONNECT, and after the end of the connection discarded, published, or delayed until the client
 * reconnects, the delay is over or the session ends. Every decision is keyed by client identifier and connection: it is
 * made once, and a connection cannot affect its successor.
 */
import type { Deadline, Deadlines } from "../base/deadlines.ts";
import { type Message, messageOfWill } from "../mqtt/message.ts";
import type { ConnectWill, ProtocolVersion } from "../mqtt/packet.ts";
import { ReasonCode } from "../mqtt/reason.ts";
import type { Identity } from "./access/identity.ts";
import type { Due } from "./due.ts";
import type { Ending, EndingKind } from "./options/ending.ts";
import type { BrokerListeners } from "./options/events.ts";
import { cost, type Memory } from "./limits/memory.ts";
import type { Metrics } from "./limits/metrics.ts";
import type { Authorize } from "./options/options.ts";
import { messageBytes, type Publisher } from "./message/publication.ts";
import type { Changes } from "./store/changes.ts";
import type { WillFault } from "./options/will_fault.ts";

/** The dependencies of wills. */
export interface WillsDeps {
  readonly deadlines: Deadlines<Due>;
  readonly metrics: Metrics;
  /** Publishes in the name of the client. */
  readonly publish: (message: Message, publisher: Publisher, nowMs: number) => void;
  readonly fault: WillFault | undefined;
  /** The limit of the broker's memory. */
  readonly memory?: Memory;
  /** Called again when a will is due: a right at CONNECT may have been revoked. */
  readonly authorize?: Authorize;
  /** The changes of the store, if there is one. */
  readonly changes?: Changes | undefined;
  /** Receive what happens to each will. */
  readonly listeners?: BrokerListeners;
}

/** A delayed will; {@link Wills.fallDue} publishes it at its due time. */
export class PendingWill {
  deadline: Deadline<Due> | undefined;
  /** Time since when it waits, in milliseconds. */
  sinceMs = 0;

  /** @param owner the user whose rights the will is published with */
  constructor(
    readonly clientId: string,
    readonly will: ConnectWill,
    readonly ending: Ending,
    readonly owner: Identity | undefined,
  ) {}

  get username(): string | undefined {
    return this.owner?.username;
  }
}

/** The will of an open connection. */
interface ArmedWill {
  readonly connectionId: number;
  readonly will: ConnectWill;
  readonly owner: Identity | undefined;
}

export class Wills {
  readonly #deps: WillsDeps;
  readonly #armed = new Map<string, ArmedWill>();
  readonly #delayed = new Map<string, PendingWill>();

  constructor(deps: WillsDeps) {
    this.#deps = deps;
  }

  /** The delayed will of an offline client. */
  delayedOf(clientId: string): Readonly<PendingWill> | undefined {
    return this.#delayed.get(clientId);
  }

  /** The will of an online client. */
  armedOf(clientId: string): ConnectWill | undefined {
    return this.#armed.get(clientId)?.will;
  }

  /** Stores the will of a connection. The client has none: the last one's was released and resumed or ended. */
  arm(clientId: string, connectionId: number, will: ConnectWill, owner?: Identity): void {
    this.#deps.changes?.will(clientId, { will, owner });
    this.#hold(will);
    this.#armed.set(clientId, { connectionId, will, owner }); // [MQTT5 3.1.2-7] [MQTT311 3.1.2-8]
    this.#deps.metrics.willsArmed++;
    this.#deps.listeners?.["will-armed"]?.({ type: "will-armed", clientId, will });
    this.#count();
  }

  /**
   * Handles the end of a connection. Does nothing if the connection has no armed will.
   *
   * @param sessionExpiryS of the session, at the end of the connection
   */
  release(release: {
    readonly clientId: string;
    readonly connectionId: number;
    readonly version: ProtocolVersion;
    readonly ending: Ending;
    readonly sessionExpiryS: number;
    readonly nowMs: number;
  }): void {
    const { clientId, connectionId, version, ending, sessionExpiryS, nowMs } = release;
    const armed = this.#armed.get(clientId);
    if (armed?.connectionId !== connectionId) return;
    this.#armed.delete(clientId); // [MQTT5 3.1.2-10] [MQTT311 3.1.2-10]
    this.#letGo(armed.will);
    this.#deps.changes?.will(clientId, undefined);
    const pending = new PendingWill(clientId, armed.will, ending, armed.owner);
    if (discards(ending, version)) this.#discard(pending, nowMs);
    else if (delayMs(armed.will, sessionExpiryS) === 0) this.#publish(pending, ending.kind, nowMs);
    else this.#delay(pending, nowMs + delayMs(armed.will, sessionExpiryS), nowMs);
    this.#count();
  }

  /** The session has a new connection: cancels a delayed will. */
  cancel(clientId: string): void {
    const delayed = this.#takeDelayed(clientId);
    if (delayed === undefined) return;
    this.#deps.metrics.willsCancelled++; // [MQTT5 3.1.3-9]
    this.#deps.listeners?.["will-cancelled"]?.({ type: "will-cancelled", clientId, will: delayed.will });
    this.#count();
  }

  /** The session has ended: a delayed will is due. // [MQTT5 3.1.2-8] */
  sessionEnded(clientId: string, nowMs: number): void {
    const delayed = this.#takeDelayed(clientId);
    if (delayed !== undefined) this.#publish(delayed, "session-end", nowMs);
    this.#count();
  }

  /** Handles a will whose delay is over. */
  fallDue(pending: PendingWill, nowMs: number): void {
    if (this.#delayed.get(pending.clientId) === pending) {
      this.#delayed.delete(pending.clientId);
      this.#letGo(pending.will);
      this.#deps.changes?.will(pending.clientId, undefined); // before it is sent, so that it is never sent twice
      this.#publish(pending, pending.ending.kind, nowMs);
    } else {
      this.#send(pending, nowMs);
    }
    this.#count();
  }

  /** Restores a delayed will of the store; its due time may be past. */
  restore(held: Pick<PendingWill, "clientId" | "will" | "ending" | "owner"> & { readonly dueMs: number }): void {
    const pending = new PendingWill(held.clientId, held.will, held.ending, held.owner);
    pending.deadline = this.#deps.deadlines.add(held.dueMs, pending);
    this.#delayed.set(held.clientId, pending);
    this.#hold(held.will);
    this.#count();
  }

  /** The delayed wills. */
  delayed(): Iterable<PendingWill> {
    return this.#delayed.values();
  }

  /** Removes the will of a connection whose CONNECT cannot be accepted after all. */
  forget(clientId: string, connectionId: number): void {
    const armed = this.#armed.get(clientId);
    if (armed?.connectionId !== connectionId) return;
    this.#armed.delete(clientId);
    this.#letGo(armed.will);
    this.#deps.changes?.will(clientId, undefined);
    this.#deps.metrics.willsDiscarded++;
    this.#deps.listeners?.["will-discarded"]?.({ type: "will-discarded", clientId, will: armed.will });
    this.#count();
  }

  /** At a stop with a persistent store: leaves every will, armed or delayed, to the next start. */
  keep(): void {
    for (const { will } of [...this.#armed.values(), ...this.#delayed.values()]) this.#letGo(will);
    this.#armed.clear();
    for (const { deadline } of this.#delayed.values()) this.#deps.deadlines.cancel(deadline!);
    this.#delayed.clear();
    this.#count();
  }

  /** At a stop that ends the sessions: every will, armed or delayed, is due, or lost. */
  stop(publish: boolean, nowMs: number): void {
    const pending = [...this.#armed].map(([clientId, { will, owner }]) =>
      new PendingWill(clientId, will, { kind: "shutdown" }, owner)
    );
    for (const { will } of this.#armed.values()) this.#letGo(will);
    this.#armed.clear();
    for (const clientId of [...this.#delayed.keys()]) pending.push(this.#takeDelayed(clientId)!);
    for (const each of pending) {
      if (publish) this.#publish(each, "shutdown", nowMs);
      else this.#lose(each);
    }
    this.#count();
  }

  #deny({ clientId, will }: PendingWill): void {
    this.#deps.metrics.willsDenied++;
    this.#deps.listeners?.["will-denied"]?.({ type: "will-denied", clientId, will });
  }

  #lose({ clientId, will }: PendingWill): void {
    this.#deps.metrics.willsLostAtStop++;
    this.#deps.listeners?.["will-lost"]?.({ type: "will-lost", clientId, will });
  }

  #discard(pending: PendingWill, nowMs: number): void {
    this.#deps.metrics.willsDiscarded++; // [MQTT5 3.14.4-3] [MQTT311 3.14.4-3]
    this.#deps.listeners?.["will-discarded"]?.({
      type: "will-discarded",
      clientId: pending.clientId,
      will: pending.will,
    });
    if (!this.#deps.fault?.atRelease?.(pending, "discard")) return;
    this.#deps.metrics.willFaults++;
    this.#send(pending, nowMs);
  }

  #delay(pending: PendingWill, dueMs: number, nowMs: number): void {
    if (this.#deps.fault?.atRelease?.(pending, "delay")) {
      this.#deps.metrics.willFaults++;
      return this.#send(pending, nowMs);
    }
    pending.deadline = this.#deps.deadlines.add(dueMs, pending);
    pending.sinceMs = nowMs;
    this.#delayed.set(pending.clientId, pending);
    this.#hold(pending.will);
    this.#deps.metrics.willsDelayed++;
    const { clientId, will, ending, owner } = pending;
    this.#deps.changes?.will(clientId, { will, owner, delayed: { dueMs, ending } });
    this.#deps.listeners?.["will-delayed"]?.({
      type: "will-delayed",
      clientId,
      will,
      ending: ending.kind,
      delayMs: dueMs - nowMs,
    });
  }

  #takeDelayed(clientId: string): PendingWill | undefined {
    const delayed = this.#delayed.get(clientId);
    if (delayed === undefined) return undefined;
    this.#delayed.delete(clientId);
    this.#letGo(delayed.will);
    this.#deps.changes?.will(clientId, undefined);
    this.#deps.deadlines.cancel(delayed.deadline!);
    return delayed;
  }

  #publish(pending: PendingWill, kind: EndingKind, nowMs: number): void {
    const { authorize } = this.#deps;
    if (authorize !== undefined && !authorize(pending, "publish", pending.will.topic)) return this.#deny(pending);
    this.#deps.metrics.willsPublished[kind]++;
    this.#deps.listeners?.["will-published"]?.({
      type: "will-published",
      clientId: pending.clientId,
      will: pending.will,
      ending: kind,
    });
    const copies = this.#deps.fault?.atPublication?.(pending, nowMs);
    if (copies === undefined) return this.#send(pending, nowMs);
    this.#deps.metrics.willFaults++;
    for (const { will, delayMs } of copies) {
      const copy = new PendingWill(pending.clientId, will, pending.ending, pending.owner);
      if (delayMs === 0) this.#send(copy, nowMs);
      else copy.deadline = this.#deps.deadlines.add(nowMs + delayMs, copy);
    }
  }

  /** Message expiry and all other intervals count from here. */
  #send(pending: PendingWill, nowMs: number): void {
    const { clientId, owner } = pending;
    this.#deps.publish(messageOfWill(pending.will, nowMs), { clientId, owner }, nowMs);
  }

  #hold(will: ConnectWill): void {
    this.#deps.memory?.add(willBytes(will));
  }

  #letGo(will: ConnectWill): void {
    this.#deps.memory?.add(-willBytes(will));
  }

  #count(): void {
    this.#deps.metrics.willsHeld = this.#armed.size + this.#delayed.size;
  }
}

/** The memory cost of a will, in bytes. */
export function willBytes(will: ConnectWill): number {
  return cost.will + messageBytes(will);
}

/** A normal DISCONNECT discards the will: in 3.1.1 always, in 5.0 only with 0x00. */
function discards(ending: Ending, version: ProtocolVersion): boolean {
  if (ending.kind !== "disconnect") return false;
  return version === 4 || ending.reasonCode === ReasonCode.normalDisconnection;
}

/**
 * The lesser of the will's delay and the session's life, in milliseconds. A session that does not expire has the
 * largest number, which is not less than any delay. // [MQTT5 3.1.2-8] [MQTT5 4.1.0-2]
 */
function delayMs(will: ConnectWill, sessionExpiryS: number): number {
  return 1_000 * Math.min(will.delayIntervalS ?? 0, sessionExpiryS);
}
