/**
 * A broker that conforms to the standard and makes every choice that the standard leaves open, by seed. Written
 * independently of src/broker, from the standard only: sessions, wills, retained messages, routing. Links in memory, a
 * manual clock. `Referee` watches for violations.
 */
import type { Clock } from "../../../src/base/clock.ts";
import { type Deadline, Deadlines } from "../../../src/base/deadlines.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import { type Message, messageOfWill } from "../../../src/mqtt/message.ts";
import type { ConnectPacket, ConnectWill, ProtocolVersion, PublishPacket, QoS } from "../../../src/mqtt/packet.ts";
import type { Link } from "../../../src/net/link.ts";
import { type Choices } from "./open_choices.ts";
import { OpenAdmission } from "./open_admission.ts";
import { OpenConnection } from "./open_connection.ts";
import { OpenRouter } from "./open_router.ts";
import { type OpenDeps, OpenSession } from "./open_session.ts";

/** The cause of a connection's end. */
export type OpenEnding = "gone" | "silent" | "fault" | "taken over" | "left" | "refused" | "broker";

/** The user with a login, and the topic that refuses publishing; without it each client may do everything. */
export interface OpenGiven {
  readonly login?: { readonly username: string; readonly password: string };
  readonly deniedTopic?: string;
}

/** The place of a planted fault: the broker's action in place of the required one. */
export interface OpenFaults {
  /** How often the broker publishes a due will, and how late; undefined for once and now. */
  atPublication?(will: ConnectWill, clientId: string): readonly { will: ConnectWill; delayMs: number }[] | undefined;
  /** True for a will that a DISCONNECT or a return cancels, and that the broker publishes nevertheless. */
  keeps?(will: ConnectWill, clientId: string, why: "left" | "resumed"): boolean;
  /** True for a will whose delay the broker ignores. */
  hurries?(will: ConnectWill, clientId: string): boolean;
}

interface Held {
  readonly session: OpenSession;
  connection?: OpenConnection | undefined;
  /** Of an offline session: when its will is due, and when it ends. */
  willDue?: Deadline<() => void> | undefined;
  endDue?: Deadline<() => void> | undefined;
}

export class OpenBroker {
  readonly deps: OpenDeps;
  readonly admission: OpenAdmission;
  readonly #choices: Choices;
  readonly #clock: Clock;
  readonly #deadlines = new Deadlines<() => void>();
  readonly #held = new Map<string, Held>();
  readonly #connections = new Set<OpenConnection>();
  readonly #router: OpenRouter;
  readonly #faults: OpenFaults;
  /** Due wills that the broker has not published yet, by client identifier. */
  readonly #onTheirWay = new Map<string, (() => void)[]>();
  /** During its outage: the work for its return. */
  #afterwards: { readonly clientId: string; readonly publish: () => void }[] | undefined;
  #bornAt = 0;

  constructor(clock: Clock, choices: Choices, given: OpenGiven = {}, faults: OpenFaults = {}) {
    this.#clock = clock;
    this.#choices = choices;
    this.#faults = faults;
    const nowMs = () => clock.nowMs();
    const later = (afterMs: number, act: () => void) => {
      const born = this.#bornAt;
      // A killed broker does not do its remaining work.
      this.#deadlines.add(nowMs() + afterMs, () => born === this.#bornAt && act());
    };
    this.deps = { choices, nowMs, later };
    this.admission = new OpenAdmission(this.deps, given);
    this.#router = new OpenRouter(this.deps, () => [...this.#held.values()].map(({ session }) => session));
  }

  get nextMs(): number {
    return this.#deadlines.nextMs;
  }

  /** Runs the work that is due. */
  turn(nowMs: number): void {
    for (let act = this.#deadlines.takeDue(nowMs); act !== undefined; act = this.#deadlines.takeDue(nowMs)) act();
  }

  /** Runs `act` later, even if the broker is killed meanwhile. */
  after(ms: number, act: () => void): void {
    this.#deadlines.add(this.#clock.nowMs() + ms, act);
  }

  /** True while it is down. */
  get isDown(): boolean {
    return this.#afterwards !== undefined;
  }

  accept(link: Link): void {
    this.#connections.add(new OpenConnection(this, link));
  }

  get maximumPacketSize(): number {
    return this.admission.maximumPacketSize ?? 268_435_460;
  }

  get retained(): readonly Message[] {
    return this.#router.retained;
  }

  /** Forwards a message. Returns the number of matching subscriptions. */
  route(message: Message, from: string | undefined): number {
    return this.#router.route(message, from);
  }

  /** A CONNECT: refused or accepted. */
  admit(connection: OpenConnection, connect: ConnectPacket): void {
    const refused = this.admission.refusal(connect);
    if (refused === "unspoken") return this.#unspoken(connection, connect);
    if (refused !== undefined) return connection.refuse(refused.reasonCode, refused.returnCode);
    const clientId = this.admission.clientIdOf(connect);
    this.#flushWills(clientId);
    const older = this.#held.get(clientId);
    older?.connection?.takenOver();
    const kept = this.#held.get(clientId);
    if (kept !== undefined && connect.cleanStart) this.#endSession(kept);
    this.#flushWills(clientId);
    const held = this.#held.get(clientId) ??
      { session: new OpenSession(clientId, connect.protocolVersion, this.deps) };
    const isResumed = this.#held.has(clientId);
    if (isResumed) this.#resume(held);
    this.#open(held, connection, connect, isResumed);
  }

  #open(held: Held, connection: OpenConnection, connect: ConnectPacket, sessionPresent: boolean): void {
    const { session } = held;
    this.#held.set(session.clientId, held);
    held.connection = connection;
    const { expiryS, keepAliveS, properties } = this.admission.terms(connect, session.clientId);
    session.expiryS = expiryS;
    session.will = connect.will;
    connection.open(session, connect, keepAliveS);
    connection.send({ type: "connack", sessionPresent, reasonCode: 0, ...properties && { properties } });
    this.#mayEnd(connection);
    session.attach(connection);
  }

  /** A server may end a connection of a client without a fault. */
  #mayEnd(connection: OpenConnection): void {
    const choices = this.#choices;
    const name = "end: a client is disconnected for no fault of its own";
    if (!choices.makes(name) || choices.random.below(20) > 0) return;
    this.deps.later(500 + choices.random.below(8_000), () => {
      if (connection.over) return;
      choices.made(name);
      connection.fail(choices.pick([0x98, 0x89, 0x9c, 0x9c, 0x9d, 0x9d]), "broker");
    });
  }

  /** A returning client resumes its session, which cancels its will. [MQTT5 3.1.3-9] */
  #resume(held: Held): void {
    const { session } = held;
    if (held.willDue?.pending === true) {
      const { will } = session;
      if (will !== undefined && this.#faults.keeps?.(will, session.clientId, "resumed") === true) {
        this.#publishWill(session);
      }
      this.#deadlines.cancel(held.willDue);
    }
    if (held.endDue !== undefined) this.#deadlines.cancel(held.endDue);
    session.will = undefined;
  }

  #unspoken(connection: OpenConnection, { protocolVersion }: ConnectPacket): void {
    if (protocolVersion === 4) connection.refuse(0x84, 1);
    else connection.refuse(0x84, 1);
  }

  /** A connection has ended in any way. */
  ended(connection: OpenConnection, ending: OpenEnding): void {
    this.#connections.delete(connection);
    const { session } = connection;
    const held = session && this.#held.get(session.clientId);
    if (held?.connection !== connection) return;
    held.connection = undefined;
    held.session.detach();
    void ending;
    const { will, expiryS, clientId } = held.session;
    if (expiryS === 0) return this.#endSession(held);
    if (will !== undefined) {
      const hurried = this.#faults.hurries?.(will, clientId) === true;
      const delayMs = hurried ? 0 : Math.min(will.delayIntervalS ?? 0, expiryS) * 1_000;
      if (delayMs === 0) this.#publishWill(held.session);
      else held.willDue = this.#deadlines.add(this.#clock.nowMs() + delayMs, () => this.#publishWill(held.session));
    }
    if (expiryS === Infinity) return;
    held.endDue = this.#deadlines.add(this.#clock.nowMs() + expiryS * 1_000, () => this.#endSession(held));
  }

  /** A DISCONNECT discards the will. */
  forgetWill(session: OpenSession): void {
    const { will } = session;
    if (will !== undefined && this.#faults.keeps?.(will, session.clientId, "left") === true) return;
    session.will = undefined;
  }

  /** A session ends: its will is due with it. [MQTT5 3.1.2-8] */
  #endSession(held: Held): void {
    if (held.willDue !== undefined) this.#deadlines.cancel(held.willDue);
    if (held.endDue !== undefined) this.#deadlines.cancel(held.endDue);
    if (this.#held.get(held.session.clientId) === held) this.#held.delete(held.session.clientId);
    this.#publishWill(held.session);
  }

  #publishWill(session: OpenSession): void {
    const { will, clientId } = session;
    session.will = undefined; // [MQTT5 3.1.2-10] [MQTT311 3.1.2-10]
    if (will === undefined) return;
    const now = [{ will, delayMs: 0 }];
    for (const each of this.#faults.atPublication?.(will, clientId) ?? now) this.#sendWill(each, clientId);
  }

  #sendWill({ will, delayMs }: { will: ConnectWill; delayMs: number }, clientId: string): void {
    if (!this.admission.mayPublish(will.topic)) return;
    const publish = () => void this.route(messageOfWill(will, this.#clock.nowMs()), clientId);
    if (this.#afterwards !== undefined) return void this.#afterwards.push({ clientId, publish });
    const choices = this.#choices;
    const slowMs = delayMs === 0 && choices.does("slow: a will") ? 1 + choices.random.below(200) : 0;
    if (delayMs + slowMs === 0) return publish();
    const once = this.#once(clientId, publish, delayMs === 0);
    this.#deadlines.add(this.#clock.nowMs() + delayMs + slowMs, once);
  }

  /** Work at a given time, or before the broker accepts its client again. */
  #once(clientId: string, act: () => void, isFlushed: boolean): () => void {
    let isDone = false;
    const once = () => {
      if (!isDone) act();
      isDone = true;
    };
    if (isFlushed) this.#onTheirWay.set(clientId, [...this.#onTheirWay.get(clientId) ?? [], once]);
    return once;
  }

  /** A pending will is published before its client's next action. */
  #flushWills(clientId: string): void {
    for (const publish of this.#onTheirWay.get(clientId) ?? []) publish();
    this.#onTheirWay.delete(clientId);
  }

  /** The answer to a PUBLISH; the broker does not forward 0x80 and above, `close` ends the connection. */
  judge(connection: OpenConnection, packet: PublishPacket, topic: string): number | "close" {
    return this.admission.judge(connection.version, packet, topic);
  }

  /** Stops: each connection ends. The broker stores sessions and retained messages. */
  kill(): void {
    this.#bornAt++;
    this.#afterwards = [];
    const choices = this.#choices;
    const held = [...this.#held.values()].filter(({ connection }) => connection !== undefined);
    const connections = [...this.#connections];
    for (const connection of connections) {
      const says = connection.version === 5 && connection.session !== undefined;
      if (says && choices.does("restart: DISCONNECT 0x8B before it")) connection.sayLast(encodedShutdown);
      connection.cut();
    }
    for (const { session } of held) session.detach();
    const after = choices.does("restart: wills of the connections that it ends come after it");
    const ends = held.filter(({ session }) => session.will !== undefined).length;
    if (!after && ends > 0) choices.made("restart: wills of the connections that it ends come before it");
    const acts = this.#afterwards;
    if (!after) this.#afterwards = undefined;
    for (const { connection } of held) this.ended(connection!, "broker");
    this.#afterwards = acts;
    for (const [, publish] of this.#onTheirWay) for (const each of publish) each();
    this.#onTheirWay.clear();
    this.#connections.clear();
  }

  /** Serves after an outage. */
  begin(): void {
    const acts = this.#afterwards ?? [];
    this.#afterwards = undefined;
    const { random } = this.#choices;
    for (const { clientId, publish } of acts) {
      this.#deadlines.add(this.#clock.nowMs() + random.below(300), this.#once(clientId, publish, true));
    }
  }
}

const encodedShutdown = encode({ type: "disconnect", reasonCode: 0x8b }, 5);

/** The version of a connection's packets, and the QoS of a message: shared by several parts. */
export type { ProtocolVersion, QoS };
