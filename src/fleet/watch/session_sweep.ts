/**
 * Removes the sessions that 3.1.1 clients without Clean Session leave at the broker, which has no expiry for them, so
 * that the broker keeps no session of the run.
 */
import type { Packet } from "../../mqtt/packet.ts";
import { plainConnectPacket } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import type { FleetPlan } from "../plan/plan.ts";

const underWay = 64;

export class SessionSweep implements ConnectionOwner {
  readonly #plan: FleetPlan;
  readonly #world: FleetWorld;
  readonly #left: string[];
  readonly #sweeping = new Map<ClientConnection, string>();

  constructor(plan: FleetPlan, world: FleetWorld, clientIds: readonly string[]) {
    this.#plan = plan;
    this.#world = world;
    this.#left = [...clientIds];
    this.#fill();
  }

  get done(): boolean {
    return this.#left.length === 0 && this.#sweeping.size === 0;
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    connection.send(plainConnectPacket(this.#plan, 4, this.#sweeping.get(connection)!), nowMs);
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    if (packet.type !== "connack") return;
    connection.send({ type: "disconnect" }, nowMs);
    connection.end();
  }

  onOver(connection: ClientConnection): void {
    this.#sweeping.delete(connection);
    this.#fill();
  }

  #fill(): void {
    while (this.#sweeping.size < underWay) {
      const clientId = this.#left.pop();
      if (clientId === undefined) return;
      this.#sweeping.set(new ClientConnection(this.#world, 4, this, this.#left.length), clientId);
    }
  }
}
