/**
 * The binary of `deno task compile`. Run these tests with the Deno that made the binary, because its features are those
 * of that Deno.
 */
import assert from "node:assert/strict";
import { Socket } from "node:net";
import { brokerReady, findBinary, peerTest, startCompiled } from "../support/brokers/peers.ts";
import { ChildProcess } from "../support/machine/child_process.ts";
import { freePort } from "../support/machine/free_port.ts";
import { endProcess } from "../support/machine/processes.ts";
import { clientKinds, publish, RealClient } from "../support/clients/real_clients.ts";

const binary = await findBinary();
const mqttjs = clientKinds.find((kind) => kind.name === "MQTT.js")!;
const canReset = "resetAndDestroy" in Socket.prototype;

/** The folder of these tests: in Deno 2.7 `makeTempDir` needs more than `--allow-write` under test. */
const besideBinary = new URL("../../dist/", import.meta.url).pathname;

const fleetFlags = ["--clients", "50", "--kill-rate", "20%", "--duration", "3s"];

for (const workers of ["1", "2"]) {
  for (const engine of ["epoll", "deno"]) {
    const name = `the binary runs a fleet on its embedded broker and passes, ${workers} workers, engine ${engine}`;
    peerTest(name, [binary], async () => {
      await using fleet = startCompiled(binary, ["fleet", ...fleetFlags, "--workers", workers, "--engine", engine]);
      const { code } = await fleet.exit(45_000);
      assert.equal(code, 0, fleet.said);
      const warned = fleet.lines.some((line) => /cannot send a TCP reset.*close/.test(line));
      const due = engine === "deno" && !canReset;
      assert.equal(
        warned,
        due,
        `a binary that cannot reset warns \(was the binary made by this Deno?):\n${fleet.said}`,
      );
    });
  }
}

peerTest("binary: its broker serves a real client", [binary], async () => {
  await using broker = await brokerReady(startCompiled(binary, ["broker", "--host", "127.0.0.1", "--port", "0"]));
  const message = { topic: "e2e/compiled", payload: "hello", qos: 2, retain: false } as const;
  const asked = { version: 5, clientId: "watcher", clean: true, subscribe: { filter: "e2e/#", qos: 2 } } as const;
  await using subscriber = await RealClient.start(mqttjs, broker, asked);
  await publish(mqttjs, broker, 5, message);
  assert.deepEqual(await subscriber.next(), message);
});

peerTest("binary: its broker stops cleanly on SIGTERM", [binary], async () => {
  await using broker = await brokerReady(startCompiled(binary, ["broker", "--host", "127.0.0.1", "--port", "0"]));
  broker.child.kill("SIGTERM");
  assert.deepEqual(await broker.child.exit(), { code: 0, signal: null }, broker.child.said);
});

peerTest("binary: a usage error is one line and exit code 2", [binary], async () => {
  await using child = startCompiled(binary, ["fleet", "--kill-rate", "5x"]);
  assert.equal((await child.exit()).code, 2, child.said);
  assert.match(child.said, /5x/);
});

peerTest(
  "binary: has the parts that it loads late, protobuf for Sparkplug and the client of NATS",
  [binary],
  async () => {
    const size = ["--clients", "20", "--kill-rate", "5/s", "--duration", "2s"];
    await using fleet = startCompiled(binary, ["fleet", "--sparkplug", ...size]);
    assert.equal((await fleet.exit(45_000)).code, 0, fleet.said);
    assert.match(fleet.said, /NDEATH/);
    const over = `nats://127.0.0.1:${freePort()}`;
    await using merge = startCompiled(binary, ["report", "merge", "--over", over, "--run", "night"]);
    assert.equal((await merge.exit(30_000)).code, 2, merge.said);
    assert.match(merge.said, /Cannot use NATS at nats:\/\/127\.0\.0\.1:\d+: .*expected a reachable server/);
  },
);

peerTest("binary: contains the page with its plots", [binary], async () => {
  const path = `${besideBinary}page_test.html`;
  try {
    await using fleet = startCompiled(binary, ["fleet", ...fleetFlags, "--kill-mode", "close", "--html", path]);
    assert.equal((await fleet.exit(45_000)).code, 0, fleet.said);
    const page = await Deno.readTextFile(path);
    for (const part of ['<header class="verdict pass"', "var uPlot=", "function startPage()"]) {
      assert.ok(page.includes(part), part);
    }
  } finally {
    await Deno.remove(path);
  }
});

peerTest(
  "binary: SIGTERM ends a fleet with its report; the command to repeat it is the one that was typed",
  [binary],
  async () => {
    const path = `${besideBinary}ended.json`;
    const asked = ["--clients", "20", "--duration", "90s", "--report", path];
    // As the user types it: a relative path, and another name of the same file.
    const typed = `cd "${besideBinary}" && ln -sf mqtt-sim storm && exec ./storm fleet "$@"`;
    try {
      await using fleet = new ChildProcess("sh", ["-c", typed, "sh", ...asked]);
      await fleet.line(/clients are being killed/, { limitMs: 30_000 });
      fleet.kill("SIGTERM");
      assert.equal((await fleet.exit(30_000)).code, 130, fleet.said);
      assert.ok(fleet.lines.some((line) => /^ {2}\.\/storm fleet --seed \d+/.test(line)), fleet.said);
      assert.match(fleet.said, /interrupted before the end of the plan/);
      assert.equal(JSON.parse(await Deno.readTextFile(path)).plan.clients, 20);
    } finally {
      await Promise.all([path, `${besideBinary}storm`].map((file) => Deno.remove(file).catch(() => {})));
    }
  },
);

/** A busy machine makes any one start slow; a slow program makes all of them slow. */
peerTest("binary: starts within 150 ms", [binary], async () => {
  let fastestMs = Infinity;
  for (let turn = 0; turn < 50 && fastestMs >= 150; turn++) {
    const startedMs = performance.now();
    // One after the other: they take the time from one another.
    // deno-lint-ignore no-await-in-loop
    const { code } = await new Deno.Command(binary.program, { args: ["--version"], stdout: "null" }).output();
    assert.equal(code, 0);
    fastestMs = Math.min(fastestMs, performance.now() - startedMs);
  }
  assert.ok(fastestMs < 150, `the fastest start took ${fastestMs.toFixed(0)} ms`);
});

const restarting = `
clients: 20
session-expiry: 60
phases:
  - kill: 20%
    for: 1s
    kill-mode: close
  - restart: 500ms
  - hold: 1s
`;

/** The output of a run with a restart on this target. */
async function overRestart(folder: string, ...target: readonly string[]) {
  const [path, report] = [`${folder}/scenario.yaml`, `${folder}/report.json`];
  await Deno.writeTextFile(path, restarting);
  await using fleet = startCompiled(binary, ["fleet", ...target, "--scenario", path, "--report", report]);
  const { code } = await fleet.exit(45_000);
  assert.equal(code, 0, fleet.said);
  const { verdict, restarts: { each: [one] } } = JSON.parse(await Deno.readTextFile(report));
  assert.deepEqual({ verdict, survived: one.survived, watchersForgotten: one.watchersForgotten }, {
    verdict: "pass",
    survived: 0,
    watchersForgotten: 0,
  });
  assert.ok(one.lives > 0 && one.watchersKept > 0);
  return one;
}

peerTest("binary: restarts its embedded broker", [binary], async () => {
  const folder = `${besideBinary}${crypto.randomUUID()}`;
  await Deno.mkdir(folder);
  try {
    assert.equal((await overRestart(folder)).commandMs, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

peerTest("binary: runs a restart command", [binary], async () => {
  const folder = `${besideBinary}${crypto.randomUUID()}`;
  await Deno.mkdir(folder);
  const pid = `${folder}/pid`;
  const args = ["broker", "--host", "127.0.0.1", "--port", `${freePort()}`, "--store", `${folder}/broker.db`];
  await using broker = await brokerReady(startCompiled(binary, args));
  try {
    await Deno.writeTextFile(pid, `${broker.child.pid}`);
    const command = `p=$(cat ${pid}); kill -KILL $p; while kill -0 $p 2>/dev/null; do sleep 0.05; done; ` +
      `${binary.program} ${args.join(" ")} >/dev/null 2>&1 & echo $! >${pid}`;
    assert.ok((await overRestart(folder, "--url", broker.url, "--restart-command", command)).commandMs > 0);
  } finally {
    await endProcess(Number(await Deno.readTextFile(pid)));
    await Deno.remove(folder, { recursive: true });
  }
});
