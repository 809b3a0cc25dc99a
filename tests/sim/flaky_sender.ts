/**
 * A publisher with a lasting session that dies in the middle of its handshakes and sends again what was left open.
 */
import type { Random } from "../../src/base/random.ts";
import type { ProtocolVersion, PublishPacket, QoS } from "../../src/mqtt/packet.ts";
import { bytesOf, type Client, type Stage } from "../broker/stage.ts";

export class FlakySender {
  /** Payloads by QoS, in the order of first sending. */
  readonly sent: readonly [string[], string[], string[]] = [[], [], []];
  /** Open handshakes in their order: the message, or undefined once it was received and PUBREL is due. */
  readonly #open = new Map<number, PublishPacket | undefined>();
  #client: Client | undefined;
  #seen = 0;
  #lastPacketId = 0;

  constructor(readonly stage: Stage, readonly random: Random, readonly version: ProtocolVersion) {}

  get online(): boolean {
    return this.#client !== undefined;
  }

  connect(): void {
    const properties = { sessionExpiryIntervalS: 0xffff_ffff };
    const asked = { version: this.version, clientId: "sender", cleanStart: false, properties };
    const client = this.#client = this.stage.connect(asked, { acknowledges: false });
    this.#seen = 0;
    for (const [packetId, packet] of this.#open) {
      if (packet === undefined) client.send({ type: "pubrel", packetId });
      else client.send({ ...packet, dup: true });
    }
  }

  die(): void {
    this.#client?.die(this.random.below(2) === 0 ? "reset" : "end");
    this.#client = undefined;
  }

  publish(qos: QoS, topic: string, payload: string): void {
    const packet: PublishPacket = { type: "publish", dup: false, retain: false, qos, topic, payload: bytesOf(payload) };
    this.sent[qos].push(payload);
    if (qos === 0) return void this.#client!.send(packet);
    const packetId = ++this.#lastPacketId;
    this.#open.set(packetId, { ...packet, packetId });
    this.#client!.send({ ...packet, packetId });
  }

  /** Reads what has come, as long as it feels like it. */
  read(likelihood: number): void {
    const client = this.#client;
    while (client !== undefined && this.#seen < client.arrivals.length) {
      if (this.random.fraction() >= likelihood) return;
      const { packet } = client.arrivals[this.#seen++]!;
      if (packet.type === "puback" || packet.type === "pubcomp") this.#open.delete(packet.packetId);
      if (packet.type !== "pubrec") continue;
      if (this.#open.has(packet.packetId)) this.#open.set(packet.packetId, undefined);
      client.send({ type: "pubrel", packetId: packet.packetId });
    }
  }
}
