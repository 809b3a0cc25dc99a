/** One virtual client: it is connected, killed, and comes back, life after life under one client id. */
import { Alarm } from "./alarm.ts";
import type { ConnackPacket, ConnectPacket, Packet, ProtocolVersion, QoS } from "../../mqtt/packet.ts";
import { faultyText, type PacketFault } from "../../mqtt/codec/lenient.ts";
import { isPassingRefusal } from "../../mqtt/reason.ts";
import { connackText } from "./connack_text.ts";
import type { ClientHost } from "./client_host.ts";
import { Connection, type ConnectionOwner, type Wakeable } from "./connection.ts";
import type { ConnectionEnd } from "../life/connection_end.ts";
import { endText } from "../oracle/end_text.ts";
import { connectPacketOf } from "./connect_packet.ts";
import { Dying } from "./dying.ts";
import { kill } from "./kill.ts";
import type { KillMode } from "../plan/kill_mode.ts";
import { acceptedOf } from "../ledger/life_books.ts";
import { beginLife, clientIdOf, coinOf, type Life } from "../life/life.ts";
import type { Outage } from "./outage.ts";
import { type Heard, Outbox } from "./outbox.ts";
import { noticedMs, patientUntilMs } from "./patience.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { PendingKills } from "./pending_kills.ts";
import { PresenceVoice } from "./presence_voice.ts";
import { Failures } from "./retry.ts";
import { Takeover } from "./takeover.ts";

type State = "idle" | "connecting" | "up" | "parting" | "dying" | "away" | "gone";

const connectTimeoutMs = 10_000;
/** A client that leaves waits no longer than this until the broker has answered for its last word. */
const partWithinMs = 2_000;

export class VirtualClient implements ConnectionOwner, Wakeable {
  /** CONNECT attempts that failed since the last one that did not. */
  readonly failures = new Failures();
  readonly #host: ClientHost;
  readonly #plan: FleetPlan;
  #state: State = "idle";
  #incarnation = 0;
  #everConnected = false;
  /** When it comes back after the death that it dies now. */
  #reconnectAfterMs: number | "never";
  #retiring = false;
  #dialledMs = 0;
  readonly #outbox: Outbox | undefined;
  readonly #voice: PresenceVoice | undefined;
  /** How it leaves once its last word was answered. */
  #parting: ((nowMs: number) => void) | undefined;
  #life: Life | undefined;
  #previous: Life | undefined;
  #connection: Connection | undefined;
  /** While the broker has to close the connection of a life that is over. */
  #dying: Dying | undefined;
  readonly #pending = new PendingKills();
  readonly #takeover = new Takeover();
  readonly #alarm: Alarm;
  /** The broker is being restarted. */
  #outage: Outage | undefined;

  constructor(
    host: ClientHost,
    readonly number: number,
    readonly bucket: number,
    readonly version: ProtocolVersion,
  ) {
    this.#host = host;
    this.#plan = host.groups.planOf(number);
    this.#alarm = new Alarm(host.world.wakes, this);
    this.#reconnectAfterMs = this.#plan.reconnectAfterMs;
    const { presence, telemetry } = this.#plan;
    if (presence || telemetry !== undefined) this.#outbox = new Outbox();
    if (presence) this.#voice = new PresenceVoice(this.#plan, host.presence!, this.#outbox!);
  }

  get up(): boolean {
    return this.#state === "up";
  }

  connect(nowMs: number): void {
    [this.#previous, this.#life] = [this.#life, beginLife(this.#plan, this, ++this.#incarnation)];
    this.#state = "connecting";
    this.#dialledMs = nowMs;
    this.#alarm.at(nowMs + connectTimeoutMs);
    this.#connection = new Connection(this.#host.world, this.version, this, this.number);
  }

  /** Kills this client, now or as soon as it is connected. */
  kill(mode: KillMode, dueMs: number, nowMs: number, reconnectAfterMs = this.#plan.reconnectAfterMs): void {
    if (this.#state !== "up") {
      this.#host.lives.defer(this.number, mode, nowMs);
      this.#pending.push({ mode, reconnectAfterMs });
      return;
    }
    // Who is taken over is back with the same step, whatever was asked.
    if (mode === "takeover") return this.#takeOver(dueMs, nowMs);
    this.#reconnectAfterMs = reconnectAfterMs;
    // What it waits for meanwhile is the broker's answer: that is no lateness of this machine's.
    if (mode === "leave") this.#part((atMs) => this.#killNow(mode, dueMs + atMs - nowMs, atMs), nowMs);
    else this.#killNow(mode, dueMs, nowMs);
  }

  /** Publishes a message of its own; answers false where the broker has too many unanswered. [MQTT5 3.3.4-9] */
  publish(topic: string, payload: Uint8Array, qos: QoS, nowMs: number, heard: Heard): boolean {
    const message = { topic, payload, qos, retain: false };
    return this.#outbox!.publish(this.#connection!, message, nowMs, qos === 0 ? undefined : heard);
  }

  /** Comes back though it was to stay away. */
  callBack(nowMs: number): void {
    this.#reconnectAfterMs = 0;
    // A kill that still waits for its victim must not send it away for good after it was called.
    this.#pending.callBack();
    if (this.#state === "gone") this.connect(nowMs);
  }

  /** A will of this client was seen: a client that only waited for it may come back. */
  willSeen(life: Life, nowMs: number): void {
    if (this.#state !== "dying" || life !== this.#life) return;
    // Before keep alive has passed, the will answers a close that is still to be seen; if none is, the will is early.
    const byMs = noticedMs(life);
    if (nowMs < byMs) this.#alarm.at(Math.max(byMs, nowMs + this.#plan.lateAfterMs));
    else this.#comeBack(nowMs);
  }

  /** The broker is about to be restarted: nothing is asked of it until it is back. */
  expectRestart(backAfterMs: number | "never"): void {
    this.#outage = { backAfterMs, ended: false, overdue: false };
  }

  /** True while the connection that it had before a restart is open. */
  get outlived(): boolean {
    return this.#outage !== undefined && this.#state === "up" && !this.#connection!.over;
  }

  /** The broker serves again, and the watchers see. */
  brokerIsBack(nowMs: number): void {
    const outage = this.#outage;
    this.#outage = undefined;
    if (outage === undefined || this.#state !== "away") return;
    if (outage.ended) this.#goAway(nowMs, outage.backAfterMs);
    else if (outage.overdue) this.connect(nowMs);
  }

  /** Kills that still wait for it are given up. */
  spare(): void {
    this.#pending.clear();
  }

  /** Disconnects at the end of a run and ends the session; a CONNECT under way is answered first. No life follows. */
  retire(nowMs: number): void {
    this.#pending.clear();
    this.#retiring = this.#state === "connecting" || this.#state === "up" || this.#state === "parting";
    if (this.#state === "up") return this.#part((atMs) => this.#leave(atMs), nowMs);
    if (this.#retiring) return;
    // To reset a silent client's connection would end it before keep alive does; it stays until the watch is over.
    if (this.#silent) return this.#fade();
    this.#dying?.cut(nowMs);
    this.drop();
  }

  /** Says that it leaves, and leaves once the broker has answered for that; at once where it speaks of no presence. */
  #part(leave: (nowMs: number) => void, nowMs: number): void {
    if (this.#voice === undefined) return leave(nowMs);
    this.#state = "parting";
    this.#parting = leave;
    this.#alarm.at(nowMs + partWithinMs);
    this.#sayLeft(nowMs);
  }

  #sayLeft(nowMs: number): void {
    const connection = this.#connection!;
    this.#voice!.say("left", connection, nowMs, (atMs) => {
      if (this.#state === "parting" && connection === this.#connection) this.#parted(atMs);
    });
  }

  #parted(nowMs: number): void {
    const leave = this.#parting!;
    this.#parting = undefined;
    this.#state = "up";
    this.#alarm.at(Infinity);
    leave(nowMs);
    if (this.#retiring && !this.retired) this.retire(nowMs);
  }

  #leave(nowMs: number): void {
    const life = this.#life!;
    const connection = this.#connection!;
    const properties = this.version === 5 && life.sessionExpiryS > 0 ? { sessionExpiryIntervalS: 0 } : undefined;
    this.#noteSleep(life, connection, nowMs);
    connection.send({ type: "disconnect", ...properties && { properties } }, nowMs);
    connection.end();
    this.#host.lives.leave(life, nowMs);
    this.#connection = undefined;
    this.#fade();
  }

  /** Is no more: whatever is open is reset. */
  drop(): void {
    this.#connection?.reset();
    this.#connection = undefined;
    this.#fade();
  }

  #fade(): void {
    this.#state = "gone";
    this.#alarm.at(Infinity);
  }

  /** True while it keeps a connection open on which it sends nothing. */
  get #silent(): boolean {
    return this.#connection !== undefined && this.#life?.end?.silent === true;
  }

  get retired(): boolean {
    return this.#state === "gone";
  }

  /** True while it may have a session at the broker that nothing but a clean CONNECT removes. */
  get keepsSession(): boolean {
    return this.version === 4 && this.#incarnation > 0 && !this.#silent && this.#plan.cleanStart !== "yes";
  }

  wake(nowMs: number): void {
    if (!this.#alarm.rings(nowMs)) return;
    if (this.#state === "connecting") this.#connectFailed(`no CONNACK within ${connectTimeoutMs / 1_000} s`, nowMs);
    else if (this.#state === "dying") this.#comeBack(nowMs);
    else if (this.#state === "parting") this.#parted(nowMs);
    else if (this.#state === "away" && this.#outage !== undefined) this.#outage.overdue = true;
    else if (this.#state === "away") this.connect(nowMs);
  }

  onOpen(connection: Connection, nowMs: number): void {
    const life = this.#life!;
    if (connection !== this.#connection) return;
    this.#voice?.begin(life);
    if (this.#takeover.underWay) this.#endByTakeover(nowMs);
    this.#host.lives.begin(life, this.#previous, nowMs);
    connection.send(this.#connectPacket(life), nowMs);
  }

  onPacket(connection: Connection, packet: Packet, nowMs: number, faults?: readonly PacketFault[]): void {
    if (connection !== this.#connection) return;
    if (faults !== undefined) this.#host.lives.faultyPacket(faultyText(packet, faults, this.version), nowMs);
    if (packet.type === "connack") return this.#onConnack(packet, nowMs);
    this.#dying?.onPacket(packet, nowMs);
    if (this.#state !== "up" && this.#state !== "parting") return;
    this.#outbox?.onPacket(connection, packet, nowMs);
    // Its last word may have had to wait until others were answered.
    if (this.#state === "parting") this.#sayLeft(nowMs);
  }

  onOver(connection: Connection, end: ConnectionEnd, nowMs: number): void {
    if (connection !== this.#connection) return;
    this.#dying?.onOver(end, nowMs);
    if (this.#state === "connecting") this.#connectFailed(endText(end), nowMs);
    else if (this.#state === "dying") this.#comeBack(nowMs);
    else if (this.#state === "up" || this.#state === "parting") this.#lost(nowMs, endText(end));
  }

  #connectPacket(life: Life): ConnectPacket {
    return connectPacketOf(this.#plan, life, clientIdOf(this.#plan, this.number));
  }

  #onConnack(packet: ConnackPacket, nowMs: number): void {
    if (this.#state !== "connecting") return;
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
    this.#takeover.answered();
    this.#state = "up";
    this.#alarm.at(Infinity);
    this.failures.clear();
    this.#everConnected = true;
    if (this.#retiring) return this.retire(nowMs);
    this.#connection!.keepAlive(life.keepAliveS, nowMs);
    this.#voice?.say("online", this.#connection!, nowMs);
    const pending = this.#pending.shift();
    // Its will was not there to be published any sooner.
    if (pending !== undefined) this.kill(pending.mode, nowMs, nowMs, pending.reconnectAfterMs);
  }

  #connectFailed(sentence: string, nowMs: number, isLimit = false): void {
    // That a broker is not there while it is being restarted is no fault of it.
    if (this.#outage === undefined) {
      this.#host.lives.fail(this.number, sentence, nowMs);
      this.failures.add(isLimit, nowMs);
    }
    const connection = this.#connection!;
    this.#connection = undefined;
    connection.reset();
    const taken = this.#takeover.answered();
    if (taken !== undefined) this.#endTaken(taken, nowMs);
    // A life that never began leaves nothing behind: the one before it still waits for its next.
    if (this.#life!.sentMs === undefined || this.#life!.refused) this.#life = this.#previous;
    if (this.#takeover.underWay) this.#takeoverFailed(nowMs);
    else this.#tryAgain(sentence, nowMs);
    if (this.#retiring) this.retire(nowMs);
  }

  #tryAgain(sentence: string, nowMs: number): void {
    this.#state = "away";
    this.#alarm.at(nowMs + this.failures.retryAfterMs(this.number));
    if (this.#outage === undefined) this.#host.onConnectFailed(this, sentence);
  }

  #killNow(mode: Exclude<KillMode, "takeover">, dueMs: number, nowMs: number): void {
    const life = this.#life!;
    const connection = this.#connection!;
    const { lastSentMs } = connection;
    this.#noteSleep(life, connection, nowMs);
    const coin = coinOf(this.#plan, this.number, life.incarnation);
    const { silent, brokerCloses, detail } = kill(connection, mode, coin, () => this.#connectPacket(life), nowMs);
    const end = { mode, dueMs, doneMs: nowMs, silent, ...detail !== undefined && { detail } };
    this.#host.lives.kill(life, end, lastSentMs);
    if (!brokerCloses) return this.#goAway(nowMs);
    this.#state = "dying";
    this.#dying = new Dying(this.#host, life, connection);
    this.#alarm.at(patientUntilMs(life, this.#plan, nowMs));
  }

  #takeOver(dueMs: number, nowMs: number): void {
    this.#host.lives.takeOver(this.number, dueMs, nowMs);
    this.#takeover.begin(this.#connection!, dueMs);
    this.connect(nowMs);
  }

  #endByTakeover(nowMs: number): void {
    const old = this.#previous!;
    const { connection, dueMs } = this.#takeover.end();
    if (connection.over) return this.#end(old, nowMs);
    this.#noteSleep(old, connection, nowMs);
    connection.fallSilent();
    this.#takeover.ask(connection);
    this.#host.lives.kill(old, { mode: "takeover", dueMs, doneMs: nowMs, silent: false }, connection.lastSentMs);
  }

  /** CONNECT was refused or not answered: the old connection was taken over meanwhile, or else ends now. */
  #endTaken(connection: Connection, nowMs: number): void {
    connection.reset();
    this.#host.lives.unanswered(this.#previous!, nowMs);
  }

  /** The new connection could not be opened, so nothing was taken over: the old one lives on and is killed later. */
  #takeoverFailed(nowMs: number): void {
    const { connection: old } = this.#takeover.end();
    this.#connection = old;
    this.#state = "up";
    this.#alarm.at(Infinity);
    this.#host.lives.defer(this.number, "takeover", nowMs);
    this.#pending.push({ mode: "takeover", reconnectAfterMs: this.#reconnectAfterMs });
    if (old.over) this.#lost(nowMs, undefined);
  }

  #lost(nowMs: number, why: string | undefined): void {
    if (this.#connection !== undefined) this.#noteSleep(this.#life!, this.#connection, nowMs);
    this.#end(this.#life!, nowMs, why);
    this.#parting = undefined;
    // With the broker down, when it comes back counts from the broker's return.
    if (this.#outage !== undefined) this.#outage.ended = true;
    this.#goAway(nowMs, this.#outage === undefined ? this.#reconnectAfterMs : Infinity);
    if (this.#retiring) this.retire(nowMs);
  }

  /** A connection ended by itself: with the broker that is restarted, or lost. */
  #end(life: Life, nowMs: number, why?: string): void {
    const { lives } = this.#host;
    const restart = lives.restartOf(life, nowMs);
    if (restart === undefined) lives.lose(life, nowMs, why);
    else lives.endByRestart(life, restart.fromMs, nowMs);
  }

  #noteSleep(life: Life, connection: Connection, nowMs: number): void {
    if (connection.oversleeps(nowMs)) this.#host.lives.oversleep(life, nowMs);
  }

  #comeBack(nowMs: number): void {
    this.#dying?.cut(nowMs);
    this.#connection?.reset();
    this.#goAway(nowMs);
  }

  #goAway(nowMs: number, reconnectAfterMs = this.#reconnectAfterMs): void {
    this.#reconnectAfterMs = this.#plan.reconnectAfterMs;
    this.#connection = this.#dying = undefined;
    this.#state = reconnectAfterMs === "never" ? "gone" : "away";
    this.#alarm.at(reconnectAfterMs === "never" ? Infinity : nowMs + reconnectAfterMs);
  }
}
