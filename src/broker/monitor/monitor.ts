/**
 * The broker's HTTP interface: `/metrics` for Prometheus, `/healthz`, `/status` (a page of clients as JSON), and, with
 * a token, the actions of an operator (`operator_requests.ts`).
 */
import { escapeJson } from "../../base/escape.ts";
import { processUsage } from "../../base/process_usage.ts";
import { loadPrometheus, prometheusText, prometheusType } from "../../base/prometheus.ts";
import { bracketed } from "../../net/endpoint.ts";
import { notAllowed, openWebServer, type WebRequest, type WebServerOptions, words } from "../../net/http_server.ts";
import type { AdminToken } from "../access/admin_token.ts";
import type { BrokerMetrics } from "../limits/metrics.ts";
import { actionPaths, answerOperator, checkActionHost, type Operated } from "./operator_requests.ts";
import { brokerMetricFamilies, type Build } from "./broker_metric_families.ts";
import { longestPage, type QueueTotals, type StatusFilter, statusFilters } from "./status.ts";
import type { StatusPage, StatusQuery } from "./status.ts";

/** The broker that the interface shows. */
export interface Monitored extends Operated {
  readonly url: string;
  /** The start time, as ISO 8601. */
  readonly startedAt: string;
  /** A description of the faults that the broker injects into wills; undefined without faults. */
  readonly fault: string | undefined;
  metrics(): BrokerMetrics;
  queues(): QueueTotals;
  status(query: StatusQuery): StatusPage;
  /** Called when the interface pauses accepting. */
  countAcceptPause?(): void;
}

/** The answer of `/status`. */
export interface StatusReport extends StatusPage {
  readonly url: string;
  readonly startedAt: string;
  readonly fault: string | null;
  readonly wills: BrokerMetrics["wills"];
  readonly connections: BrokerMetrics["connections"];
  readonly queued: QueueTotals;
}

/** The address of the interface, and its access rules. */
interface MonitorOptions extends Pick<WebServerOptions, "host" | "port" | "allowOrigins" | "log"> {
  /** The token that an operator must send; without it, this interface cannot change the broker. */
  readonly adminToken?: AdminToken | undefined;
  /** The program, for the metrics. */
  readonly build: Build;
}

/** A running interface. */
export interface Monitor {
  /** Its URL, as `http://host:port`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves the HTTP interface of a broker.
 *
 * @throws UsageError if the address or port is not available, or a token is given and the address is not a loopback
 * address
 */
export async function startMonitor(
  broker: Monitored,
  { adminToken, build, ...where }: MonitorOptions,
): Promise<Monitor> {
  if (adminToken !== undefined) checkActionHost(where.host);
  await loadPrometheus();
  const log = (sentence: string, pauses = false) => {
    if (pauses) broker.countAcceptPause?.();
    where.log?.(sentence);
  };
  const options = { ...where, log, what: "metrics", allowsDelete: true };
  const server = await openWebServer(options, (request) => {
    return answerOperator(request, broker, adminToken) ?? respond(request, broker, build);
  });
  return { url: `http://${bracketed(where.host)}:${server.port}`, stop: () => server.close() };
}

const expected =
  `expected /metrics, /healthz or /status?filter=all|online|armed|delayed&offset=0&limit=100, or ${actionPaths}`;

function respond({ method, path, query }: WebRequest, broker: Monitored, build: Build): Response | Promise<Response> {
  if (method === "DELETE") return notAllowed();
  switch (path) {
    case "/healthz":
      return words(200, "ok");
    case "/metrics":
      return metricsOf(broker, build);
    case "/status":
      return statusOf(broker, query);
    default:
      return words(404, expected);
  }
}

async function metricsOf(broker: Monitored, build: Build): Promise<Response> {
  const { fault } = broker;
  const measured = { metrics: broker.metrics(), queues: broker.queues(), fault, usage: processUsage(), build };
  const text = await prometheusText(brokerMetricFamilies(measured));
  return new Response(text, { headers: { "content-type": prometheusType } });
}

function statusOf(broker: Monitored, asked: URLSearchParams): Response {
  const filter = (asked.get("filter") ?? "all") as StatusFilter;
  const offset = Number(asked.get("offset") ?? 0);
  const limit = Number(asked.get("limit") ?? 100);
  if (!statusFilters.includes(filter)) return words(400, `filter: expected ${statusFilters.join(", ")}`);
  if (!Number.isSafeInteger(offset) || offset < 0) return words(400, "offset: expected a whole number");
  if (!Number.isInteger(limit) || limit < 1 || limit > longestPage) {
    return words(400, `limit: expected 1 to ${longestPage}`);
  }
  const { url, startedAt, fault = null } = broker;
  const { wills, connections } = broker.metrics();
  const queued = broker.queues();
  const page = broker.status({ filter, offset, limit });
  const report: StatusReport = { url, startedAt, fault, connections, wills, queued, ...page };
  return new Response(escapeJson(JSON.stringify(report)), { headers: { "content-type": "application/json" } });
}
