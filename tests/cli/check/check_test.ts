import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { check, type CheckDeps, progressOn } from "../../../src/cli/check/check.ts";
import type { CheckAsked } from "../../../src/cli/check/check_flags.ts";
import { restartBy } from "../../../src/cli/check/check_restart.ts";
import { startCheckTarget } from "../../../src/cli/check/check_target.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { main } from "../../../src/cli/main.ts";
import { catalog } from "../../../src/conformance/catalog.ts";
import type { ConformanceRun } from "../../../src/conformance/check/conformance_run.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import type { EngineChoice } from "../../../src/net/engine.ts";
import { testedEngines } from "../../net/loopback.ts";
import { checkInMemory, givenRun, ourCore } from "../../support/brokers/checked_broker.ts";
import { tampered } from "../../support/brokers/tampered_broker.ts";
import { clientIdentity, tlsPath } from "../../support/tls_fixture.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { checkSample } from "../../report/check_sample.ts";
import { captured } from "../captured.ts";

/** The command with a broker in memory; `runs` has the options of each run. */
function trial(maker = ourCore(), cases = catalog.filter(({ id }) => id.startsWith("will/flags"))) {
  const output = captured();
  const runs: ConformanceRun[] = [];
  const started: { target: number; stopped: number; engine?: EngineChoice } = { target: 0, stopped: 0 };
  const deps: CheckDeps = {
    catalog: cases,
    runConformance: (run, hooks) => {
      runs.push(run);
      return checkInMemory(maker, { ...run, ...givenRun, casePassword: undefined }, hooks);
    },
    startTarget: (engine) => {
      started.target++;
      started.engine = engine;
      return Promise.resolve({
        url: "mqtt://127.0.0.1:41883",
        ...givenRun,
        restart: () => Promise.resolve(),
        stop: () => Promise.resolve(void started.stopped++),
      });
    },
    openInterrupts: () => ({
      early: new AbortController().signal,
      atOnce: new AbortController().signal,
      close() {},
    }),
  };
  const go = (...args: string[]) => check(readCommandLine(["check", ...args], output) as CheckAsked, output, deps);
  return { go, output, runs, started };
}

Deno.test("check: without a url it checks the embedded broker and stops it", async () => {
  const { go, output, runs, started } = trial();
  assert.equal(await go("--verbose"), 0);
  assert.deepEqual(started, { target: 1, stopped: 1, engine: "auto" });
  assert.equal(runs[0]!.target.url, "mqtt://127.0.0.1:41883");
  assert.deepEqual({ login: runs[0]!.login, deniedTopic: runs[0]!.deniedTopic }, {
    login: givenRun.login,
    deniedTopic: givenRun.deniedTopic,
  });
  assert.match(output.written.out, /^embedded broker · MQTT 3\.1\.1 and 5\.0 · [^]*\nPASS {2}all \d+ cases passed\n$/);
  assert.match(
    output.written.out,
    /^3\.1\.1 {2}3\.1\.2-14 +pass +will\/flags-qos-3 +a CONNECT with will QoS 3 is refused/m,
  );
});

Deno.test("check: with a url it starts no broker, and passes the flags on", async () => {
  const { go, runs, started } = trial();
  const flags = "--url mqtt://you:s3cret@broker.example --protocol 5 --slack 2 --parallel 3 --denied-topic no --quick";
  assert.equal(await go(...flags.split(" ")), 0);
  assert.deepEqual(started, { target: 0, stopped: 0 });
  const { target, protocols, slack, parallel, login, deniedTopic, quick } = runs[0]!;
  assert.deepEqual([target.url, protocols, slack, parallel], ["mqtt://broker.example:1883", ["5.0"], 2, 3]);
  assert.deepEqual({ login, deniedTopic, quick }, {
    login: { username: "you", password: "s3cret" },
    deniedTopic: "no",
    quick: true,
  });
});

Deno.test("check --engine: selects the engine of check and of the embedded broker; the default is auto", async () => {
  for (const engine of ["epoll", "deno", "auto", undefined] as const) {
    const { go, runs, started } = trial();
    assert.equal(await go(...engine === undefined ? [] : ["--engine", engine]), 0);
    assert.deepEqual([started.engine, runs[0]!.engine], [engine ?? "auto", engine ?? "auto"]);
  }
  const { go, output } = trial();
  assert.throws(
    () => void go("--engine", "node"),
    /^UsageError: Cannot read --engine "node": expected auto, epoll or deno$/,
  );
  assert.equal(output.written.out, "");
});

Deno.test("check --engine: checks a broker on each engine, and the report names the engine", async () => {
  for (const { name } of testedEngines) {
    const output = captured();
    const only = ["--only", "will/reset", "--only", "will/close", "--only", "connect/first-packet"];
    assert.equal(await main(["check", "--engine", name, ...only, "--report", "-"], output), 0, output.written.err);
    const report = JSON.parse(output.written.out);
    assert.deepEqual({ engine: report.engine, fail: report.counts.fail }, { engine: name, fail: 0 });
    assert.match(output.written.err, new RegExp(`^embedded broker · .* · engine ${name} · `, "m"));
  }
});

Deno.test("check --engine: refuses epoll with TLS in one sentence", async () => {
  const output = captured();
  assert.equal(await main(["check", "--engine", "epoll", "--url", "mqtts://127.0.0.1:1"], output), 2);
  const sentence = "Cannot use --engine epoll with mqtts://127.0.0.1:1: TLS uses the sockets of the runtime; " +
    "expected auto or deno";
  assert.ok(output.written.err.includes(sentence), output.written.err);
});

Deno.test("check: shows a failure with its transcript and sets the exit code", async () => {
  const { go, output } = trial(tampered(() => ({ hidesClose: () => true })));
  assert.equal(await go("--only", "will/flags-qos-3", "--report", "-"), 1);
  const { out, err } = output.written;
  assert.match(err, /\nFAIL {2}2 of 2 cases failed\n$/);
  assert.match(err, /^will\/flags-qos-3: the connection of client was not closed within 3,000 ms/m);
  assert.match(err, /^ +0\.\d{3} s {2}client +> CONNECT with will QoS 3$/m);
  const report = JSON.parse(out);
  assert.deepEqual({ schema: report.schema, exitCode: report.exitCode, target: report.target }, {
    schema: "mqtt-sim/check/1",
    exitCode: 1,
    target: "embedded",
  });
  assert.equal(report.cases[0].transcript.some(({ hex }: { hex?: string }) => hex?.startsWith("10 ")), true);
  assert.doesNotMatch(out + err, /72 69 67 68 74/, "no password in hex");
});

Deno.test("check: a password command runs before the check and again after its lifetime", async () => {
  const { go, runs } = trial();
  const folder = await Deno.makeTempDir();
  try {
    const command = `echo run >> ${folder}/runs; echo t0ken-$(wc -l < ${folder}/runs | tr -d ' ')`;
    const args = ["--url", "mqtt://dev@broker.example", "--password-command", command, "--password-lifetime", "100ms"];
    assert.equal(await go(...args), 0);
    const { login, casePassword } = runs[0]!;
    assert.deepEqual([login, await Deno.readTextFile(`${folder}/runs`)], [{ username: "dev" }, "run\n"]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.deepEqual([await casePassword!(), await casePassword!()], ["t0ken-2", "t0ken-2"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const logins: readonly [args: string, sentence: RegExp][] = [
  ["--url mqtt://b --password-lifetime 1s", /^Cannot use --password-lifetime alone: expected --password-command with/],
  ["--url mqtt://u:p@b --password-command x", /^Cannot use --password-command and a password: expected one of them$/],
  [
    "--url mqtt://b --password-command x --auth-method m --auth-data d",
    /--password-command and --auth-method: expected/,
  ],
  ["--url mqtt://b --password-command t-{client_id}", /"t-\{client_id\}": expected a command without \{client\} and/],
  [
    "--url mqtt://b --password-command false",
    /^Cannot get a password: --password-command "false" ended with exit code 1/,
  ],
  ["--password-command x", /^Cannot use --password-command with the embedded broker, which has its own login/],
  [
    "--url mqtt://b --follow-references",
    /^Cannot use --follow-references with check: a check judges the server at --url;/,
  ],
  ["--url mqtt://b --credentials f", /^Cannot use --credentials with check: all clients of a check have one login;/],
];
for (const [args, sentence] of logins) {
  Deno.test(`check: refuses ${args}`, async () => {
    const { go, runs } = trial();
    await assert.rejects(async () => await go(...args.split(" ")), { message: sentence });
    assert.equal(runs.length, 0);
  });
}

Deno.test("check --list: prints the cases and runs none", async () => {
  const { go, output, runs } = trial();
  assert.equal(await go("--list", "--protocol", "3.1.1"), 0);
  assert.equal(runs.length, 0);
  assert.match(output.written.out, /^3\.1\.1 {2}will\/flags-qos-3 +3\.1\.2-14 +a CONNECT with will QoS 3 is refused/m);
});

Deno.test("check: the embedded broker has a login and a denied topic, and keeps its store over a restart", async () => {
  const target = await startCheckTarget("auto");
  try {
    await target.restart();
    const url = target.url.replace("//", `//${target.login.username}:${target.login.password}@`);
    const output = captured();
    assert.equal(await main(["check", "--url", url, "--only", "will/flags-qos-3"], output), 0, output.written.err);
    assert.equal(await main(["check", "--url", target.url, "--only", "will/flags-qos-3"], captured()), 3);
  } finally {
    await target.stop();
  }
});

Deno.test("check --profile: reports documented deviations, which are no failures", async () => {
  const takesAnyDisconnect = tampered(() => ({
    fromClient: (bytes) => bytes[0]! >> 4 === 14 ? Uint8Array.of(0xe0, 0) : bytes,
  }));
  const cases = catalog.filter(({ id }) => id === "will/disconnect-0x80");
  const known = trial(takesAnyDisconnect, cases);
  assert.equal(await known.go("--profile", "mosquitto", "--verbose"), 0);
  assert.match(
    known.output.written.out,
    /\nPASS with 1 deviation {2}0 of 1 cases passed, 1 deviate as the profile describes\n$/,
  );
  assert.match(known.output.written.out, /^will\/disconnect-0x80 in 5\.0 deviates as profile mosquitto describes/m);
  assert.equal(await trial(takesAnyDisconnect, cases).go(), 1);
  const better = trial(ourCore(), cases);
  assert.equal(await better.go("--profile", "mosquitto", "--verbose"), 0);
  assert.match(
    better.output.written.out,
    /^profile mosquitto expects disconnect-error, but the case that can show it passes: will\/disconnect-0x80$/m,
  );
});

Deno.test("check --restart-command: runs in the shell, and its error is the reason of the case", async () => {
  const url = parseEndpoint("mqtt://broker.example");
  const folder = await Deno.makeTempDir();
  const run = async (restartCommand: string) => await (await restartBy({ url, restartCommand }))!();
  await run(`echo again > ${folder}/restarted`);
  assert.equal(await Deno.readTextFile(`${folder}/restarted`), "again\n");
  await assert.rejects(run("echo no such unit >&2; exit 4"), {
    name: "NotTestable",
    message: /^--restart-command "echo .*" ended with exit code 4 after .*: no such unit$/,
  });
  assert.equal(await restartBy({ url, restartCommand: undefined }), undefined);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("check: refuses TLS options for a url without TLS in one sentence", async () => {
  const sentence = (where: string) =>
    `Cannot use --tls-insecure with ${where}, which does not use TLS: expected a --url with mqtts:// or wss://`;
  const refused = (...args: string[]) => trial().go(...args, "--tls-insecure");
  await assert.rejects(refused("--url", "mqtt://h"), new UsageError(sentence("mqtt://h:1883")));
  await assert.rejects(refused("--url", "ws://h"), new UsageError(sentence("ws://h:80/mqtt")));
  await assert.rejects(refused(), new UsageError(sentence("the embedded broker")));
});

Deno.test("check: reads the TLS files and passes them with the target", async () => {
  const { go, runs } = trial();
  const files = [
    "--tls-ca",
    tlsPath("ca.pem"),
    "--tls-cert",
    tlsPath("client.pem"),
    "--tls-key",
    tlsPath("client.key"),
  ];
  assert.equal(await go("--url", "mqtts://h", ...files, "--tls-server-name", "other"), 0);
  assert.deepEqual(runs[0]!.target.tls, { ...clientIdentity("client"), serverName: "other", insecure: false });
  await assert.rejects(go("--url", "wss://h", "--tls-key", "no.key"), /Cannot use --tls-key no\.key alone/);
});

Deno.test("check: without a terminal it prints a line of progress at most every 10 s", () => {
  const { err, written } = captured();
  const clock = new ManualClock();
  const onCase = progressOn(err, clock);
  const [one] = checkSample().cases;
  for (let done = 1; done <= 60; done++) {
    clock.advance(500);
    onCase(one!, done, 60);
  }
  assert.equal(written.err, "20 of 60 cases after 10 s\n40 of 60 cases after 20 s\n");
});

Deno.test("check: --wait retries a broker that does not answer, and says what it tried", async () => {
  const { go, output, runs } = trial();
  assert.equal(await go("--url", "mqtt://127.0.0.1:1", "--wait", "600ms"), 0);
  assert.equal(runs.length, 1, "the check itself says what it found");
  assert.match(output.written.err, /^Waiting up to 600ms for mqtt:\/\/127\.0\.0\.1:1: connection refused/);
  assert.match(output.written.err, /^No answer; --wait made \d attempts? in 0\.\d s\.$/m);
});
