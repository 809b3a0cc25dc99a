/**
 * The Sparkplug host application of a run: it publishes that it is online, dies after the kills, and its death
 * certificate must reach a subscriber and be retained for later ones. Source: Sparkplug 3.0, sections 5.14 and 6.4.27.
 */
import { sameBytes } from "../../base/bytes.ts";
import type { ConnectPacket, Packet, ProtocolVersion, PublishPacket } from "../../mqtt/packet.ts";
import { statePayload, stateTopic } from "../../mqtt/sparkplug/topic.ts";
import { plainConnectPacket } from "../client/connect_packet.ts";
import { ClientConnection, type ConnectionOwner } from "../client/connection.ts";
import type { FleetWorld, Wakeable } from "../client/fleet_world.ts";
import type { SquadTask } from "../result/squad_task.ts";
import type { HostSight, SparkplugAuditor } from "../ledger/sparkplug_auditor.ts";
import { ownClientId } from "../plan/client_id.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { hostOf } from "../plan/sparkplug/sparkplug_plan.ts";
import { StateReader } from "./state_reader.ts";

/** From the end of a connection to the next CONNECT, in milliseconds. */
const retryMs = 500;

type Step = "offline" | "connecting" | "up" | "killed" | "looking" | "done";

export class HostApplication implements ConnectionOwner, Wakeable {
  readonly #plan: FleetPlan;
  readonly #world: FleetWorld;
  readonly #version: ProtocolVersion;
  readonly #topic: string;
  /** Receives the findings. */
  readonly #onSight: (sight: HostSight, nowMs: number) => void;
  readonly #observer: StateReader;
  #late: StateReader | undefined;
  #connection: ClientConnection | undefined;
  #step: Step = "offline";
  #connectedMs = 0;
  #deadlineMs = Infinity;
  #qosKept = false;

  constructor(
    plan: FleetPlan,
    world: FleetWorld,
    version: ProtocolVersion,
    onSight: (sight: HostSight, nowMs: number) => void,
  ) {
    this.#plan = plan;
    this.#world = world;
    this.#version = version;
    this.#onSight = onSight;
    this.#topic = stateTopic(hostOf(plan));
    const onState = (packet: PublishPacket, nowMs: number) => this.#onState(packet, nowMs);
    this.#observer = new StateReader(plan, world, version, { topic: this.#topic, name: "state" }, { onState });
    this.#dial();
  }

  /** True once its death certificate has been looked for, or cannot be. */
  get done(): boolean {
    return this.#step === "done";
  }

  #dial(): void {
    this.#step = "connecting";
    this.#connection = new ClientConnection(this.#world, this.#version, this, this.#plan.clients);
  }

  /** The kills are over: its connection ends without DISCONNECT. A host that is not online proves nothing. */
  die(nowMs: number): void {
    if (this.#step === "killed" || this.#step === "looking" || this.done) return;
    const proves = this.#step === "up" && this.#observer.grantedQos !== undefined && !this.#observer.over;
    this.#step = proves ? "killed" : "done";
    this.#waitUntil(nowMs + this.#plan.lateAfterMs);
    if (this.#world.canReset) this.#connection?.reset();
    else this.#connection?.end();
  }

  /** Removes its state, and leaves. */
  retire(nowMs: number): void {
    if (this.#step === "connecting" || this.#step === "up") this.#connection?.reset();
    this.#step = "done";
    this.#observer.clear(nowMs);
    this.#late?.leave(nowMs);
  }

  wake(nowMs: number): void {
    if (this.#step === "offline") return this.#dial();
    if (nowMs < this.#deadlineMs) return;
    if (this.#step === "killed" || this.#step === "looking") this.#conclude(false, nowMs);
  }

  #waitUntil(atMs: number): void {
    this.#deadlineMs = atMs;
    this.#world.wakes.add(atMs, this);
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    this.#connectedMs = nowMs;
    connection.send(this.#connectPacket(connection.version), nowMs);
  }

  /** [tck-id-payloads-state-will-message-qos] [tck-id-payloads-state-will-message-retain] */
  #connectPacket(version: ProtocolVersion): ConnectPacket {
    const plain = plainConnectPacket(this.#plan, version, ownClientId(this.#plan, "host"));
    const payload = this.#payload(false);
    return { ...plain, will: { topic: this.#topic, payload, qos: 1, retain: true } };
  }

  /** Birth and death certificate of one connection have one timestamp. */
  #payload(online: boolean): Uint8Array {
    return statePayload(online, Math.round(this.#connectedMs));
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number): void {
    if (connection !== this.#connection || this.done) return;
    switch (packet.type) {
      case "connack": {
        if (packet.reasonCode !== 0) return connection.end();
        connection.keepAlive(packet.properties?.serverKeepAliveS ?? this.#plan.keepAliveS, nowMs);
        const subscriptions = [{ topicFilter: this.#topic, qos: 0 as const }];
        return connection.send({ type: "subscribe", packetId: 1, subscriptions }, nowMs);
      }
      case "suback": {
        const message = { topic: this.#topic, payload: this.#payload(true), qos: 1, retain: true } as const;
        return connection.send({ type: "publish", dup: false, packetId: 2, ...message }, nowMs);
      }
      case "puback":
        if (this.#step === "connecting") this.#step = "up";
    }
  }

  onOver(connection: ClientConnection): void {
    if (connection !== this.#connection || (this.#step !== "connecting" && this.#step !== "up")) return;
    this.#step = "offline";
    this.#world.wakes.add(this.#world.clock.nowMs() + retryMs, this);
  }

  #onState(packet: PublishPacket, nowMs: number): void {
    if (this.#step !== "killed" || !sameBytes(packet.payload, this.#payload(false))) return;
    this.#qosKept = packet.qos === Math.min(1, this.#observer.grantedQos!);
    this.#look(nowMs);
  }

  /** A subscriber that comes after the certificate. */
  #look(nowMs: number): void {
    this.#step = "looking";
    const onState = ({ retain, payload }: PublishPacket, atMs: number) => {
      if (this.#step === "looking") this.#conclude(retain && sameBytes(payload, this.#payload(false)), atMs);
    };
    const name = { topic: this.#topic, name: "late-state" };
    this.#late = new StateReader(this.#plan, this.#world, this.#version, name, { onState });
    this.#waitUntil(nowMs + this.#plan.lateAfterMs);
  }

  #conclude(retained: boolean, nowMs: number): void {
    this.#step = "done";
    // A reader without a subscription proves nothing.
    if (this.#late !== undefined && this.#late.grantedQos === undefined) return;
    this.#onSight({ died: this.#late !== undefined, qosKept: this.#qosKept, retained }, nowMs);
  }
}

/** The host application of a run of edge nodes: its first squad has it. */
export function hostApplicationOf(
  { plan, number }: Pick<SquadTask, "plan" | "number">,
  world: FleetWorld,
  version: ProtocolVersion,
  auditor: SparkplugAuditor | undefined,
): HostApplication | undefined {
  if (auditor === undefined || number > 0 || (plan.shard?.number ?? 1) > 1) return undefined;
  return new HostApplication(plan, world, version, (sight, nowMs) => auditor.seeHost(sight, nowMs));
}
