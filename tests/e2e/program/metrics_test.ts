/**
 * The metrics of a fleet and a broker in two processes: promtool finds nothing, the dashboard and the rules use them,
 * and after SIGTERM a scraper and a collector have the final state.
 */
import assert from "node:assert/strict";
import { peerTest, promtool, startOurs } from "../../support/brokers/peers.ts";
import {
  dashboardExpressions,
  ruleExpressions,
  scrapedSeries,
  selectorFaults,
  selectorsIn,
} from "../../support/deployed_metrics.ts";

/** Runs promtool and asserts that it finds nothing. */
async function promtoolPasses(args: readonly string[], input = ""): Promise<void> {
  const child = new Deno.Command(promtool.program, {
    args: [...args],
    cwd: new URL("../../../deploy/prometheus/", import.meta.url),
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const [said, faults] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.deepEqual([code, faults], [0, ""], `${said}`);
}

peerTest("deploy: promtool accepts the alert rules, and their tests pass", [promtool], async () => {
  await promtoolPasses(["check", "rules", "rules.yml"]);
  await promtoolPasses(["test", "rules", "rules_test.yml"]);
});

peerTest("deploy: promtool parses every expression of the dashboard", [promtool], async () => {
  const expressions = (await dashboardExpressions()).filter((expression) => !expression.startsWith("label_values("))
    .map((expression) => expression.replaceAll("$__rate_interval", "1m"));
  assert.ok(expressions.length > 35);
  const rules = expressions.map((expr, number) => ({ record: `dashboard:expression_${number}`, expr }));
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".yml" });
  try {
    // YAML is a superset of JSON.
    await Deno.writeTextFile(path, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    await promtoolPasses(["check", "rules", path]);
  } finally {
    await Deno.remove(path);
  }
});

const textOf = async (url: string) => await (await fetch(url)).text();

/** Scrapes until the text matches. */
async function scrape(url: string, form: RegExp): Promise<string> {
  for (;;) {
    // Each scrape follows the one before.
    // deno-lint-ignore no-await-in-loop
    const text = await textOf(url);
    if (form.test(text)) return text;
    // deno-lint-ignore no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// deno-lint-ignore no-explicit-any
type Body = any;

peerTest("metrics: SIGTERM leaves the final state to a scraper and a collector", [promtool], async () => {
  const received: [path: string, body: Body][] = [];
  await using collector = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    received.push([new URL(request.url).pathname, await request.json()]);
    return new Response("{}");
  });
  const faulty = "broker --port 0 --metrics 0 --fault lose=50% --fault-seed 1 --fault-clients -[0-9]{1,2}$";
  await using broker = startOurs(faulty.split(" "));
  const [, url] = await broker.line(/listening on (\S+)/);
  const [, brokerMetrics] = await broker.line(/metrics on (\S+\/metrics)/);
  const flags = `fleet --url ${url} --clients 40 --kill-rate 10/s --duration 60s --drain 2s --late-after 500ms ` +
    `--metrics 0 --metrics-linger 1h --otlp 127.0.0.1:${collector.addr.port}`;
  await using fleet = startOurs(flags.split(" "));
  const [, fleetMetrics] = await fleet.line(/metrics: (\S+)/);
  const running = await scrape(fleetMetrics!, /^mqtt_sim_fleet_wills_overdue\{.*\} [2-9]/m);
  fleet.kill("SIGTERM");
  await fleet.line(/the final values stay at/, { limitMs: 40_000 });
  const final = await textOf(fleetMetrics!);
  assert.match(final, /^mqtt_sim_fleet_verdict\{verdict="fail",.*\} 1$/m);
  assert.match(final, /^mqtt_sim_fleet_wills_judged_total\{kill_mode="\w+",verdict="missing",.*\} [1-9]/m);
  const ofBroker = await textOf(brokerMetrics!);
  for (const text of [running, final, ofBroker]) await promtoolPasses(["check", "metrics"], text);
  const expressions = [...await dashboardExpressions(), ...await ruleExpressions()];
  // No CONNECT was refused: the broker has no reason code yet.
  const selectors = expressions.flatMap(selectorsIn).filter(({ name }) => !name.endsWith("connections_refused_total"));
  assert.deepEqual(selectorFaults(selectors, scrapedSeries(final + ofBroker)), []);
  await checkExport(received, final);
  fleet.kill("SIGTERM");
  assert.equal((await fleet.exit()).code, 130);
});

/** The last metrics of an export are those of the final scrape, and each missing will of a life has its trace. */
function checkExport(received: readonly [path: string, body: Body][], final: string): void {
  const metrics = received.filter(([path]) => path === "/v1/metrics").map(([, body]) => body.resourceMetrics[0]);
  const [{ metrics: last }] = metrics.at(-1).scopeMetrics;
  const verdicts = last.find(({ name }: Body) => name === "mqtt_sim.fleet.verdict").gauge.dataPoints;
  const words = verdicts.filter(({ asDouble }: Body) => asDouble === 1)
    .map(({ attributes }: Body) => attributes.find(({ key }: Body) => key === "verdict").value.stringValue);
  assert.deepEqual(words, ["fail"]);
  const spans = received.filter(([path]) => path === "/v1/traces")
    .flatMap(([, body]) => body.resourceSpans[0].scopeSpans[0].spans);
  const lives = spans.filter(({ name }: Body) => name === "life");
  const missing = [...final.matchAll(/^mqtt_sim_fleet_wills_judged_total\{.*verdict="missing",.*\} (\d+)$/gm)]
    .reduce((sum, [, count]) => sum + Number(count), 0);
  assert.equal(lives.length, missing);
  // The instants are of this minute: connected, killed and due follow each other.
  for (const { startTimeUnixNano, events } of lives) {
    const ageMs = Date.now() - Number(BigInt(startTimeUnixNano) / 1_000_000n);
    assert.ok(ageMs > 0 && ageMs < 120_000, `${ageMs} ms`);
    assert.deepEqual(events.slice(0, 4).map(({ name }: Body) => name), ["connected", "kill due", "killed", "will due"]);
  }
}
