/**
 * The messages that a client has published and the broker has not acknowledged completely.
 */
import { encode } from "../../mqtt/codec/codec.ts";
import type { Packet } from "../../mqtt/packet.ts";
import type { ClientConnection } from "./connection.ts";
import type { LifeMessage } from "../life/life.ts";

/** Receives the answer of the broker to a message: whether the broker took it. */
export type OnAnswer = (taken: boolean, nowMs: number) => void;

/** A client delays its messages while so many are not acknowledged. */
const mostUnanswered = 100;
const noted = () => {};

export class ClientOutbox {
  #packetId = 0;
  #limit = mostUnanswered;
  #pongs = 0;
  readonly #open = new Map<number, OnAnswer>();
  /** A broker acknowledges no QoS 0: a PINGREQ follows it, and its PINGRESP shows that the broker read both. */
  readonly #pinged: { readonly ping: number; readonly onAnswer: OnAnswer }[] = [];

  /** A new connection: drops the open messages of the last one. Numbers continue: a resumed session has the old. */
  begin(receiveMaximum: number | undefined): void {
    this.#limit = Math.min(receiveMaximum ?? mostUnanswered, mostUnanswered);
    this.#pongs = 0;
    this.#open.clear();
    this.#pinged.length = 0;
  }

  /**
   * Publishes; returns false where the broker has too many unanswered [MQTT5 3.3.4-9], or takes no packet so large.
   *
   * @param onAnswer requests an answer at QoS 0 too
   */
  publish(connection: ClientConnection, message: LifeMessage, nowMs: number, onAnswer?: OnAnswer): boolean {
    const { qos } = message;
    if (qos > 0 && this.#open.size >= this.#limit) return false;
    const id = qos === 0 ? {} : { packetId: this.#nextId() };
    const bytes = encode({ type: "publish", dup: false, ...message, ...id }, connection.version);
    if (!connection.takes(bytes.length)) return false;
    if (id.packetId !== undefined) this.#open.set(id.packetId, onAnswer ?? noted);
    connection.sendBytes(bytes, nowMs);
    if (qos === 0 && onAnswer !== undefined) {
      connection.ping(nowMs);
      this.#pinged.push({ ping: connection.pings, onAnswer });
    }
    return true;
  }

  /** Takes in an answer. */
  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    switch (packet.type) {
      case "puback":
        return this.#answer(packet.packetId, (packet.reasonCode ?? 0) < 0x80, nowMs);
      case "pubcomp":
        return this.#answer(packet.packetId, true, nowMs);
      case "pubrec":
        if ((packet.reasonCode ?? 0) >= 0x80) return this.#answer(packet.packetId, false, nowMs);
        return connection.send({ type: "pubrel", packetId: packet.packetId }, nowMs);
      case "pingresp":
        return this.#onPong(nowMs);
    }
  }

  #answer(packetId: number, taken: boolean, nowMs: number): void {
    const onAnswer = this.#open.get(packetId);
    this.#open.delete(packetId);
    onAnswer?.(taken, nowMs);
  }

  #onPong(nowMs: number): void {
    this.#pongs++;
    while (this.#pinged.length > 0 && this.#pinged[0]!.ping <= this.#pongs) this.#pinged.shift()!.onAnswer(true, nowMs);
  }

  #nextId(): number {
    do this.#packetId = this.#packetId % 65_535 + 1; while (this.#open.has(this.#packetId));
    return this.#packetId;
  }
}
