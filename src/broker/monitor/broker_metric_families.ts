/** The metrics of a broker: names, help and the source of each value. `base/prometheus.ts` writes them. */
import type { MetricFamily, MetricSample } from "../../base/metric_family.ts";
import { buildMetric, processMetrics, type ProcessUsage } from "../../base/process_usage.ts";
import type { BrokerMetrics } from "../limits/metrics.ts";
import type { QueueTotals } from "./status.ts";

/** The measured values. */
export interface Measured {
  readonly metrics: BrokerMetrics;
  readonly queues: QueueTotals;
  /** A description of the faults that the broker injects into wills; undefined without faults. */
  readonly fault: string | undefined;
  readonly usage: ProcessUsage;
  readonly build: Build;
}

/** The program that serves the metrics. */
export interface Build {
  readonly version: string;
  /** The engine of the TCP links. */
  readonly engine: string;
  /** The label value of each limit: the name of its flag. Default: the limit's name with hyphens. */
  readonly limitWord?: ((limit: string) => string) | undefined;
}

/** The start of every name. */
const prefix = "mqtt_sim_broker_";

type Counts = Readonly<Record<string, number>>;
type Value = (measured: Measured) => number;

/** Counters; `_total` is appended to their names. */
const counters: readonly [name: string, help: string, value: Value][] = [
  ["connections_accepted", "Connections accepted", ({ metrics }) => metrics.connections.accepted],
  ["connections_connected", "CONNECT packets answered with success", ({ metrics }) => metrics.connections.connected],
  ["connections_ended_early", "Connections that ended before login", ({ metrics }) => metrics.connections.endedEarly],
  [
    "accept_pauses",
    "Pauses of accepting for lack of file descriptors or memory",
    ({ metrics }) => metrics.connections.acceptPauses,
  ],
  ["subscriptions_refused", "Subscriptions refused", ({ metrics }) => metrics.subscriptions.refused],
  ["retained_refused", "Messages not retained at the limit", ({ metrics }) => metrics.retained.refused],
  ["messages_received", "PUBLISH packets received", ({ metrics }) => metrics.messages.received],
  ["messages_sent", "PUBLISH packets sent, including retransmissions", ({ metrics }) => metrics.messages.sent],
  ["packets_received", "Control packets received", ({ metrics }) => metrics.traffic.packetsReceived],
  ["packets_sent", "Control packets sent", ({ metrics }) => metrics.traffic.packetsSent],
  ["received_bytes", "Bytes received", ({ metrics }) => metrics.traffic.bytesReceived],
  ["sent_bytes", "Bytes sent", ({ metrics }) => metrics.traffic.bytesSent],
  ["wills_armed", "Wills armed", ({ metrics }) => metrics.wills.armed],
  ["wills_discarded", "Wills of clients that disconnected normally", ({ metrics }) => metrics.wills.discarded],
  ["wills_delayed", "Wills delayed", ({ metrics }) => metrics.wills.delayed],
  ["wills_cancelled", "Delayed wills whose client reconnected", ({ metrics }) => metrics.wills.cancelled],
  ["wills_denied", "Wills that their client is not allowed to publish", ({ metrics }) => metrics.wills.denied],
  ["wills_lost", "Wills lost at a stop", ({ metrics }) => metrics.wills.lostAtStop],
  ["internal_errors", "Internal errors that ended one connection", ({ metrics }) => metrics.internalErrors],
  ["operator_refused", "Operator actions refused because of their token", ({ metrics }) => metrics.operator.refused],
  ["store_commits", "Transactions of the store", ({ metrics }) => metrics.store.commits],
  ["store_failures", "Transactions that failed", ({ metrics }) => metrics.store.failures],
];

/** Counters with a label. */
const labelled: readonly [name: string, help: string, label: string, counts: (measured: Measured) => Counts][] = [
  [
    "connections_refused",
    "CONNECT packets refused",
    "reason_code",
    ({ metrics }) => hexed(metrics.connections.refused),
  ],
  [
    "proxy_headers_refused",
    "Connections closed because of the header of the PROXY protocol",
    "reason",
    ({ metrics }) => metrics.connections.headersRefused,
  ],
  ["connections_ended", "Connections that ended", "ending", ({ metrics }) => metrics.connections.ended],
  ["logins_failed", "Failed logins", "reason", ({ metrics }) => metrics.logins.failed],
  ["operator_actions", "Actions of an operator", "action", ({ metrics }) => metrics.operator.actions],
  ["messages_dropped", "Message copies dropped", "reason", ({ metrics }) => metrics.messages.dropped],
  ["wills_published", "Wills published", "ending", ({ metrics }) => metrics.wills.published],
  ["wills_dropped", "Will copies dropped", "reason", ({ metrics }) => metrics.wills.dropped],
  ["will_faults", "Wills with injected faults", "kind", ({ metrics }) => metrics.wills.faultsByKind],
  [
    "limits_hit",
    "Limits reached",
    "limit",
    ({ metrics, build: { limitWord = hyphened } }) => renamed(metrics.limitsHit, limitWord),
  ],
];

/** Gauges. */
const gauges: readonly [name: string, help: string, value: Value][] = [
  ["connections_open", "Open connections, including handshakes", ({ metrics }) => metrics.connections.open],
  ["connections_limit", "Links that may be open at one time", ({ metrics }) => metrics.connections.limit],
  ["clients_online", "Clients online", ({ metrics }) => metrics.connections.online],
  ["memory_used_bytes", "Memory for client data", ({ metrics }) => metrics.memory.usedBytes],
  ["sessions", "Sessions", ({ metrics }) => metrics.sessions.held],
  ["subscriptions", "Subscriptions", ({ metrics }) => metrics.subscriptions.held],
  ["retained_messages", "Retained messages", ({ metrics }) => metrics.retained.held],
  ["wills_held", "Wills armed or delayed now", ({ metrics }) => metrics.wills.held],
  ["queued_messages", "Messages queued for clients", ({ queues }) => queues.messages],
  ["queued_bytes", "Bytes of messages queued for clients", ({ queues }) => queues.bytes],
  ["queued_clients", "Clients with queued messages", ({ queues }) => queues.clients],
  ["fault_active", "1 if fault injection is on", ({ fault }) => fault === undefined ? 0 : 1],
];

function renamed(counts: Counts, word: (name: string) => string): Counts {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [word(name), count]));
}

/** Reason codes as logs write them. */
function hexed(counts: Counts): Counts {
  return renamed(counts, (code) => `0x${Number(code).toString(16).toUpperCase().padStart(2, "0")}`);
}

function hyphened(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The measured values. */
export function brokerMetricFamilies(measured: Measured): MetricFamily[] {
  return [
    buildMetric(prefix, measured.build.version, measured.build.engine),
    ...counters.map(([name, help, value]) => family(`${name}_total`, help, "counter", [{ value: value(measured) }])),
    ...labelled.map(([name, help, label, counts]) => {
      const samples = Object.entries(counts(measured)).map(([word, value]) => ({ value, labels: { [label]: word } }));
      return family(`${name}_total`, help, "counter", samples);
    }),
    ...gauges.map(([name, help, value]) => family(name, help, "gauge", [{ value: value(measured) }])),
    ...processMetrics(prefix, measured.usage),
  ];
}

function family(
  name: string,
  help: string,
  type: "counter" | "gauge",
  samples: readonly MetricSample[],
): MetricFamily {
  return { name: `${prefix}${name}`, help, type, samples };
}
