/** The broker's counters as Prometheus takes them. Values are read when someone asks, never kept a second time. */
import { Counter, Gauge, Registry } from "prom-client";
import type { BrokerMetrics } from "../metrics.ts";
import type { QueueTotals } from "./status.ts";

/** What is shown. */
export interface Measured {
  readonly metrics: BrokerMetrics;
  readonly queues: QueueTotals;
  /** What wills suffer on purpose, in words; undefined on an honest broker. */
  readonly fault: string | undefined;
}

type Counts = Readonly<Record<string, number>>;
type Value = (measured: Measured) => number;

/** Numbers that only grow; `_total` is put behind their names. */
const counters: readonly [name: string, help: string, value: Value][] = [
  ["connections_accepted", "Links accepted", ({ metrics }) => metrics.connections.accepted],
  ["connections_connected", "CONNECT packets answered with success", ({ metrics }) => metrics.connections.connected],
  ["connections_ended_early", "Links that ended before a login", ({ metrics }) => metrics.connections.endedEarly],
  ["subscriptions_refused", "Subscriptions refused", ({ metrics }) => metrics.subscriptions.refused],
  ["retained_refused", "Messages not retained at the limit", ({ metrics }) => metrics.retained.refused],
  ["messages_received", "PUBLISH packets received", ({ metrics }) => metrics.messages.received],
  ["messages_sent", "PUBLISH packets sent, repetitions included", ({ metrics }) => metrics.messages.sent],
  ["packets_received", "Control packets received", ({ metrics }) => metrics.traffic.packetsReceived],
  ["packets_sent", "Control packets sent", ({ metrics }) => metrics.traffic.packetsSent],
  ["received_bytes", "Bytes received", ({ metrics }) => metrics.traffic.bytesReceived],
  ["sent_bytes", "Bytes sent", ({ metrics }) => metrics.traffic.bytesSent],
  ["wills_armed", "Wills armed", ({ metrics }) => metrics.wills.armed],
  ["wills_discarded", "Wills of clients that left properly", ({ metrics }) => metrics.wills.discarded],
  ["wills_delayed", "Wills put off by their delay", ({ metrics }) => metrics.wills.delayed],
  ["wills_cancelled", "Delayed wills whose client came back", ({ metrics }) => metrics.wills.cancelled],
  ["wills_denied", "Wills that their client may not publish", ({ metrics }) => metrics.wills.denied],
  ["wills_lost", "Wills lost at a stop", ({ metrics }) => metrics.wills.lostAtStop],
  ["store_commits", "Transactions of the store", ({ metrics }) => metrics.store.commits],
  ["store_failures", "Transactions that could not be kept", ({ metrics }) => metrics.store.failures],
];

/** Numbers that only grow, by a label. */
const labelled: readonly [name: string, help: string, label: string, counts: (measured: Measured) => Counts][] = [
  ["connections_refused", "CONNECT packets refused", "reason_code", ({ metrics }) => metrics.connections.refused],
  ["connections_ended", "Connections that ended", "ending", ({ metrics }) => metrics.connections.ended],
  ["messages_dropped", "Copies of messages not sent", "reason", ({ metrics }) => metrics.messages.dropped],
  ["wills_published", "Wills published", "ending", ({ metrics }) => metrics.wills.published],
  ["wills_dropped", "Copies of wills not sent", "reason", ({ metrics }) => metrics.wills.dropped],
  ["will_faults", "Wills that went wrong on purpose", "kind", ({ metrics }) => metrics.wills.faultsByKind],
  ["limits_hit", "Limits reached", "limit", ({ metrics }) => metrics.limitsHit],
];

/** Numbers that come and go. */
const gauges: readonly [name: string, help: string, value: Value][] = [
  ["connections_open", "Links open", ({ metrics }) => metrics.connections.open],
  ["clients_online", "Clients online", ({ metrics }) => metrics.connections.online],
  ["sessions", "Sessions held", ({ metrics }) => metrics.sessions.held],
  ["subscriptions", "Subscriptions held", ({ metrics }) => metrics.subscriptions.held],
  ["retained_messages", "Retained messages held", ({ metrics }) => metrics.retained.held],
  ["wills_held", "Wills armed or delayed now", ({ metrics }) => metrics.wills.held],
  ["queued_messages", "Messages that wait for clients", ({ queues }) => queues.messages],
  ["queued_bytes", "Bytes of messages that wait for clients", ({ queues }) => queues.bytes],
  ["queued_clients", "Clients for whom messages wait", ({ queues }) => queues.clients],
  ["fault_active", "1 where wills go wrong on purpose", ({ fault }) => fault === undefined ? 0 : 1],
];

/** A registry that shows what `measure` answers, which is asked once for each scrape. */
export class Prometheus {
  readonly #registry = new Registry();
  readonly #measure: () => Measured;
  #measured!: Measured;

  constructor(measure: () => Measured) {
    this.#measure = measure;
    for (const [name, help, value] of counters) this.#counter(name, help, [], (set) => set({}, value(this.#measured)));
    for (const [name, help, label, counts] of labelled) {
      this.#counter(name, help, [label], (set) => {
        for (const [word, count] of Object.entries(counts(this.#measured))) set({ [label]: word }, count);
      });
    }
    for (const [name, help, value] of gauges) this.#gauge(name, help, value);
  }

  /** Of the text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** What is so now, in Prometheus' text format. */
  text(): Promise<string> {
    this.#measured = this.#measure();
    return this.#registry.metrics();
  }

  #counter(
    name: string,
    help: string,
    labelNames: string[],
    fill: (set: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    const counter: Counter = new Counter({
      name: `mqtt_sim_${name}_total`,
      help,
      labelNames,
      registers: [this.#registry],
      collect: () => {
        counter.reset();
        fill((labels, value) => counter.inc(labels, value));
      },
    });
  }

  #gauge(name: string, help: string, value: Value): void {
    const valueNow = () => value(this.#measured);
    new Gauge({
      name: `mqtt_sim_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(valueNow());
      },
    });
  }
}
