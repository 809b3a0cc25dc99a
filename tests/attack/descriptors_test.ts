/**
 * Attacks that exhaust the broker's file descriptors or another limited resource of the operating system: the broker
 * pauses and continues.
 */
import assert from "node:assert/strict";
import { Core } from "../../src/broker/core/core.ts";
import { coreSettings } from "../../src/broker/options/options.ts";
import { pem, tlsPath } from "../support/tls_fixture.ts";
import { hazard, later, type Stage, until } from "../net/epoll/stage.ts";
import { ChildProcess } from "../support/machine/child_process.ts";
import { ffiFlags } from "../support/brokers/granted.ts";

const root = new URL("../../", import.meta.url);
/** Few enough for a test to use up; the runtime itself needs about 40. */
const openFiles = 90;

/** `mqtt-sim broker` with few descriptors. */
function brokerWith(...args: string[]): ChildProcess {
  return brokerOf(ffiFlags, "--port", "0", ...args);
}

/** The same with more runtime flags: without `--allow-ffi` the broker cannot read the limit of open files. */
function brokerOf(flags: readonly string[], ...args: string[]): ChildProcess {
  const permissions = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write", "--ignore-env"];
  const run = [Deno.execPath(), "run", "--quiet", ...permissions, ...flags, "cli.ts", "broker", ...args];
  return new ChildProcess("sh", ["-c", `ulimit -n ${openFiles} && exec "$@"`, "sh", ...run], { cwd: root });
}

const connectBytes = Uint8Array.from([0x10, 0x0d, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61]);

/** Whether the broker accepts a CONNECT. */
async function isServed(port: number): Promise<boolean> {
  using link = await Deno.connect({ hostname: "127.0.0.1", port });
  return await isAnswered(link);
}

async function isAnswered(link: Deno.Conn, bytes = connectBytes): Promise<boolean> {
  await link.write(bytes);
  const answer = new Uint8Array(4);
  const timer = setTimeout(() => link.close(), 5_000);
  const length = await link.read(answer).catch(() => null);
  clearTimeout(timer);
  return length === 4 && answer[3] === 0;
}

/** The metrics; undefined if the broker does not answer. */
async function scrape(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000), headers: { connection: "close" } });
    return await response.text();
  } catch {
    return undefined;
  }
}

/** Waits at most `seconds` for a condition. */
async function within(seconds: number, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2 * seconds; tries++) {
    // One attempt after another.
    // deno-lint-ignore no-await-in-loop
    if (await holds()) return;
    // deno-lint-ignore no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.fail(`it does not hold within ${seconds} s`);
}

/** Opens `count` links that send nothing. */
async function openLinks(port: number, count: number): Promise<Deno.TcpConn[]> {
  const links: Deno.TcpConn[] = [];
  for (let each = 0; each < count; each++) {
    // The broker may close a link before its client sees it open.
    const link = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (link !== undefined) links.push(link);
  }
  return links;
}

for (const engine of ffiFlags.length > 0 ? ["epoll", "deno"] : ["deno"]) {
  Deno.test(`F3: without free descriptors the broker and its metrics pause, and continue later (engine ${engine})`, async () => {
    // Where the broker can read the limit of open files, idle links to the web interface take the remaining
    // descriptors.
    await using broker = brokerWith("--metrics", "0", "--engine", engine);
    const [, port] = await broker.line(/listening on mqtt:\/\/127\.0\.0\.1:(\d+)/);
    const [, metrics] = await broker.line(/metrics on (http:\/\/127\.0\.0\.1:\d+\/metrics)/);
    const links = await openLinks(Number(new URL(metrics!).port), openFiles);
    await within(5, async () => await scrape(metrics!) === undefined);
    links.push(...await openLinks(Number(port), openFiles));
    await broker.line(/Cannot accept a connection/);
    for (const link of links) link.close();
    await within(20, () => isServed(Number(port)));
    await within(20, async () => /^mqtt_sim_broker_accept_pauses_total [1-9]/m.test(await scrape(metrics!) ?? ""));
    await within(
      20,
      async () => /^mqtt_sim_broker_connections_accepted_total \d+$/m.test(await scrape(metrics!) ?? ""),
    );
    assert.doesNotMatch(broker.said, /at .*\.ts:/);
  });
}

Deno.test("F3: without free descriptors a TLS listener pauses, and continues later", async () => {
  const tls = ["--tls-cert", tlsPath("server.pem"), "--tls-key", tlsPath("server.key")];
  await using broker = brokerOf([], "--listen", "mqtts://127.0.0.1:0", "--metrics", "0", ...tls);
  const [, port] = await broker.line(/listening on mqtts:\/\/127\.0\.0\.1:(\d+)/);
  const [, metrics] = await broker.line(/metrics on (http:\/\/127\.0\.0\.1:\d+\/metrics)/);
  const listening = { hostname: "127.0.0.1", port: Number(port), caCerts: [pem("ca.pem")] };
  using before = await Deno.connectTls(listening);
  assert.ok(await isAnswered(before, connectBytes.with(14, 0x62)));
  const links = await openLinks(Number(port), 2 * openFiles);
  await broker.line(/Cannot accept a connection over TLS on port \d+: /);
  for (const link of links) link.close();
  await within(20, async () => {
    using link = await Deno.connectTls(listening).catch(() => undefined);
    // Links that waited during the pause are reset when the listener listens again.
    return link !== undefined && await isAnswered(link).catch(() => false);
  });
  await within(20, async () => /^mqtt_sim_broker_accept_pauses_total [1-9]/m.test(await scrape(metrics!) ?? ""));
  await before.write(Uint8Array.of(0xc0, 0));
  const pong = new Uint8Array(2);
  await before.read(pong);
  assert.deepEqual(pong, Uint8Array.of(0xd0, 0), "a client that was connected is served throughout");
});

Deno.test({
  name: "F3: where the limit of open files is known, links leave descriptors for metrics and the store",
  ignore: ffiFlags.length === 0,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-test-" });
    try {
      await using broker = brokerWith("--metrics", "0", "--store", `${folder}/broker.db`);
      const [, port] = await broker.line(/listening on mqtt:\/\/127\.0\.0\.1:(\d+)/);
      await broker.line(/^connections: up to 25 at one time \(--max-connections; the limit of open files is 90\)$/);
      const [, metrics] = await broker.line(/metrics on (http:\/\/127\.0\.0\.1:\d+\/metrics)/);
      const links = await openLinks(Number(port), 2 * openFiles);
      const text = await scrape(metrics!) ?? "";
      assert.match(text, /^mqtt_sim_broker_connections_open 26$/m);
      assert.match(text, /^mqtt_sim_broker_connections_limit 25$/m);
      assert.match(text, /^mqtt_sim_broker_limits_hit_total\{limit="max-connections"\} [1-9]/m);
      assert.match(text, /^mqtt_sim_broker_accept_pauses_total 0$/m);
      for (const link of links) link.close();
      await within(20, () => isServed(Number(port)));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "F3: more connections than the limit of open files leaves room for are refused at the start",
  ignore: ffiFlags.length === 0,
  fn: async () => {
    await using broker = brokerWith("--max-connections", "1000");
    assert.equal((await broker.exit()).code, 2);
    assert.deepEqual(
      broker.lines,
      [
        "Cannot hold 1,000 connections (--max-connections): the limit of open files, 90, leaves room for 26; " +
        "expected 1 to 26, or a higher limit (ulimit -n 1320)",
      ],
    );
  },
});

const EMFILE = -24;
const ENFILE = -23;
const ENOSPC = -28;
const ENOMEM = -12;
const ENOBUFS = -105;

/** Whether a link that opens during the pause is accepted later and exchanges a byte in each direction. */
async function isAcceptedLater(stage: Stage): Promise<void> {
  const before = stage.accepted.length;
  const peer = await Deno.connect({ hostname: "127.0.0.1", port: stage.listener.port });
  await peer.write(Uint8Array.of(1));
  await until(() => stage.accepted[before]?.sizeBytes === 1);
  peer.close();
  await stage.accepted[before]!.ended();
}

for (const fault of [EMFILE, ENFILE, ENOMEM, ENOBUFS]) {
  hazard(`F31: accepting pauses at ${fault}, and again without a watch for the listener`, async (stage) => {
    const first = await stage.pair();
    stage.libc.acceptFaults.push(fault);
    // fs.epoll.max_user_watches: another process of the same user has taken the watch that the pause released.
    stage.libc.faults.watch = [ENOSPC, ENOSPC, ENOMEM];
    await isAcceptedLater(stage);
    assert.deepEqual({ acceptFaults: stage.libc.acceptFaults, watch: stage.libc.faults.watch }, {
      acceptFaults: [],
      watch: [],
    });
    assert.deepEqual({ refused: stage.refused.length, ends: first.accepted.ends }, { refused: 1, ends: [] });
  });
}

hazard("F31: without a watch for its link one new connection ends, and accepting pauses", async (stage) => {
  const first = await stage.pair();
  stage.libc.faults.watch = [ENOSPC, ENOSPC];
  const peer = await Deno.connect({ hostname: "127.0.0.1", port: stage.listener.port });
  assert.equal(await peer.read(new Uint8Array(1)), null);
  peer.close();
  await isAcceptedLater(stage);
  assert.deepEqual({ ends: first.accepted.ends, refused: stage.refused.length }, { ends: [], refused: 1 });
});

hazard("F31: without memory to watch its link for more, one link ends", async (stage) => {
  const [first, second] = [await stage.pair(), await stage.pair()];
  stage.libc.faults.rewatch = [ENOMEM];
  first.accepted.link.pause();
  assert.deepEqual(await first.accepted.ended(), { kind: "error", code: "ENOMEM", message: "watch ENOMEM" });
  await first.dialled.ended();
  second.dialled.link.write(Uint8Array.of(1));
  await until(() => second.accepted.sizeBytes === 1);
  assert.deepEqual([second.accepted.ends, second.dialled.ends], [[], []]);
});

hazard("F31: without memory to watch it, a link that was dialled ends", async (stage) => {
  stage.libc.faults.rewatch = [ENOMEM];
  const dialled = stage.dial();
  assert.deepEqual(await dialled.ended(), { kind: "error", code: "ENOMEM", message: "watch ENOMEM" });
  await stage.pair();
});

hazard("F31: without a free watch for its wake-up descriptor, an unused loop ends by itself", async (stage) => {
  await later(10); // the link waits
  stage.libc.faults.watch = [ENOSPC];
  stage.listener.close();
  assert.deepEqual(stage.libc.faults.watch, []);
  await until(() => stage.libc.open.size === 0);
});

Deno.test("F31: the broker counts each pause of accepting and limits the log lines about it", () => {
  const logged: string[] = [];
  const log = (level: string, line: string) => void logged.push(`${level}: ${line}`);
  const core = new Core(coreSettings({ log }, () => "assigned"));
  for (let each = 0; each < 100; each++) core.warnings.linkRefused("Cannot accept a connection: EMFILE", true, each);
  core.warnings.linkRefused("Cannot accept a connection over TLS: no cipher", false, 100);
  assert.equal(core.metrics.snapshot().connections.acceptPauses, 100);
  assert.deepEqual(logged, [
    ...new Array<string>(5).fill("warn: Cannot accept a connection: EMFILE"),
    "warn: Cannot accept a connection over TLS: no cipher",
  ]);
  core.warnings.flush();
  assert.equal(logged.at(-1), "warn: 95 more connections that could not be accepted within 10s are not in the log");
});
