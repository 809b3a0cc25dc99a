/**
 * One connection of a simulated client: the bytes in transit in both directions. Reports to the model what reaches the
 * broker, packet by packet, and checks that both agree on whether the connection lives.
 */
import assert from "node:assert/strict";
import type { Core } from "../../../src/broker/core/core.ts";
import { serve } from "../../../src/broker/serve/serve.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { Packet, ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { PacketStream } from "../../../src/net/packet_stream.ts";
import type { Model } from "./model.ts";
import type { ModelConnection } from "./model_state.ts";
import { SimLink } from "./sim_link.ts";

/** The state that all parts of a simulation share. */
export interface SimWorld {
  readonly core: Core;
  readonly model: Model;
  nowMs(): number;
  /** Logs an event, for the replay of a seed. */
  trace(sentence: () => string): void;
}

/** Applies a packet that has reached the broker to the model. */
export type Meaning = (model: Model, connection: ModelConnection, nowMs: number) => void;

interface Sent {
  readonly bytes: Uint8Array;
  readonly meaning: Meaning;
  readonly what: string;
}

export class Wire {
  readonly link: SimLink;
  readonly connection: ModelConnection;
  readonly #world: SimWorld;
  readonly #stream: PacketStream;
  readonly #onPacket: (packet: Packet, writtenMs: number) => void;
  readonly #sent: Sent[] = [];
  /** Bytes of the first packet that the broker already has. */
  #arrived = 0;
  #writtenMs = 0;
  /** The broker has the first byte of a packet, which ends the connection unless it begins a CONNECT. */
  #begun = false;

  constructor(
    world: SimWorld,
    readonly name: string,
    readonly version: ProtocolVersion,
    highWaterBytes: number,
    onPacket: (packet: Packet, writtenMs: number) => void,
  ) {
    this.#world = world;
    this.#onPacket = onPacket;
    this.link = new SimLink(() => world.nowMs(), highWaterBytes);
    this.connection = world.model.open(world.nowMs());
    this.#stream = new PacketStream({
      maximumPacketSize: 2 ** 28,
      version,
      receiver: {
        onPacket: (packet) => this.#onPacket(packet, this.#writtenMs),
        onProtocolError: (error) => assert.fail(`${name} cannot read the broker: ${error.message}`),
      },
    });
    serve(world.core, this.link, () => {});
  }

  /** Bytes that have not reached the broker. */
  get unsentBytes(): number {
    return this.#sent.reduce((sum, { bytes }) => sum + bytes.length, -this.#arrived);
  }

  send(packet: Packet, meaning: Meaning): void {
    this.sendBytes(encode(packet, this.version), meaning, packet.type);
  }

  /** Sends the bytes of one packet. */
  sendBytes(bytes: Uint8Array, meaning: Meaning, what: string): void {
    this.#sent.push({ bytes, meaning, what });
  }

  /** Lets at most `limitBytes` reach the broker, in one piece. */
  deliver(limitBytes = Infinity): void {
    if (this.link.over || !this.link.open) return;
    const piece = new Uint8Array(Math.min(limitBytes, this.unsentBytes));
    if (piece.length === 0) return;
    const whole: Sent[] = [];
    for (let at = 0; at < piece.length;) {
      const { bytes } = this.#sent[0]!;
      const part = bytes.subarray(this.#arrived, this.#arrived + piece.length - at);
      piece.set(part, at);
      at += part.length;
      this.#arrived += part.length;
      if (this.#arrived < bytes.length) break;
      whole.push(this.#sent.shift()!);
      this.#arrived = 0;
    }
    this.#tellModel(whole);
    const { model } = this.#world;
    if (!this.#begun && !this.connection.over && piece[0]! >> 4 !== 1) {
      model.fault(this.connection, this.#world.nowMs());
    }
    this.#begun = true;
    this.#world.trace(() => `${this.name} → ${whole.map(({ what }) => what).join(", ")} (${piece.length} bytes)`);
    this.link.receiver.onBytes(piece);
    this.agree();
  }

  #tellModel(whole: readonly Sent[]): void {
    const { model } = this.#world;
    const nowMs = this.#world.nowMs();
    for (const { meaning } of whole) {
      if (this.connection.over) return;
      if (this.connection.online) model.heard(this.connection, nowMs);
      meaning(model, this.connection, nowMs);
    }
  }

  /** The client reads one write of the broker; returns whether there was one. */
  read(): boolean {
    const written = this.link.take();
    if (written === undefined) return false;
    this.#writtenMs = written.atMs;
    this.#stream.push(written.bytes);
    this.link.drain();
    return true;
  }

  /** The client ends the link; its bytes in transit arrive or are lost. */
  die(how: "fin" | "reset", deliver: boolean): void {
    if (deliver) this.deliver();
    if (this.link.over) return;
    this.#world.trace(() => `${this.name} ends its link by ${how}`);
    const nowMs = this.#world.nowMs();
    this.#world.model.linkOver(this.connection, nowMs);
    this.link.finish(this.link.open ? how : "closed");
    this.agree();
  }

  /** The broker has ended its side and the client has read all: the connection is over for both. */
  closeIfEnded(): void {
    if (this.link.open || this.link.over || this.link.unread > 0) return;
    this.#world.model.linkOver(this.connection, this.#world.nowMs());
    this.link.finish("closed");
  }

  /** Checks that model and broker agree on whether this connection lives. */
  agree(): void {
    const broker = this.link.open ? "open" : "over";
    assert.equal(this.link.pushed, 0, `${this.name} is sent messages though its link is full`);
    assert.equal(broker, this.connection.over ? "over" : "open", `${this.name}: its connection at the broker`);
  }
}
