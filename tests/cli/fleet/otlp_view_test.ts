/** The export to a substitute collector: what arrives, when it fails, and what the user gets to read. */
import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { UsageError } from "../../../src/base/failure.ts";
import { parseOtlpHeaders, parseOtlpUrl } from "../../../src/cli/fleet/otlp_target.ts";
import { openOtlpView, otlpHeadersOf, type OtlpParts } from "../../../src/cli/fleet/otlp_view.ts";
import type { RunView } from "../../../src/cli/fleet/run_view.ts";
import { openRunViews } from "../../../src/cli/fleet/run_views.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { FaultSample } from "../../../src/fleet/result/fault_sample.ts";
import type { Notice } from "../../../src/fleet/result/result.ts";
import { context, failed, reportOf } from "../../report/sample.ts";

const run = { plan: makePlan({ run: "r1", seed: 1 }), target: "mqtt://b", tool: context.tool };
const never = new AbortController().signal;

interface Received {
  readonly path: string;
  readonly authorization: string | null;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

/** Answers requests by its script, and keeps them. */
class Collector {
  readonly received: Received[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answer: (received: readonly Received[]) => Response | Promise<Response> = () => new Response("{}")) {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
      const { pathname: path } = new URL(request.url);
      const authorization = request.headers.get("authorization");
      this.received.push({ path, authorization, body: await request.json() });
      return await answer(this.received);
    });
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${this.#server.addr.port}/otel`);
  }

  paths(): string[] {
    return this.received.map(({ path }) => path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Exports to a collector, and closes the export. */
async function exporting(
  parts: Pick<OtlpParts, "target"> & Partial<OtlpParts>,
  test: (view: RunView, warned: Notice[]) => Promise<void>,
): Promise<void> {
  const warned: Notice[] = [];
  const notify = (notice: Notice) => void warned.push(notice);
  const view = openOtlpView({ headers: new Headers(), run, notify, everyMs: 3_600_000, ...parts });
  try {
    await test(view, warned);
  } finally {
    await view.close();
  }
}

function missing(client: string): FaultSample {
  return {
    ...{ client, incarnation: 1, mode: "reset", verdict: "missing", protocol: "5", qos: 1, rule: "r", text: "t" },
    timeline: { connectedMs: 1_000, killDueMs: 2_000, killedMs: 2_001, dueMs: 2_001, seenMs: [] },
  };
}

/** The value of a metric with this attribute in a request. */
function valueIn({ body }: Received, name: string, attribute: string): number | undefined {
  const [{ scopeMetrics: [{ metrics }] }] = body.resourceMetrics;
  const metric = metrics.find((each: { name: string }) => each.name === name);
  const points = (metric.sum ?? metric.gauge).dataPoints;
  const has = (point: { attributes: { value: { stringValue?: string } }[] }) =>
    point.attributes.some(({ value }) => value.stringValue === attribute);
  return points.find(has)?.asDouble;
}

Deno.test("otlp: exports metrics at the start and at the end, and each faulty life with its instants", async () => {
  await using collector = new Collector();
  const headers = parseOtlpHeaders("# of the test\nAuthorization: Bearer a:b\n\n", "file");
  await exporting({ target: collector.url, headers }, async (view, warned) => {
    view.start!({ engine: "deno", startMs: 1_767_225_600_000 });
    view.faults!({ faults: [missing("c-1"), missing("c-2")], dropped: 0 });
    view.finish(reportOf(failed()));
    assert.deepEqual(await view.flush!(never), [{
      level: "info",
      text: `OTLP: sent metrics 2 times and 2 traces to ${collector.url.href}`,
    }]);
    assert.deepEqual(warned, []);
  });
  assert.deepEqual(collector.paths().toSorted(), ["/otel/v1/metrics", "/otel/v1/metrics", "/otel/v1/traces"]);
  assert.ok(collector.received.every(({ authorization }) => authorization === "Bearer a:b"));
  const [first, last] = collector.received.filter(({ path }) => path.endsWith("metrics"));
  assert.equal(valueIn(first!, "mqtt_sim.fleet.build_info", "deno"), 1);
  assert.equal(valueIn(last!, "mqtt_sim.fleet.verdict", "fail"), 1);
  const { body } = collector.received.find(({ path }) => path.endsWith("traces"))!;
  const [{ resource, scopeSpans: [{ spans }] }] = body.resourceSpans;
  assert.deepEqual(resource.attributes.find(({ key }: { key: string }) => key === "mqtt_sim.run").value, {
    stringValue: "r1",
  });
  const killed = spans[0].events.find(({ name }: { name: string }) => name === "killed");
  assert.equal(killed.timeUnixNano, "1767225602001000000");
  assert.equal(new Set(spans.map(({ traceId }: { traceId: string }) => traceId)).size, 2);
});

Deno.test("otlp: exports at the interval", async () => {
  const third = Promise.withResolvers<void>();
  await using collector = new Collector(({ length }) => {
    if (length === 3) third.resolve();
    return new Response("{}");
  });
  await exporting({ target: collector.url, everyMs: 5 }, async () => await third.promise);
});

/** A collector that fails, its number of requests in an export at the end, and the outcome for the user. */
const failures: readonly [name: string, answer: ConstructorParameters<typeof Collector>[0], most: number, RegExp][] = [
  [
    "503 twice, then 200",
    ({ length }) => new Response("{}", { status: length < 3 ? 503 : 200 }),
    4,
    /1 time and 1 trace to.*2 failed requests, the last: it answered 503$/,
  ],
  [
    "503 each time",
    () => new Response(null, { status: 503 }),
    6,
    /0 times and 0 traces.*6 failed requests.*1 faulty life not exported$/,
  ],
  [
    "400 is final",
    () => new Response(null, { status: 400 }),
    2,
    /2 failed requests, the last: it answered 400; 1 faulty life/,
  ],
  [
    "a redirect is not followed",
    () => Response.redirect("http://127.0.0.1:1/"),
    2,
    /the last: it answered 302; 1 faulty life/,
  ],
  [
    "a partial success",
    () => Response.json({ partialSuccess: { rejectedSpans: "2" } }),
    2,
    /; the collector rejected 4 items$/,
  ],
];
for (const [name, answer, most, outcome] of failures) {
  Deno.test(`otlp: a collector that fails: ${name}`, async () => {
    await using collector = new Collector(answer);
    await exporting({ target: collector.url }, async (view, warned) => {
      view.faults!({ faults: [missing("c-1")], dropped: 0 });
      const [said, ...more] = await view.flush!(never);
      assert.deepEqual({ more, level: said!.level, received: collector.received.length }, {
        more: [],
        level: "warning",
        received: most,
      });
      assert.match(said!.text, outcome);
      // The first failure alone is reported as it happens.
      assert.equal(warned.length, name === "a partial success" ? 0 : 1);
    });
  });
}

Deno.test("otlp: a collector that cannot be reached is one warning, and the end takes no longer than its limit", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const target = new URL(`http://127.0.0.1:${listener.addr.port}`);
  listener.close();
  await exporting({ target }, async (view, warned) => {
    view.start!({ engine: "deno", startMs: 0 });
    const [said] = await view.flush!(never);
    assert.equal(said!.level, "warning");
    assert.deepEqual(warned, [{
      level: "warning",
      text: `the OTLP export to ${target.href} failed: Connection refused; the run continues`,
    }]);
  });
  const silent = Promise.withResolvers<Response>();
  await using collector = new Collector(() => silent.promise);
  await exporting({ target: collector.url, lastMs: 50 }, async (view) => {
    const [said] = await view.flush!(never);
    assert.match(said!.text, /^OTLP: sent metrics 0 times.*1 failed request,/);
  });
  silent.resolve(new Response());
});

Deno.test("otlp: a second Ctrl-C ends the last export at once", async () => {
  const silent = Promise.withResolvers<Response>();
  const stop = new AbortController();
  await using collector = new Collector(() => {
    stop.abort();
    return silent.promise;
  });
  await exporting({ target: collector.url, lastMs: 3_600_000 }, async (view) => {
    assert.equal((await view.flush!(stop.signal))[0]!.level, "warning");
  });
  silent.resolve(new Response());
});

Deno.test("otlp: lives beyond the limit of the queue are counted as not exported", async () => {
  await using collector = new Collector();
  await exporting({ target: collector.url }, async (view) => {
    view.faults!({ faults: Array.from({ length: 5_001 }, (_, client) => missing(`c-${client}`)), dropped: 7 });
    const [said] = await view.flush!(never);
    assert.match(said!.text, /and 5,000 traces to .*; 8 faulty lives not exported$/);
    assert.equal(collector.paths().filter((path) => path.endsWith("traces")).length, 25);
  });
});

Deno.test("otlp: the address of a collector is a URL, or a host and a port", () => {
  assert.equal(parseOtlpUrl("http://127.0.0.1:4318", "--otlp").href, "http://127.0.0.1:4318/");
  assert.equal(parseOtlpUrl("localhost:4318", "--otlp").href, "http://localhost:4318/");
  assert.equal(parseOtlpUrl("https://host/base", "--otlp").href, "https://host/base");
  for (const bad of ["", "mqtt://host", "http://", "http://host?token=x", "http://host/#x", "host:99999"]) {
    assert.throws(
      () => parseOtlpUrl(bad, "--otlp"),
      /^UsageError: Cannot read --otlp ".*": expected the URL of a/,
      bad,
    );
  }
  assert.throws(() => parseOtlpUrl("http://me:secret@host", "--otlp"), (error: Error) => !/secret/.test(error.message));
});

Deno.test("otlp: a faulty file of headers is one sentence with its line, without the line's text", async () => {
  for (const bad of ["Accept: x\nsecret token", ": secret", "na me: secret", "a: b\r\nname: \0secret"]) {
    assert.throws(() => parseOtlpHeaders(bad, "h"), (error: Error) => {
      assert.ok(error instanceof UsageError && !error.message.includes("secret"));
      return /^Cannot read --otlp-headers h, line [12]: expected a header such as Authorization/.test(error.message);
    });
  }
  await assert.rejects(
    otlpHeadersOf({ otlp: new URL("http://h"), otlpHeaders: "/no/such/file" }),
    /^UsageError: Cannot read --otlp-headers "\/no\/such\/file": there is no such file$/,
  );
  await assert.rejects(
    openRunViews({ otlpHeaders: "h" }, run, new ManualClock()),
    /^UsageError: Cannot use --otlp-headers "h" without a collector: expected --otlp too$/,
  );
});

Deno.test("otlp: of a run in several parts, the traces are the samples of the report, and the others are counted", async () => {
  await using collector = new Collector();
  await exporting({ target: collector.url, hasSamplesOnly: true }, async (view) => {
    const report = reportOf(failed());
    view.finish(report);
    const [{ text }] = await view.flush!(never) as [Notice];
    const spans = collector.received.filter(({ path }) => path.endsWith("/v1/traces"))
      .flatMap(({ body }) => body.resourceSpans[0].scopeSpans[0].spans);
    const timed = report.faults.filter(({ timeline }) => timeline !== undefined);
    const lives = spans.filter(({ name }) => name === "life");
    assert.equal(lives.length, new Set(timed.map(({ client, incarnation }) => `${client} ${incarnation}`)).size);
    const startNs = BigInt(Date.parse(report.run.startedAt)) * 1_000_000n;
    assert.ok(spans.every(({ startTimeUnixNano }) => BigInt(startTimeUnixNano) >= startNs));
    const others = report.faultKinds.reduce((sum, { count }) => sum + count, 0) - report.faults.length;
    assert.ok(others > 0 && text.includes(`${others.toLocaleString("en")} faulty lives not exported`), text);
  });
});
