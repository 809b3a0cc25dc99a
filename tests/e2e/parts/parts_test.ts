/** One run in three processes over a real NATS: the same run as in one process, and the verdicts after losses. */
import assert from "node:assert/strict";
import { type BrokerPeer, peerTest, startOurBroker, startOurs } from "../../support/brokers/peers.ts";
import { nats } from "../../support/brokers/nats_peer.ts";
import { countsOf } from "../../support/run_plans.ts";
import { type NatsServer, startNatsServer } from "../../support/parts/nats_server.ts";

const plan = ["--seed", "11", "--clients", "200", "--watchers", "6", "--kill-rate", "15%", "--late-after", "10s"];
const modes = ["--kill-mode", "reset=4,close=4,leave=1,takeover=1"];

const startPart = ({ url }: NatsServer, run: string, ...more: string[]) =>
  startOurs(["part", "--over", url, "--run", run, "--quiet", ...more]);

const startFleet = ({ url }: NatsServer, broker: BrokerPeer, run: string, ...more: string[]) => {
  const over = ["--over", url, "--run-id", run, "--parts", "3", "--url", broker.url];
  return startOurs(["fleet", ...over, ...plan, ...modes, "--quiet", ...more]);
};

const read = (path: string) => JSON.parse(Deno.readTextFileSync(path));
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

peerTest("parts: three processes, one 4 s later, and a spare are the run of one process", [nats], async () => {
  const folder = await Deno.makeTempDir({ prefix: "parts" });
  try {
    await using server = await startNatsServer();
    await using broker = await startOurBroker();
    const files = ["1", "2", "3"].map((name) => `${folder}/${name}.json`);
    await using fleet = startFleet(server, broker, "same", "--duration", "4s", "--report", `${folder}/whole.json`);
    await using one = startPart(server, "same", "--report", files[0]!);
    await using two = startPart(server, "same", "--report", files[1]!);
    await using spare = startPart(server, "other");
    await later(4_000);
    await using three = startPart(server, "same", "--report", files[2]!);
    assert.equal((await fleet.exit(120_000)).code, 0, fleet.said);
    for (const part of [one, two, three]) assert.equal((await part.exit(30_000)).code, 0, part.said);
    spare.kill("SIGTERM");
    assert.equal((await spare.exit(10_000)).code, 130);
    const whole = read(`${folder}/whole.json`);
    const kill = whole.stages.find(({ name }: { name: string }) => name === "kill");
    assert.ok(Math.abs(kill.toMs - kill.fromMs - 4_000) <= 300, JSON.stringify(whole.stages));
    const starts = files.map(read).map(({ run, stages }) =>
      Date.parse(run.startedAt) + stages.find(({ name }: { name: string }) => name === "kill").fromMs
    );
    assert.ok(Math.max(...starts) - Math.min(...starts) <= 50, `first kills at ${starts}`);
    assert.deepEqual({ of: whole.parts.of, void: whole.parts.void, lost: whole.parts.lost }, {
      of: 3,
      void: 0,
      lost: 0,
    });
    assert.ok(
      whole.parts.each.every(({ errorMs, host, pid }: { errorMs: number; host: string; pid: number }) =>
        errorMs < 50 && host !== "" && pid > 0
      ),
    );
    await using alone = startOurs([
      ...["fleet", "--url", broker.url, "--run-id", "alone", ...plan, ...modes, "--duration", "4s", "--quiet"],
      ...["--report", `${folder}/alone.json`],
    ]);
    assert.equal((await alone.exit(60_000)).code, 0, alone.said);
    assert.ok(whole.kills.total > 60, `${whole.kills.total} kills`);
    assert.deepEqual(countsOf(whole), countsOf(read(`${folder}/alone.json`)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, 240_000);
