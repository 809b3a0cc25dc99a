/** A virtual client connects, a kill ends its life, it reconnects under one id. `client_state.ts` has its states. */
import { ClientTimer } from "./client_timer.ts";
import type { ConnackPacket, Packet, ProtocolVersion, QoS } from "../../mqtt/packet.ts";
import { faultyText, type PacketFault } from "../../mqtt/codec/lenient.ts";
import { isPassingRefusal } from "../../mqtt/reason.ts";
import { connackText } from "./connack_text.ts";
import type { ClientHost } from "./client_host.ts";
import { checkTransition, type ClientEvent, type ClientState, isConnecting, isDying } from "./client_state.ts";
import { type PendingKill, plainStates } from "./client_state.ts";
import { ClientConnection, type ConnectionOwner } from "./connection.ts";
import { EdgeNode } from "./edge_node.ts";
import type { Wakeable } from "./fleet_world.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";
import { endText } from "../oracle/end_text.ts";
import { connectPacketOf } from "./connect_packet.ts";
import type { KillMode, OwnKillMode } from "../plan/kill_mode.ts";
import { acceptedOf } from "../ledger/client_events.ts";
import { beginLife, type Life } from "../life/life.ts";
import { killLife, leaveRun, noteSleep } from "./life_end.ts";
import { beginKick, endByKick, type Kick } from "./kick.ts";
import { ClientOutbox, type OnAnswer } from "./client_outbox.ts";
import { closeDeadlineMs, noticedMs, partWithinMs } from "./close_deadline.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { PresencePublisher } from "./presence_publisher.ts";
import { Failures } from "./retry.ts";

const connectTimeoutMs = 10_000;

export class VirtualClient implements ConnectionOwner, Wakeable {
  /** CONNECT attempts that failed since the last one that did not. */
  readonly failures = new Failures();
  readonly #host: ClientHost;
  readonly #plan: FleetPlan;
  #state: ClientState = { kind: "idle" };
  #incarnation = 0;
  #everConnected = false;
  /** When the client reconnects after its present life ends. */
  #reconnectAfterMs: number | "never";
  #retiring = false;
  #dialledMs = 0;
  readonly #outbox: ClientOutbox | undefined;
  readonly #presence: PresencePublisher | EdgeNode | undefined;
  #life: Life | undefined;
  #previous: Life | undefined;
  #connection: ClientConnection | undefined;
  /** Kills that wait until it is connected, in their order; most clients never have one. */
  #pending: PendingKill[] | undefined;
  /** The command that is to end its connection. */
  #kick: Kick | undefined;
  readonly #timer: ClientTimer;
  /** From the return of a restarting broker to the next CONNECT; undefined at all other times. */
  #backAfterMs: number | "never" | undefined;

  constructor(
    host: ClientHost,
    readonly number: number,
    readonly bucket: number,
    readonly version: ProtocolVersion,
  ) {
    this.#host = host;
    this.#plan = host.groups.planOf(number);
    this.#timer = new ClientTimer(host.world.wakes, this);
    this.#reconnectAfterMs = this.#plan.reconnectAfterMs;
    const { presence, sparkplug, telemetry } = this.#plan;
    if (presence || sparkplug || telemetry !== undefined) this.#outbox = new ClientOutbox();
    if (sparkplug) this.#presence = new EdgeNode(this.#plan, host.sparkplug!, this.#outbox!);
    if (presence) this.#presence = new PresencePublisher(this.#plan, host.presence!, this.#outbox!);
  }

  get up(): boolean {
    return this.#state.kind === "up";
  }

  connect(nowMs: number): void {
    this.#enter("connect", plainStates.connecting, nowMs + connectTimeoutMs);
    this.#dial(nowMs);
  }

  /** @param alarmMs when the client wakes unless it changes to another state before */
  #enter(event: ClientEvent, next: ClientState, alarmMs = Infinity): void {
    checkTransition(this.#state.kind, event, next.kind);
    this.#state = next;
    this.#timer.at(alarmMs);
  }

  #nextLife(): Life {
    return beginLife(this.#plan, this, ++this.#incarnation, this.#host.world.down);
  }

  /** Opens the connection of the next life. */
  #dial(nowMs: number): void {
    this.#previous = this.#life;
    this.#life = this.#nextLife();
    this.#dialledMs = nowMs;
    const { world } = this.#host;
    this.#connection = new ClientConnection(world, this.version, this, this.number, this.number, this.#life.node);
  }

  /** Kills this client, now or as soon as it is connected. */
  kill(mode: KillMode, dueMs: number, nowMs: number, reconnectAfterMs = this.#plan.reconnectAfterMs): void {
    if (this.#state.kind !== "up" || this.kicking) return this.#defer({ mode, reconnectAfterMs }, nowMs);
    // A takeover reconnects by itself, so `reconnectAfterMs` does not apply.
    if (mode === "takeover") return this.#takeOver(dueMs, nowMs);
    if (mode === "refused-login") return this.#host.tryLogin(this.#nextLife(), this.#life!, dueMs);
    this.#reconnectAfterMs = reconnectAfterMs;
    if (mode === "kicked") return void (this.#kick = beginKick(this.#host, this.number, dueMs, nowMs));
    // Meanwhile the client waits for the broker's answer: that is no lateness of this machine.
    if (mode === "leave") this.#part((atMs) => this.#killNow(mode, dueMs + atMs - nowMs, atMs), nowMs);
    else this.#killNow(mode, dueMs, nowMs);
  }

  /** True while a command is to end its connection. */
  get kicking(): boolean {
    return this.#kick !== undefined;
  }

  #defer(pending: PendingKill, nowMs: number): void {
    this.#host.lives.defer(this.number, pending.mode, nowMs);
    (this.#pending ??= []).push(pending);
  }

  /** Publishes a message of this client; returns false where the broker has too many unanswered. [MQTT5 3.3.4-9] */
  publish(topic: string, payload: Uint8Array, qos: QoS, nowMs: number, onAnswer: OnAnswer): boolean {
    if (this.#presence instanceof EdgeNode) return this.#presence.publishData(this.#connection!, nowMs);
    const message = { topic, payload, qos, retain: false };
    return this.#outbox!.publish(this.#connection!, message, nowMs, qos === 0 ? undefined : onAnswer);
  }

  /** Reconnects a client that had to stay offline. */
  callBack(nowMs: number): void {
    this.#reconnectAfterMs = 0;
    // A kill that still waits for its client must not keep the client offline after this call.
    this.#pending = this.#pending?.map((kill) => ({ ...kill, reconnectAfterMs: 0 }));
    if (this.#state.kind === "gone") this.connect(nowMs);
  }

  /** A watcher received a will of this client: a client that only waited for that may reconnect. */
  willSeen(life: Life, nowMs: number): void {
    if (this.#state.kind !== "dying" || life !== this.#life) return;
    // Before keep alive has passed, the will answers a close still to be seen; without a close, the will is early.
    const byMs = noticedMs(life);
    if (nowMs < byMs) this.#timer.at(Math.max(byMs, nowMs + this.#plan.lateAfterMs));
    else this.#comeBack(nowMs);
  }

  /** A broker restart is about to begin: the client sends no request until the broker is back. */
  expectRestart(backAfterMs: number | "never"): void {
    this.#backAfterMs = backAfterMs;
  }

  /** True while the connection that it had before a restart is open. */
  get outlived(): boolean {
    return this.#backAfterMs !== undefined && this.up && !this.#connection!.over;
  }

  /** Whether it is connected to this node of the cluster. */
  isOn(node: number): boolean {
    return this.up && !this.#connection!.over && this.#life!.node === node;
  }

  /** The broker serves again, and the watchers are subscribed. */
  brokerIsBack(nowMs: number): void {
    const backAfterMs = this.#backAfterMs;
    this.#backAfterMs = undefined;
    if (this.#state.kind === "down") this.#goAway(nowMs, backAfterMs);
    else if (this.#state.kind === "overdue") this.connect(nowMs);
  }

  /** Drops the kills that still wait for it. */
  spare(): void {
    this.#pending = undefined;
  }

  /** Disconnects at the end of a run and ends the session, after the answer to an open CONNECT. No life follows. */
  retire(nowMs: number): void {
    const { kind } = this.#state;
    this.#pending = undefined;
    this.#retiring = kind === "up" || kind === "parting" || isConnecting(this.#state);
    // The command may have ended the connection already: without DISCONNECT the will is due in any case.
    if (kind === "up" && this.kicking) return this.#connection!.reset(), this.#lost(nowMs, undefined);
    if (kind === "up") return this.#part((atMs) => this.#leave(atMs), nowMs);
    if (this.#retiring || kind === "lingering") return;
    // To reset a silent client's connection would end it before keep alive does; it stays until the watch is over.
    if (this.#silent) return this.#enter("retired-silent", plainStates.lingering);
    this.#cut(nowMs);
    this.drop();
  }

  /** Publishes that it leaves, and leaves once the broker has answered; at once where it does not publish presence. */
  #part(leave: (nowMs: number) => void, nowMs: number): void {
    if (this.#presence === undefined) return leave(nowMs);
    this.#enter("part", { kind: "parting", leave }, nowMs + partWithinMs);
    this.#sayLeft(nowMs);
  }

  #sayLeft(nowMs: number): void {
    const connection = this.#connection!;
    this.#presence!.say("left", connection, nowMs, (atMs) => {
      const state = this.#state;
      if (state.kind === "parting" && connection === this.#connection) this.#parted(state.leave, atMs);
    });
  }

  #parted(leave: (nowMs: number) => void, nowMs: number): void {
    this.#enter("parted", plainStates.up);
    leave(nowMs);
    if (this.#retiring && !this.retired) this.retire(nowMs);
  }

  #leave(nowMs: number): void {
    leaveRun(this.#host.lives, this.#life!, this.#connection!, this.#plan, nowMs);
    this.#connection = undefined;
    this.drop();
  }

  /** Shuts the client down; resets each open connection. */
  drop(): void {
    this.#connection?.reset();
    this.#connection = undefined;
    if ("old" in this.#state) this.#state.old.reset();
    this.#enter("dropped", plainStates.gone);
  }

  /** True while the client keeps a connection open and sends no packet on it. */
  get #silent(): boolean {
    return this.#connection !== undefined && this.#life?.end?.silent === true;
  }

  get retired(): boolean {
    return this.#state.kind === "gone" || this.#state.kind === "lingering";
  }

  /** True while the client may have a session at the broker that only a clean CONNECT removes. */
  get keepsSession(): boolean {
    return this.version === 4 && this.#incarnation > 0 && !this.#silent && this.#plan.cleanStart !== "yes";
  }

  wake(nowMs: number): void {
    if (!this.#timer.rings(nowMs)) return;
    const state = this.#state;
    if (isConnecting(this.#state)) this.#connectFailed(`no CONNACK within ${connectTimeoutMs / 1_000} s`, nowMs);
    else if (state.kind === "dying") this.#comeBack(nowMs);
    else if (state.kind === "parting") this.#parted(state.leave, nowMs);
    else if (state.kind === "away" && this.#backAfterMs === undefined) this.connect(nowMs);
    else if (state.kind === "away") this.#enter("broker-absent", plainStates.overdue);
  }

  onOpen(connection: ClientConnection, nowMs: number): void {
    const life = this.#life!;
    if (connection !== this.#connection) return;
    this.#presence?.begin(life);
    if (this.#state.kind === "takeover-opening") this.#endByTakeover(this.#state, nowMs);
    this.#host.lives.begin(life, this.#previous, nowMs);
    connection.send(connectPacketOf(this.#plan, life), nowMs);
  }

  onPacket(connection: ClientConnection, packet: Packet, nowMs: number, faults?: readonly PacketFault[]): void {
    if (connection !== this.#connection) return;
    if (faults !== undefined) this.#host.lives.faultyPacket(faultyText(packet, faults, this.version), nowMs);
    if (packet.type === "connack") return this.#onConnack(packet, nowMs);
    const { kind } = this.#state;
    // A server that sends DISCONNECT must close the connection then. [MQTT5 3.14.4-2]
    if (isDying(this.#state) && packet.type === "disconnect") {
      this.#host.lives.closing(this.#life!, this.#host.turnMs, nowMs);
    }
    if (kind !== "up" && kind !== "parting") return;
    this.#outbox?.onPacket(connection, packet, nowMs);
    if (this.#presence instanceof EdgeNode) this.#presence.onPacket(connection, packet, nowMs);
    // Its last message may have waited for the answers to others.
    if (kind === "parting") this.#sayLeft(nowMs);
  }

  onOver(connection: ClientConnection, end: ConnectionEnd, nowMs: number): void {
    if (connection !== this.#connection) return;
    const { kind } = this.#state;
    if (isDying(this.#state)) {
      // After a malformed packet the fleet ends the connection.
      if (end.kind === "malformed") this.#host.lives.cut(this.#life!, nowMs);
      else this.#host.lives.closed(this.#life!, this.#host.turnMs, nowMs);
    }
    if (isConnecting(this.#state)) this.#connectFailed(endText(end), nowMs);
    else if (kind === "dying") this.#comeBack(nowMs);
    else if (kind === "up" || kind === "parting") this.#lost(nowMs, endText(end));
  }

  /** The fleet is about to end the connection of a life that is over, unless the broker has. */
  #cut(nowMs: number): void {
    if (isDying(this.#state) && !this.#connection!.over) this.#host.lives.cut(this.#life!, nowMs);
  }

  #onConnack(packet: ConnackPacket, nowMs: number): void {
    if (!isConnecting(this.#state)) return;
    if (packet.reasonCode !== 0) {
      this.#host.lives.refuse(this.#life!, this.#previous, packet.reasonCode, nowMs);
      const isLimit = isPassingRefusal(this.version, packet.reasonCode);
      return this.#connectFailed(connackText(this.version, packet), nowMs, isLimit);
    }
    this.#accepted(packet, nowMs);
  }

  #accepted(packet: ConnackPacket, nowMs: number): void {
    const life = this.#life!;
    this.#host.lives.accept(life, this.#previous, acceptedOf(packet, !this.#everConnected), nowMs);
    this.#host.connects.record(nowMs - this.#dialledMs);
    this.#outbox?.begin(packet.properties?.receiveMaximum);
    this.#enter("accepted", plainStates.up);
    this.failures.clear();
    this.#everConnected = true;
    if (this.#retiring) return this.retire(nowMs);
    this.#connection!.keepAlive(life.keepAliveS, nowMs);
    this.#presence?.say("online", this.#connection!, nowMs);
    const pending = this.#pending?.shift();
    // The broker did not have its will any sooner.
    if (pending !== undefined) this.kill(pending.mode, nowMs, nowMs, pending.reconnectAfterMs);
  }

  #connectFailed(sentence: string, nowMs: number, isLimit = false): void {
    // A broker or node that is down for its restart has no fault.
    if (this.#backAfterMs === undefined && !this.#host.world.down?.has(this.#life!.node!)) {
      this.#host.lives.fail(this.number, sentence, nowMs);
      this.failures.add(isLimit, nowMs);
    }
    const [connection, state] = [this.#connection!, this.#state];
    this.#connection = undefined;
    connection.reset();
    if (state.kind === "takeover-connecting") {
      // The old connection was taken over meanwhile, or else ends now.
      state.old.reset();
      this.#host.lives.unanswered(this.#previous!, nowMs);
    }
    // A life that never began leaves no trace: the life before it still waits for its next.
    if (this.#life!.sentMs === undefined || this.#life!.refused) this.#life = this.#previous;
    if (state.kind === "takeover-opening") this.#takeoverFailed(state.old, nowMs);
    else {
      this.#enter("failed", plainStates.away, nowMs + this.failures.retryAfterMs(this.number));
      if (this.#backAfterMs === undefined) this.#host.onConnectFailed(this, sentence);
    }
    if (this.#retiring) this.retire(nowMs);
  }

  #killNow(mode: OwnKillMode, dueMs: number, nowMs: number): void {
    const killed = { host: this.#host, plan: this.#plan, life: this.#life!, connection: this.#connection! };
    if (!killLife(killed, mode, dueMs, nowMs)) return this.#goAway(nowMs);
    this.#enter("killed", plainStates.dying, closeDeadlineMs(killed.life, this.#plan, nowMs));
  }

  #takeOver(dueMs: number, nowMs: number): void {
    this.#host.lives.takeOver(this.number, dueMs, nowMs);
    this.#enter("take-over", { kind: "takeover-opening", old: this.#connection!, dueMs }, nowMs + connectTimeoutMs);
    this.#dial(nowMs);
  }

  #endByTakeover({ old: connection, dueMs }: ClientState & { kind: "takeover-opening" }, nowMs: number): void {
    const old = this.#previous!;
    if (connection.over) {
      this.#enter("opened-late", plainStates.connecting, this.#dialledMs + connectTimeoutMs);
      return this.#host.lives.end(old, nowMs);
    }
    noteSleep(this.#host.lives, old, connection, nowMs);
    connection.fallSilent();
    this.#enter("opened", { kind: "takeover-connecting", old: connection }, this.#dialledMs + connectTimeoutMs);
    this.#host.lives.kill(old, { mode: "takeover", dueMs, doneMs: nowMs, silent: false }, connection.lastSentMs);
  }

  /** The new connection did not open, so no takeover took place: the old connection stays open for a later kill. */
  #takeoverFailed(old: ClientConnection, nowMs: number): void {
    this.#connection = old;
    this.#enter("failed", plainStates.up);
    this.#defer({ mode: "takeover", reconnectAfterMs: this.#reconnectAfterMs }, nowMs);
    if (old.over) this.#lost(nowMs, undefined);
  }

  #lost(nowMs: number, why: string | undefined): void {
    if (this.#connection !== undefined) noteSleep(this.#host.lives, this.#life!, this.#connection, nowMs);
    if (this.#kick === undefined) this.#host.lives.end(this.#life!, nowMs, why);
    else endByKick(this.#host.lives, this.#life!, this.#kick, this.#connection?.lastSentMs ?? nowMs, nowMs);
    this.#kick = undefined;
    if (this.#backAfterMs === undefined) this.#goAway(nowMs, this.#host.afterNodeLossMs?.(this.#life!));
    else {
      // The time until the client reconnects counts from the broker's return.
      this.#reconnectAfterMs = this.#plan.reconnectAfterMs;
      this.#connection = undefined;
      this.#enter("broker-lost", plainStates.down);
    }
    if (this.#retiring) this.retire(nowMs);
  }

  #comeBack(nowMs: number): void {
    this.#cut(nowMs);
    this.#connection?.reset();
    this.#goAway(nowMs);
  }

  #goAway(nowMs: number, reconnectAfterMs = this.#reconnectAfterMs): void {
    this.#reconnectAfterMs = this.#plan.reconnectAfterMs;
    this.#connection = undefined;
    if (reconnectAfterMs === "never") this.#enter("ended-for-good", plainStates.gone);
    else this.#enter("ended", plainStates.away, nowMs + reconnectAfterMs);
  }
}
