/**
 * The generator: connects clients, so many at once, and knows when all that was asked for has come. One for each
 * measurement.
 */
import type { Engine } from "../../../src/net/engine.ts";
import { EpollLink } from "../../../src/net/epoll/epoll_link.ts";
import type { LinkEnd } from "../../../src/net/link.ts";
import { BenchClient, type Listening } from "./bench_client.ts";
import { type BenchQoS, connectBytes, disconnectBytes, subscribeBytes } from "./packets.ts";

/**
 * CONNECTs that wait for their CONNACK at a time. No broker's backlog is shorter (mosquitto listens with 100): a SYN
 * that finds it full is sent again a second later, and that second would be all that is measured.
 */
export const connecting = 96;

/** After so long without anything new, what has not come is lost, unless more patience is asked for. */
const quietMs = 2_000;

/** What the clients of one call are like. */
export interface ClientOptions {
  readonly keepAliveS?: number;
  readonly willQoS?: BenchQoS | undefined;
}

/** Where clients dial from, in turn: no address runs out of ports. */
const sourceAddresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];

export class Swarm implements Listening {
  readonly #engine: Engine;
  readonly #port: number;
  readonly #prefix: string;
  #clients: BenchClient[] = [];
  /** Clients so far, those that are gone too. */
  #dialled = 0;
  #connected = 0;
  #subscribed = 0;
  #messages = 0;
  #acknowledged = 0;
  #lastMs = 0;
  #wake: (() => void) | undefined;
  /** When each message came, in ms, if asked for by {@link stampMessages}. */
  #stamps: number[] | undefined;
  readonly #unexpected: string[] = [];
  /** Whose end is no fault. */
  readonly #doomed = new Set<BenchClient>();
  /** Whose reset was made ready. */
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

  /** PUBLISHes that came since the last {@link forget}. */
  get messages(): number {
    return this.#messages;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** When the last one came; `performance.now()`. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Starts counting again; stamps each message if asked to. */
  forget(stamped = false): void {
    this.#messages = this.#acknowledged = 0;
    this.#lastMs = performance.now();
    this.#stamps = stamped ? [] : undefined;
  }

  get stamps(): readonly number[] {
    return this.#stamps ?? [];
  }

  /** Connects more clients; with wills on `will/NUMBER` if a QoS is given. Answers them when all were let in. */
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

  /** Waits for so many messages, or until none has come for so long. Answers whether all came. */
  messagesCome(count: number, patienceMs = quietMs): Promise<boolean> {
    return this.#until(() => this.#messages >= count, undefined, patienceMs);
  }

  acknowledgedCome(count: number): Promise<boolean> {
    return this.#until(() => this.#acknowledged >= count);
  }

  /** That these end is no fault. */
  expectEnds(clients: readonly BenchClient[]): void {
    for (const client of clients) this.#doomed.add(client);
  }

  /** These are to be reset, which is made ready. */
  doom(clients: readonly BenchClient[]): void {
    this.expectEnds(clients);
    for (const client of clients) {
      if (!(client.link instanceof EpollLink)) continue;
      client.link.armReset();
      this.#armed.add(client);
    }
  }

  /** RST to all of them, as a fleet dies whose power is cut; answers how many milliseconds that took. */
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

  /** Forgets those that have ended. */
  bury(): void {
    this.#doomed.clear();
    this.#armed.clear();
    this.#clients = this.#clients.filter(({ link }) => link.open);
  }

  /** All leave with DISCONNECT. */
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

  /** Until it is so, or nothing has come for so long; with a word for what is awaited the latter is an error. */
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
