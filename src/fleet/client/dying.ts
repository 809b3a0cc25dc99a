/**
 * A life that is over while its connection stands: it is the broker's to close. Notes when the broker does, and when the
 * fleet ends the connection in its place.
 */
import type { Packet } from "../../mqtt/packet.ts";
import type { ClientHost } from "./client_host.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";
import type { Life } from "../life/life.ts";

export class Dying {
  readonly #host: ClientHost;
  readonly #life: Life;
  readonly #connection: Connection;

  constructor(host: ClientHost, life: Life, connection: Connection) {
    this.#host = host;
    this.#life = life;
    this.#connection = connection;
  }

  /** A server that sends DISCONNECT must close the connection then. [MQTT5 3.14.4-2] */
  onPacket({ type }: Packet, nowMs: number): void {
    if (type === "disconnect") this.#host.lives.closing(this.#life, this.#host.turnMs, nowMs);
  }

  /** The connection is over. After a malformed packet it is the fleet that ends it. */
  onOver({ kind }: ConnectionEnd, nowMs: number): void {
    if (kind === "malformed") this.#host.lives.cut(this.#life, nowMs);
    else this.#host.lives.closed(this.#life, this.#host.turnMs, nowMs);
  }

  /** The fleet is about to end the connection, unless the broker has. */
  cut(nowMs: number): void {
    if (!this.#connection.over) this.#host.lives.cut(this.#life, nowMs);
  }
}
