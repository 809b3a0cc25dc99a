/** `--restart-command`: refusals before a run, and void runs. */
import assert from "node:assert/strict";
import { Broker } from "../../../src/broker/broker.ts";
import { main } from "../../../src/cli/main.ts";
import { ffiFlags } from "../../support/brokers/granted.ts";
import { captured } from "../captured.ts";

const url = "mqtt://127.0.0.1:1";
const noScenario = "expected a scenario that restarts the broker, such as --scenario restart";

const refused: readonly [args: readonly string[], sentence: string][] = [
  [["--restart-command", "x"], `Cannot use --restart-command "x": ${noScenario}`],
  [["--url", url, "--restart-command", "x"], `Cannot use --restart-command "x": ${noScenario}`],
  [["--restart-timeout", "5s"], `Cannot use --restart-timeout: ${noScenario}`],
  [
    ["--scenario", "restart", "--restart-command", "x"],
    'Cannot use --restart-command "x" with the embedded broker, which needs no command: expected a --url',
  ],
  [
    ["--scenario", "restart", "--url", url],
    `Cannot restart the broker at ${url}: expected --restart-command with a command that restarts it, such as ` +
    "'systemctl restart mosquitto'",
  ],
  [
    ["--scenario", "restart", "--url", url, "--url", "mqtt://127.0.0.1:2", "--restart-command", "x"],
    'Cannot use --restart-command "x" on 2 brokers, because it restarts one broker: expected one --url',
  ],
  [
    ["--scenario", "restart", "--url", "embedded", "--url", url],
    `Cannot restart the broker at ${url}, one of 2: expected the embedded broker, or one --url with ` +
    "--restart-command; report compare puts their reports side by side",
  ],
];

for (const [args, sentence] of refused) {
  Deno.test(`restart: fleet refuses ${args.join(" ")}`, async () => {
    const output = captured();
    assert.deepEqual({ main: await main(["fleet", ...args], output), written: output.written }, {
      main: 2,
      written: { out: "", err: `${sentence}\n` },
    });
  });
}

const scenario = `
clients: 10
session-expiry: 60
phases:
  - hold: 200ms
  - restart: 0s
  - hold: 200ms
`;

/** Ten clients on a broker with this restart command; returns the reason of the report. */
async function run(broker: string, command: string, ...flags: readonly string[]): Promise<[number, string, string]> {
  const folder = await Deno.makeTempDir();
  const output = captured();
  try {
    const [path, report] = [`${folder}/scenario.yaml`, `${folder}/report.json`];
    await Deno.writeTextFile(path, scenario);
    const args = ["--url", broker, "--scenario", path, "--restart-command", command, "--report", report, ...flags];
    const code = await main(["fleet", ...args], output);
    const { verdict, reason } = JSON.parse(await Deno.readTextFile(report));
    return [code, verdict, reason];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const unix = { ignore: Deno.build.os === "windows" };

const idle: readonly [name: string, command: string, reason: RegExp, flags?: readonly string[]][] = [
  [
    "fails: its exit code and the end of its standard error are reported",
    "echo one >&2; echo 'Unit x not found.' >&2; exit 5",
    /^--restart-command ".*" ended with exit code 5 after [\d.,]+ m?s: one \/ Unit x not found\.$/,
  ],
  ["is ended by a signal", "kill -9 $$", /^--restart-command "kill -9 \$\$" was ended by SIGKILL after [\d.,]+ m?s$/],
  [
    "hangs beyond --restart-timeout: it is killed",
    "echo waiting >&2; exec sleep 300",
    /^--restart-command ".*" had not ended, and was killed after 1[\d.,]+ m?s: waiting$/,
    ["--restart-timeout", "1s"],
  ],
  [
    "restarts nothing",
    ":",
    /^the restart ended no connection: check that --restart-command restarts the broker under test$/,
  ],
];

for (const [name, command, reason, flags = []] of idle) {
  Deno.test(`restart: a command that ${name} makes the run void, exit code 3`, unix, async () => {
    const broker = await Broker.start();
    try {
      const [code, verdict, text] = await run(broker.url, command, ...flags);
      assert.deepEqual({ code, verdict }, { code: 3, verdict: "void" });
      assert.match(text, reason);
    } finally {
      await broker.stop();
    }
  });
}

const usual = "--no-prompt --allow-net=127.0.0.1 --allow-read --allow-write --ignore-env".split(" ");

function mqttSim(...args: readonly string[]): Deno.Command {
  const cwd = new URL("../../../", import.meta.url);
  const flags = ["run", "--quiet", ...usual, ...ffiFlags, "cli.ts", ...args];
  return new Deno.Command(Deno.execPath(), { args: flags, cwd, stdin: "null", stdout: "piped", stderr: "piped" });
}

Deno.test("restart: a broker that does not return makes the run void, and the sentence says why", unix, async () => {
  const child = mqttSim("broker", "--port", "0").spawn();
  const stderr = child.stderr.cancel();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!/mqtt:\/\/127\.0\.0\.1:\d+/.test(said)) said += (await reader.read()).value ?? assert.fail(said);
  const [url] = said.match(/mqtt:\/\/127\.0\.0\.1:\d+/)!;
  const [code, verdict, reason] = await run(url, `kill -9 ${child.pid}`, "--restart-timeout", "1s");
  assert.deepEqual({ code, verdict }, { code: 3, verdict: "void" });
  const sentence = /^the broker did not accept connections within 1 s of its restart \(--restart-timeout\): .*refused/;
  assert.match(reason, sentence);
  await Promise.all([reader.cancel(), stderr, child.status]);
});

Deno.test(
  "restart: fleet refuses --restart-command before the run without permission to run a shell",
  unix,
  async () => {
    const args = ["--scenario", "restart", "--url", url, "--restart-command", "true"];
    const { code, stderr } = await mqttSim("fleet", ...args).output();
    const sentence =
      'Cannot run --restart-command ":": this process is not allowed to run programs; start it with --allow-run=sh\n';
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [2, sentence]);
  },
);
