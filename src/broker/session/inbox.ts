/**
 * QoS 2 messages that a client has sent and not yet released. A message is routed when it first comes; its packet
 * identifier is remembered until PUBREL, across connections, so that a repetition is not routed again.
 */
import type { SessionRecord } from "../store/session_record.ts";

export class Inbox {
  readonly #taken = new Set<number>();
  readonly #record: SessionRecord | undefined;

  /** @param record of the session, where there is a store */
  constructor(record?: SessionRecord) {
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
    this.#taken.add(packetId);
    this.#record?.take(packetId);
  }

  /** Answers whether there was one. */
  release(packetId: number): boolean {
    const known = this.#taken.delete(packetId); // [MQTT5 4.3.3-12]
    if (known) this.#record?.release(packetId);
    return known;
  }
}
