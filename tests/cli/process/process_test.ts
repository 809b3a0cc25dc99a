/** The program as a process: exit codes and signals. */
import assert from "node:assert/strict";
import { ffiFlags } from "../../support/brokers/granted.ts";

const root = new URL("../../../", import.meta.url);
const limitMs = 60_000;
const withoutFfi = "--no-prompt --allow-net=127.0.0.1 --allow-read --allow-write --ignore-env".split(" ");

interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs mqtt-sim; sends SIGINT once standard output or error contains `sign`. */
async function mqttSim(
  args: readonly string[],
  { sign, input = "", permissions = [...withoutFfi, ...ffiFlags] }: {
    readonly sign?: string;
    /** Standard input. */
    readonly input?: string;
    readonly permissions?: readonly string[];
  } = {},
): Promise<Ended> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...permissions, "cli.ts", ...args],
    cwd: root,
    stdin: input === "" ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const fed = input === "" ? undefined : new Blob([input]).stream().pipeTo(child.stdin);
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  let seen = "";
  const watch = async (stream: ReadableStream<Uint8Array>) => {
    let text = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      const before = seen;
      seen += part;
      if (sign !== undefined && seen.includes(sign) && !before.includes(sign)) child.kill("SIGINT");
    }
    return text;
  };
  const [out, err, status] = await Promise.all([watch(child.stdout), watch(child.stderr), child.status]);
  await fed?.catch(() => {}); // a refused command reads nothing
  clearTimeout(timer);
  return { exitCode: status.code, out, err };
}

Deno.test("process: bad input exits with code 2 and one sentence, without a stack trace", async () => {
  const { exitCode, out, err } = await mqttSim(["fleet", "--kill-rate", "5x"]);
  const sentence = 'Cannot read kill rate "5x": expected a fraction such as 5%, or kills a second such as 50/s\n';
  assert.deepEqual({ exitCode, out, err }, { exitCode: 2, out: "", err: sentence });
});

for (const engine of ["epoll", "deno"]) {
  const name = `--engine ${engine} carries a run of broker and fleet, and is reported`;
  Deno.test({ name, ignore: engine === "epoll" && ffiFlags.length === 0 }, async () => {
    const args = `fleet --clients 10 --duration 1s --kill-rate 50% --engine ${engine} --report -`.split(" ");
    const { exitCode, out, err } = await mqttSim(args);
    const report = JSON.parse(out);
    assert.deepEqual([exitCode, report.verdict, report.engine, report.plan.engine], [0, "pass", engine, engine]);
    assert.match(err, new RegExp(`^process  engine ${engine}, `, "m"));
    const listens = ["mqtt", "mqtts"].flatMap((scheme) => ["--listen", `${scheme}://127.0.0.1:0`]);
    const tls = ["--tls-cert", "fixtures/tls/server.pem", "--tls-key", "fixtures/tls/server.key"];
    const broker = await mqttSim(["broker", ...listens, ...tls, "--engine", engine], { sign: "listening on" });
    const each = /; mqtt:\/\/127\.0\.0\.1:\d+ on engine epoll, mqtts:\/\/127\.0\.0\.1:\d+ on engine deno; /;
    assert.match(broker.out, engine === "epoll" ? each : /; engine deno; /);
  });
}

const noForeign = "foreign calls are not permitted; allow them with --allow-ffi";

Deno.test("process: without permission, epoll is refused in a sentence, and auto logs why it does not use epoll", async () => {
  for (const command of ["broker", "fleet"]) {
    const { exitCode, err } = await mqttSim([command, "--engine", "epoll"], { permissions: withoutFfi });
    assert.deepEqual({ exitCode, err }, {
      exitCode: 2,
      err: `Cannot use engine "epoll": ${noForeign}; expected auto or deno\n`,
    });
  }
  const { exitCode, out } = await mqttSim(["broker", "--port", "0"], { sign: "listening on", permissions: withoutFfi });
  assert.equal(exitCode, 0);
  assert.ok(out.includes(`; engine deno; `) && out.includes(`\nengine deno (epoll: ${noForeign})\n`), out);
});

const noSignals = { ignore: Deno.build.os === "windows" };

Deno.test("process: SIGTERM stops a broker cleanly: exit code 0", noSignals, async () => {
  const { exitCode, out } = await mqttSim(["broker", "--port", "0"], { sign: "listening on" });
  assert.equal(exitCode, 0);
  assert.match(out, /^stopped: /m);
});

Deno.test("process: an interrupted run writes its report: exit code 130", noSignals, async () => {
  const file = await Deno.makeTempFile();
  const args = "fleet --clients 20 --duration 60s --kill-rate 50% --report".split(" ");
  const { exitCode, out } = await mqttSim([...args, file], { sign: "clients are being killed" });
  const report = JSON.parse(await Deno.readTextFile(file));
  await Deno.remove(file);
  assert.deepEqual([exitCode, report.exitCode, report.plan.clients], [130, 130, 20]);
  assert.match(out, /^Report: /m);
});

Deno.test("process: a whole run on the embedded broker passes: exit code 0", async () => {
  const { exitCode, out } = await mqttSim("fleet --clients 20 --duration 1s --kill-rate 50% --report -".split(" "));
  const report = JSON.parse(out);
  assert.deepEqual({ exitCode, verdict: report.verdict, target: report.run.target }, {
    exitCode: 0,
    verdict: "pass",
    target: "embedded",
  });
  assert.ok(report.wills.expected > 0);
});

Deno.test("process: - and /dev/stdin are standard input, for one file of a command", async () => {
  const scenario = "clients: 5\nduration: 1\nkill-rate: 90%\n";
  const run = await mqttSim("fleet --scenario - --report - --seed 1".split(" "), { input: scenario });
  const { verdict, plan } = JSON.parse(run.out);
  assert.deepEqual([run.exitCode, verdict, plan.clients], [0, "pass", 5]);
  const again = await mqttSim(["report", "/dev/stdin"], { input: run.out });
  assert.equal(again.exitCode, 0);
  assert.match(again.out, /^PASS/m);
  const twice = await mqttSim("fleet --scenario - --password-file -".split(" "), { input: scenario });
  assert.equal(twice.err, 'Cannot read standard input twice: expected "-" for one file\n');
});
