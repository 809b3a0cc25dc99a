/**
 * Messages to one client: in flight, beyond the quota, or held back by a full link. Owns packet identifiers, the
 * sender's acknowledgement sequences of QoS 1 and 2, their retransmission on a new connection, and the byte limits for
 * all of it.
 */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import { ProtocolError } from "../../base/failure.ts";
import { pubackBytes, pubackId } from "../../mqtt/codec/codec.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Due } from "../due.ts";
import type { DropReason, Metrics } from "../limits/metrics.ts";
import { cost, type Memory } from "../limits/memory.ts";
import type { Publication } from "../message/publication.ts";
import type { SessionRecord } from "../store/session_record.ts";
import { writeAliased } from "./aliased_write.ts";
import type { Receiver } from "./receiver.ts";
import type { Delivery, SharedDelivery, StoredDelivery } from "../message/delivery.ts";
import { Fifo } from "./fifo.ts";
import { InFlight } from "./in_flight.ts";

/** The dependencies that all outboxes share. */
export interface OutboxDeps {
  readonly deadlines: Deadlines<Due>;
  readonly metrics: Metrics;
  /** Maximum number of messages in flight to one client. */
  readonly inflightLimit: number;
  /** Maximum bytes queued for, or in flight to, one client. */
  readonly bytesLimit: number;
  /** Maximum number of these messages. */
  readonly messagesLimit: number;
  /** Bytes queued for, or in flight to, all clients. */
  readonly all: { sizeBytes: number; readonly limitBytes: number };
  /** The limit of the broker's memory. */
  readonly memory: Memory;
  /** Called when a client's outbox begins to drop; called again only after it was half empty. */
  readonly overflowed: (clientId: string, nowMs: number) => void;
}

/** Share beyond the limit of all outboxes, for clients that read. */
const reserve = 0.1;
/** Share of the memory's reserve for a client that reads, in bytes: a few messages in flight. */
const servedBytes = 16 * 1024;

export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #clientId: string;
  readonly #record: SessionRecord | undefined;
  #connection: Receiver | undefined;
  readonly #inflight = new InFlight();
  /** QoS 1 and 2 beyond the quota, or held back by a full link. */
  readonly #waiting = new Fifo<Delivery>();
  /** QoS 0 held back by a full link. */
  readonly #held = new Fifo<Delivery>();
  /** Packet identifiers in flight on an earlier connection, and not yet retransmitted on this one. */
  readonly #again = new Fifo<number>();
  /** The next {@link purge}. */
  #expiry: Deadline<Due> | undefined;
  #sizeBytes = 0;
  #overflowing = false;

  /** @param record of the session, if there is a store */
  constructor(deps: OutboxDeps, clientId: string, connection: Receiver | undefined, record?: SessionRecord) {
    this.#deps = deps;
    this.#clientId = clientId;
    this.#connection = connection;
    this.#record = record;
  }

  /** Restores the deliveries of the store for the client, which is still offline. */
  restore(deliveries: readonly StoredDelivery[]): void {
    for (const delivery of deliveries) {
      const { state, packetId } = delivery.place;
      this.#take(delivery.publication);
      if (state !== "waiting") {
        this.#inflight.restore(packetId, delivery);
        if (state === "released") this.#inflight.release(packetId);
      } else {
        this.#waiting.push(delivery);
        this.#watchExpiry(delivery.publication.expiresAtMs);
      }
    }
  }

  /** Messages that have not reached the client, as far as the broker knows. */
  get size(): number {
    return this.#inflight.size + this.#waiting.size + this.#held.size;
  }

  /** Bytes counted against the limit. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Attaches a new connection, and retransmits the unfinished messages of the last one, in the original order. */
  attach(connection: Receiver, nowMs: number): void {
    this.#connection = connection;
    this.#again.clear();
    for (const { packetId } of this.#inflight.inOrder()) { // [MQTT5 4.4.0-1] [MQTT311 4.4.0-1]
      if (this.#inflight.isReleased(packetId)) connection.send({ type: "pubrel", packetId });
      else this.#again.push(packetId);
    }
    this.pump(nowMs);
  }

  /** Detaches its connection. QoS 0 messages are not kept for the next one. */
  detach(): void {
    this.#connection = undefined;
    this.#again.clear();
    for (let held = this.#held.shift(); held !== undefined; held = this.#held.shift()) this.#drop(held, "offline-qos0");
  }

  /** Drops everything at the end of the session. Returns what another member of a shared subscription may receive. */
  clear(): SharedDelivery[] {
    const left: SharedDelivery[] = [];
    const waiting: Delivery[] = [];
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) waiting.push(next);
    for (const delivery of [...this.#inflight.inOrder().map(({ delivery }) => delivery), ...waiting]) {
      const { publication, qos, share } = delivery;
      if (share !== undefined && qos === 1) left.push({ publication, share });
      else this.#deps.metrics.drop(delivery.publication, "session-ended");
      this.#forget(delivery);
      this.#give(delivery.publication);
    }
    for (let held = this.#held.shift(); held !== undefined; held = this.#held.shift()) this.#give(held.publication);
    this.#inflight.clear();
    this.#again.clear();
    if (this.#expiry !== undefined) this.#deps.deadlines.cancel(this.#expiry);
    return left;
  }

  /** Accepts a message for the client: sends it, or keeps it until it can be sent. */
  deliver(shared: Delivery, nowMs: number): void {
    if (shared.qos === 0) return this.#deliverQoS0(shared, nowMs);
    const { publication } = shared;
    if (!this.#admits(publication, nowMs)) return;
    const delivery = this.#record === undefined ? shared : { ...shared };
    this.#take(publication);
    if (this.#waiting.size === 0 && this.#hasQuota()) return this.#start(delivery, this.#connection!, nowMs);
    this.#waiting.push(delivery);
    this.#record?.changed(delivery, "waiting", 0);
    this.#watchExpiry(publication.expiresAtMs);
  }

  /** Discards queued and unacknowledged messages that the client may not read; returns their number. */
  discard(isDenied: (publication: Publication) => boolean, nowMs: number): number {
    let count = 0;
    const isKept = (delivery: Delivery, packetId = 0) => {
      if (!isDenied(delivery.publication)) return true;
      this.#drop(delivery, "denied", packetId);
      count++;
      return false;
    };
    this.#waiting.keep(isKept);
    this.#held.keep(isKept);
    for (const { packetId, delivery } of this.#inflight.inOrder()) {
      // The acknowledgement sequence of a message that the client has received continues.
      if (!this.#inflight.isReleased(packetId)) isKept(delivery, packetId);
    }
    this.#again.keep((packetId) => this.#inflight.get(packetId) !== undefined);
    if (count > 0) this.pump(nowMs);
    return count;
  }

  /** A queued message has expired: drops all expired messages, at most once per second. // [MQTT5 3.3.2-5] */
  purge(nowMs: number): void {
    let nextMs = Infinity;
    const isKept = (delivery: Delivery) => {
      const { publication } = delivery;
      const expired = publication.expired(nowMs);
      if (expired) this.#drop(delivery, "expired");
      else nextMs = Math.min(nextMs, publication.expiresAtMs);
      return !expired;
    };
    this.#waiting.keep(isKept);
    this.#held.keep(isKept);
    this.#watchExpiry(Math.max(nextMs, nowMs + 1_000), nextMs);
  }

  /** Handles PUBACK. */
  acknowledge(packetId: number, nowMs: number): void {
    const delivery = this.#inflight.get(packetId);
    if (delivery === undefined) return;
    if (delivery.qos !== 1) throw wrong("PUBACK", 2);
    this.#finish(delivery, packetId);
    this.pump(nowMs);
  }

  /** Handles plain PUBACK packets, `from` up to `to` in the bytes: all of them before it sends more. */
  acknowledgeRun(bytes: Uint8Array, from: number, to: number, nowMs: number): void {
    for (let at = from; at < to; at += pubackBytes) {
      const packetId = pubackId(bytes, at);
      const delivery = this.#inflight.get(packetId);
      if (delivery === undefined) continue;
      if (delivery.qos !== 1) throw wrong("PUBACK", 2);
      this.#finish(delivery, packetId);
    }
    this.pump(nowMs);
  }

  /** Handles PUBREC; returns false for a packet identifier that is not in use. */
  receive(packetId: number, refused: boolean, nowMs: number): boolean {
    const delivery = this.#inflight.get(packetId);
    if (delivery === undefined) return false;
    if (delivery.qos !== 2) throw wrong("PUBREC", 1);
    if (!refused) {
      this.#inflight.release(packetId); // [MQTT5 4.3.3-6] [MQTT311 4.3.3-1]
      this.#record?.changed(delivery, "released", packetId);
      return true;
    }
    this.#finish(delivery, packetId); // [MQTT5 4.4.0-2]
    this.pump(nowMs);
    return true;
  }

  /** Handles PUBCOMP. */
  complete(packetId: number, nowMs: number): void {
    const delivery = this.#inflight.get(packetId);
    if (delivery === undefined) return;
    if (!this.#inflight.isReleased(packetId)) throw wrong("PUBCOMP before PUBREC", delivery.qos);
    this.#finish(delivery, packetId);
    this.pump(nowMs);
  }

  /** Sends everything that can be sent now. */
  pump(nowMs: number): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#sendAgain(connection, nowMs);
    while (this.#waiting.size > 0 && this.#hasQuota()) this.#start(this.#waiting.shift()!, connection, nowMs);
    while (this.#held.size > 0 && connection.writable) {
      const delivery = this.#held.shift()!;
      this.#writeQoS0(connection, delivery, nowMs);
      this.#give(delivery.publication);
    }
  }

  /** Schedules {@link purge} at this time, unless it is scheduled earlier. */
  #watchExpiry(atMs: number, expiresAtMs = atMs): void {
    if (expiresAtMs === Infinity) return;
    const { deadlines } = this.#deps;
    if (this.#expiry === undefined) this.#expiry = deadlines.add(atMs, this);
    else if (!this.#expiry.pending || atMs < this.#expiry.atMs) deadlines.move(this.#expiry, atMs);
  }

  /** Whether one more QoS 1 or 2 message may be sent: after all retransmissions, and within the quota. */
  #hasQuota(): boolean {
    const connection = this.#connection;
    if (connection === undefined || !connection.writable || this.#again.size > 0) return false;
    return this.#inflight.size < Math.min(connection.receiveMaximum, this.#deps.inflightLimit); // [MQTT5 3.3.4-9]
  }

  #deliverQoS0(delivery: Delivery, nowMs: number): void {
    const { publication } = delivery;
    const connection = this.#connection;
    if (connection === undefined) {
      this.#deps.metrics.drop(publication, "offline-qos0");
    } else if (connection.writable && this.#held.size === 0) {
      this.#writeQoS0(connection, delivery, nowMs);
    } else if (this.#admits(publication, nowMs)) {
      this.#take(publication);
      this.#held.push(delivery);
      this.#watchExpiry(publication.expiresAtMs);
    }
  }

  #writeQoS0(connection: Receiver, { publication, retain, identifiers }: Delivery, nowMs: number): void {
    const { metrics } = this.#deps;
    if (publication.expired(nowMs)) metrics.drop(publication, "expired");
    else if (
      writeAliased(connection, publication, publication.encode(connection.version, 0, retain, identifiers, nowMs))
    ) {
      metrics.sent++;
    } else metrics.drop(publication, "too-large"); // [MQTT5 3.1.2-25]
  }

  /** Sends a QoS 1 or 2 message for the first time. */
  #start(delivery: Delivery, connection: Receiver, nowMs: number): void {
    if (delivery.publication.expired(nowMs)) return this.#drop(delivery, "expired");
    const packetId = this.#inflight.assign();
    this.#record?.changed(delivery, "published", packetId); // before it is written, so that it waits for the commit
    if (!this.#write(delivery, packetId, connection, false, nowMs)) return this.#drop(delivery, "too-large");
    this.#inflight.add(delivery);
  }

  #sendAgain(connection: Receiver, nowMs: number): void {
    while (this.#again.size > 0 && connection.writable && this.#mayRepeat(connection)) {
      const packetId = this.#again.shift()!;
      const delivery = this.#inflight.get(packetId);
      if (delivery === undefined || this.#inflight.isReleased(packetId)) continue;
      // An expired message is retransmitted too. // [MQTT5 4.3.3-7]
      if (!this.#write(delivery, packetId, connection, true, nowMs)) this.#drop(delivery, "too-large", packetId);
    }
  }

  /** Whether the new connection's quota, which may be smaller than the last one's, allows one more retransmission. */
  #mayRepeat(connection: Receiver): boolean {
    return this.#inflight.size - this.#again.size < connection.receiveMaximum; // [MQTT5 4.9.0-2]
  }

  #write(delivery: Delivery, packetId: number, connection: Receiver, dup: boolean, nowMs: number): boolean {
    const { publication, qos, retain, identifiers } = delivery;
    const encoded = publication.encode(connection.version, qos, retain, identifiers, nowMs);
    if (!writeAliased(connection, publication, encoded, packetId, dup)) return false; // [MQTT5 3.1.2-25]
    this.#deps.metrics.sent++;
    return true;
  }

  /** @param packetId 0 for a message that is not in flight */
  #finish(delivery: Delivery, packetId: number): void {
    this.#forget(delivery);
    if (packetId > 0) this.#inflight.delete(packetId);
    this.#give(delivery.publication);
  }

  #take(publication: Publication): void {
    const { all, memory } = this.#deps;
    this.#sizeBytes += publication.sizeBytes;
    all.sizeBytes += publication.sizeBytes;
    memory.add(cost.delivery);
    publication.hold(memory);
  }

  #give(publication: Publication): void {
    const { all, memory } = this.#deps;
    this.#sizeBytes -= publication.sizeBytes;
    all.sizeBytes -= publication.sizeBytes;
    memory.add(-cost.delivery);
    publication.release(memory);
  }

  #forget(delivery: Delivery): void {
    this.#record?.changed(delivery, "done", delivery.place?.packetId ?? 0);
  }

  #drop(delivery: Delivery, reason: DropReason, packetId = 0): void {
    this.#finish(delivery, packetId);
    this.#deps.metrics.drop(delivery.publication, reason);
  }

  /** Whether there is room for one more; if not, counts it as dropped. An empty outbox accepts any one message. */
  #admits(publication: Publication, nowMs: number): boolean {
    const { bytesLimit, metrics } = this.#deps;
    const limit = this.#limitHitBy(publication, nowMs);
    if (limit === undefined) {
      this.#overflowing &&= this.#sizeBytes > bytesLimit / 2;
      return true;
    }
    metrics.limitsHit[limit]++;
    metrics.drop(publication, limit === "allOutboxesBytes" || limit === "memoryBytes" ? "memory-full" : "queue-full");
    if (!this.#overflowing) this.#deps.overflowed(this.#clientId, nowMs);
    this.#overflowing = true;
    return false;
  }

  #limitHitBy(
    publication: Publication,
    nowMs: number,
  ): "outboxBytes" | "outboxMessages" | "allOutboxesBytes" | "memoryBytes" | undefined {
    const { bytesLimit, messagesLimit, all, memory } = this.#deps;
    const { sizeBytes } = publication;
    const costBytes = cost.delivery + publication.costBytes;
    const isServed = this.#connection?.writable === true &&
      (this.#sizeBytes === 0 || this.#sizeBytes + sizeBytes <= servedBytes);
    const hasRoom = isServed ? memory.hasReserve(costBytes, nowMs) : memory.hasRoom(costBytes, nowMs);
    if (!hasRoom) return "memoryBytes";
    if (this.#sizeBytes === 0) return undefined;
    if (this.#sizeBytes + sizeBytes > bytesLimit) return "outboxBytes";
    if (this.size >= messagesLimit) return "outboxMessages";
    const allLimitBytes = all.limitBytes * (isServed ? 1 + reserve : 1);
    return all.sizeBytes + sizeBytes > allLimitBytes ? "allOutboxesBytes" : undefined;
  }
}

function wrong(answer: string, qos: number): ProtocolError {
  return new ProtocolError(ReasonCode.protocolError, `${answer} for a message of QoS ${qos}`);
}
