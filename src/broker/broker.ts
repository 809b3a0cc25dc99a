/** An MQTT broker with its listeners: start it, use its url, stop it. */
import { bracketed, type Endpoint, parseEndpoint } from "../net/endpoint.ts";
import { chooseEngine, type ChosenEngine, type EngineChoice, type EngineName, engines } from "../net/engine.ts";
import type { Link } from "../net/link.ts";
import { listen, type OpenListener } from "../net/listen.ts";
import { openFilesLimit } from "../net/open_files.ts";
import type { TlsIdentity } from "../net/tls/tls_identity.ts";
import { recheck, type Rechecked } from "./handle/recheck.ts";
import { assignedClientId } from "./options/assigned_client_id.ts";
import type { Core } from "./core/core.ts";
import { startCore } from "./serve/start_core.ts";
import { connectionRoom } from "./limits/connection_room.ts";
import { memoryShare } from "./limits/memory_share.ts";
import type { BrokerMetrics } from "./limits/metrics.ts";
import { clearRetained, disconnectClient, endSession } from "./serve/operator.ts";
import { type CoreOptions, coreSettings } from "./options/options.ts";
import { type QueueTotals, queueTotals, type StatusPage, statusPage, type StatusQuery } from "./monitor/status.ts";
import { serve } from "./serve/serve.ts";
import { beginStop, finishStop, isDrained } from "./serve/shutdown.ts";
import { runDue } from "./serve/tick.ts";
import { Timer } from "./serve/timer.ts";

/**
 * Where a broker listens, and its other options.
 *
 * @example A broker with a limit and a log
 * ```ts ignore
 * import { Broker, type BrokerOptions } from "mqtt-sim";
 *
 * const options: BrokerOptions = {
 *   port: 0,
 *   limits: { connections: 1_000 },
 *   maximumQoS: 1,
 *   onEvent: (event) => event.type === "will-published" && console.log(event.will.topic),
 *   log: (level, message) => console.log(level, message),
 * };
 * await using broker = await Broker.start(options);
 * console.log(broker.url);
 * ```
 */
export interface BrokerOptions extends CoreOptions {
  /** An address of this machine. Default: 127.0.0.1. */
  readonly host?: string;
  /** The port; 0 takes a free one. Default: 0. */
  readonly port?: number;
  /** The listeners, in place of host and port: any number over TCP, TLS, WebSocket and Unix sockets. Default: host and port. */
  readonly listen?: readonly Endpoint[];
  /** Certificates for `mqtts` and `wss`. Default: none. */
  readonly tls?: TlsIdentity;
  /**
   * Origins of web pages that may connect over WebSocket, such as `https://app.example`; `*` allows every
   * origin. Clients other than browsers send no origin. Default: none.
   */
  readonly allowOrigins?: readonly string[];
  /**
   * Whether each connection begins with the header of the PROXY protocol, version 1 or 2: a connection without one is
   * closed, and the client's address is that in the header. Default: no.
   */
  readonly proxyProtocol?: boolean;
  /** The TCP implementation: `auto` uses epoll if it works, otherwise the sockets of the runtime. Default: `auto`. */
  readonly engine?: EngineChoice;
  /** The thread only runs this broker: it may block in epoll for 1 ms at a time. Default: no. */
  readonly ownThread?: boolean;
}

/** Maximum number of due actions before the broker reads links again. */
const dueAtOnce = 1_000;
/** Interval in milliseconds at which a stopping broker checks whether its watchers have received everything. */
const stopStepMs = 5;

/** A running broker: started by {@link Broker.start}, ended by {@link Broker.stop}. */
export class Broker {
  readonly #core: Core;
  readonly #timer: Timer;
  readonly #listeners: OpenListener[] = [];
  readonly #startedAt: string;
  /** The limit of open files of this process; undefined if it cannot be read. */
  readonly openFiles: number | undefined;
  #engine: ChosenEngine = { name: "deno" };
  #stopped: Promise<void> | undefined;

  private constructor(options: BrokerOptions) {
    const openFiles = openFilesLimit();
    const { connections, links: linkRoom } = connectionRoom(options.limits?.connections, openFiles);
    const limits = { memoryBytes: memoryShare(), ...options.limits, connections };
    const settings = coreSettings({ onInternalError: "contain", linkRoom, ...options, limits }, assignedClientId);
    const core = startCore(settings);
    this.openFiles = openFiles;
    const timer = new Timer({
      clock: core.settings.clock,
      nextMs: () => core.deadlines.nextMs,
      runDue: (nowMs) => runDue(core, nowMs, dueAtOnce),
    });
    this.#core = core;
    this.#startedAt = new Date(core.settings.wallNowMs()).toISOString();
    this.#timer = timer;
  }

  /**
   * Starts a broker; when the promise is fulfilled, the broker accepts clients.
   *
   * @throws UsageError if an address, port, engine or store is not available, a limit is out of range, or more
   * connections are requested than the limit of open files allows
   */
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    const broker = new Broker(options);
    await broker.#listen(options);
    broker.#timer.arm(); // what fell due while no broker ran
    return broker;
  }

  /** The port in use, also if 0 was requested; with several listeners, that of the first. */
  get port(): number {
    return this.#listeners[0]!.port;
  }

  /** The URL for clients, as `mqtt://host:port`; with several listeners, that of the first. */
  get url(): string {
    return this.#listeners[0]!.endpoint.url;
  }

  /** The URL for clients of each listener. */
  get urls(): string[] {
    return this.#listeners.map(({ endpoint }) => endpoint.url);
  }

  /** The TCP implementation in use, and why `auto` did not choose epoll. */
  get engine(): ChosenEngine {
    return this.#engine;
  }

  /** The engine of each listener, in the order of {@link urls}: TLS uses the sockets of the runtime. */
  get listenerEngines(): readonly EngineName[] {
    return this.#listeners.map(({ engine }) => engine);
  }

  /** The place of sessions, messages and wills: the path of a file, or `memory`. */
  get storePlace(): string {
    return this.#core.store.place;
  }

  /** New TLS handshakes use these certificates; open connections keep theirs. */
  renewTls(identity: TlsIdentity): void {
    for (const listener of this.#listeners) listener.renew(identity);
  }

  /**
   * Applies the current answers of `authorize` and `knows` to every session, online or not. Subscriptions that are no
   * longer allowed end, queued messages that may no longer be read are discarded, and sessions of users that are no
   * longer known end, their connections with 0x87.
   */
  recheckAccess(): Rechecked {
    const rechecked = recheck(this.#core, this.#core.settings.clock.nowMs());
    this.#timer.arm();
    return rechecked;
  }

  /**
   * Ends the connection of a client: DISCONNECT with 0x98 to a 5.0 client. The session continues as after any end of a
   * connection, and the will is published, after its delay if it has one.
   *
   * @returns false if no client with this identifier is connected
   */
  disconnectClient(clientId: string): boolean {
    return this.#operate(disconnectClient, clientId);
  }

  /**
   * Ends a session, in the store too; a connected client receives DISCONNECT with 0x98 first. The will is published, a
   * delayed one at once.
   *
   * @returns false if no session exists for this client identifier
   */
  endSession(clientId: string): boolean {
    return this.#operate(endSession, clientId);
  }

  /**
   * Removes the retained message of a topic, in the store too. Subscribers receive nothing.
   *
   * @returns false if the topic has no retained message
   */
  clearRetained(topic: string): boolean {
    return this.#operate(clearRetained, topic);
  }

  /** Whether the store failed to write the last changes; the broker tries again every second. */
  get storeFails(): boolean {
    return this.#core.turn.failing;
  }

  /** Counts and logs a refused request for one of these actions, with a limit of log lines. */
  actionRefused(peer: string, why: string): void {
    if (this.#stopped !== undefined) return;
    this.#core.warnings.actionRefused(peer, why, this.#core.settings.clock.nowMs());
    this.#timer.arm();
  }

  /** Does nothing while the broker stops, because its store may be closed. */
  #operate(action: (core: Core, name: string, nowMs: number) => boolean, name: string): boolean {
    if (this.#stopped !== undefined) return false;
    const isDone = action(this.#core, name, this.#core.settings.clock.nowMs());
    this.#timer.arm();
    return isDone;
  }

  /** Counts a pause of accepting by a web page of this broker; the broker counts its own pauses. */
  countAcceptPause(): void {
    this.#core.metrics.acceptPauses++;
  }

  /** Maximum number of open links; by default as many as the limit of open files allows. */
  get connectionsLimit(): number {
    return this.#core.settings.limits.connections;
  }

  /** The limit of the memory that clients make the broker use, in bytes. */
  get memoryLimitBytes(): number {
    return this.#core.memory.limitBytes;
  }

  /** The counters up to now. */
  metrics(): BrokerMetrics {
    return this.#core.metrics.snapshot();
  }

  /** A page of clients: which are online, and whose will is armed or delayed. Visits every session once. */
  status(query: Partial<StatusQuery> = {}): StatusPage {
    const { filter = "all", offset = 0, limit = 100 } = query;
    return statusPage(this.#core, { filter, offset, limit }, this.#core.settings.clock.nowMs());
  }

  /** The totals of the queues of all clients. Visits every session once. */
  queues(): QueueTotals {
    return queueTotals(this.#core);
  }

  /** The start time, as ISO 8601. */
  get startedAt(): string {
    return this.#startedAt;
  }

  /** A description of the faults that the broker injects into wills; undefined without faults. */
  get fault(): string | undefined {
    return this.#core.settings.willFault?.description;
  }

  /**
   * Stops the broker: it accepts no more links, publishes wills (see `onShutdown`), gives watchers `stopGraceMs` to
   * receive them, then disconnects and closes every client. Fulfilled when everything is closed; a second call awaits
   * the first.
   */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  /** Stops the broker at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    const { clock, limits } = this.#core.settings;
    for (const listener of this.#listeners) listener.close();
    beginStop(this.#core, clock.nowMs());
    await this.#until(() => isDrained(this.#core), limits.stopGraceMs);
    finishStop(this.#core, clock.nowMs());
    this.#timer.stop();
    engines[this.#engine.name].ownThread(undefined);
    await this.#until(() => this.#core.connections.size === 0, limits.stopGraceMs);
    for (const { link } of this.#core.connections) link.reset();
    await this.#until(() => this.#core.connections.size === 0, limits.stopGraceMs);
    this.#core.turn.stop(clock.nowMs());
  }

  /** Opens all listeners or none. */
  async #listen(
    options: BrokerOptions,
  ): Promise<void> {
    const { host = "127.0.0.1", port = 0, listen: endpoints, tls, engine = "auto", ownThread = false } = options;
    const core = this.#core;
    const afterwards = () => this.#timer.arm();
    const receiver = {
      accept: (link: Link) => serve(core, link, afterwards),
      refused: (sentence: string, pauses = false) => {
        core.warnings.linkRefused(sentence, pauses, core.settings.clock.nowMs());
        afterwards();
      },
    };
    try {
      this.#engine = await chooseEngine(engine);
      if (ownThread) this.#ownThread(endpoints ?? []);
      for (const endpoint of endpoints ?? [parseEndpoint(`mqtt://${bracketed(host)}:${port}`)]) {
        // One after another, so that an error names the first listener that failed.
        const { allowOrigins, proxyProtocol } = options;
        const choices = { identity: tls, engine: this.#engine.name, allowOrigins, proxyProtocol };
        this.#listeners.push(await listen(endpoint, choices, receiver));
      }
    } catch (error) {
      for (const listener of this.#listeners) listener.close();
      core.store.close();
      throw error;
    }
  }

  /** TLS links and Unix sockets belong to the runtime: if there are any, the thread must not block in epoll. */
  #ownThread(endpoints: readonly Endpoint[]): void {
    if (endpoints.some(({ transport }) => transport !== "tcp" && transport !== "ws")) return;
    const { deadlines, settings } = this.#core;
    engines[this.#engine.name].ownThread((ms) => deadlines.nextMs > settings.clock.nowMs() + ms);
  }

  /** Fulfilled when the condition is true, or when the time is over. */
  #until(isSo: () => boolean, limitMs: number): Promise<void> {
    const { clock } = this.#core.settings;
    const lastMs = clock.nowMs() + limitMs;
    return new Promise((resolve) => {
      const look = () => isSo() || clock.nowMs() >= lastMs ? resolve() : void setTimeout(look, stopStepMs);
      look();
    });
  }
}
