/** Trials in which NATS is restarted, lost, a cluster without its leader, or asks for TLS and credentials. */
import assert from "node:assert/strict";
import { nats } from "../../../support/brokers/nats_peer.ts";
import { startOurs } from "../../../support/brokers/peers.ts";
import { startNatsCluster } from "../../../support/parts/nats_cluster.ts";
import { startSafeNats } from "../../../support/parts/nats_login.ts";
import { tlsPath } from "../../../support/tls_fixture.ts";
import { expectEnds, later, type Outcome, Stage } from "./stage.ts";
import type { Trial } from "./trial.ts";

/** Killed while the fleet connects and once more while it is killed; each time back after 5 s. */
async function restarted(): Promise<Outcome> {
  await using stage = await Stage.open("restart");
  const watch = await stage.watch();
  const fleet = stage.fleet("--ramp-rate", "4/s", "--duration", "12s");
  const parts = stage.threeParts();
  await watch.part(parts[2].pid, "connect");
  for (const state of ["connect", "kill"] as const) {
    await watch.run(state);
    await later(2_000);
    await stage.server.kill();
    await later(5_000);
    await stage.server.start();
  }
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  assert.equal(outcome.report.parts.each.length, 3);
  return outcome;
}

/** Killed, and back without its files: the parts make the store again for their reports. */
async function emptied(): Promise<Outcome> {
  await using stage = await Stage.open("empty");
  const watch = await stage.watch();
  const fleet = stage.fleet();
  const parts = stage.threeParts();
  await watch.part(parts[2].pid, "kill");
  await stage.server.kill();
  await later(1_000);
  await stage.server.start("empty");
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  return outcome;
}

/** Killed for good: the parts carry out the plan and keep their reports in their own files. */
async function lost(): Promise<Outcome> {
  await using stage = await Stage.open("gone");
  const watch = await stage.watch();
  const fleet = stage.fleet("--duration", "12s");
  const parts = stage.threeParts();
  await watch.part(parts[2].pid, "kill");
  await later(2_000);
  await stage.server.kill();
  const ends = await stage.ends(fleet, 400_000);
  expectEnds(ends, { verdict: "void", exit: 3, parts: [3, 3, 3] });
  assert.match(ends.said, /all parts were silent for 60 s while the fleet was killed: NATS is not reachable/);
  const said = `${ends.said}\n${stage.parts.map((part) => part.said).join("\n")}`;
  const files = [1, 2, 3].map((number) => `${stage.folder}/part-${number}.json`);
  const merged = await stage.merge(ends.parts, ...files);
  expectEnds(merged, { verdict: "pass", exit: 0 });
  return { ...ends, said };
}

async function withoutLeader(): Promise<Outcome> {
  await using cluster = await startNatsCluster();
  await using stage = await Stage.open("leader", { server: { ...cluster.nodes[0]!, url: cluster.url } });
  const watch = await stage.watch();
  const fleet = stage.fleet("--duration", "8s");
  const parts = stage.threeParts();
  await watch.part(parts[2].pid, "kill");
  await later(Math.random() * 8_000);
  await cluster.nodes[await cluster.leader()]!.kill();
  const outcome = await stage.ends(fleet, 60_000).catch(async (error: Error) => {
    throw new Error(`${error.message}\n${await cluster.state()}`);
  });
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  assert.equal(outcome.report.parts.each.length, 3);
  return outcome;
}

/** With TLS and credentials; without the authority, and with credentials of another operator, a part does not come in. */
async function safe(): Promise<Outcome> {
  await using safe = await startSafeNats();
  const ca = ["--over-tls-ca", tlsPath("ca.pem")];
  await using stage = await Stage.open("safe", {
    server: safe.server,
    overFlags: ["--over-creds", safe.creds, ...ca],
  });
  const over = ["fleet", "--over", stage.server.url, "--run-id", "safe", "--parts", "3", "--url", stage.broker.url];
  const refused = [
    { flags: ["--over-creds", safe.creds], text: /Cannot use NATS at tls:\S+: .*certificate/i },
    { flags: ["--over-creds", safe.foreignCreds, ...ca], text: /Cannot use NATS at tls:\S+: .*Authorization/i },
    { flags: ca, text: /Cannot use NATS at tls:\S+: .*Authorization/i },
  ];
  for (const { flags, text } of refused) {
    const other = stage.keep(startOurs([...over, ...flags]));
    assert.equal((await other.exit(30_000)).code, 2, other.said);
    assert.match(other.said, text);
  }
  const fleet = stage.fleet();
  stage.threeParts();
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  return outcome;
}

const needs = [nats];

export const servers: readonly Trial[] = [
  { name: "nats-restart", event: "NATS restarts", ci: true, needs, limitS: 120, run: restarted },
  { name: "nats-empty", event: "NATS restarts without its files", ci: false, needs, limitS: 90, run: emptied },
  {
    name: "nats-lost",
    event: "NATS is lost for good while the fleet is killed",
    sentence: /the report could not be stored within 5 min/,
    ...{ ci: false, needs, limitS: 480, run: lost },
  },
  {
    name: "kv-leader",
    event: "a node of a cluster of NATS servers is lost",
    ...{ ci: false, needs, limitS: 120, run: withoutLeader },
  },
  { name: "nats-login", event: "NATS with TLS and credentials", ci: true, needs, limitS: 90, run: safe },
];
