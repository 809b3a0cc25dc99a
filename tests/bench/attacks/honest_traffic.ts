/** Legitimate clients during an attack: QoS 1 messages on a fixed schedule, with the delay of each. */
import { HonestClient } from "./honest_client.ts";

const pairs = 4;
const everyMs = 40;
const payloadBytes = 64;

/** The observations of the legitimate clients. */
export interface Service {
  readonly sent: number;
  /** Messages that had not arrived at the end. */
  readonly missing: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** PUBLISH packets that the broker refused. */
  readonly refused: number;
  /** Connections that the broker ended. */
  readonly ended: number;
}

/** One publisher and one subscriber. */
interface Pair {
  readonly publisher: HonestClient;
  readonly subscriber: HonestClient;
  readonly topic: string;
}

export class HonestTraffic {
  readonly #pairs: readonly Pair[];
  /** By number: when each message is due, and its delay. */
  readonly #sentMs: number[] = [];
  readonly #tookMs: (number | undefined)[] = [];
  /** The first message that counts. */
  #from = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(all: readonly Pair[]) {
    this.#pairs = all;
    for (const { subscriber } of all) {
      subscriber.onPublish = ({ payload }) => {
        const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
        this.#tookMs[number] ??= performance.now() - this.#sentMs[number]!;
      };
    }
  }

  static async open(port: number): Promise<HonestTraffic> {
    const all: Pair[] = [];
    for (let each = 0; each < pairs; each++) {
      const topic = `honest/${each}`;
      const publisher = await HonestClient.connect(port, { clientId: `publisher-${each}` });
      const subscriber = await HonestClient.connect(port, { clientId: `subscriber-${each}` });
      await subscriber.subscribe(topic);
      all.push({ publisher, subscriber, topic });
    }
    return new HonestTraffic(all);
  }

  /** Starts to send. */
  start(): void {
    let dueMs = performance.now();
    this.#timer = setInterval(() => {
      // A late timer sends all messages that are due, so that the figures include time without service.
      for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += everyMs) this.#sendAll();
    }, everyMs / 4);
  }

  #sendAll(): void {
    for (const { publisher, topic } of this.#pairs) {
      const number = this.#sentMs.push(performance.now()) - 1;
      const payload = new Uint8Array(payloadBytes);
      new DataView(payload.buffer).setUint32(0, number);
      publisher.send({
        ...{ type: "publish", dup: false, qos: 1, retain: false, topic, payload },
        packetId: number % 65_535 + 1,
      });
    }
  }

  /** Excludes earlier messages from the counts. */
  measure(): void {
    this.#from = this.#sentMs.length;
  }

  /** Stops sending, waits for missing messages, and returns the observations. */
  async stop(waitMs: number): Promise<Service> {
    clearInterval(this.#timer);
    const untilMs = performance.now() + waitMs;
    while (this.#missing() > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 20));
    const clients = this.#pairs.flatMap(({ publisher, subscriber }) => [publisher, subscriber]);
    const nowMs = performance.now();
    return {
      ...quantiles(this.#sentMs.map((sentMs, at) => this.#tookMs[at] ?? nowMs - sentMs).slice(this.#from)),
      sent: this.#sentMs.length - this.#from,
      missing: this.#missing(),
      refused: clients.reduce((sum, { refused }) => sum + refused, 0),
      ended: clients.filter(({ isOver }) => isOver).length,
    };
  }

  close(): void {
    for (const { publisher, subscriber } of this.#pairs) [publisher, subscriber].forEach((client) => client.close());
  }

  #missing(): number {
    let arrived = 0;
    for (const ms of this.#tookMs) if (ms !== undefined) arrived++;
    return this.#sentMs.length - arrived;
  }
}

/** The median, 99th percentile and maximum of durations. */
export function quantiles(tookMs: readonly number[]): { p50Ms: number; p99Ms: number; maxMs: number } {
  const sorted = [...tookMs].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
