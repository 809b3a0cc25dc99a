import assert from "node:assert/strict";
import { plainConnectPacket } from "../../../src/fleet/client/connect_packet.ts";
import { UsageError } from "../../../src/base/failure.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { fleet, type FleetDeps } from "../../../src/cli/fleet/fleet.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import type { FleetRun } from "../../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import type { LifeRow } from "../../../src/fleet/ledger/life_row.ts";
import type { FleetHooks } from "../../../src/fleet/squad/fleet_hooks.ts";
import { failed, passed } from "../../report/sample.ts";
import type { Progress } from "../../../src/fleet/result/result.ts";
import { noCounts } from "../../../src/fleet/result/will_counts.ts";
import { type Captured, captured } from "../captured.ts";

interface Trial {
  readonly output: Captured;
  readonly runs: FleetRun[];
  readonly early: AbortController;
  readonly atOnce: AbortController;
  readonly broker: { started: number; stopped: number; crash: (error: Error) => void };
  /** Runs the command. */
  go(...args: string[]): Promise<number>;
}

/** The command with a fake fleet and a fake broker. */
function trial(outcome: (run: FleetRun, hooks: FleetHooks) => Promise<FleetResult>): Trial {
  const output = captured();
  const runs: FleetRun[] = [];
  const early = new AbortController();
  const atOnce = new AbortController();
  const crash = Promise.withResolvers<Error>();
  const broker = { started: 0, stopped: 0, crash: crash.resolve };
  const deps: FleetDeps = {
    runFleet: (run, hooks) => {
      runs.push(run);
      return outcome(run, hooks);
    },
    startBroker: () => {
      broker.started++;
      const stop = () => Promise.resolve(broker.stopped++);
      return Promise.resolve({
        url: "mqtt://127.0.0.1:41883",
        crash: crash.promise,
        disconnectClient: () => Promise.resolve(false),
        stop,
      });
    },
    waitUntilIdle: () => Promise.resolve({ quiet: true, afterMs: 1_000 }),
    openInterrupts: () => ({ early: early.signal, atOnce: atOnce.signal, close() {} }),
  };
  const go = (...args: string[]) => fleet(readCommandLine(["fleet", ...args], output) as FleetFlags, output, deps);
  return { output, runs, early, atOnce, broker, go };
}

const running: Progress = {
  ...{
    phase: "kill",
    phaseMs: 0,
    phaseOfMs: 0,
    clients: 9,
    alive: 9,
    connected: 9,
    killed: 1,
    wills: 1,
    p50: 1,
    p99: 1,
  },
  ...{ faults: noCounts(), instants: { began: {}, restarts: [] } },
};

const passing = () => trial(({ plan, target }) => Promise.resolve({ ...passed(), plan, target: target.url }));

Deno.test("fleet: without a url it runs on an embedded broker and stops it afterwards", async () => {
  const { go, runs, broker, output } = passing();
  assert.equal(await go("--seed", "7"), 0);
  assert.equal(runs[0]!.target.url, "mqtt://127.0.0.1:41883");
  assert.equal(runs[0]!.brokerInProcess, true);
  assert.deepEqual({ started: broker.started, stopped: broker.stopped }, { started: 1, stopped: 1 });
  assert.match(output.written.out, /^embedded broker · [^]*\nPASS {2}.*\n$/);
});

Deno.test("fleet: with a url it runs there and starts no broker", async () => {
  const { go, runs, broker } = passing();
  assert.equal(await go("--url", "mqtt://broker.example"), 0);
  assert.deepEqual([runs[0]!.target.url, runs[0]!.brokerInProcess], ["mqtt://broker.example:1883", false]);
  assert.equal(broker.started, 0);
});

Deno.test("fleet: flags set the plan", async () => {
  const { go, runs } = passing();
  await go(..."--kill-rate 50/s --kill-mode reset=45,leave=10 --reconnect-after never --will-qos 2".split(" "));
  const { plan } = runs[0]!;
  assert.deepEqual(plan.killRate, { kind: "count", perSecond: 50 });
  assert.deepEqual(plan.killShares, [{ mode: "reset", weight: 45 }, { mode: "leave", weight: 10 }]);
  assert.deepEqual({ reconnectAfterMs: plan.reconnectAfterMs, willQos: plan.willQos }, {
    reconnectAfterMs: "never",
    willQos: 2,
  });
  assert.match(plan.run, /^[0-9a-z]{1,7}$/);
});

Deno.test("fleet: uses the login in the url, flags win over it, and no output shows the password", async () => {
  const url = ["--url", "mqtt://fleet:s3cret@broker.example"];
  const one = passing();
  await one.go(...url, "--report", "-");
  assert.deepEqual({ username: one.runs[0]!.plan.username, password: one.runs[0]!.plan.password }, {
    username: "fleet",
    password: "s3cret",
  });
  const other = passing();
  await other.go(...url, "--username", "you", "--password", "0ther");
  assert.deepEqual({ username: other.runs[0]!.plan.username, password: other.runs[0]!.plan.password }, {
    username: "you",
    password: "0ther",
  });
  for (const { written } of [one.output, other.output]) assert.doesNotMatch(written.out + written.err, /s3cret|0ther/);
});

Deno.test("fleet: reads a password file without its line end, and names it in the repeat command", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "s3cret word\n");
  const { go, runs, output } = passing();
  await go("--username", "u", "--password-file", file);
  await Deno.remove(file);
  assert.equal(runs[0]!.plan.password, "s3cret word");
  assert.ok(output.written.out.includes(`--password-file ${file}`));
});

Deno.test("section 4: fleet sends a password file that is not UTF-8 unchanged", async () => {
  const file = await Deno.makeTempFile();
  const bytes = [0xef, 0xbb, 0xbf, 0x70, 0xe4, 0xff, 0x00, 0x73];
  await Deno.writeFile(file, Uint8Array.from([...bytes, 13, 10]));
  const { go, runs } = passing();
  await go("--username", "u", "--password-file", file);
  await Deno.remove(file);
  assert.deepEqual([...plainConnectPacket(runs[0]!.plan, 5, "c").password!], bytes);
});

Deno.test("fleet: refuses a password that is too long for CONNECT in one sentence", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, new Uint8Array(65_536).fill(0x61));
  const { go } = passing();
  const allowed = /^Cannot use --password-file ".*": it has 65,536 bytes, and a password has 65,535 at most$/;
  await assert.rejects(go("--username", "u", "--password-file", file), { name: "UsageError", message: allowed });
  await Deno.remove(file);
});

Deno.test("fleet: --report - writes JSON to standard output and text to standard error", async () => {
  const { go, output } = passing();
  assert.equal(await go("--report", "-"), 0);
  assert.equal(JSON.parse(output.written.out).verdict, "pass");
  assert.match(output.written.err, /\nPASS {2}.*\n$/);
});

Deno.test("fleet: --report FILE contains the exit code of the command", async () => {
  const file = await Deno.makeTempFile();
  const { go, output } = trial(() => Promise.resolve(passed({}, { verdict: "fail", exitCode: 1 })));
  assert.equal(await go("--report", file), 1);
  assert.equal(JSON.parse(await Deno.readTextFile(file)).exitCode, 1);
  assert.match(output.written.out.split(`\nReport: ${file}\n\n`)[1]!, /^FAIL {2}.*\n$/);
  await Deno.remove(file);
});

Deno.test("fleet: a run that fails to start writes no file and stops the broker", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/run.json`;
  await Deno.writeTextFile(file, "old");
  const { go, broker } = trial(() => Promise.reject(new UsageError("Cannot hold so many clients")));
  await assert.rejects(go("--report", file), UsageError);
  assert.equal(await Deno.readTextFile(file), "old");
  assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["run.json"]);
  assert.equal(broker.stopped, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("fleet: writes progress and notices to standard error, with --quiet only warnings", async () => {
  const telling = () =>
    trial((_, hooks) => {
      hooks.onNotice({ level: "info", text: "by the way" });
      hooks.onNotice({ level: "warning", text: "look here" });
      return Promise.resolve(passed());
    });
  const one = telling();
  await one.go();
  assert.equal(one.output.written.err, "by the way\nwarning: look here\n");
  const quiet = telling();
  await quiet.go("--quiet");
  assert.equal(quiet.output.written.err, "warning: look here\n");
});

Deno.test("fleet: passes the first interrupt on and writes the report of the run", async () => {
  const run = trial((_, hooks) =>
    new Promise((resolve) => {
      hooks.interrupt!.addEventListener("abort", () => resolve(passed({}, { verdict: "void", exitCode: 130 })));
    })
  );
  const done = run.go();
  setTimeout(() => run.early.abort());
  assert.equal(await done, 130);
  assert.match(run.output.written.out, /\nVOID {2}.*\n$/);
  assert.match(run.output.written.err, /^Ending early; Ctrl-C again ends at once\.$/m);
});

Deno.test("fleet: passes the second interrupt on, and leaves the broker to the end of the process", async () => {
  const run = trial((_, hooks) =>
    new Promise((resolve) => {
      hooks.stop!.addEventListener("abort", () => resolve(passed({}, { verdict: "void", exitCode: 130 })));
    })
  );
  const done = run.go();
  setTimeout(() => run.atOnce.abort());
  assert.equal(await done, 130);
  assert.equal(run.broker.stopped, 0);
});

Deno.test("fleet: a crash of the embedded broker is an internal error", async () => {
  const run = trial(() => new Promise(() => {}));
  const done = run.go();
  setTimeout(() => run.broker.crash(new Error("The broker's thread crashed: out of memory")));
  await assert.rejects(done, /The broker's thread crashed: out of memory/);
});

Deno.test("fleet: refuses shards without a shared seed, and gives them one run id", async () => {
  const { go, runs } = passing();
  const common = ["--seed", "7", "--clients", "40"];
  for (const own of [["1/2"], ["2/2", "--source-address", "127.0.0.2"]]) await go(...common, "--shard", ...own);
  await go(...common, "--shard", "1/2", "--run-id", "mine");
  await go("--seed", "8", "--clients", "40", "--shard", "1/2");
  const [one, two, named, other] = runs.map(({ plan }) => plan);
  assert.deepEqual([one!.shard, two!.shard], [{ number: 1, of: 2 }, { number: 2, of: 2 }]);
  assert.equal(one!.run, two!.run);
  assert.equal(named!.run, "mine");
  assert.notEqual(other!.run, one!.run);
  const sentence = "Cannot run --shard 1/2 without --seed: expected the same one for each part";
  await assert.rejects(go("--shard", "1/2"), new UsageError(sentence));
});

Deno.test("fleet: writes each life to its file when it is judged, with one file for each broker", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim" });
  const row = (client: string): LifeRow => ({
    ...{ client, group: "all", incarnation: 1, mode: "reset", protocol: "5", qos: 1, verdict: "onTime", latencyMs: 2 },
    ...{ duplicates: 0, unwanted: 0, timeline: { connectedMs: 1, seenMs: [] } },
  });
  const partials: number[] = [];
  const { go } = trial(({ plan, target }, hooks) => {
    hooks.onLives!([row("a"), row("b")]);
    for (const { name } of Deno.readDirSync(folder)) partials.push(Deno.statSync(`${folder}/${name}`).size);
    hooks.onLives!([row(target.host)]);
    return Promise.resolve({ ...passed(), plan, target: target.url });
  });
  try {
    await go("--csv-lives", `${folder}/lives.csv`, "--url", "mqtt://one.example");
    const lines = (await Deno.readTextFile(`${folder}/lives.csv`)).trimEnd().split("\r\n");
    assert.deepEqual(lines.map((line) => line.split(",")[0]), ["client", "a", "b", "one.example"]);
    assert.ok(partials.length === 1 && partials[0]! > 100, "the first rows are in the file before the run is over");
    await go("--csv-lives", `${folder}/{broker}.csv`, "--url", "x=mqtt://one.example", "--url", "y=mqtt://two.example");
    assert.match(await Deno.readTextFile(`${folder}/x.csv`), /^one\.example,/m);
    assert.match(await Deno.readTextFile(`${folder}/y.csv`), /^two\.example,/m);
    const { go: silent, output } = trial(({ plan, target }, hooks) => {
      assert.equal(hooks.onLives, undefined);
      return Promise.resolve({ ...passed(), plan, target: target.url });
    });
    assert.equal(await silent(), 0, output.written.err);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("fleet: {broker} in the name of a file is the broker's name, also with one broker", async () => {
  const folder = await Deno.makeTempDir();
  const { go } = passing();
  const files = ["--report", `${folder}/{broker}.json`, "--record", `${folder}/{broker}.ndjson`];
  assert.equal(await go("--url", "one=mqtt://broker.example", ...files, "--csv", `${folder}/x-{broker}.csv`), 0);
  assert.equal(await go("--html", `${folder}/{broker}.html`), 0);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  // The run of this test records nothing, and an unused recording is removed.
  assert.deepEqual(names, ["embedded.html", "one.json", "x-one.csv"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("fleet: --abort-on-fail ends the run at the first fault that no threshold allows", async () => {
  const asked: (string | undefined)[] = [];
  const run = trial((_, hooks) => {
    const progress = (late: number): Progress => ({ ...running, faults: { ...running.faults, late } });
    for (const late of [0, 2, 3]) asked.push(hooks.abortOn?.(progress(late)));
    return Promise.resolve(passed());
  });
  await run.go("--abort-on-fail", "--threshold", "wills.late<3");
  assert.deepEqual(asked, [undefined, undefined, "wills.late<3 cannot be met any more (it is 3)"]);
  await run.go();
  assert.deepEqual(asked.slice(3), [undefined, undefined, undefined], "without the flag");
});

Deno.test("fleet: --annotations github prints them above the verdict", async () => {
  const { go, output } = trial(() => Promise.resolve(failed()));
  assert.equal(await go("--annotations", "github"), 1);
  assert.match(output.written.out, /\n\n::error title=mqtt-sim fleet%3A 25 missing::[^]*\n\nFAIL {2}.*\n$/);
});
