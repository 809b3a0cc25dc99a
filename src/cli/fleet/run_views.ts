/** The web views of a run in progress: the live page, and the metrics for Prometheus. */
import { pause } from "../process/pause.ts";
import type { Clock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { processUsage } from "../../base/process_usage.ts";
import { formatDuration } from "../../base/units.ts";
import type { Notice } from "../../fleet/result/result.ts";
import { loadPrometheus, prometheusType } from "../../base/prometheus.ts";
import { openOtlpView, otlpHeadersOf } from "./otlp_view.ts";
import { FleetMetrics } from "../../report/export/fleet_metrics.ts";
import { LivePage, type LiveRun } from "../../report/html/live_page.ts";
import type { HttpAddress } from "../process/http_address.ts";
import type { RunView, RunViews, ViewsAsked } from "./run_view.ts";
import { type HttpServer, openHttpServer } from "../process/http_server.ts";

/** Browsers that may follow one run. */
const mostFollowers = 100;

/**
 * Opens the requested views.
 *
 * @throws UsageError when an address is not available
 */
export async function openRunViews(
  asked: ViewsAsked,
  run: LiveRun,
  clock: Clock,
  notify: (notice: Notice) => void = () => {},
): Promise<RunViews> {
  const { live, metrics, metricsLinger, otlp } = asked;
  if (metricsLinger !== undefined && metrics === undefined) {
    throw new UsageError(
      `Cannot use --metrics-linger ${formatDuration(metricsLinger)} without metrics: expected --metrics too`,
    );
  }
  const headers = await otlpHeadersOf(asked);
  const views: RunView[] = [];
  try {
    if (live !== undefined) views.push(await openLiveView(live, run, clock));
    if (metrics !== undefined) views.push(await openMetricsView(metrics, run, metricsLinger));
    if (otlp !== undefined) {
      views.push(openOtlpView({ target: otlp, headers, run, notify, hasSamplesOnly: asked.over !== undefined }));
    }
  } catch (error) {
    for (const view of views) await view.close();
    throw error;
  }
  return {
    notices: views.flatMap((view) => view.notices),
    detail: views.some(({ detail }) => detail),
    start: (start) => views.forEach((view) => view.start?.(start)),
    faults: views.find(({ faults }) => faults !== undefined)?.faults,
    progress: (progress) => views.forEach((view) => view.progress(progress)),
    finish: (report) => views.forEach((view) => view.finish(report)),
    flush: async (stop) => (await Promise.all(views.map((view) => view.flush?.(stop) ?? []))).flat(),
    lingers: views.find(({ lingers }) => lingers !== undefined)?.lingers,
    linger: async (ended) => void await Promise.all(views.map((view) => view.linger?.(ended))),
    close: async () => void await Promise.all(views.map((view) => view.close())),
  };
}

async function openLiveView(address: HttpAddress, run: LiveRun, clock: Clock): Promise<RunView> {
  const page = new LivePage(run, clock.nowMs());
  const followers = new Followers();
  const server = await openHttpServer(address, "the live page", (path) => {
    if (path === "/") {
      return new Response(page.html("events"), { headers: { "content-type": "text/html; charset=utf-8" } });
    }
    return path === "/events" ? followers.answer(page.news()) : undefined;
  });
  return {
    notices: [`live page: ${server.url}`],
    detail: true,
    progress: (progress) => {
      if (page.progress(progress, clock.nowMs())) followers.tell(() => page.news());
    },
    finish: (report) => {
      page.finish(report);
      followers.tell(() => page.news());
    },
    close: () => closed(followers, server),
  };
}

async function closed(followers: Followers, server: HttpServer): Promise<void> {
  followers.end();
  await server.close();
}

async function openMetricsView(address: HttpAddress, run: LiveRun, lingerMs = 0): Promise<RunView> {
  await loadPrometheus();
  const metrics = new FleetMetrics(run, processUsage);
  const server = await openHttpServer(address, "metrics", async (path) => {
    if (path !== "/metrics") return new Response(null, { status: 404 });
    return new Response(await metrics.text(), { headers: { "content-type": prometheusType } });
  });
  return {
    notices: [`metrics: ${server.url}metrics`],
    detail: true,
    start: ({ engine }) => metrics.engine(engine),
    progress: (progress) => metrics.progress(progress),
    finish: (report) => metrics.finish(report),
    lingers: lingerMs === 0
      ? undefined
      : `metrics: the final values stay at ${server.url}metrics for ${formatDuration(lingerMs)}; Ctrl-C ends that`,
    linger: (ended) => pause(lingerMs, ended),
    close: () => server.close(),
  };
}

/** Browsers that wait for server-sent events. */
class Followers {
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();

  /** A stream of events that begins with the first news. */
  answer(first: string): Response {
    if (this.#streams.size >= mostFollowers) return new Response("Too many viewers.\n", { status: 503 });
    let own: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        own = stream;
        this.#streams.add(stream);
        stream.enqueue(event(first));
      },
      cancel: () => void this.#streams.delete(own),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  /** Broadcast. Clients with unread updates skip this one; every update is a full snapshot. */
  tell(news: () => string): void {
    if (this.#streams.size === 0) return;
    const bytes = event(news());
    for (const stream of this.#streams) if ((stream.desiredSize ?? 0) > -2) stream.enqueue(bytes);
  }

  end(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }
}

function event(data: string): Uint8Array {
  return new TextEncoder().encode(`event: news\ndata: ${data}\n\n`);
}
