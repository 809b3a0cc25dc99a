/**
 * The canary of a presence look: a client of the run publishes that it is online and leaves. A late subscriber that
 * does not find that message is blind, and its other findings are not valid.
 */
import type { Packet, ProtocolVersion } from "../../mqtt/packet.ts";
import { connackText } from "../client/connack_text.ts";
import { connectPacketOf } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import type { FleetWorld, Wakeable } from "../client/fleet_world.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";
import { endText } from "../oracle/end_text.ts";
import { beginLife, type Life, willTopicOf } from "../life/life.ts";
import { ClientOutbox } from "../client/client_outbox.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { presenceMessage } from "../life/presence_message.ts";
import { retryAfterMs } from "../client/retry.ts";

/** How often the canary sends a message that the broker refuses; a limit may admit a later one. */
const mostTries = 5;

export class PresenceCanary implements ConnectionOwner, Wakeable {
  readonly life: Life;
  readonly #plan: FleetPlan;
  readonly #outbox = new ClientOutbox();
  readonly #connection: ClientConnection;
  readonly #world: FleetWorld;
  #tries = 0;
  #said = false;
  #failure: string | undefined;

  /** @param number names the canary: beyond all clients of the run */
  constructor(plan: FleetPlan, world: FleetWorld, number: number, bucket: number, version: ProtocolVersion) {
    this.#plan = { ...plan, willDelayS: 0, cleanStart: "yes", sessionExpiryS: 0 };
    this.life = beginLife(this.#plan, { number, bucket, version }, 1);
    this.#world = world;
    this.#connection = new ClientConnection(world, version, this, number);
  }

  /** True once the broker has taken its word. */
  get said(): boolean {
    return this.#said;
  }

  /** Why it cannot publish, in a sentence. */
  get failure(): string | undefined {
    return this.#failure;
  }

  get topic(): string {
    return willTopicOf(this.#plan, this.life);
  }

  /** The payload of its message. */
  get payload(): Uint8Array {
    return this.#message.payload;
  }

  get #message() {
    return presenceMessage(this.#plan, this.life, "online");
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    connection.send(connectPacketOf(this.#plan, this.life), nowMs);
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    if (packet.type !== "connack") return this.#outbox.onPacket(connection, packet, nowMs);
    if (packet.reasonCode !== 0) return this.#fail(connackText(connection.version, packet));
    connection.keepAlive(packet.properties?.serverKeepAliveS ?? this.#plan.keepAliveS, nowMs); // [MQTT5 3.2.2-21]
    this.#outbox.begin(packet.properties?.receiveMaximum);
    this.#say(nowMs);
  }

  wake(nowMs: number): void {
    if (!this.#connection.over && this.#failure === undefined) this.#say(nowMs);
  }

  #say(nowMs: number): void {
    this.#tries++;
    this.#outbox.publish(this.#connection, this.#message, nowMs, (taken, atMs) => this.#onHeard(taken, atMs));
  }

  onOver(_connection: ClientConnection, end: ConnectionEnd): void {
    if (!this.#said) this.#fail(endText(end));
  }

  /** Waits no longer. */
  giveUp(): void {
    if (!this.#said) this.#connection.reset();
  }

  #onHeard(taken: boolean, nowMs: number): void {
    if (!taken) {
      if (this.#tries === mostTries) return this.#fail(`the broker refused its message ${mostTries} times`);
      this.#world.wakes.add(nowMs + retryAfterMs(this.#tries), this);
      return;
    }
    this.#said = true;
    this.#connection.send({ type: "disconnect" }, nowMs);
    this.#connection.end();
  }

  #fail(sentence: string): void {
    this.#failure ??= `a canary could not publish a retained message: ${sentence}`;
  }
}
