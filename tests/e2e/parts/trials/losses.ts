/** Trials in which parts are killed, stopped, asked to end, doubled, late or unfit. */
import assert from "node:assert/strict";
import { nats } from "../../../support/brokers/nats_peer.ts";
import { programFlags } from "../../../../tools/tasks/program_flags.ts";
import { ChildProcess } from "../../../support/machine/child_process.ts";
import { expectEnds, later, type Outcome, Stage } from "./stage.ts";
import type { Trial } from "./trial.ts";

const root = new URL("../../../../", import.meta.url);
const short = ["--part-silence", "5s"];
/** A ramp of 15 s. */
const slowRamp = ["--ramp-rate", "4/s"];

async function few(): Promise<Outcome> {
  await using stage = await Stage.open("few");
  const watch = await stage.watch();
  for (const { pid } of [stage.part(), stage.part()]) await watch.offers(pid);
  const outcome = await stage.ends(stage.fleet("--gather", "4s"));
  expectEnds(outcome, { verdict: "void", exit: 3, parts: [3, 3] });
  return outcome;
}

/** One part is asked to end and another is killed; two later processes have their numbers. */
async function lostInGather(): Promise<Outcome> {
  await using stage = await Stage.open("gather");
  const watch = await stage.watch();
  const fleet = stage.fleet();
  const [asked, killed] = [stage.part(), stage.part()];
  await watch.part(asked.pid, "gathered");
  asked.kill("SIGTERM");
  await watch.part(killed.pid, "gathered");
  killed.kill("SIGKILL");
  // A part that dies within 3 s before the last one comes may be in the final roster.
  await later(4_000);
  for (const _ of [1, 2, 3, 4]) stage.part();
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [130, 137, 0, 0, 0, 0] });
  assert.match(outcome.said, /part \d of 3 \(node-1, pod \S+\) has left/);
  return outcome;
}

async function killedInConnect(): Promise<Outcome> {
  await using stage = await Stage.open("connect");
  const watch = await stage.watch();
  const fleet = stage.fleet(...short, ...slowRamp);
  const [, , three] = stage.threeParts();
  await watch.part(three.pid, "connect");
  three.kill("SIGKILL");
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "void", exit: 3, parts: [3, 3, 137] });
  return outcome;
}

async function killedInKill(): Promise<Outcome> {
  await using stage = await Stage.open("kill");
  const watch = await stage.watch();
  const fleet = stage.fleet(...short, "--duration", "60s");
  const [, , three] = stage.threeParts();
  await watch.part(three.pid, "kill");
  await later(3_000);
  const killedMs = Date.now();
  three.kill("SIGKILL");
  const outcome = await stage.ends(fleet);
  assert.ok(Date.now() - killedMs < 20_000, "it ends within --part-silence and 15 s");
  expectEnds(outcome, { verdict: "void", exit: 3, parts: [3, 3, 137] });
  assert.deepEqual({ lost: outcome.report.parts.lost, reports: outcome.report.parts.each.length }, {
    lost: 1,
    reports: 2,
  });
  return outcome;
}

/** One part is killed and another asked to end: thresholds allow both, and the verdict is that of the third. */
async function allowed(): Promise<Outcome> {
  await using stage = await Stage.open("allowed");
  const watch = await stage.watch();
  const thresholds = ["--threshold", "parts.lost<2", "--threshold", "parts.void<2"];
  const fleet = stage.fleet(...short, ...thresholds, "--duration", "7s");
  const [, two, three] = stage.threeParts();
  await watch.part(three.pid, "kill");
  await later(1_000);
  three.kill("SIGKILL");
  two.kill("SIGTERM");
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 130, 137] });
  const { of, lost, void: voids, leftOut, each } = outcome.report.parts;
  assert.deepEqual({ of, lost, voids, leftOut: leftOut.length, reports: each.length }, {
    ...{ of: 3, lost: 1, voids: 1, leftOut: 1, reports: 2 },
  });
  const sound = each.find(({ host }: { host: string }) => host === "node-1");
  assert.deepEqual([outcome.report.wills.expected, outcome.report.kills.total], [sound.wills.expected, sound.kills]);
  assert.ok(sound.wills.expected > 5, "the run goes on after the losses");
  const warnings = outcome.report.warnings.join("\n");
  assert.match(warnings, /no report came from part \d of 3 \(node-3, pod \S+\): its kills and wills are no part/);
  assert.match(warnings, /the counts of part \d of 3 \(node-2\) are no part of this report/);
  assert.match(outcome.said, /clients are being killed, .*killed [1-9]/);
  return outcome;
}

async function askedToEnd(): Promise<Outcome> {
  await using stage = await Stage.open("term");
  const watch = await stage.watch();
  const fleet = stage.fleet("--duration", "60s");
  const [, , three] = stage.threeParts();
  await watch.part(three.pid, "kill");
  await later(3_000);
  const askedMs = Date.now();
  three.kill("SIGTERM");
  await watch.run("end");
  assert.ok(Date.now() - askedMs < 1_000, `the run ends ${Date.now() - askedMs} ms after the signal`);
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "void", exit: 3, parts: [3, 3, 130] });
  assert.equal(outcome.report.parts.each.length, 3, "it leaves a partial report");
  return outcome;
}

/** A part that is stopped for 5 s during the kills. */
async function stopped(run: string, lateAfter: string): Promise<Outcome> {
  await using stage = await Stage.open(run);
  const watch = await stage.watch();
  const fleet = stage.fleet("--duration", "10s", "--late-after", lateAfter);
  const [, , three] = stage.threeParts();
  await watch.part(three.pid, "kill");
  await later(3_000);
  three.kill("SIGSTOP");
  await later(5_000);
  three.kill("SIGCONT");
  return await stage.ends(fleet);
}

async function stoppedShort(): Promise<Outcome> {
  const outcome = await stopped("stopped", "12s");
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  return outcome;
}

/** The same for longer than --late-after: wills that the part cannot time count as on time, and a warning has its host. */
async function stalled(): Promise<Outcome> {
  const outcome = await stopped("stalled", "2s");
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  return outcome;
}

async function stoppedLong(): Promise<Outcome> {
  await using stage = await Stage.open("asleep");
  const watch = await stage.watch();
  const fleet = stage.fleet(...short, "--duration", "12s");
  const [, , three] = stage.threeParts();
  await watch.part(three.pid, "kill");
  await later(3_000);
  three.kill("SIGSTOP");
  await fleet.exit(60_000);
  three.kill("SIGCONT");
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "void", exit: 3, parts: [3, 3, 3] });
  return outcome;
}

/** Four processes for three parts, and a fifth once the roster is final. */
async function spares(): Promise<Outcome> {
  await using stage = await Stage.open("spares");
  const watch = await stage.watch();
  const fleet = stage.fleet("--ramp-rate", "8/s");
  for (const _ of [1, 2, 3, 4]) stage.part();
  await watch.run("connect");
  const late = stage.part();
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0, 0, 0] });
  assert.match(late.said, /all 3 parts of the run have their process/);
  assert.equal(stage.said.match(/all 3 parts of the run have their process/g)?.length, 2);
  return outcome;
}

/** One part may have 120 open files. */
async function unfit(): Promise<Outcome> {
  await using stage = await Stage.open("unfit");
  const watch = await stage.watch();
  const fleet = stage.fleet("--clients", "600");
  for (const { pid } of [stage.part(), stage.part()]) await watch.part(pid, "gathered");
  const words = [Deno.execPath(), "run", ...programFlags(), "cli.ts", ...stage.partArgs()];
  const limited = `ulimit -n 120; exec ${words.map((word) => `'${word}'`).join(" ")}`;
  stage.addPart(new ChildProcess("sh", ["-c", limited], { cwd: root }));
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "none", exit: 2, parts: [3, 3, 2] });
  return outcome;
}

async function noBroker(): Promise<Outcome> {
  await using stage = await Stage.open("no-broker");
  const fleet = stage.fleet();
  for (const _ of [1, 2]) stage.part();
  stage.part("--url", "mqtt://127.0.0.1:1");
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "void", exit: 3, parts: [3, 3, 3] });
  return outcome;
}

/** A broker that loses wills, and a part that is killed. */
async function failAndVoid(): Promise<Outcome> {
  await using stage = await Stage.open("both", { brokerArgs: ["--fault", "lose=30%"] });
  const watch = await stage.watch();
  const fleet = stage.fleet(...short, "--duration", "60s", "--late-after", "1s");
  const [, , three] = stage.threeParts();
  await watch.part(three.pid, "kill");
  await later(8_000);
  three.kill("SIGKILL");
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "fail", exit: 1, parts: [3, 3, 137] });
  assert.match(outcome.said, /FAIL/);
  const { lost, each } = outcome.report.parts;
  assert.deepEqual({ lost, reports: each.length }, { lost: 1, reports: 2 });
  return outcome;
}

/** A part is stopped between its last connect and the first kill. */
async function lateGo(): Promise<Outcome> {
  await using stage = await Stage.open("late");
  const watch = await stage.watch();
  const fleet = stage.fleet("--late-after", "1s");
  const [one, , three] = stage.threeParts();
  await watch.part(one.pid, "connect");
  one.kill("SIGSTOP");
  await watch.part(three.pid, "ready");
  three.kill("SIGSTOP");
  one.kill("SIGCONT");
  await watch.run("kill");
  await later(4_000);
  three.kill("SIGCONT");
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "void", exit: 3 });
  return outcome;
}

/** The processes start 20 s apart. */
async function apart(): Promise<Outcome> {
  await using stage = await Stage.open("apart");
  const fleet = stage.fleet();
  for (const number of [1, 2, 3]) {
    if (number > 1) await later(20_000);
    stage.part();
  }
  const outcome = await stage.ends(fleet);
  expectEnds(outcome, { verdict: "pass", exit: 0, parts: [0, 0, 0] });
  const kill = outcome.report.stages.find(({ name }: { name: string }) => name === "kill");
  assert.ok(Math.abs(kill.toMs - kill.fromMs - 4_000) <= 300, JSON.stringify(outcome.report.stages));
  const starts = [1, 2, 3].map((number) => JSON.parse(Deno.readTextFileSync(`${stage.folder}/part-${number}.json`)))
    .map(({ run, stages }) =>
      Date.parse(run.startedAt) + stages.find(({ name }: { name: string }) => name === "kill").fromMs
    );
  assert.ok(Math.max(...starts) - Math.min(...starts) <= 50, `first kills at ${starts}`);
  return outcome;
}

const part = String.raw`part \d+ of \d+ \(\S+, (?:process|pod) \S+\)`;
const sentence = (text: string) => new RegExp(text.replaceAll("PART", part));
const needs = [nats];

export const losses: readonly Trial[] = [
  {
    name: "few",
    event: "fewer than N parts come",
    sentence: /\d+ of \d+ parts came within \d+ (s|min): run mqtt-sim part on \d+ more, or --parts \d+/,
    ...{ ci: true, needs, limitS: 60, run: few },
  },
  {
    name: "kill-gather",
    event: "a part is lost while the parts gather",
    sentence: sentence("PART was silent for 10 s: another process may take its part"),
    ...{ ci: true, needs, limitS: 90, run: lostInGather },
  },
  {
    name: "kill-connect",
    event: "a part is lost while the fleet connects",
    sentence: sentence(String.raw`PART was lost while the fleet connected: it was silent for \d+ s`),
    ...{ ci: false, needs, limitS: 90, run: killedInConnect },
  },
  {
    name: "kill-part",
    event: "a part is lost later",
    sentence: sentence(String.raw`PART was lost while the fleet was killed: it was silent for \d+ s`),
    ...{ ci: false, needs, limitS: 90, run: killedInKill },
  },
  {
    name: "allowed",
    event: "a part is lost later, or ends early, and a threshold allows it",
    sentence: sentence(
      String.raw`PART was lost while the fleet was killed: it was silent for \d+ s; the run goes on without it`,
    ),
    ...{ ci: true, needs, limitS: 60, run: allowed },
  },
  {
    name: "term-part",
    event: "SIGTERM to a part",
    sentence: sentence("PART ended early: it was asked to end"),
    ...{ ci: true, needs, limitS: 60, run: askedToEnd },
  },
  { name: "stop-short", event: "a part is stopped for 5 s", ci: false, needs, limitS: 90, run: stoppedShort },
  {
    name: "stalled",
    event: "a part is stopped for longer than `--late-after`",
    sentence: /part \d+ \(\S+\): this machine stalled the fleet for [\d,]+ ms/,
    ...{ ci: false, needs, limitS: 90, run: stalled },
  },
  {
    name: "stop-long",
    event: "a part is lost later",
    sentence: sentence(String.raw`PART was lost while the fleet was killed: it was silent for \d+ s`),
    ...{ ci: false, needs, limitS: 90, run: stoppedLong },
  },
  {
    name: "spares",
    event: "more processes than parts, or a replacement that comes later",
    ...{ ci: true, needs, limitS: 90, run: spares },
  },
  {
    name: "unfit",
    event: "a part does not fit its machine",
    sentence: sentence(String.raw`Cannot run: PART: Cannot .+ open files`),
    ...{ ci: true, needs, limitS: 60, run: unfit },
  },
  {
    name: "no-broker",
    event: "a part cannot reach the broker",
    sentence: sentence("PART ended (early|before its clients were connected): [Cc]annot reach"),
    ...{ ci: true, needs, limitS: 60, run: noBroker },
  },
  {
    name: "fail-and-void",
    event: "a part is lost, and another part proves a fault",
    sentence: sentence(String.raw`PART was lost while the fleet was killed: it was silent for \d+ s`),
    ...{ ci: true, needs, limitS: 90, run: failAndVoid },
  },
  {
    name: "late-go",
    event: "a part begins to kill later than `--late-after`",
    sentence: sentence(String.raw`PART began to kill [\d,]+ ms after the others`),
    ...{ ci: true, needs, limitS: 60, run: lateGo },
  },
  { name: "late-part", event: "the processes start 20 s apart", ci: false, needs, limitS: 120, run: apart },
];
