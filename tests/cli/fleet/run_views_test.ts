import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { UsageError } from "../../../src/base/failure.ts";
import { parseHttpAddress } from "../../../src/cli/process/http_address.ts";
import { openRunViews, type RunViews } from "../../../src/cli/fleet/run_views.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { FleetResult, Progress } from "../../../src/fleet/result/result.ts";
import { context, failed, passed, reportOf, voided } from "../../report/sample.ts";

const none = {
  expected: 0,
  onTime: 0,
  late: 0,
  early: 0,
  missing: 0,
  altered: 0,
  duplicate: 0,
  unwanted: 0,
  deviating: 0,
};
const buckets = { counts: [1, 2, ...new Array(12).fill(0)], sumMs: 5 };
const instants = { began: {}, restarts: [] };
const numbers = { clients: 10, alive: 9, connected: 9, killed: 3, wills: 3, p50: 1, p99: 2, buckets, instants };
const progress: Progress = { phase: "kill", phaseMs: 0, phaseOfMs: 1_000, faults: { ...none, late: 1 }, ...numbers };
const run = { plan: makePlan({ run: "r", seed: 1 }), target: "<b>broker</b>", tool: context.tool };
const anywhere = { host: "127.0.0.1", port: 0 };

async function withViews(test: (views: RunViews, clock: ManualClock, urls: string[]) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const views = await openRunViews({ live: anywhere, metrics: anywhere }, run, clock);
  try {
    await test(views, clock, views.told.map((told) => told.replace(/^.*?: /, "")));
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
    assert.equal((await get(url!)).status, 200);
    views.progress(progress);
    const { text, type } = await get(url!);
    assert.match(type!, /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^mqtt_sim_clients_alive 9$/m);
    assert.match(text, /^# TYPE mqtt_sim_kills_total counter\nmqtt_sim_kills_total 3$/m);
    assert.match(text, /^mqtt_sim_wills\{verdict="late"\} 1$/m);
    assert.match(text, /^mqtt_sim_will_latency_seconds_bucket\{le="0\.0025"\} 3$/m);
    assert.match(text, /^mqtt_sim_will_latency_seconds_bucket\{le="\+Inf"\} 3$/m);
    assert.match(text, /^mqtt_sim_will_latency_seconds_sum 0\.005$/m);
  }));

Deno.test("run views: metrics have a separate verdict for deviations that the profile describes", () =>
  withViews(async (views, _, [, url]) => {
    const verdicts = async () =>
      [...(await get(url!)).text.matchAll(/^mqtt_sim_run_verdict\{verdict="(.*)"\} 1$/gm)].map(([, name]) => name);
    const calm = { ...progress.faults, late: 0 };
    const controls = { total: 9, blind: 0, lost: 0 };
    views.progress({ ...progress, faults: calm, controls });
    assert.deepEqual(await verdicts(), ["running"]);
    views.progress({ ...progress, faults: { ...calm, deviating: 3 }, controls });
    assert.deepEqual(await verdicts(), ["running_with_deviations"]);
    views.progress({ ...progress, faults: { ...calm, deviating: 3 }, controls: { ...controls, lost: 2 } });
    assert.deepEqual(await verdicts(), ["running_with_faults"]);
    assert.match((await get(url!)).text, /^mqtt_sim_control_wills\{verdict="missing"\} 2$/m);
    const base = passed();
    const found: readonly [result: FleetResult, verdict: string][] = [
      [base, "pass"],
      [passed({}, { wills: { ...base.wills, deviating: 76 } }), "pass_with_deviations"],
      [passed({}, { controls: { ...controls, deviating: 1 } }), "pass_with_deviations"],
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
    assert.deepEqual(next.plots[0].data, [[1], [3], [3]]);
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
