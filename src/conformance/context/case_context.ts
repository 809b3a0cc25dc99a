/**
 * The context of a case: client ids and topics that no other case uses, probes, distinguishable wills and messages,
 * and the cleanup. Each case has one context for each version.
 */
import type { Authenticator } from "../../auth/exchange.ts";
import { bytesOfText } from "../../base/bytes.ts";
import type { Random } from "../../base/random.ts";
import { encode } from "../../mqtt/codec/codec.ts";
import type { ConnackProperties, ConnectPacket, ConnectWill, Packet, ProtocolVersion, QoS } from "../../mqtt/packet.ts";
import { Admission } from "./admission.ts";
import { CaseCleanup } from "./case_cleanup.ts";
import type { Bounds } from "../model/bounds.ts";
import type { KnownLimits } from "../model/known_limits.ts";
import type { SentMessage } from "../probe/message_compare.ts";
import { CaseFailure, type CaseFault, NotTestable } from "../model/outcome.ts";
import type { Pacer } from "./pacer.ts";
import { sessionPresentFault, type SideFault } from "../probe/packet_faults.ts";
import { Probe } from "../probe/probe.ts";
import { type Protocol, versionOf } from "../model/protocol.ts";
import { Transcript } from "../probe/transcript.ts";
import type { TimedWorld } from "../../net/world.ts";

/** A user that logs in. */
export interface CheckLogin {
  /** The user name. */
  readonly username?: string;
  /** The password. */
  readonly password?: string;
}

/** The dependencies of a context. */
export interface CaseContextDeps {
  readonly world: TimedWorld;
  readonly bounds: Bounds;
  readonly protocol: Protocol;
  /** Unique on the broker: run and case. Only letters and digits. */
  readonly name: string;
  readonly login: CheckLogin;
  /** Enhanced authentication of each CONNECT of MQTT 5.0, if any. */
  readonly auth?: Authenticator | undefined;
  /** The broker's limits: from its first CONNACK of this version, or observed. */
  readonly limits: KnownLimits;
  readonly pacer: Pacer;
  /** How long after the bounds the context waits for a late message, in milliseconds, by the decisive keep alive. */
  readonly lookOnMs: (keepAliveS: number) => number;
  readonly deniedTopic?: string | undefined;
  /** Restarts the broker, for several cases at once; runs the given work shortly before. */
  readonly restart?: ((lastly: () => Promise<void>) => Promise<void>) | undefined;
  readonly random: Random;
}

/** The CONNECT of a case; absent fields have their usual value. */
export interface ConnectAsked extends Partial<Omit<ConnectPacket, "type" | "protocolVersion">> {
  /** The name of the probe in transcripts. */
  readonly name?: string;
  /** Session Expiry Interval; left out for 3.1.1, where a session that is not clean stays. */
  readonly sessionExpiryS?: number;
}

const encoder = new TextEncoder();
/** Keep alive of a case about another subject: longer than any case. */
const usualKeepAliveS = 120;
/** How often a broker that was restarted is tried, in milliseconds. */
const knockEveryMs = 50;

/** How a broker shows that a size exceeds its limit. */
const limiting: ReadonlySet<CaseFault["kind"]> = new Set(["closed", "refused"]);

/** The context of a case. */
export class CaseContext {
  /** The packets on the links so far. */
  readonly transcript: Transcript;
  /** Notes for the reader besides the outcome. */
  readonly notes: string[] = [];
  /** Faults of the broker that the case is not about. */
  readonly sideFaults: SideFault[] = [];
  /** The broker could not be reached, and how that showed. */
  unreachable: string | undefined;
  readonly #admission: Admission;
  readonly #deps: CaseContextDeps;
  readonly #probes: Probe[] = [];
  readonly #cleanup = new CaseCleanup();
  /** The QoS granted to the subscriptions of each session, by client identifier. */
  readonly #granted = new Map<string, Map<string, number>>();
  readonly #originMs: number;
  #drawn = 0;

  /**
   * Prepares the context of one case.
   *
   * @param deps the connection to the broker and the bounds
   */
  constructor(deps: CaseContextDeps) {
    this.#deps = deps;
    this.transcript = new Transcript(
      bytesOfText(deps.login.password ?? ""),
      deps.auth?.secret ?? new Uint8Array(),
    );
    this.#originMs = deps.world.clock.nowMs();
    this.#admission = new Admission(deps.pacer, (ms) => this.pause(ms));
  }

  /** The version that the case runs in. */
  get protocol(): Protocol {
    return this.#deps.protocol;
  }

  /** The same as CONNECT encodes it. */
  get version(): ProtocolVersion {
    return versionOf(this.#deps.protocol);
  }

  /** True in 5.0. */
  get is5(): boolean {
    return this.version === 5;
  }

  /** The time bounds of the run. */
  get bounds(): Bounds {
    return this.#deps.bounds;
  }

  /** The limits that the broker announced in its first CONNACK; in 3.1.1, the observed ones. */
  get announced(): ConnackProperties {
    return this.#deps.limits.announced;
  }

  /** The broker's refusals for load that repeated attempts did not overcome, in its own words. */
  get refusedForLoad(): string | undefined {
    return this.#admission.refusal;
  }

  /** Why the case cannot be judged here, where the server has cut a session so that it ended during the case. */
  get sessionCut(): string | undefined {
    const cut = this.#probes.find(({ sessionExpiryS, askedExpiryS }) =>
      sessionExpiryS < askedExpiryS && 1_000 * sessionExpiryS <= this.tookMs
    );
    return cut && `the server reduced the Session Expiry Interval of ${cut.name} to ${cut.sessionExpiryS} s`;
  }

  /** The credentials that every connection uses. */
  get login(): CheckLogin {
    return this.#deps.login;
  }

  /** The topic that may not be published to; only for cases that need it. */
  get deniedTopic(): string {
    return this.#deps.deniedTopic!;
  }

  /** Monotonic milliseconds. */
  get nowMs(): number {
    return this.#deps.world.clock.nowMs();
  }

  /** Milliseconds since the case began. */
  get tookMs(): number {
    return this.nowMs - this.#originMs;
  }

  /** A topic of this case's own: the same name, the same topic. */
  topic(name = "will"): string {
    return `mqtt-sim/${this.#deps.name}/${name}`;
  }

  /**
   * A client identifier of this case's own: at most 23 letters and digits, as every server must take. [MQTT5 3.1.3-5]
   */
  clientId(): string {
    return `${this.#deps.name}x${(this.#drawn++).toString(36)}`;
  }

  /** Text that no other message contains. */
  text(): string {
    return `${this.#deps.name} ${this.#deps.random.below(0x7fff_ffff).toString(36)}`;
  }

  /** A will on {@link topic} with a unique payload, QoS 1 if the broker has it. */
  will(more: Partial<ConnectWill> = {}): ConnectWill {
    return { ...this.message(more), ...more };
  }

  /** A message on {@link topic} with a unique payload, QoS 1 if the broker has it. */
  message(more: Partial<SentMessage> = {}): SentMessage {
    const qos = Math.min(1, this.announced.maximumQoS ?? 2) as QoS;
    const { topic = this.topic(), retain = false } = more;
    const message = { topic, payload: encoder.encode(this.text()), qos, retain, ...more };
    if (message.retain) this.#cleanup.retained.add(message.topic);
    return message;
  }

  /** A link without any packet sent. */
  dial(name = "client"): Probe {
    return this.#dial(name, false);
  }

  #dial(name: string, hasWaited: boolean): Probe {
    const { world, bounds, pacer, limits, lookOnMs, auth } = this.#deps;
    const same = this.#probes.filter((probe) => probe.name.replace(/ \d+$/, "") === name).length;
    pacer.opens(hasWaited);
    const deps = {
      ...{ world, bounds, limits, lookOnMs, auth, transcript: this.transcript, originMs: this.#originMs },
      onSideFault: (fault: SideFault) => void this.sideFaults.push(fault),
      onRefusedForLoad: (what: string) => this.#admission.refused(probe, what),
      onUnreachable: (how: string) => void (this.unreachable ??= how),
    };
    const probe = new Probe(deps, same === 0 ? name : `${name} ${same + 1}`, this.version);
    this.#probes.push(probe);
    return probe;
  }

  /** The CONNECT that {@link connect} sends. */
  connectPacket({ name: _, sessionExpiryS, ...asked }: ConnectAsked = {}): ConnectPacket {
    const { clientId = this.clientId(), cleanStart = true, will } = asked;
    const { username, password } = this.#deps.login;
    const properties = {
      ...asked.properties,
      ...this.is5 && sessionExpiryS !== undefined && { sessionExpiryIntervalS: sessionExpiryS },
    };
    if (!cleanStart || (properties.sessionExpiryIntervalS ?? 0) > 0) this.#cleanup.sessions.add(clientId);
    if (will?.retain === true) this.#cleanup.retained.add(will.topic);
    return {
      type: "connect",
      protocolVersion: this.version,
      keepAliveS: usualKeepAliveS,
      ...username !== undefined && { username },
      ...password !== undefined && { password: bytesOfText(password) },
      ...asked,
      clientId,
      cleanStart,
      ...Object.keys(properties).length > 0 && { properties },
    };
  }

  /** The bytes of that CONNECT, for cases that corrupt them. */
  connectBytes(asked: ConnectAsked = {}): Uint8Array {
    return encode(this.connectPacket(asked), this.version);
  }

  /** The bytes of a packet in this version. */
  encoded(packet: Packet): Uint8Array {
    return encode(packet, this.version);
  }

  /**
   * Connects, and fails when the broker does not accept. After a refusal for load, or a close without a CONNACK, the
   * context tries again more slowly.
   *
   * @throws NotTestable when the broker still refuses for its load
   */
  async connect(asked: ConnectAsked = {}): Promise<Probe> {
    const packet = this.connectPacket(asked);
    const { probe, refused } = await this.#admission.admit(() => this.#dial(asked.name ?? "client", true).send(packet));
    if (refused.length > 0) this.note(`${refused[0]!.name} was accepted at attempt ${refused.length + 1}`);
    return this.#letIn(probe, packet, asked.keepAliveS === undefined);
  }

  #letIn(probe: Probe, packet: ConnectPacket, staysAlive: boolean): Probe {
    const { clientId, cleanStart, properties: { sessionExpiryIntervalS = 0 } = {} } = packet;
    const { properties = {}, sessionPresent } = probe.connack!;
    const { serverKeepAliveS, assignedClientIdentifier } = properties;
    probe.askedExpiryS = this.is5 ? sessionExpiryIntervalS : cleanStart ? 0 : Infinity;
    probe.sessionExpiryS = Math.min(properties.sessionExpiryIntervalS ?? Infinity, probe.askedExpiryS);
    const kept = cleanStart || !sessionPresent ? undefined : this.#granted.get(clientId);
    if (kept !== undefined) probe.granted = kept;
    this.#granted.set(clientId, probe.granted);
    if (cleanStart && sessionPresent) this.sideFaults.push(sessionPresentFault(this.version));
    if (clientId === "" && this.#cleanup.sessions.delete("") && assignedClientIdentifier !== undefined) {
      this.#cleanup.sessions.add(assignedClientIdentifier);
    }
    // The keep alive of a server may be shorter than a case that is not about it. [MQTT5 3.2.2-21]
    if (staysAlive && serverKeepAliveS !== undefined && serverKeepAliveS > 0) probe.staysAlive(serverKeepAliveS);
    return probe;
  }

  /** A client that is subscribed to a topic at QoS 2, in 5.0 with Retain As Published, and acknowledges. */
  async watcher(topicFilter = this.topic(), asked: ConnectAsked = {}): Promise<Probe> {
    const watcher = await this.connect({ name: "watcher", ...asked });
    await watcher.subscribe(topicFilter, { qos: (this.announced.maximumQoS ?? 2) as QoS });
    return watcher;
  }

  /** Waits for a duration. */
  async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => void this.#deps.world.after(ms, resolve));
  }

  /** Waits until so long after an instant. */
  async pauseUntil(sinceMs: number, afterMs: number): Promise<void> {
    await this.pause(Math.max(0, sinceMs + afterMs - this.nowMs));
  }

  /** Adds a line for the reader. */
  note(text: string): void {
    this.notes.push(text);
  }

  /** The case is not testable unless this is true. */
  requires(isSo: boolean, reason: string): void {
    if (!isSo) throw new NotTestable(reason);
  }

  /** A failure with this text means that the case is not testable here, for that reason. */
  async unless<T>(promise: Promise<T>, says: string, reason: string): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      if (error instanceof CaseFailure && error.message.includes(says)) throw new NotTestable(reason);
      throw error;
    }
  }

  /** Fails the case unless this is true. */
  holds(isSo: boolean, otherwise: string, fault: CaseFault = { kind: "other" }): void {
    if (!isSo) throw new CaseFailure(otherwise, fault);
  }

  /**
   * A limit that a broker need not announce: a size, a number of levels. Where it closes or refuses, the case is not
   * testable, and the result states the broker's reaction.
   *
   * @param what the request of the case, such as `a topic of 65,535 bytes`
   */
  async withinLimits<T>(what: string, promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      if (!(error instanceof CaseFailure) || !limiting.has(error.fault.kind)) throw error;
      throw new NotTestable(`the broker does not accept ${what}: ${error.message}`);
    }
  }

  /**
   * Restarts the broker, together with all other cases that do; only for those that need it. Every link then ends.
   *
   * @param lastly work for the moment before the restart, when all others are ready
   */
  async restart(lastly: () => Promise<void> | void = () => {}): Promise<void> {
    await this.#deps.restart!(async () => {
      await lastly();
      this.transcript.add(this.tookMs, "broker", "=", "is restarted");
    });
    await this.#accepted();
    this.transcript.add(this.tookMs, "broker", "=", "accepts connections again");
  }

  /** Tries to connect until the broker accepts. */
  async #accepted(): Promise<void> {
    const { restartMs } = this.bounds;
    const lastMs = this.nowMs + restartMs;
    for (;;) {
      try {
        return void (await this.connect({ name: "knock" })).disconnect().close();
      } catch (error) {
        if (!(error instanceof CaseFailure)) throw error;
        if (this.nowMs >= lastMs) {
          throw new NotTestable(
            `the broker does not accept connections ${restartMs / 1_000} s after its restart: ${error.message}`,
          );
        }
        await this.pause(knockEveryMs);
      }
    }
  }

  /** This topic may hold a retained message: the cleanup clears it. For cases that send bytes. */
  sweeps(topic: string): void {
    this.#cleanup.retained.add(topic);
  }

  /** Closes all connections and ends all waits. */
  callOff(): void {
    for (const probe of this.#probes) probe.callOff();
  }

  /** Leaves the broker as it was: no session and no retained message of this case. Returns the failed steps. */
  async sweep(): Promise<string | undefined> {
    for (const probe of this.#probes.filter(({ over }) => !over)) probe.disconnect().close();
    const connect = (name: string, clientId?: string) =>
      this.connect({ name, ...clientId !== undefined && { clientId }, cleanStart: true });
    try {
      return await this.#cleanup.run(connect, this.announced.retainAvailable !== false);
    } finally {
      this.callOff();
    }
  }
}
