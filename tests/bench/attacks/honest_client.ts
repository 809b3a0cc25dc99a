/** A client that conforms to the standard, on the runtime's sockets, to measure the broker's service. */
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { ConnectPacket, Packet, PublishPacket } from "../../../src/mqtt/packet.ts";
import { PacketStream } from "../../../src/net/packet_stream.ts";
import { plainConnect } from "./attack_rig.ts";

export class HonestClient {
  onPublish: (packet: PublishPacket) => void = () => {};
  /** Whether the broker, or the client itself, has ended the connection. */
  isOver = false;
  /** PUBACK packets with an error code. */
  refused = 0;
  readonly #conn: Deno.TcpConn;
  readonly #answers: ((packet: Packet | undefined) => void)[] = [];

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    void this.#read();
  }

  /** @param from the local address, one of loopback */
  static async dial(port: number, from = "127.0.0.1"): Promise<HonestClient> {
    return new HonestClient(await dialFrom(port, from));
  }

  /** Connects; throws if the broker refuses. */
  static async connect(port: number, connect: Partial<ConnectPacket>): Promise<HonestClient> {
    const client = await HonestClient.dial(port);
    const code = await client.login(connect);
    if (code !== 0) throw new Error(`the broker refuses client ${connect.clientId}: ${code}`);
    return client;
  }

  /** Sends CONNECT; returns the code of CONNACK, or undefined if the link ended without one. */
  async login(connect: Partial<ConnectPacket>): Promise<number | undefined> {
    const answer = await this.#ask({ ...plainConnect, ...connect });
    return answer?.type === "connack" ? answer.reasonCode : undefined;
  }

  async subscribe(topicFilter: string): Promise<void> {
    await this.#ask({ type: "subscribe", packetId: 1, subscriptions: [{ topicFilter, qos: 1 }] });
  }

  send(packet: Packet): void {
    if (this.isOver) return;
    this.#conn.write(encode(packet, 5)).catch(() => this.close());
  }

  /** Ends the connection without DISCONNECT: its will is due. */
  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#conn.close();
  }

  #ask(packet: Packet): Promise<Packet | undefined> {
    const { promise, resolve } = Promise.withResolvers<Packet | undefined>();
    this.#answers.push(resolve);
    this.send(packet);
    return promise;
  }

  async #read(): Promise<void> {
    const stream = new PacketStream({
      maximumPacketSize: 268_435_455,
      version: 5,
      receiver: { onPacket: (packet) => this.#take(packet), onProtocolError: () => this.close() },
    });
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const size = await this.#conn.read(buffer);
        if (size === null) break;
        stream.push(buffer.subarray(0, size));
      }
    } catch {
      // The broker reset the link, or this client closed it.
    }
    this.close();
    for (const answer of this.#answers.splice(0)) answer(undefined);
  }

  #take(packet: Packet): void {
    if (packet.type === "connack" || packet.type === "suback") return this.#answers.shift()?.(packet);
    if (packet.type === "puback" && (packet.reasonCode ?? 0) >= 0x80) this.refused++;
    if (packet.type !== "publish") return;
    if (packet.qos === 1) this.send({ type: "puback", packetId: packet.packetId! });
    this.onPublish(packet);
  }
}

/** A link from a given local address. */
async function dialFrom(port: number, from: string): Promise<Deno.TcpConn> {
  if (from === "127.0.0.1") return await Deno.connect({ hostname: "127.0.0.1", port });
  throw new Error(`cannot dial from ${from}`);
}
