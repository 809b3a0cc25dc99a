/** Attacks that use up the broker's file descriptors: it pauses, says so, and goes on. */
import assert from "node:assert/strict";
import { ChildProcess } from "../support/machine/child_process.ts";
import { ffiFlags } from "../support/brokers/granted.ts";

const root = new URL("../../", import.meta.url);
/** Few, so that a test can use them up; the runtime needs some forty itself. */
const openFiles = 90;

/** `mqtt-sim broker` with few descriptors. */
function brokerWith(...args: string[]): ChildProcess {
  const permissions = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--ignore-env", ...ffiFlags];
  const run = [Deno.execPath(), "run", "--quiet", ...permissions, "cli.ts", "broker", "--port", "0", ...args];
  return new ChildProcess("sh", ["-c", `ulimit -n ${openFiles} && exec "$@"`, "sh", ...run], { cwd: root });
}

const connectBytes = Uint8Array.from([0x10, 0x0d, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61]);

/** Whether a CONNECT is accepted. */
async function isServed(port: number): Promise<boolean> {
  using link = await Deno.connect({ hostname: "127.0.0.1", port });
  await link.write(connectBytes);
  const answer = new Uint8Array(4);
  const timer = setTimeout(() => link.close(), 5_000);
  const length = await link.read(answer).catch(() => null);
  clearTimeout(timer);
  return length === 4 && answer[3] === 0;
}

/** The metrics; undefined where there is no answer. */
async function scrape(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000), headers: { connection: "close" } });
    return await response.text();
  } catch {
    return undefined;
  }
}

/** Waits until something holds, for so many seconds at most. */
async function within(seconds: number, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2 * seconds; tries++) {
    // One after another: each is a try.
    // deno-lint-ignore no-await-in-loop
    if (await holds()) return;
    // deno-lint-ignore no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.fail(`it does not hold within ${seconds} s`);
}

for (const engine of ffiFlags.length > 0 ? ["epoll", "deno"] : ["deno"]) {
  Deno.test(`F3: without descriptors the broker and its metrics pause, and go on (engine ${engine})`, async () => {
    await using broker = brokerWith("--metrics", "0", "--engine", engine);
    const [, port] = await broker.line(/listening on mqtt:\/\/127\.0\.0\.1:(\d+)/);
    const [, metrics] = await broker.line(/metrics on (http:\/\/127\.0\.0\.1:\d+\/metrics)/);
    const links: Deno.TcpConn[] = [];
    for (let each = 0; each < 2 * openFiles; each++) {
      links.push(await Deno.connect({ hostname: "127.0.0.1", port: Number(port) }));
    }
    await broker.line(/Cannot accept a connection/);
    // A scrape finds no descriptor either.
    assert.equal(await scrape(metrics!), undefined);
    for (const link of links) link.close();
    await within(20, () => isServed(Number(port)));
    await within(20, async () => /^mqtt_sim_connections_accepted_total \d+$/m.test(await scrape(metrics!) ?? ""));
    assert.doesNotMatch(broker.said, /at .*\.ts:/);
  });
}
