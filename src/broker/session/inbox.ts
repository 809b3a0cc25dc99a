/**
 * QoS 2 messages that a client has sent and not yet released. A message is routed when it first comes; its packet
 * identifier is remembered until PUBREL, across connections, so that a repetition is not routed again.
 */
import { cost, type Memory } from "../limits/memory.ts";
import type { SessionRecord } from "../store/session_record.ts";

export class Inbox {
  readonly #taken = new Set<number>();
  readonly #memory: Memory;
  readonly #record: SessionRecord | undefined;

  /** @param record of the session, where there is a store */
  constructor(memory: Memory, record?: SessionRecord) {
    this.#memory = memory;
    this.#record = record;
  }

  /** How many are not yet released. */
  get size(): number {
    return this.#taken.size;
  }

  /** Whether the packet identifier stands for a message taken and not yet released. */
  has(packetId: number): boolean {
    return this.#taken.has(packetId); // [MQTT5 4.3.3-10] [MQTT311 4.3.3-2]
  }

  take(packetId: number): void {
    if (!this.#taken.has(packetId)) this.#memory.add(cost.packetId);
    this.#taken.add(packetId);
    this.#record?.take(packetId);
  }

  /** Answers whether there was one. */
  release(packetId: number): boolean {
    const known = this.#taken.delete(packetId); // [MQTT5 4.3.3-12]
    if (!known) return false;
    this.#memory.add(-cost.packetId);
    this.#record?.release(packetId);
    return true;
  }
}
