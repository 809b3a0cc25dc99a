/** Scenarios in several processes: the coordinator restarts the broker, or stops nodes, once for all parts. */
import assert from "node:assert/strict";
import type { RestartResult } from "../../../src/fleet/result/restart_result.ts";
import { readSaved } from "../../../src/cli/report/saved_record.ts";
import { mergeReports } from "../../../src/report/model/merge_reports.ts";
import type { Report } from "../../../src/report/model/report.ts";
import { nats } from "../../support/brokers/nats_peer.ts";
import { brokerReady, peerTest, startOurBroker, startOurs } from "../../support/brokers/peers.ts";
import { supervised } from "../../support/brokers/supervised_peer.ts";
import { startNodeProxies } from "../../support/parts/node_proxies.ts";
import { type NatsServer, startNatsServer } from "../../support/parts/nats_server.ts";

const restart = `session-expiry: 300
kill-rate: 10%
groups:
  - name: prompt
  - name: delayed
    protocol: 5
    will-delay: 2
phases:
  - kill: 10%
    for: 2s
  - restart: 0s
    jitter: 500ms
  - kill: 10%
    for: 2s
`;
const loss = `session-expiry: 300
kill-rate: 10%
phases:
  - kill: 10%
    for: 1s
  - node-loss: 1s
    for: 1s
    jitter: 500ms
  - node-loss: 500ms
    nodes: each
    for: 500ms
    jitter: 300ms
  - node-loss: 500ms
    nodes: n1
    node-drain: 1s
    for: 500ms
    jitter: 300ms
`;

/** A run of a scenario in two parts, with the flags of its coordinator. */
async function runInTwo(server: NatsServer, run: string, scenario: string, flags: readonly string[]): Promise<Report> {
  const folder = await Deno.makeTempDir({ prefix: "over" });
  try {
    await Deno.writeTextFile(`${folder}/scenario.yaml`, scenario);
    const over = ["--over", server.url, "--run-id", run, "--parts", "2", "--report", `${folder}/report.json`];
    const plan = ["--scenario", `${folder}/scenario.yaml`, "--seed", "5", "--clients", "60", "--late-after", "4s"];
    await using fleet = startOurs(["fleet", ...over, ...plan, ...flags]);
    const files = ["--record", `${folder}/{part}.ndjson`, "--csv-lives", `${folder}/{run}-{part}.csv`];
    await using one = startOurs(["part", "--over", server.url, "--run", run, "--quiet", ...files]);
    await using two = startOurs(["part", "--over", server.url, "--run", run, "--quiet", ...files]);
    assert.equal((await fleet.exit(100_000)).code, 0, `${fleet.said}\n${one.said}\n${two.said}`);
    for (const part of [one, two]) assert.equal((await part.exit(30_000)).code, 0, part.said);
    const report: Report = JSON.parse(await Deno.readTextFile(`${folder}/report.json`));
    await checkFiles(folder, run, report);
    return report;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Each part has a recording, which gives its report again, and a table of its lives. */
async function checkFiles(folder: string, run: string, { wills, kills }: Report): Promise<void> {
  const recorded = await Promise.all([1, 2].map(async (part) => {
    const name = `${folder}/${part}.ndjson`;
    return { name, report: await readSaved(name) };
  }));
  const again = mergeReports(recorded);
  assert.deepEqual([again.wills.expected, again.kills.total], [wills.expected, kills.total]);
  const tables = await Promise.all([1, 2].map((part) => Deno.readTextFile(`${folder}/${run}-${part}.csv`)));
  for (const table of tables) assert.ok(table.trim().split("\n").length > 10, table);
}

async function restartsOnce(server: NatsServer): Promise<void> {
  const broker = await supervised(
    "over",
    ({ home, port }) => brokerReady(startOurs(["broker", "--port", String(port), "--store", `${home}/store`])),
  );
  try {
    const pid = broker.pid();
    const flags = ["--url", broker.url, "--restart-command", broker.restartCommand];
    const { restarts, plan, parts, run } = await runInTwo(server, "restart", restart, flags);
    assert.notEqual(broker.pid(), pid);
    assert.equal(restarts!.each.length, 1, "both parts have findings on one restart");
    const [{ lives, watchersKept, downAtMs, backAtMs, commandMs }] = restarts!.each as [RestartResult];
    assert.ok(lives > 30, `${lives} lives of both parts ended with it`);
    assert.equal(watchersKept, plan.watchers);
    assert.ok(commandMs! > 0 && downAtMs > 0 && backAtMs >= downAtMs + commandMs! - 1, `${downAtMs} ${backAtMs}`);
    assert.equal(restarts!.lives.missing, 0);
    assert.deepEqual([parts!.void, parts!.lost, plan.restartCommand], [0, 0, broker.restartCommand]);
    assert.match(run.repeat, /--restart-command .* --over nats:\S+ --parts 2$/);
  } finally {
    await broker.stop();
  }
}

/** A node is lost, then each node restarts, then the clients of one leave it before it stops. */
async function losesNodes(server: NatsServer): Promise<void> {
  await using broker = await startOurBroker();
  await using nodes = await startNodeProxies(broker.url);
  const { restarts, byNode, parts } = await runInTwo(server, "node", loss, nodes.flags);
  assert.deepEqual(restarts!.each.map(({ node }) => node), ["n2", "n1", "n2", "n1"]);
  const lives = restarts!.each.map((each) => each.lives);
  const [lost, first, second, drained] = lives as [number, number, number, number];
  // The clients of n2 went to n1 when it was lost, and were there when n1 stopped.
  assert.ok(lost > 15 && first > 40 && second > 0, `${lives} lives of both parts ended with the nodes`);
  assert.ok(drained < 5, `${drained} of the clients of n1 did not leave it before it stopped`);
  assert.equal(restarts!.lives.missing, 0);
  for (const { survived, watchersKept } of restarts!.each) assert.deepEqual([survived, watchersKept > 0], [0, true]);
  assert.equal(byNode!.length, 4);
  assert.deepEqual([parts!.void, parts!.lost], [0, 0]);
}

/** Two steps with the same parts, which the coordinator dismisses at the end. */
async function searches(server: NatsServer): Promise<void> {
  await using broker = await startOurBroker();
  const folder = await Deno.makeTempDir({ prefix: "over" });
  try {
    const over = ["--over", server.url, "--run-id", "search", "--parts", "2", "--report", `${folder}/search.json`];
    const load = ["--from", "100", "--to", "200", "--clients", "300", "--step-duration", "1s", "--recovery", "0s"];
    const bounds = ["--threshold", "latencyMs.all.p99<3s", "--late-after", "3s"];
    await using search = startOurs(["capacity", ...over, "--url", broker.url, ...load, ...bounds]);
    await using one = startOurs(["part", "--over", server.url, "--stay", "--run", "sea*", "--quiet"]);
    await using two = startOurs(["part", "--over", server.url, "--run", "search", "--quiet"]);
    const { code } = await search.exit(100_000);
    assert.equal((await two.exit(30_000)).code, 0, two.said);
    // The other part waits for the next run.
    one.kill("SIGTERM");
    for (const part of [one, two]) {
      assert.equal((await part.exit(30_000)).code, 0, part.said);
      assert.match(part.said, /Part of run search ended: [^]*Part of run search\.\d ended: the search is over\./);
    }
    const { brokers: [{ steps }] } = JSON.parse(await Deno.readTextFile(`${folder}/search.json`));
    assert.ok(code === 0 || code === 3, `${code} ${search.said}`);
    const [first] = steps;
    assert.deepEqual([first.load, first.clients, first.wills.expected], [100, 300, first.kills], search.said);
    assert.ok(first.coresPerWorker > 0 && steps.length >= 1, JSON.stringify(steps));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

peerTest(
  "over: the coordinator restarts the broker, stops and drains nodes, once for two parts, which also carry out a search",
  [nats],
  async () => {
    await using server = await startNatsServer();
    const ends = await Promise.allSettled([restartsOnce(server), losesNodes(server), searches(server)]);
    const failures = ends.flatMap((end) => end.status === "rejected" ? [end.reason] : []);
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n"));
  },
  200_000,
);
