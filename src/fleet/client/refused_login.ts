/**
 * Kill mode `refused-login`: a CONNECT with the identifier of a client that is connected, a will, and a wrong password.
 * The server must not accept it, so its will is never due, and the open connection stays. [MQTT311 3.1.4-2]
 * [MQTT5 3.1.4-2]
 */
import { bytesOfText } from "../../base/bytes.ts";
import type { ConnectPacket, Packet } from "../../mqtt/packet.ts";
import type { Life } from "../life/life.ts";
import { nodeOf } from "../plan/cluster_node.ts";
import type { FleetPlan } from "../plan/plan.ts";
import type { ClientHost } from "./client_host.ts";
import { connectPacketOf } from "./connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "./connection.ts";
import type { Wakeable } from "./fleet_world.ts";

/** The broker has to answer or close within this, in milliseconds. */
const patienceMs = 10_000;
/** The reason code of a refusal by a close without CONNACK, by version: not authorized. */
const silentRefusal = { 4: 0x05, 5: 0x87 } as const;

/** The credentials of the CONNECT that has to fail. */
export const wrongLogin = { username: "mqtt-sim", password: "not-the-password" } as const;

interface RefusedLoginDeps {
  readonly host: ClientHost;
  readonly plan: FleetPlan;
  readonly life: Life;
  /** The life of the open connection. */
  readonly open: Life;
  readonly dueMs: number;
}

export class RefusedLogin implements ConnectionOwner, Wakeable {
  readonly #deps: RefusedLoginDeps;
  readonly #connection: ClientConnection;
  #over = false;
  /** DISCONNECT is on its way. */
  #left = false;

  constructor(deps: RefusedLoginDeps) {
    this.#deps = deps;
    const { host, plan, life } = deps;
    const { client, version } = life;
    this.#connection = new ClientConnection(
      host.world,
      version,
      this,
      client,
      client,
      nodeOf(plan, life),
    );
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    const { host, life, open } = this.#deps;
    if (this.#over) return;
    host.lives.begin(life, open, nowMs);
    connection.send(this.#connect(), nowMs);
    host.world.wakes.add(nowMs + patienceMs, this);
  }

  #connect(): ConnectPacket {
    const { plan, life } = this.#deps;
    const connect = connectPacketOf(plan, life);
    const { username = wrongLogin.username } = connect;
    return { ...connect, username, password: bytesOfText(wrongLogin.password) };
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    if (packet.type !== "connack" || this.#over) return;
    if (packet.reasonCode !== 0) return this.#refused(packet.reasonCode, nowMs);
    const { host, life } = this.#deps;
    host.loginAccepted(life.client, nowMs);
    // The broker has its will now: a normal DISCONNECT removes it.
    connection.send({ type: "disconnect" }, nowMs);
    connection.end();
    this.#left = true;
    this.#refused(silentRefusal[life.version], nowMs);
  }

  onOver(_connection: ClientConnection, _end: unknown, nowMs: number): void {
    this.#refused(silentRefusal[this.#deps.life.version], nowMs);
  }

  /** Without an answer the CONNECT is not accepted either. */
  wake(nowMs: number): void {
    this.#refused(silentRefusal[this.#deps.life.version], nowMs);
  }

  #refused(code: number, nowMs: number): void {
    const { host: { lives }, life, open, dueMs } = this.#deps;
    if (this.#over) return;
    this.#over = true;
    if (!this.#left) this.#connection.reset();
    // A link that did not open sent nothing.
    if (life.sentMs === undefined) {
      return lives.fail(life.client, "the connection for a refused login did not open", nowMs);
    }
    const sentMs = life.sentMs;
    lives.refuse(life, open, code, nowMs);
    lives.kill(life, { mode: "refused-login", dueMs: Math.max(dueMs, sentMs), doneMs: nowMs, silent: false }, sentMs);
  }
}
