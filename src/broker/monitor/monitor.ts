/**
 * A broker seen over HTTP: `/metrics` for Prometheus, `/healthz`, and `/status`, a page of clients as JSON. It only
 * tells; there is nothing to be changed through it.
 */
import { UsageError } from "../../base/failure.ts";
import { bracketed } from "../../net/endpoint.ts";
import type { BrokerMetrics } from "../metrics.ts";
import { prometheusText, prometheusType } from "./prometheus.ts";
import { longestPage, type QueueTotals, type StatusFilter, statusFilters } from "./status.ts";
import type { StatusPage, StatusQuery } from "./status.ts";

/** What is seen. */
export interface Monitored {
  readonly url: string;
  /** When it started, as ISO 8601. */
  readonly startedAt: string;
  /** What wills suffer on purpose, in words; undefined on an honest broker. */
  readonly fault: string | undefined;
  metrics(): BrokerMetrics;
  queues(): QueueTotals;
  status(query: StatusQuery): StatusPage;
}

/** What `/status` answers. */
export interface StatusReport extends StatusPage {
  readonly url: string;
  readonly startedAt: string;
  readonly fault: string | null;
  readonly wills: BrokerMetrics["wills"];
  readonly connections: BrokerMetrics["connections"];
  readonly queued: QueueTotals;
}

/** A page that is served. */
export interface Monitor {
  /** Where it is found, as `http://host:port`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves what is to be seen of a broker.
 *
 * @throws UsageError when the address or port cannot be had
 */
export function startMonitor(broker: Monitored, { host, port }: { readonly host: string; readonly port: number }) {
  const answer = (request: Request) => respond(request, broker);
  const server = serveOn(host, port, answer);
  return {
    url: `http://${bracketed(host)}:${server.addr.port}`,
    stop: () => server.shutdown(),
  } satisfies Monitor;
}

function serveOn(host: string, port: number, answer: (request: Request) => Response) {
  try {
    return Deno.serve({ hostname: host, port, onListen: () => {} }, answer) as Deno.HttpServer<Deno.NetAddr>;
  } catch (error) {
    const fault = error instanceof Deno.errors.AddrInUse
      ? "the port is in use"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new UsageError(`Cannot serve metrics on ${bracketed(host)}:${port}: ${fault}`);
  }
}

function respond(request: Request, broker: Monitored): Response {
  if (request.method !== "GET" && request.method !== "HEAD") return words(405, "Only GET is served here\n");
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname) {
    case "/healthz":
      return words(200, "ok\n");
    case "/metrics":
      return metricsOf(broker);
    case "/status":
      return statusOf(broker, searchParams);
    default:
      return words(404, "Here are /metrics, /healthz and /status?filter=all|online|armed|delayed&offset=0&limit=100\n");
  }
}

function metricsOf(broker: Monitored): Response {
  const { fault } = broker;
  const text = prometheusText({ metrics: broker.metrics(), queues: broker.queues(), fault });
  return new Response(text, { headers: { "content-type": prometheusType } });
}

function statusOf(broker: Monitored, asked: URLSearchParams): Response {
  const filter = (asked.get("filter") ?? "all") as StatusFilter;
  const offset = Number(asked.get("offset") ?? 0);
  const limit = Number(asked.get("limit") ?? 100);
  if (!statusFilters.includes(filter)) return words(400, `filter: expected ${statusFilters.join(", ")}\n`);
  if (!Number.isSafeInteger(offset) || offset < 0) return words(400, "offset: expected a whole number\n");
  if (!Number.isInteger(limit) || limit < 1 || limit > longestPage) {
    return words(400, `limit: expected 1 to ${longestPage}\n`);
  }
  const { url, startedAt, fault = null } = broker;
  const { wills, connections } = broker.metrics();
  const queued = broker.queues();
  const page = broker.status({ filter, offset, limit });
  const report: StatusReport = { url, startedAt, fault, connections, wills, queued, ...page };
  return Response.json(report);
}

function words(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
