/** `mqtt-sim fleet` with more than one `--url`. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { parseBrokerChoice } from "../../../src/cli/fleet/broker_choice.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { fleet, type FleetDeps } from "../../../src/cli/fleet/fleet.ts";
import type { FleetFlags } from "../../../src/cli/fleet/fleet_flags.ts";
import type { FleetRun } from "../../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { NotSpokenError } from "../../../src/fleet/preflight/negotiate_protocol.ts";
import { failed, passed, voided } from "../../report/sample.ts";
import { captured } from "../captured.ts";
import { eachCase } from "../../support/steps.ts";

type Answer = (run: FleetRun) => Promise<FleetResult>;

/** The command with fake brokers; `answers` by port. */
function trial(answers: Readonly<Record<number, Answer>> = {}, quiet = true) {
  const output = captured();
  const runs: FleetRun[] = [];
  const early = new AbortController();
  const settled: number[] = [];
  const deps: FleetDeps = {
    runFleet: (run) => {
      runs.push(run);
      const { plan, target } = run;
      return answers[target.port]?.(run) ?? Promise.resolve({ ...passed(), plan, target: target.url });
    },
    startBroker: () =>
      Promise.resolve({
        url: "mqtt://127.0.0.1:9",
        crash: new Promise(() => {}),
        disconnectClient: () => Promise.resolve(false),
        stop: async () => {},
      }),
    openInterrupts: () => ({ early: early.signal, atOnce: new AbortController().signal, close() {} }),
    waitUntilIdle: () => {
      settled.push(runs.length);
      return Promise.resolve({ quiet, afterMs: 1_200 });
    },
  };
  const go = (...args: string[]) => fleet(readCommandLine(["fleet", ...args], output) as FleetFlags, output, deps);
  return { output, runs, early, settled, go };
}

const urls = (...names: string[]) => names.flatMap((name) => ["--url", name]);
const three = urls("embedded", "one=mqtt://127.0.0.1:1", "mqtt://127.0.0.1:2");

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("fleet with several brokers: each gets the same kills in turn, under a name of its own", async () => {
  const { go, runs, settled, output } = trial();
  assert.equal(await go(...three), 0);
  assert.deepEqual(runs.map(({ target }) => target.port), [9, 1, 2]);
  assert.deepEqual(runs.map(({ brokerInProcess }) => brokerInProcess), [true, false, false]);
  assert.equal(new Set(runs.map(({ plan }) => plan.seed)).size, 1);
  assert.equal(new Set(runs.map(({ plan }) => plan.run)).size, 3);
  assert.deepEqual(settled, [1, 2], "between the runs");
  assert.match(output.written.out, /\nPASS {2}on each of 3 brokers.*\n$/);
  assert.match(output.written.out, /^ +embedded +one +127\.0\.0\.1:2$/m);
  assert.match(output.written.err, /^Broker 2 of 3: one, mqtt:\/\/127\.0\.0\.1:1$/m);
  assert.match(output.written.err, /^This machine was idle after 1\.2s$/m);
});

Deno.test("fleet with several brokers: each has its own login", async () => {
  const { go, runs, output } = trial();
  await go(...urls("a=mqtt://me:s3cret@127.0.0.1:1", "mqtt://127.0.0.1:2"), "--report", "-");
  assert.deepEqual(runs.map(({ plan }) => [plan.username, plan.password]), [["me", "s3cret"], [undefined, undefined]]);
  assert.doesNotMatch(output.written.out + output.written.err, /s3cret/);
});

Deno.test("fleet with several brokers: the exit code is the worst, and an unreachable broker does not stop the others", async () => {
  const { go, runs, output } = trial({
    1: () => Promise.resolve(failed()),
    2: () => Promise.resolve(voided()),
  });
  assert.equal(await go(...urls("gone=mqtt://127.0.0.1:2", "brittle=mqtt://127.0.0.1:1", "embedded")), 1);
  assert.equal(runs.length, 3);
  assert.match(
    output.written.out,
    /^FAIL {2}of 3 brokers: 1 passed \(embedded\), 1 failed \(brittle\), 1 void \(gone\)$/m,
  );
});

Deno.test("fleet with several brokers: reports an unsupported version, which is no failure", async () => {
  const { go, output } = trial({
    1: () => Promise.resolve({ ...voided(), notSpoken: true }),
    2: () => Promise.reject(new NotSpokenError("Cannot use --will-delay: it needs MQTT 5.0")),
  });
  assert.equal(await go(...three), 0);
  assert.match(output.written.out, /^ {2}verdict +pass +not spoken +not spoken$/m);
  assert.match(output.written.out, /^127\.0\.0\.1:2: Cannot use --will-delay: it needs MQTT 5\.0$/m);
});

Deno.test("fleet with several brokers: a usage error on one broker is void there; on all of them it ends the command", async () => {
  const refuse = () => Promise.reject(new UsageError("Cannot hold so many clients"));
  const one = trial({ 9: refuse });
  assert.equal(await one.go(...three), 3);
  assert.match(one.output.written.out, /^embedded: Cannot hold so many clients$/m);
  await assert.rejects(trial({ 9: refuse, 1: refuse, 2: refuse }).go(...three), /^UsageError: Cannot hold so many/);
});

Deno.test("fleet with several brokers: Ctrl-C ends the current run with its report, and skips the rest", () =>
  inFolder(async (folder) => {
    const run = trial({
      1: () => {
        run.early.abort();
        return Promise.resolve(passed({}, { verdict: "void", exitCode: 130, reason: "interrupted" }));
      },
    });
    assert.equal(await run.go(...three, "--report", `${folder}/{broker}.json`, "--markdown", "-"), 130);
    assert.equal(run.runs.length, 2);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["embedded.json", "one.json"]);
    assert.match(run.output.written.err, /^127\.0\.0\.1:2: skipped, not run: the comparison ended earlier$/m);
    assert.match(run.output.written.out, /\| verdict \| \*\*pass\*\* \| \*\*void\*\* \| \*\*skipped\*\* \|/);
  }));

Deno.test("fleet with several brokers: --quiet prints only warnings, such as that of a busy machine", async () => {
  const { go, output } = trial({}, false);
  await go(...three, "--quiet");
  const warnings = output.written.err.trimEnd().split("\n");
  assert.equal(warnings.length, 2);
  assert.match(warnings[0]!, /^warning: this machine was not idle within 1\.2s: other load may affect/);
});

Deno.test("fleet with several brokers: writes one file for all, or with {broker} one for each", () =>
  inFolder(async (folder) => {
    const { go } = trial();
    const forms = ["report", "html", "junit", "markdown"].flatMap((form) => [`--${form}`, `${folder}/all.${form}`]);
    const own = ["--csv", `${folder}/{broker}.csv`, "--hdr", `${folder}/{broker}.hdr`];
    assert.equal(await go(...three, ...forms, ...own), 0);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    const each = ["127.0.0.1-2", "embedded", "one"].flatMap((name) => [`${name}.csv`, `${name}.hdr`]);
    assert.deepEqual(names, [...each, "all.html", "all.junit", "all.markdown", "all.report"].sort());
    assert.equal(JSON.parse(await Deno.readTextFile(`${folder}/all.report`)).schema, "mqtt-sim/comparison/1");
    assert.match(await Deno.readTextFile(`${folder}/one.csv`), /^mode,kills/);
  }));

Deno.test("fleet with several brokers: --metrics serves each run in turn", async () => {
  const { go, output } = trial();
  assert.equal(await go(...three, "--metrics", "0"), 0);
  assert.equal(output.written.err.match(/^metrics: http:/gm)?.length, 3);
});

Deno.test("fleet with several brokers: refuses bad input in one sentence before any run", async (t) => {
  const cases: readonly (readonly [args: string[], sentence: RegExp])[] = [
    [[...three, "--shard", "1/2", "--seed", "1"], /^Cannot use --shard with several brokers/],
    [urls("embedded", "embedded"), /^Cannot call two brokers "embedded": expected a name for each/],
    [
      [...three, "--csv", "all.csv"],
      /^Cannot write CSV of several brokers to "all.csv": expected a file for each.*\{broker\}-all.csv$/,
    ],
    [
      [...three, "--html", "-", "--report", "-"],
      /^Cannot write two formats to standard output: expected a place for each$/,
    ],
    [[...three, "--html", "/tmp/{broker}", "--report", "/tmp/one"], /^Cannot write two formats to "\/tmp\/one"/],
  ];
  await eachCase(t, cases, async ([args, sentence]) => {
    const { go, runs } = trial();
    await assert.rejects(go(...args), (error: Error) => error instanceof UsageError && sentence.test(error.message));
    assert.equal(runs.length, 0);
  });
});

Deno.test("fleet with several brokers: accepts a url, a name with a url, and embedded", () => {
  assert.deepEqual(parseBrokerChoice("embedded"), { name: "embedded" });
  assert.deepEqual(parseBrokerChoice("ours=embedded"), { name: "ours" });
  const { name, endpoint } = parseBrokerChoice("mqtt://broker.example");
  assert.deepEqual([name, endpoint!.url], ["broker.example:1883", "mqtt://broker.example:1883"]);
  const web = parseBrokerChoice("web=ws://broker.example/mqtt?token=a=b");
  assert.deepEqual({ name: web.name, path: web.endpoint!.path }, { name: "web", path: "/mqtt?token=a=b" });
  assert.equal(parseBrokerChoice("ws://broker.example/mqtt?a=b").name, "broker.example:80/mqtt?…");
  assert.throws(
    () => parseBrokerChoice("my broker=mqtt://h"),
    /^UsageError: Cannot call a broker "my broker": expected/,
  );
  assert.throws(() => parseBrokerChoice("=mqtt://h"), /^UsageError: Cannot call a broker "": expected/);
  assert.throws(() => parseBrokerChoice("x=ftp://h"), /transport "ftp:" is not supported/);
});

Deno.test("fleet with several brokers: runs the brokers of a scenario file unless a flag names others", () =>
  inFolder(async (folder) => {
    const file = `${folder}/s.yaml`;
    await Deno.writeTextFile(file, "clients: 7\nurl: [one=mqtt://127.0.0.1:1, mqtt://127.0.0.1:2]\n");
    const asked = trial();
    assert.equal(await asked.go("--scenario", file), 0);
    assert.deepEqual(asked.runs.map(({ target, plan }) => [target.port, plan.clients]), [[1, 7], [2, 7]]);
    const overruled = trial();
    await overruled.go("--scenario", file, "--url", "mqtt://127.0.0.1:3");
    assert.deepEqual(overruled.runs.map(({ target }) => target.port), [3]);
    const ours = trial();
    await ours.go("--scenario", file, "--url", "embedded");
    assert.deepEqual(ours.runs.map(({ brokerInProcess }) => brokerInProcess), [true]);
    const text = ours.output.written.out.replaceAll(/[\s\\]+/g, " ");
    assert.match(text, /Repeat this run: .* --url embedded .*--scenario /);
    await Deno.writeTextFile(file, "url: mqtt://u:p@127.0.0.1:4\n");
    const one = trial();
    await one.go("--scenario", file);
    assert.deepEqual(one.runs.map(({ target, plan }) => [target.port, plan.username]), [[4, "u"]]);
  }));
