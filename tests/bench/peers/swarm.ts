/**
 * The generator: connects clients in batches, and detects when all requested messages have arrived. One for each
 * measurement.
 */
import type { Engine } from "../../../src/net/engine.ts";
import { EpollLink } from "../../../src/net/epoll/epoll_link.ts";
import type { LinkEnd } from "../../../src/net/link.ts";
import { BenchClient, type Listening } from "./bench_client.ts";
import { type BenchQoS, connectBytes, disconnectBytes, subscribeBytes } from "./packets.ts";

/**
 * The most CONNECTs without CONNACK. It is below each broker's backlog (mosquitto's is 100): the kernel repeats a SYN
 * to a full backlog after a second, which would dominate the measurement.
 */
export const connecting = 96;

/** After this time without a message the missing ones are lost, unless the caller waits longer. */
const quietMs = 2_000;

/** The properties of the clients of one call. */
export interface ClientOptions {
  readonly keepAliveS?: number;
  readonly willQoS?: BenchQoS | undefined;
}

/** The source addresses of the clients, in turn, so that no address runs out of ports. */
const sourceAddresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];

export class Swarm implements Listening {
  readonly #engine: Engine;
  readonly #port: number;
  readonly #prefix: string;
  #clients: BenchClient[] = [];
  /** All clients so far, ended ones included. */
  #dialled = 0;
  #connected = 0;
  #subscribed = 0;
  #messages = 0;
  #acknowledged = 0;
  #lastMs = 0;
  #wake: (() => void) | undefined;
  /** The arrival time of each message in ms, if requested by {@link stampMessages}. */
  #stamps: number[] | undefined;
  readonly #unexpected: string[] = [];
  /** Clients whose end is no fault. */
  readonly #doomed = new Set<BenchClient>();
  /** Clients that are prepared for a reset. */
  readonly #armed = new Set<BenchClient>();
  #leaving = false;

  constructor(engine: Engine, port: number, prefix: string) {
    this.#engine = engine;
    this.#port = port;
    this.#prefix = prefix;
  }

  get clients(): readonly BenchClient[] {
    return this.#clients;
  }

  /** PUBLISH packets that arrived since the last {@link forget}. */
  get messages(): number {
    return this.#messages;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** When the last message arrived; `performance.now()`. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Resets the counts; stamps each message if requested. */
  forget(stamped = false): void {
    this.#messages = this.#acknowledged = 0;
    this.#lastMs = performance.now();
    this.#stamps = stamped ? [] : undefined;
  }

  get stamps(): readonly number[] {
    return this.#stamps ?? [];
  }

  /** Connects more clients; with wills on `will/NUMBER` if a QoS is given. Resolves to them when all are connected. */
  async connect(count: number, { keepAliveS = 0, willQoS }: ClientOptions = {}): Promise<BenchClient[]> {
    const first = this.#clients.length;
    const outstanding = () => this.#dialled - this.#connected;
    for (let left = count; left > 0; left--) {
      if (outstanding() >= connecting) await this.#until(() => outstanding() < connecting / 2, "CONNACK");
      const number = this.#dialled++;
      const willTopic = willQoS === undefined ? undefined : `will/${number}`;
      this.#dial(number).link.write(connectBytes(`${this.#prefix}-${number}`, keepAliveS, willTopic, willQoS));
    }
    await this.#until(() => outstanding() === 0, "CONNACK");
    return this.#clients.slice(first);
  }

  #dial(number: number): BenchClient {
    const client = new BenchClient(number, this);
    const sourceAddress = sourceAddresses[number % sourceAddresses.length];
    client.use(this.#engine.dial({ host: "127.0.0.1", port: this.#port, sourceAddress }, client));
    this.#clients.push(client);
    return client;
  }

  /** Subscribes clients; returns when the broker has acknowledged each. */
  async subscribe(clients: readonly BenchClient[], filter: string, qos: BenchQoS): Promise<void> {
    const goal = this.#subscribed + clients.length;
    for (const client of clients) client.link.write(subscribeBytes(filter, qos));
    await this.#until(() => this.#subscribed === goal, "SUBACK");
  }

  /** Waits for `count` messages, or until none has arrived for a while. Returns whether all arrived. */
  messagesCome(count: number, patienceMs = quietMs): Promise<boolean> {
    return this.#until(() => this.#messages >= count, undefined, patienceMs);
  }

  acknowledgedCome(count: number): Promise<boolean> {
    return this.#until(() => this.#acknowledged >= count);
  }

  /** Marks the end of these clients as no fault. */
  expectEnds(clients: readonly BenchClient[]): void {
    for (const client of clients) this.#doomed.add(client);
  }

  /** Prepares these clients for a reset. */
  doom(clients: readonly BenchClient[]): void {
    this.expectEnds(clients);
    for (const client of clients) {
      if (!(client.link instanceof EpollLink)) continue;
      client.link.armReset();
      this.#armed.add(client);
    }
  }

  /** Resets all of them, as a power failure of the fleet does; returns how many milliseconds that took. */
  reset(clients: readonly BenchClient[]): number {
    const startMs = performance.now();
    for (const client of clients) {
      if (this.#armed.has(client)) {
        (client.link as EpollLink).giveUp();
      } else {
        this.#doomed.add(client);
        client.link.reset();
      }
    }
    return performance.now() - startMs;
  }

  /** Removes ended clients. */
  bury(): void {
    this.#doomed.clear();
    this.#armed.clear();
    this.#clients = this.#clients.filter(({ link }) => link.open);
  }

  /** All clients send DISCONNECT. */
  async leave(): Promise<void> {
    this.#leaving = true;
    for (const client of this.#clients) {
      client.link.write(disconnectBytes);
      client.link.end();
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (this.#unexpected.length > 0) {
      throw new Error(`${this.#unexpected.length} clients were put out, the first by ${this.#unexpected[0]}`);
    }
  }

  onConnected(): void {
    this.#connected++;
    this.#touch();
  }

  onSubscribed(): void {
    this.#subscribed++;
    this.#touch();
  }

  onMessages(_client: BenchClient, count: number): void {
    this.#messages += count;
    this.#touch();
    if (this.#stamps !== undefined) { for (let of = 0; of < count; of++) this.#stamps.push(this.#lastMs); }
  }

  onAcknowledged(_client: BenchClient, count: number): void {
    this.#acknowledged += count;
    this.#touch();
  }

  onEnd(client: BenchClient, end: LinkEnd): void {
    if (!this.#leaving && !this.#doomed.has(client)) this.#unexpected.push(end.kind === "error" ? end.code : end.kind);
  }

  #touch(): void {
    this.#lastMs = performance.now();
    this.#wake?.();
  }

  /** Waits until the condition holds or no event has occurred for a while; with `what` the latter is an error. */
  async #until(isSo: () => boolean, awaited?: string, patienceMs = quietMs): Promise<boolean> {
    let quietFrom = performance.now();
    while (!isSo()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = () => isSo() && resolve();
      const timer = setTimeout(resolve, quietFrom + patienceMs - performance.now());
      await promise;
      clearTimeout(timer);
      this.#wake = undefined;
      if (isSo()) return true;
      quietFrom = Math.max(quietFrom, this.#lastMs);
      if (performance.now() - quietFrom < patienceMs) continue;
      if (awaited !== undefined) throw new Error(`no ${awaited} for ${patienceMs} ms, ${this.#connected} connected`);
      return false;
    }
    return true;
  }
}
