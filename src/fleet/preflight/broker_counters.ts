/**
 * The number of messages that the broker itself reports as dropped, from its `$SYS` topics before and after a run, so
 * that a will that the broker dropped at one of its limits can be distinguished from one that it never published.
 */
import type { Clock } from "../../base/clock.ts";
import type { Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import { plainConnectPacket } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import { type FleetWorld, fleetWorldOf } from "../client/fleet_world.ts";
import type { FleetPlan, FleetRun } from "../plan/plan.ts";
import { ownIdOf } from "../plan/shard.ts";

/** mosquitto's name, which others have taken over. */
const droppedTopic = "$SYS/broker/publish/messages/dropped";
/** The broker's name for itself, as mosquitto publishes it. */
const versionTopic = "$SYS/broker/version";
const longestName = 100;
/** After the subscription a retained count arrives at once, or there is none. */
const retainedWithinMs = 500;
/** Brokers update their counters every ten seconds by default. */
export const renewedWithinMs = 11_500;
const grantedWithinMs = 3_000;

const decoder = new TextDecoder();

/** A broker's data on itself; a value that it does not publish is absent. */
interface BrokerSays {
  /** Messages dropped so far. */
  readonly dropped?: number;
  /** Its name for itself, such as `mosquitto version 2.0.11`. */
  readonly name?: string;
}

/**
 * The number of messages that the broker reports as dropped so far, and its name for itself.
 *
 * @param renewed waits until the broker has updated its counters, up to twelve seconds
 */
export async function readBroker(
  run: FleetRun,
  version: ProtocolVersion,
  renewed: boolean,
): Promise<BrokerSays> {
  const counters = new BrokerCounters(run.plan, fleetWorldOf(run), version);
  const count = await counters.current();
  const dropped = renewed && count !== undefined ? await counters.renewed() : count;
  counters.close();
  const { name } = counters;
  return { ...dropped !== undefined && { dropped }, ...name !== undefined && { name } };
}

class BrokerCounters implements ConnectionOwner {
  readonly #plan: FleetPlan;
  readonly #connection: ClientConnection;
  readonly #clock: Clock;
  #granted = false;
  #over = false;
  #dropped: number | undefined;
  #updates = 0;
  name: string | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(plan: FleetPlan, world: FleetWorld, version: ProtocolVersion) {
    this.#plan = plan;
    this.#clock = world.clock;
    this.#connection = new ClientConnection(world, version, this, 0);
  }

  /** The present count; undefined where the broker has none, or does not publish it. */
  async current(): Promise<number | undefined> {
    await this.#until(() => this.#granted, grantedWithinMs);
    await this.#until(() => this.#dropped !== undefined, retainedWithinMs);
    return this.#dropped;
  }

  /** The count once the broker has renewed it. */
  async renewed(): Promise<number | undefined> {
    const from = this.#updates;
    await this.#until(() => this.#updates > from, renewedWithinMs);
    return this.#dropped;
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.send({ type: "disconnect" }, this.#clock.nowMs());
    this.#connection.end();
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    const packet = plainConnectPacket(this.#plan, connection.version, ownIdOf(this.#plan, "sys"));
    connection.send({ ...packet, keepAliveS: 0 }, nowMs);
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    if (packet.type === "connack" && packet.reasonCode === 0) {
      const subscriptions = [versionTopic, droppedTopic].map((topicFilter) => ({ topicFilter, qos: 0 as const }));
      connection.send({ type: "subscribe", packetId: 1, subscriptions }, nowMs);
    } else if (packet.type === "suback") this.#granted = true;
    else if (packet.type === "publish") this.#read(packet.topic, packet.payload);
    this.#notify();
  }

  onOver(): void {
    this.#over = true;
    this.#notify();
  }

  #read(topic: string, payload: Uint8Array): void {
    if (topic === versionTopic) {
      this.name = decoder.decode(payload).slice(0, longestName);
      return;
    }
    const count = Number(decoder.decode(payload));
    if (!Number.isFinite(count)) return;
    this.#dropped = count;
    this.#updates++;
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #until(isSo: () => boolean, limitMs: number): Promise<void> {
    const untilMs = this.#clock.nowMs() + limitMs;
    while (!isSo() && !this.#over) {
      const leftMs = untilMs - this.#clock.nowMs();
      if (leftMs <= 0) return;
      const timer = setTimeout(() => this.#changed.resolve(), leftMs);
      await this.#changed.promise;
      clearTimeout(timer);
      this.#changed = Promise.withResolvers();
    }
  }
}
