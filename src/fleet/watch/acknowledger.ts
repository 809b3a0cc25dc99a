/** The answers of a subscriber to the messages that it receives, and the recognition of repeated QoS 2 messages. */
import type { PublishPacket } from "../../mqtt/packet.ts";
import type { ClientConnection } from "../client/connection.ts";

export class Acknowledger {
  /** QoS 2 packets that have arrived without PUBREL: a repetition of one is no second message. [MQTT5 4.3.3-2] */
  readonly #unreleased = new Set<number>();

  /** Answers a PUBLISH. Returns true where it repeats a QoS 2 message. */
  publish(connection: ClientConnection, { qos, packetId }: PublishPacket, nowMs: number): boolean {
    if (qos === 0) return false;
    connection.send({ type: qos === 1 ? "puback" : "pubrec", packetId: packetId! }, nowMs);
    if (qos === 1) return false;
    const repeats = this.#unreleased.has(packetId!);
    this.#unreleased.add(packetId!);
    return repeats;
  }

  /** Answers a PUBREL. */
  pubrel(connection: ClientConnection, packetId: number, nowMs: number): void {
    this.#unreleased.delete(packetId);
    connection.send({ type: "pubcomp", packetId }, nowMs);
  }

  /** The broker has no session of the subscriber any more. */
  forget(): void {
    this.#unreleased.clear();
  }
}
