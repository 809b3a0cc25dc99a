import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { UsageError } from "../../../src/base/failure.ts";
import { parseHttpAddress } from "../../../src/cli/process/http_address.ts";
import type { RunViews, ViewsAsked } from "../../../src/cli/fleet/run_view.ts";
import { openRunViews } from "../../../src/cli/fleet/run_views.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { ProgressDetail } from "../../../src/fleet/result/progress_detail.ts";
import type { FleetResult, Progress } from "../../../src/fleet/result/result.ts";
import { context, failed, passed, reportOf, voided } from "../../report/sample.ts";
import { noCounts } from "../../../src/fleet/result/will_counts.ts";

const none = noCounts();
const zeros = new Array<number>(21).fill(0);
const latency = { counts: [0, 1, 2, ...zeros.slice(3)], sumMs: 5 };
const verdicts = { ...{ onTime: 1, late: 1, early: 0, missing: 0, altered: 0 }, ...{ deviating: 0, unseeable: 0 } };
const reset = {
  ...{ kills: 3, due: 3, open: 1, latency, brokerLatency: { ...latency, sumMs: 4 } },
  ...{ verdicts: { ...verdicts, undecided: 0, optional: 0 }, surplus: { duplicate: 0, unwanted: 0, deviating: 0 } },
};
const detail: ProgressDetail = {
  ...{ byMode: { reset }, overdue: 1, connects: { counts: zeros, sumMs: 0 }, slip: { counts: zeros, sumMs: 0 } },
  counters: {
    ...{ alive: 9, peakAlive: 10, connected: 9, reconnects: 2, refused: 4, lost: 0, kills: 3 },
    ...{ deferred: 0, overslept: 0 },
  },
};
const instants = { began: {}, restarts: [] };
const numbers = {
  clients: 10,
  alive: 9,
  connected: 9,
  killed: 3,
  wills: 3,
  p50: 1,
  p99: 2,
  detail,
  instants,
  floorMs: { p50: 0.06, p99: 0.2 },
};
const progress: Progress = { phase: "kill", phaseMs: 0, phaseOfMs: 1_000, faults: { ...none, late: 1 }, ...numbers };
const run = { plan: makePlan({ run: "r", seed: 1 }), target: "<b>broker</b>", tool: context.tool };
const anywhere = { host: "127.0.0.1", port: 0 };

async function withViews(
  test: (views: RunViews, clock: ManualClock, urls: string[]) => Promise<void>,
  asked: ViewsAsked = {},
): Promise<void> {
  const clock = new ManualClock();
  const views = await openRunViews({ live: anywhere, metrics: anywhere, ...asked }, run, clock);
  try {
    await test(views, clock, views.notices.map((line) => line.replace(/^.*?: /, "")));
  } finally {
    await views.close();
  }
}

const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
};

Deno.test("run views: an address is a port of this machine unless it names a host", () => {
  assert.deepEqual(parseHttpAddress("8080", "--live"), { host: "127.0.0.1", port: 8_080 });
  assert.deepEqual(parseHttpAddress("0.0.0.0:0", "--live"), { host: "0.0.0.0", port: 0 });
  assert.deepEqual(parseHttpAddress("[::1]:80", "--live"), { host: "::1", port: 80 });
  for (const bad of ["", "x", "65536", ":80", "host:", "http://h:80", "::1:80"]) {
    assert.throws(() => parseHttpAddress(bad, "--live"), UsageError, bad);
  }
});

Deno.test("run views: serves metrics in the Prometheus format", () =>
  withViews(async (views, _, [, url]) => {
    assert.match((await get(url!)).text, /^mqtt_sim_fleet_verdict\{verdict="running",.*\} 1$/m);
    views.start({ engine: "epoll", startMs: 0 });
    views.progress(progress);
    const { text, type } = await get(url!);
    assert.match(type!, /^text\/plain; version=0\.0\.4/);
    const value = (name: string, labels = "") => {
      const line = `mqtt_sim_fleet_${name}{${labels === "" ? "" : `${labels},`}run="r",scenario="steady"} `;
      return Number(text.split("\n").find((each) => each.startsWith(line))?.slice(line.length));
    };
    assert.equal(value("clients_alive"), 9);
    assert.equal(value("connects_failed_total"), 4);
    assert.equal(value("kills_total", 'kill_mode="reset"'), 3);
    assert.equal(value("kills_total", 'kill_mode="close"'), 0);
    assert.equal(value("wills_judged_total", 'kill_mode="reset",verdict="late"'), 1);
    assert.equal(value("wills_open", 'kill_mode="reset"'), 1);
    assert.equal(value("will_latency_seconds_bucket", 'kill_mode="reset",le="0.0005"'), 3);
    assert.equal(value("will_latency_seconds_sum", 'kill_mode="reset"'), 0.005);
    assert.equal(value("will_broker_latency_seconds_bucket", 'kill_mode="reset",le="0.0005"'), 3);
    assert.equal(value("will_broker_latency_seconds_sum", 'kill_mode="reset"'), 0.004);
    assert.equal(value("instrument_floor_seconds"), 0.000_06);
    assert.equal(value("phase", 'phase="kill"') + value("phase", 'phase="drain"'), 1);
    const build = `version="${context.tool.version}",engine="epoll",deno="${Deno.version.deno}"`;
    assert.equal(value("build_info", build), 1);
  }));

Deno.test("run views: --metrics-linger serves the verdict for its time, and a signal ends it", () =>
  withViews(async (views, _, [, url]) => {
    const ended = new AbortController();
    views.finish(reportOf(failed()));
    assert.match(views.lingers!, /^metrics: the final values stay at http:.*\/metrics for 1h; Ctrl-C ends that$/);
    const lingers = views.linger(ended.signal);
    assert.match((await get(url!)).text, /^mqtt_sim_fleet_verdict\{verdict="fail",.*\} 1$/m);
    ended.abort();
    await lingers;
    await views.linger(ended.signal);
  }, { metricsLinger: 3_600_000 }));

Deno.test("run views: --metrics-linger ends by itself, and needs --metrics", async () => {
  await withViews((views) => views.linger(new AbortController().signal), { metricsLinger: 1 });
  await assert.rejects(
    openRunViews({ metricsLinger: 30_000 }, run, new ManualClock()),
    /^UsageError: Cannot use --metrics-linger 30s without metrics: expected --metrics too$/,
  );
});

Deno.test("run views: metrics have a separate verdict for deviations that the profile describes", () =>
  withViews(async (views, _, [, url]) => {
    const verdicts = async () =>
      [...(await get(url!)).text.matchAll(/^mqtt_sim_fleet_verdict\{verdict="([\w-]+)".*\} 1$/gm)].map(([, name]) =>
        name
      );
    const calm = { ...progress.faults, late: 0 };
    const controls = { total: 9, blind: 0, lost: 0 };
    views.progress({ ...progress, faults: calm, controls });
    assert.deepEqual(await verdicts(), ["running"]);
    views.progress({ ...progress, faults: { ...calm, deviating: 3 }, controls });
    assert.deepEqual(await verdicts(), ["running-with-deviations"]);
    views.progress({ ...progress, faults: { ...calm, deviating: 3 }, controls: { ...controls, lost: 2 } });
    assert.deepEqual(await verdicts(), ["running-with-faults"]);
    assert.match((await get(url!)).text, /^mqtt_sim_fleet_control_faults_total\{kind="missing",.*\} 2$/m);
    const base = passed();
    const found: readonly [result: FleetResult, verdict: string][] = [
      [base, "pass"],
      [passed({}, { wills: { ...base.wills, deviating: 76 } }), "pass-with-deviations"],
      [passed({}, { controls: { ...controls, deviating: 1 } }), "pass-with-deviations"],
      [failed(), "fail"],
      [voided(), "void"],
    ];
    for (const [result, verdict] of found) {
      views.finish(reportOf(result));
      // deno-lint-ignore no-await-in-loop
      assert.deepEqual(await verdicts(), [verdict]);
    }
  }));

Deno.test("run views: the live page follows the run and shows the report at the end", () =>
  withViews(async (views, clock, [url]) => {
    const page = await get(url!);
    assert.ok(page.text.includes("&lt;b&gt;broker&lt;/b&gt;") && !page.text.includes("<b>broker</b>"));
    assert.match(page.text, /connect-src &#39;self&#39;/);
    const events = await fetch(`${url}events`);
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    const news = async () => JSON.parse((await reader.read()).value!.match(/^event: news\ndata: (.*)\n\n$/)![1]!);
    assert.match((await news()).parts["live-verdict"], /The run begins/);
    clock.advance(1_000);
    views.progress(progress);
    const next = await news();
    assert.match(next.parts["live-verdict"], /Clients are being killed/);
    const plots = next.plots.map(({ title, data }: { title: string; data: number[][] }) => [title, data]);
    assert.deepEqual(plots.slice(0, 2), [["Wrong wills over time", [[1], [1]]], ["Wills due and seen", [[1], [3], [
      3,
    ]]]]);
    views.finish(reportOf(passed()));
    assert.match((await news()).main, /<header class="verdict pass"/);
    assert.match((await get(url!)).text, /<title>PASS: /);
    await views.close();
    assert.equal((await reader.read()).done, true);
  }));

Deno.test("run views: refuses another host name, another method and another path", () =>
  withViews(async (_, __, [url]) => {
    assert.equal((await get(`${url}other`)).status, 404);
    const posted = await fetch(url!, { method: "POST" });
    await posted.body?.cancel();
    assert.equal(posted.status, 405);
    const { hostname, port } = new URL(url!);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(
      new TextEncoder().encode("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
    );
    const start = new Uint8Array(12);
    await connection.read(start);
    assert.equal(new TextDecoder().decode(start), "HTTP/1.1 403");
  }));

Deno.test("run views: an address in use is one sentence, and no socket stays open", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const metrics = { host: "127.0.0.1", port: taken.addr.port };
  await assert.rejects(
    openRunViews({ live: anywhere, metrics }, run, new ManualClock()),
    new RegExp(
      `^UsageError: Cannot serve metrics on 127.0.0.1:${metrics.port}: the port is in use; expected a free one, or 0$`,
    ),
  );
});
