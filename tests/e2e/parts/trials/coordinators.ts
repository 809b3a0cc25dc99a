/** Trials in which the coordinator is killed, doubled, or of another version. */
import assert from "node:assert/strict";
import { nats } from "../../../support/brokers/nats_peer.ts";
import { programFlags } from "../../../../tools/tasks/program_flags.ts";
import { ChildProcess } from "../../../support/machine/child_process.ts";
import { startOurs } from "../../../support/brokers/peers.ts";
import { expectEnds, type Outcome, Stage } from "./stage.ts";
import type { Trial } from "./trial.ts";

async function killedBefore(): Promise<Outcome> {
  await using stage = await Stage.open("orphans");
  const watch = await stage.watch();
  const fleet = stage.fleet("--ramp-rate", "4/s");
  for (const { pid } of stage.threeParts()) await watch.part(pid, "connect");
  fleet.kill("SIGKILL");
  const outcome = await stage.partsEnd();
  expectEnds(outcome, { parts: [3, 3, 3] });
  return outcome;
}

/** Killed once the kills have begun; a second coordinator of the same name is refused before and after. */
async function killedAfter(): Promise<Outcome> {
  await using stage = await Stage.open("alone");
  const watch = await stage.watch();
  const fleet = stage.fleet("--duration", "8s");
  const parts = stage.threeParts();
  await watch.part(parts[2].pid, "kill");
  fleet.kill("SIGKILL");
  const ends = await stage.partsEnd();
  const outcome = await stage.merge(ends.parts, "--over", stage.server.url, "--run", "alone");
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  assert.match(outcome.said, /3 of 3 reports/);
  return outcome;
}

async function second(): Promise<Outcome> {
  await using stage = await Stage.open("twice");
  const watch = await stage.watch();
  stage.fleet();
  await watch.run("gather");
  const over = ["--over", stage.server.url, "--run-id", "twice", "--parts", "3", "--url", stage.broker.url];
  const other = stage.keep(startOurs(["fleet", ...over]));
  const { code } = await other.exit(30_000);
  const outcome = { verdict: "none", exit: code, parts: [], said: other.said };
  expectEnds(outcome, { exit: 2 });
  return outcome;
}

/** A part of version 0.0.9, from a copy of the sources; then three of this version. */
async function otherVersion(): Promise<Outcome> {
  const copy = await Deno.makeTempDir({ prefix: "version" });
  try {
    await using stage = await Stage.open("version");
    const fleet = stage.fleet();
    const files = ["cli.ts", "deno.json", "src", "tools"].map((name) => `${root.pathname}${name}`);
    await new ChildProcess("cp", ["-R", ...files, copy]).exit(30_000);
    const config = JSON.parse(await Deno.readTextFile(`${copy}/deno.json`));
    await Deno.writeTextFile(`${copy}/deno.json`, JSON.stringify({ ...config, version: "0.0.9" }));
    const flags = programFlags().map((flag) => flag.replace(root.pathname, `${copy}/`));
    const args = ["run", ...flags, "cli.ts", ...stage.partArgs()];
    const other = stage.addPart(new ChildProcess(Deno.execPath(), args, { cwd: copy }));
    await other.exit(60_000);
    stage.threeParts();
    const outcome = await stage.ends(fleet);
    expectEnds(outcome, { verdict: "pass", exit: 0, parts: [2, 0, 0, 0] });
    return outcome;
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

const root = new URL("../../../../", import.meta.url);
const needs = [nats];

export const coordinators: readonly Trial[] = [
  {
    name: "lead-before",
    event: "the coordinator is killed before the kills",
    sentence: /the coordinator was silent for 60 s/,
    ...{ ci: false, needs, limitS: 150, run: killedBefore },
  },
  {
    name: "lead-after",
    event: "the coordinator is killed later",
    ...{ ci: true, needs, limitS: 90, run: killedAfter },
  },
  {
    name: "second",
    event: "a second coordinator of the same run",
    sentence: /Cannot begin run \S+: a run of this name began on \S+ at \S+/,
    ...{ ci: true, needs, limitS: 60, run: second },
  },
  {
    name: "version",
    event: "a part is of another version",
    sentence: /the part on \S+ is mqtt-sim [\d.]+, the coordinator is [\d.]+/,
    ...{ ci: false, needs, limitS: 90, run: otherVersion },
  },
];
