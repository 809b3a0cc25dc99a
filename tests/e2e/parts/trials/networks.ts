/** Trials in which a part runs in its own network namespace, and its link to NATS or to the broker is down for a while. */
import assert from "node:assert/strict";
import { programFlags } from "../../../../tools/tasks/program_flags.ts";
import { nats } from "../../../support/brokers/nats_peer.ts";
import { ready, startOurs } from "../../../support/brokers/peers.ts";
import type { ChildProcess } from "../../../support/machine/child_process.ts";
import { startNatsServer } from "../../../support/parts/nats_server.ts";
import { type LinkName, namespaces, type Network, startNetwork } from "../../../support/parts/network.ts";
import { expectEnds, later, type Outcome, Stage } from "./stage.ts";
import type { Trial } from "./trial.ts";

const root = new URL("../../../../", import.meta.url);

/** A run whose third part is in the namespace, with its kills under way. */
async function cut(
  run: string,
  link: LinkName,
  flags: readonly string[],
  act: (stage: Stage, network: Network, fleet: ChildProcess) => Promise<void>,
): Promise<Outcome> {
  await using network = await startNetwork();
  await using server = await startNatsServer([], { host: network.addresses.nats });
  await using broker = await ready(
    startOurs(["broker", "--host", network.addresses.broker, "--port", "0", "--allow-anonymous"]),
    /mqtt:\/\/100\.[\d.]+:([1-9]\d*)/,
    ([, port]) => Number(port),
  );
  const url = `mqtt://${network.addresses.broker}:${broker.port}`;
  await using stage = await Stage.open(run, { server, broker: { ...broker, url } });
  const watch = await stage.watch();
  const fleet = stage.fleet(...flags);
  for (const _ of [1, 2]) stage.part();
  const third = stage.addPart(
    network.start(Deno.execPath(), ["run", ...programFlags(), "cli.ts", ...stage.partArgs()], root),
  );
  await watch.part(third.pid, "kill");
  await later(3_000);
  await network.set(link, "down");
  await act(stage, network, fleet);
  return await stage.ends(fleet, 180_000);
}

/** 20 s without NATS, over the end of the kills: the report is stored later. */
async function shortCut(): Promise<Outcome> {
  const outcome = await cut("short", "nats", ["--duration", "10s"], async (_, network) => {
    await later(20_000);
    await network.set("nats", "up");
  });
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  assert.match(outcome.said, /part \d of 3 \(node-3, pod \S+\) is silent for 15 s/);
  assert.equal(outcome.report.parts.each.length, 3);
  return outcome;
}

/** Without NATS for longer than --part-silence, while the clients of the part go on. */
async function longCut(): Promise<Outcome> {
  const flags = ["--duration", "60s", "--part-silence", "15s"];
  const outcome = await cut("long", "nats", flags, async (_, network, fleet) => {
    await fleet.exit(120_000);
    await network.set("nats", "up");
  });
  expectEnds(outcome, { verdict: "void", exit: 3, parts: [3, 3, 3] });
  return outcome;
}

/** 20 s without the broker: the wills that come after it are late, in the row of that part alone. */
async function brokerCut(): Promise<Outcome> {
  const outcome = await cut("broker", "broker", ["--duration", "40s"], async (_, network) => {
    await later(20_000);
    await network.set("broker", "up");
  });
  expectEnds(outcome, { verdict: "fail", exit: 1, parts: [0, 0, 0] });
  const { each } = outcome.report.parts;
  const verdicts = each.map(({ host, verdict }: { host: string; verdict: string }) => `${host} ${verdict}`);
  assert.deepEqual(verdicts.toSorted(), ["node-1 pass", "node-2 pass", "node-3 fail"]);
  assert.match(outcome.said, /connections ended although the fleet had not ended them/);
  return outcome;
}

const part = String.raw`part \d+ of \d+ \(\S+, (?:process|pod) \S+\)`;
const needs = [nats, namespaces];

export const networks: readonly Trial[] = [
  {
    name: "cut-short",
    event: "a part is cut off, and leaves its report",
    ci: false,
    needs,
    limitS: 120,
    run: shortCut,
  },
  {
    name: "cut-long",
    event: "a part is cut off for longer than `--part-silence`",
    sentence: new RegExp(String.raw`${part} was lost while the fleet was killed: it was silent for \d+ s`),
    ...{ ci: false, needs, limitS: 180, run: longCut },
  },
  { name: "cut-broker", event: "a part is cut off from the broker", ci: false, needs, limitS: 180, run: brokerCut },
];
