/**
 * `$SYS/broker/…`: the broker's counters as messages, under the names of mosquitto, and under `$SYS/broker/wills/` the
 * outcomes of wills. The broker publishes them periodically, retains them, and never stores them. Only clients that
 * subscribe to these topics receive them.
 */
import type { Deadlines } from "../../base/deadlines.ts";
import type { Due } from "../due.ts";
import type { BrokerMetrics, Metrics } from "../limits/metrics.ts";
import type { Router } from "../routing/router.ts";

/** The dependencies and options of the topics. */
export interface SysTopicsDeps {
  readonly metrics: Metrics;
  readonly router: Router;
  readonly deadlines: Deadlines<Due>;
  /** Interval between publications, in milliseconds. */
  readonly intervalMs: number;
  /** A description of the faults that the broker injects into wills; undefined without faults. */
  readonly fault: string | undefined;
}

const encoder = new TextEncoder();

export class SysTopics {
  readonly #deps: SysTopicsDeps;
  readonly #startMs: number;

  /** Publishes at once, and from then on at each interval. */
  constructor(deps: SysTopicsDeps, nowMs: number) {
    this.#deps = deps;
    this.#startMs = nowMs;
    this.fallDue(nowMs);
  }

  /** Publishes the values. */
  fallDue(nowMs: number): void {
    const { metrics, router, deadlines, intervalMs, fault } = this.#deps;
    const uptimeS = Math.floor((nowMs - this.#startMs) / 1_000);
    for (const [topic, value] of sysValues(metrics.snapshot(), uptimeS, fault)) {
      router.publishOwn({ topic: `$SYS/broker/${topic}`, payload: encoder.encode(String(value)), retain: true }, nowMs);
    }
    deadlines.add(nowMs + intervalMs, this);
  }
}

type Value = readonly [topic: string, value: number | string];

/** Topics below `$SYS/broker/`, and their values. */
function sysValues(metrics: BrokerMetrics, uptimeS: number, fault: string | undefined): Value[] {
  const { connections, sessions, subscriptions, retained, messages, traffic, limitsHit } = metrics;
  return [
    ["version", "mqtt-sim"],
    ["uptime", `${uptimeS} seconds`],
    ["clients/connected", connections.online],
    ["clients/disconnected", sessions.held - connections.online],
    ["clients/total", sessions.held],
    ["connections/accepted", connections.accepted],
    ...each("connections/ended", connections.ended),
    ...each("connections/refused", connections.refused),
    ["messages/received", traffic.packetsReceived],
    ["messages/sent", traffic.packetsSent],
    ["bytes/received", traffic.bytesReceived],
    ["bytes/sent", traffic.bytesSent],
    ["publish/messages/received", messages.received],
    ["publish/messages/sent", messages.sent],
    ["publish/messages/dropped", sum(messages.dropped)],
    ...each("publish/messages/dropped", messages.dropped),
    ["subscriptions/count", subscriptions.held],
    ["retained messages/count", retained.held],
    ...each("limits", limitsHit),
    ...willValues(metrics.wills, fault),
  ];
}

function willValues(wills: BrokerMetrics["wills"], fault: string | undefined): Value[] {
  return [
    ["wills/held", wills.held],
    ["wills/armed", wills.armed],
    ["wills/published", sum(wills.published)],
    ...each("wills/published", wills.published),
    ["wills/discarded", wills.discarded],
    ["wills/delayed", wills.delayed],
    ["wills/cancelled", wills.cancelled],
    ["wills/denied", wills.denied],
    ["wills/dropped", sum(wills.dropped)],
    ["wills/lost", wills.lostAtStop],
    ...(fault === undefined ? [] : [["wills/fault", fault] as const, ["wills/faults", wills.faults] as const]),
    ...each("wills/faults", wills.faultsByKind),
  ];
}

function each(topic: string, counts: Readonly<Record<string, number>>): Value[] {
  return Object.entries(counts).map(([name, count]) => [`${topic}/${name}`, count]);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
