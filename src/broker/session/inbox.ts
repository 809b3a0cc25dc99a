/**
 * QoS 2 messages that a client has sent and not yet released. The broker routes a message when it first arrives, and
 * remembers its packet identifier until PUBREL, across connections, so that it does not route a retransmission.
 */
import { cost, type Memory } from "../limits/memory.ts";
import type { SessionRecord } from "../store/session_record.ts";

export class Inbox {
  readonly #taken = new Set<number>();
  readonly #memory: Memory;
  readonly #record: SessionRecord | undefined;

  /** @param record of the session, if there is a store */
  constructor(memory: Memory, record?: SessionRecord) {
    this.#memory = memory;
    this.#record = record;
  }

  /** The number of unreleased messages. */
  get size(): number {
    return this.#taken.size;
  }

  /** Whether the packet identifier belongs to a received, unreleased message. */
  has(packetId: number): boolean {
    return this.#taken.has(packetId); // [MQTT5 4.3.3-10] [MQTT311 4.3.3-2]
  }

  take(packetId: number): void {
    if (!this.#taken.has(packetId)) this.#memory.add(cost.packetId);
    this.#taken.add(packetId);
    this.#record?.take(packetId);
  }

  /** Releases a packet identifier; returns whether it was in use. */
  release(packetId: number): boolean {
    const known = this.#taken.delete(packetId); // [MQTT5 4.3.3-12]
    if (!known) return false;
    this.#memory.add(-cost.packetId);
    this.#record?.release(packetId);
    return true;
  }
}
