/** The flags of a run in several parts: addresses, combinations that are refused, and the plan. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { checkOver, planOver } from "../../../src/cli/fleet/fleet_over.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import { parseOverAddress } from "../../../src/cli/over/over_flags.ts";
import { foreignFlag, withoutCommands } from "../../../src/cli/over/foreign_values.ts";
import { checkPartFiles } from "../../../src/cli/parts/part_files.ts";
import { PartFleet } from "../../../src/cli/parts/part_fleet.ts";
import { makePlan, planDefaults } from "../../../src/fleet/plan/make_plan.ts";
import type { FleetPlan } from "../../../src/fleet/plan/plan.ts";
import { planOptions } from "../../../src/fleet/plan/plan_options.ts";
import { checkOutage } from "../../../src/fleet/squad/outage_commands.ts";
import type { Rendezvous } from "../../../src/parts/rendezvous.ts";
import { captured } from "../captured.ts";

const nats = "expected the URL of NATS such as nats://127.0.0.1:4222 or tls://nats.example.org, several with commas";

Deno.test("over: addresses of NATS, with their login apart", () => {
  assert.deepEqual(parseOverAddress("nats://127.0.0.1", "--over"), {
    ...{ servers: ["127.0.0.1:4222"], shown: "nats://127.0.0.1:4222", isTls: false },
  });
  assert.deepEqual(parseOverAddress("tls://u:p%40@a:1,tls://b", "--over"), {
    ...{ servers: ["a:1", "b:4222"], shown: "tls://a:1,tls://b:4222", user: "u", password: "p@", isTls: true },
  });
  assert.equal(parseOverAddress("nats://secret@a", "--over").token, "secret");
  for (const text of ["http://a", "nats://", "nats://a/b", "nats://a,http://b", ""]) {
    assert.throws(() => parseOverAddress(text, "--over"), new UsageError(`Cannot read --over "${text}": ${nats}`));
  }
});

function flagsOf(...args: string[]): FleetFlags {
  const asked = readCommandLine(["fleet", ...args], captured(80));
  assert.ok(asked.command === "fleet");
  return asked;
}

const over = ["--over", "127.0.0.1", "--parts", "3", "--url", "mqtt://b"];
const refused: readonly [args: readonly string[], sentence: RegExp][] = [
  [["--parts", "3"], /^Cannot use --parts without --over/],
  [["--over-creds", "f"], /^Cannot use --over-creds without --over/],
  [["--over", "127.0.0.1", "--url", "mqtt://b"], /^Cannot use --over without --parts/],
  [["--over", "127.0.0.1", "--parts", "3"], /^Cannot use --over without one --url/],
  [["--over", "127.0.0.1", "--parts", "3", "--url", "embedded"], /^Cannot use --over without one --url/],
  [[...over, "--url", "mqtt://c"], /^Cannot use --over without one --url/],
  [[...over, "--record", "f"], /^Cannot use --record with --over: .* give it to mqtt-sim part, with \{part\}/],
  [[...over, "--csv-lives", "f"], /^Cannot use --csv-lives with --over/],
  [[...over, "--shard", "1/2"], /^Cannot use --shard with --over/],
  [[...over, "--start-at", "+1s"], /^Cannot use --start-at with --over/],
  [[...over, "--password-file", "f"], /^Cannot use --password-file with --over: .* give it to mqtt-sim part$/],
  [[...over, "--tls-ca", "f"], /^Cannot use --tls-ca with --over/],
  [[...over, "--proxy", "http://p:1"], /^Cannot use --proxy with --over: .* give it to mqtt-sim part$/],
  [[...over, "--auth-data", "f"], /^Cannot use --auth-data with --over/],
  [["--over", "127.0.0.1", "--parts", "3", "--url", "mqtt://u:p@b"], /^Cannot use a password in --url with --over/],
];
for (const [args, sentence] of refused) {
  Deno.test(`over: refuses fleet ${args.join(" ")}`, () => {
    assert.throws(
      () => checkOver(flagsOf(...args)),
      (error) => error instanceof UsageError && sentence.test(error.message),
    );
  });
}

Deno.test("part: the name of a file of events has {part}, because all parts have one command line", () => {
  checkPartFiles({ record: "a-{part}.ndjson", csvLives: "{run}/{part}.csv" });
  for (const [flag, asked] of [["--record", { record: "a" }], ["--csv-lives", { csvLives: "{run}.csv" }]] as const) {
    const message = `Cannot use ${flag} "${
      Object.values(asked)[0]
    }" for a part: expected a file with {part} in its name`;
    assert.throws(() => checkPartFiles(asked), { message });
  }
});

Deno.test("over: accepts a run in parts, and a run without", () => {
  checkOver(flagsOf(...over));
  checkOver(flagsOf("--clients", "10"));
});

Deno.test("part: it may have a broker of its own, and the coordinator's is the default", () => {
  const asked = (...args: string[]) =>
    readCommandLine(["part", "--over", "127.0.0.1", "--run", "r", ...args], captured(80));
  const [own, usual] = [asked("--url", "mqtt://b:1"), asked()];
  assert.ok(own.command === "part" && own.url?.port === 1 && usual.command === "part" && usual.url === undefined);
});

Deno.test("over: the plan has watchers and CONNECTs under way for all parts, and no shard", () => {
  const plan = planOver({ run: "r", seed: 1, clients: 1_000 }, 10);
  assert.deepEqual([plan.watchers, plan.connectsUnderWay, plan.shard], [10, 160, undefined]);
  const willTopic = "wills/{client}";
  assert.throws(() => planOver({ run: "r", seed: 1, willTopic }, 2), /each part would receive the wills of all parts/);
  assert.equal(planOver({ run: "r", seed: 1, willTopic }, 1).willTopic, willTopic);
});

Deno.test("over: the coordinator has the commands that restart the broker and stop nodes, and no part receives them", async () => {
  const commands = { restartCommand: "r", nodeStop: "s {node}", nodeStart: "s {node}" };
  const phases = [{ kind: "restart", downMs: 1 }] as const;
  const plan = planOver({ run: "r", seed: 1, phases, ...commands }, 2);
  assert.equal(plan.restartCommand, "r");
  const sent = withoutCommands(plan);
  assert.deepEqual([foreignFlag(plan), foreignFlag(sent)], ["--restart-command", undefined]);
  assert.deepEqual(Object.keys(commands).filter((name) => name in sent), []);
  await assert.rejects(
    checkOutage(planOver({ run: "r", seed: 1, phases }, 2), {}),
    /^UsageError: Cannot restart the broker/,
  );
});

Deno.test("over: processes that no coordinator holds together do not restart the broker", async () => {
  const plan = { ...planDefaults, run: "r", seed: 1, shard: { number: 1, of: 2 } };
  const phases = [{ kind: "restart", downMs: 1 }] as const;
  const one = makePlan({ ...plan, phases });
  await assert.rejects(checkOutage(one, {}), {
    message: "Cannot use --shard with phases that restart the broker: expected one process, with --workers, or " +
      "several with --over",
  });
  await checkOutage(one, { outage: { run: () => Promise.reject(new Error("not now")) } });
});

Deno.test("over: no command and no file of the coordinator reaches a part, also not in a group", () => {
  const plan = planOver({ ...planDefaults, run: "r", seed: 1 }, 3);
  assert.equal(foreignFlag(plan), undefined);
  const values = {
    ...{ kickCommand: "k", passwordCommand: "p", authCommand: "a", nodeStop: "s", nodeStart: "s", restartCommand: "r" },
    ...{ credentials: "f", tlsCa: "f", tlsKeyPassphraseFile: "f", watcherPasswordFile: "f" },
    ...{ willPayload: "@/etc/passwd", birthPayload: "@f", authData: "@f" },
  };
  for (const [name, value] of Object.entries(values)) {
    const flag = `--${planOptions[name as keyof typeof values].flag}`;
    assert.equal(foreignFlag({ ...plan, [name]: value }), flag);
    const groups = [{ name: "one", [name]: value }] as unknown as NonNullable<FleetPlan["groups"]>;
    assert.equal(foreignFlag({ ...plan, groups }), flag);
  }
  assert.equal(foreignFlag({ ...plan, willPayload: "offline" } as FleetPlan), undefined);
});

Deno.test("over: a part refuses an address of its own in a run on a cluster, and flags of the plan", () => {
  const output = captured(80);
  const asked = readCommandLine(["part", "--over", "127.0.0.1", "--run", "r", "--url", "mqtt://x"], output);
  assert.ok(asked.command === "part" && asked.over !== undefined && asked.run !== undefined);
  const fleet = new PartFleet({ ...asked, over: asked.over, run: asked.run }, {} as Rendezvous, output);
  const nodes = ["a", "b"].map((name) => ({ name, url: `mqtt://${name}`, share: 1 }));
  const plan = planOver({ ...planDefaults, run: "r", seed: 1, nodes, fanOut: 2 }, 3);
  const task = { plan, url: "mqtt://a", epochMs: 0, thresholds: [], detail: false };
  const allowed = "expected the --node of the coordinator for each part";
  assert.equal(fleet.check(task, 1, 3), `Cannot use --url mqtt://x:1883 in a run on a cluster: ${allowed}`);
  const read = () => readCommandLine(["part", "--username", "u"], output);
  const why = "the coordinator sends the plan to each part; expected it in the command line of mqtt-sim fleet --over";
  assert.throws(read, new UsageError(`Cannot use --username with part: ${why}`));
});

Deno.test("over: a part refuses the command of a coordinator, and runs nothing", () => {
  const output = captured(80);
  const asked = readCommandLine(["part", "--over", "127.0.0.1", "--run", "r"], output);
  assert.ok(asked.command === "part" && asked.over !== undefined && asked.run !== undefined);
  const fleet = new PartFleet({ ...asked, over: asked.over, run: asked.run }, {} as Rendezvous, output);
  const plan = { ...planOver({ ...planDefaults, run: "r", seed: 1 }, 3), kickCommand: "touch /tmp/never" };
  const task = { plan, url: "mqtt://127.0.0.1:1", epochMs: 0, thresholds: [], detail: false };
  assert.equal(
    fleet.check(task, 1, 3),
    "Cannot use --kick-command of the coordinator: expected commands and files as flags of this part",
  );
});
