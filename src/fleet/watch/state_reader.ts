/**
 * A subscriber to the STATE of a Sparkplug host application: one that is there before the host, or a later one.
 */
import type { Packet, ProtocolVersion, PublishPacket } from "../../mqtt/packet.ts";
import { plainConnectPacket, plainKeepAliveS } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import type { FleetWorld } from "../client/fleet_world.ts";
import { ownClientId } from "../plan/client_id.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { Acknowledger } from "./acknowledger.ts";

/** The callbacks of a reader. */
export interface StateReaderHost {
  onState(packet: PublishPacket, nowMs: number): void;
}

export class StateReader implements ConnectionOwner {
  readonly #plan: FleetPlan;
  readonly #topic: string;
  readonly #name: string;
  readonly #host: StateReaderHost;
  readonly #connection: ClientConnection;
  readonly #acknowledger = new Acknowledger();
  #grantedQos: number | undefined;
  #left = false;

  /** @param name separates the client identifiers of the readers of a run */
  constructor(
    plan: FleetPlan,
    world: FleetWorld,
    version: ProtocolVersion,
    { topic, name }: { readonly topic: string; readonly name: string },
    host: StateReaderHost,
  ) {
    this.#plan = plan;
    this.#topic = topic;
    this.#name = name;
    this.#host = host;
    this.#connection = new ClientConnection(world, version, this, plan.clients);
  }

  /** The QoS of its subscription; undefined before the broker has granted it. */
  get grantedQos(): number | undefined {
    return this.#grantedQos;
  }

  /** True once it can receive no more. */
  get over(): boolean {
    return this.#connection.over;
  }

  /** Removes what is retained on the topic, and leaves. [MQTT311 3.3.1-10] [MQTT5 3.3.1-6] */
  clear(nowMs: number): void {
    if (this.over || this.#left) return;
    const payload = new Uint8Array(0);
    const message = { type: "publish", dup: false, qos: 0, retain: true, topic: this.#topic, payload } as const;
    if (this.#grantedQos !== undefined) this.#connection.send(message, nowMs);
    this.leave(nowMs);
  }

  leave(nowMs: number): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#grantedQos === undefined) return this.#connection.reset();
    this.#connection.send({ type: "disconnect" }, nowMs);
    this.#connection.end();
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    connection.send(plainConnectPacket(this.#plan, connection.version, ownClientId(this.#plan, this.#name)), nowMs);
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    switch (packet.type) {
      case "connack":
        if (packet.reasonCode !== 0) return connection.end();
        connection.keepAlive(packet.properties?.serverKeepAliveS ?? plainKeepAliveS, nowMs);
        return this.#subscribe(connection, nowMs);
      case "suback":
        if (packet.reasonCodes[0]! > 2) return connection.end();
        this.#grantedQos = packet.reasonCodes[0]!;
        return;
      case "publish":
        this.#acknowledger.publish(connection, packet, nowMs);
        if (packet.topic === this.#topic) this.#host.onState(packet, nowMs);
    }
  }

  #subscribe(connection: ClientConnection, nowMs: number): void {
    const options = connection.version === 5
      ? { noLocal: false, retainAsPublished: false, retainHandling: 0 as const }
      : {};
    const subscriptions = [{ topicFilter: this.#topic, qos: 1 as const, ...options }];
    connection.send({ type: "subscribe", packetId: 1, subscriptions }, nowMs);
  }

  onOver(): void {}
}
