/**
 * A subscriber with a lasting session that answers when it likes and dies when it likes, and keeps what the standard
 * tells a client to keep.
 */
import type { Random } from "../../src/base/random.ts";
import type { Packet, ProtocolVersion } from "../../src/mqtt/packet.ts";
import { type Client, type Stage, textOf } from "../broker/stage.ts";

export class FlakyReceiver {
  /** Payloads that it took for new messages, by QoS, in order. */
  readonly taken: readonly [string[], string[], string[]] = [[], [], []];
  /** QoS 2 packet identifiers taken and not yet released; outlives connections. */
  readonly #taken = new Set<number>();
  #client: Client | undefined;
  #seen = 0;

  constructor(readonly stage: Stage, readonly random: Random, readonly version: ProtocolVersion) {}

  get online(): boolean {
    return this.#client !== undefined;
  }

  connect(): void {
    const properties = { sessionExpiryIntervalS: 0xffff_ffff, receiveMaximum: 1 + this.random.below(5) };
    const asked = { version: this.version, clientId: "receiver", cleanStart: false, properties };
    this.#client = this.stage.connect(asked, { acknowledges: false });
    this.#seen = 0;
    if (!this.#client.connack!.sessionPresent) this.#client.subscribe("m/#");
    this.read(1);
  }

  die(): void {
    this.#client?.die(this.random.below(2) === 0 ? "reset" : "end");
    this.#client = undefined;
  }

  /** Reads what has come and has not been answered, one by one, as long as it feels like it. */
  read(likelihood: number): void {
    const client = this.#client;
    while (client !== undefined && this.#seen < client.arrivals.length) {
      if (this.random.fraction() >= likelihood) return;
      this.#answer(client, client.arrivals[this.#seen++]!.packet);
    }
  }

  #answer(client: Client, packet: Packet): void {
    if (packet.type === "pubrel") {
      this.#taken.delete(packet.packetId);
      client.send({ type: "pubcomp", packetId: packet.packetId });
    }
    if (packet.type !== "publish") return;
    const payload = textOf(packet.payload);
    if (packet.qos === 0) this.taken[0].push(payload);
    if (packet.qos === 1) {
      if (!packet.dup || !this.taken[1].includes(payload)) this.taken[1].push(payload);
      client.send({ type: "puback", packetId: packet.packetId! });
    }
    if (packet.qos === 2) {
      if (!this.#taken.has(packet.packetId!)) this.taken[2].push(payload);
      this.#taken.add(packet.packetId!);
      client.send({ type: "pubrec", packetId: packet.packetId! });
    }
  }
}
