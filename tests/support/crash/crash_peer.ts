/**
 * One connection of a client in the crash test: sends packets, pushes received ones, reports its end. The caller owns
 * the state that a client keeps between connections.
 */
import net from "node:net";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { ConnackPacket, Packet, ProtocolVersion } from "../../../src/mqtt/packet.ts";
import { PacketStream } from "../../../src/net/packet_stream.ts";
import { type ConnectAsked, connectPacket } from "../../broker/stage.ts";

export class CrashPeer {
  /** The broker has sent FIN. */
  finished = false;
  readonly version: ProtocolVersion;
  readonly #socket: net.Socket;
  readonly #connack = Promise.withResolvers<ConnackPacket | undefined>();
  readonly #closed = Promise.withResolvers<void>();

  /** Opens a link and sends CONNECT; packets other than CONNACK go to `receive`. */
  constructor(port: number, asked: ConnectAsked, receive: (packet: Packet) => void) {
    this.version = asked.version ?? 5;
    this.#socket = net.connect({ host: "127.0.0.1", port, noDelay: true });
    const onPacket = (packet: Packet) => packet.type === "connack" ? this.#connack.resolve(packet) : receive(packet);
    const onProtocolError = (error: Error) => {
      throw error;
    };
    const stream = new PacketStream({
      maximumPacketSize: 2 ** 28,
      version: this.version,
      receiver: { onPacket, onProtocolError },
    });
    this.#socket.on("data", (bytes: Uint8Array) => stream.push(bytes));
    this.#socket.on("end", () => this.finished = true);
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.#connack.resolve(undefined);
      this.#closed.resolve();
    });
    this.send(connectPacket(asked));
  }

  /** CONNACK; undefined when the link ended without one. */
  get connack(): Promise<ConnackPacket | undefined> {
    return this.#connack.promise;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get open(): boolean {
    return !this.#socket.destroyed && !this.finished;
  }

  send(...packets: readonly Packet[]): void {
    for (const packet of packets) if (this.open) this.#socket.write(encode(packet, this.version));
  }

  /** Ends without DISCONNECT. */
  destroy(): void {
    this.#socket.destroy();
  }
}
