/** The operator's actions from the command line: a broker with a token, and the three commands. */
import assert from "node:assert/strict";
import type { Interrupts } from "../../../src/cli/process/interrupt.ts";
import { main } from "../../../src/cli/main.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { broker } from "../../../src/cli/broker/broker.ts";
import type { BrokerFlags } from "../../../src/cli/broker/broker_flags.ts";
import { settingsOf } from "../../../src/cli/broker/broker_options.ts";
import { openSecurity } from "../../../src/cli/broker/broker_security.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import { bytesOf, connectPacket } from "../../broker/stage.ts";
import { type Captured, captured } from "../captured.ts";

const token = "a-token-of-the-operator";

interface Running {
  readonly output: Captured;
  readonly url: string;
  readonly port: number;
  /** The file with the broker's token. */
  readonly tokenFile: string;
  /** Runs `mqtt-sim broker` with these arguments, the address and the token; returns exit code and output. */
  run(...args: readonly string[]): Promise<readonly [code: number, out: string, err: string]>;
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function tokenFileIn(folder: string, text = token, mode = 0o600): Promise<string> {
  const path = `${folder}/token-${mode}`;
  await Deno.writeTextFile(path, text, { mode });
  await Deno.chmod(path, mode);
  return path;
}

/** Runs a broker that accepts an operator, while `look` runs. */
function whileRunning(args: readonly string[], look: (running: Running) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const tokenFile = await tokenFileIn(folder);
    const output = captured();
    const early = new AbortController();
    const interrupts: Interrupts = { early: early.signal, atOnce: AbortSignal.timeout(10_000), close() {} };
    const all = ["broker", "--port", "0", "--metrics", "0", "--admin-token", tokenFile, ...args];
    const done = broker(readCommandLine(all, output) as BrokerFlags, output, { openInterrupts: () => interrupts });
    await Promise.race([done, until(() => output.written.out.includes("actions of an operator on"))]);
    const port = Number(/mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(output.written.out)![1]);
    const url = /actions of an operator on (\S+), with the token of --admin-token/.exec(output.written.out)![1]!;
    const run = (...more: readonly string[]) => ran(...more, "--url", url, "--admin-token", tokenFile);
    try {
      await look({ output, url, port, tokenFile, run });
    } finally {
      early.abort();
      await done;
    }
  });
}

async function ran(...args: readonly string[]) {
  const output = captured();
  const code = await main(["broker", ...args], output);
  return [code, output.written.out, output.written.err] as const;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function connect(port: number, clientId: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const properties = { sessionExpiryIntervalS: 60 };
  await connection.write(encode(connectPacket({ clientId, properties }), 5));
  await connection.read(new Uint8Array(100));
  return connection;
}

/** The packets received until the broker closes. */
async function rest(connection: Deno.TcpConn): Promise<number[]> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(1_000);
  // deno-lint-ignore no-await-in-loop
  for (let read = await connection.read(buffer); read !== null; read = await connection.read(buffer)) {
    bytes.push(...buffer.subarray(0, read));
  }
  connection.close();
  return bytes;
}

Deno.test("broker disconnect, end-session and clear-retained: succeed, then report an unknown name in one sentence", () =>
  whileRunning([], async ({ port, run, output }) => {
    const client = await connect(port, "..");
    const sender = await connect(port, "sender");
    const retained = { type: "publish", dup: false, qos: 1, packetId: 1, retain: true } as const;
    await sender.write(encode({ ...retained, topic: "a/../b", payload: bytesOf("x") }, 5));
    await sender.read(new Uint8Array(100));
    assert.deepEqual(await run("disconnect", ".."), [0, 'Disconnected client ".."\n', ""]);
    const packets = await rest(client);
    assert.deepEqual([packets[0], packets[2]], [0xe0, 0x98]);
    assert.deepEqual(await run("disconnect", ".."), [1, "", 'Cannot disconnect client "..": it is not connected\n']);
    assert.deepEqual(await run("end-session", ".."), [0, 'Ended the session of client ".."\n', ""]);
    assert.deepEqual(await run("end-session", ".."), [
      1,
      "",
      'Cannot end the session of client "..": there is none\n',
    ]);
    assert.deepEqual(await run("clear-retained", "a/../b"), [
      0,
      'Cleared the retained message of topic "a/../b"\n',
      "",
    ]);
    assert.deepEqual(await run("clear-retained", "a/../b"), [
      1,
      "",
      'Cannot clear the retained message of topic "a/../b": there is none\n',
    ]);
    assert.match(output.written.err, /^\S+Z warning Operator disconnected client "\.\."$/m);
    assert.ok(!`${output.written.out}${output.written.err}`.includes(token));
    sender.close();
  }));

Deno.test("broker disconnect: a token that the broker refuses exits with code 2 and one sentence without the token", () =>
  whileRunning([], async ({ url, output }) => {
    await inFolder(async (folder) => {
      const other = await tokenFileIn(folder, "another-token-of-16");
      const [code, out, err] = await ran("disconnect", "a", "--url", url, "--admin-token", other);
      assert.deepEqual({ code, out }, { code: 2, out: "" });
      assert.equal(
        err,
        `Cannot act on the broker at ${url}: it answers 401, wrong token; expected Authorization: Bearer TOKEN\n`,
      );
      assert.match(output.written.err, /warning Refused an operator action from 127\.0\.0\.1:\d+: wrong token$/m);
      assert.ok(!output.written.err.includes("another-token-of-16"));
    });
  }));

Deno.test("broker disconnect: without a broker exits with code 3 and one sentence", () =>
  inFolder(async (folder) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${listener.addr.port}`;
    listener.close();
    const tokenFile = await tokenFileIn(folder);
    const [code, out, err] = await ran("end-session", "a", "--url", url, "--admin-token", tokenFile);
    assert.deepEqual({ code, out }, { code: 3, out: "" });
    assert.match(err, /^Cannot reach http:\S+: no answer: nothing listens there; .+\n$/);
  }));

Deno.test("broker disconnect: shows an answer of another server as one short line without control characters", () =>
  inFolder(async (folder) => {
    const text = `\u001b[31m${"x".repeat(100_000)}`;
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      return new Response(text, { status: 500 });
    });
    const url = `http://127.0.0.1:${server.addr.port}`;
    const tokenFile = await tokenFileIn(folder);
    const [code, , err] = await ran("disconnect", "a", "--url", url, "--admin-token", tokenFile);
    assert.equal(code, 2);
    assert.match(err, /^Cannot act on the broker at \S+: it answers 500, \\u001b\[31mx{100,200}\n$/);
  }));

const bad: readonly [args: string, sentence: RegExp][] = [
  ["disconnect", /^Cannot disconnect a client without its identifier: expected CLIENT\n$/],
  ["end-session", /^Cannot end a session without its client identifier: expected CLIENT\n$/],
  ["clear-retained", /^Cannot clear a retained message without its topic: expected TOPIC\n$/],
  ["clear-retained a/#", /^Cannot read topic "a\/#": expected one topic name, without wildcards\n$/],
  ["disconnect a", /^Cannot act on a broker without its token: expected --admin-token FILE\n$/],
  ["disconnect a --admin-token /none", /^Cannot read token file \/none: there is no such file; .+\n$/],
  ["disconnect a --url mqtt://h", /^Cannot read --url "mqtt:\/\/h": expected a URL such as http:\S+\n$/],
  ["disconnect a --url https://127.0.0.1", /^Cannot send a token to "https:\/\/127\.0\.0\.1": expected http, .+\n$/],
  ["disconnect a --url http://[::1]/x", /^Cannot send a token to "http:\/\/\[::1\]\/x": expected http, .+\n$/],
  ["disconnect a --url http://u:pw@127.0.0.1", /^Cannot read --url "http:\/\/u:…@127\.0\.0\.1": expected .+\n$/],
  ["disconnect a --url http://127.0.0.1?t=pw", /^Cannot read --url "http:\/\/127\.0\.0\.1\?…": expected .+\n$/],
  ["disconnect a --url http://192.0.2.1:9090", /^Cannot send a token to "http:\/\/192\.0\.2\.1:9090": expected .+\n$/],
  ["--admin-token x", /^Cannot use --admin-token without an address for requests: expected --metrics with it\n$/],
  ["--admin-token x --metrics 0.0.0.0:0", /^Cannot accept operator actions on 0\.0\.0\.0: expected --metrics .+\n$/],
  ["--admin-token /none --metrics 0", /^Cannot read token file \/none: there is no such file; .+\n$/],
];
for (const [args, sentence] of bad) {
  Deno.test(`bad input: mqtt-sim broker ${args}`, async () => {
    const [code, out, err] = await ran(...args.split(" "));
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    assert.match(err, sentence);
  });
}

Deno.test("broker: SIGHUP reads the token again; an unusable file keeps the old token", () =>
  inFolder(async (folder) => {
    const path = await tokenFileIn(folder);
    const args = ["broker", "--metrics", "0", "--admin-token", path];
    const security = await openSecurity(await settingsOf(readCommandLine(args, captured()) as BrokerFlags));
    const matches = (text: string) => security.adminToken!.matches(`Bearer ${text}`);
    await Deno.writeTextFile(path, "short");
    await assert.rejects(security.reload({} as never), { name: "UsageError" });
    assert.ok(matches(token));
    await Deno.writeTextFile(path, "another-token-of-16");
    assert.equal(await security.reload({} as never), "Reloaded the token");
    assert.deepEqual([matches(token), matches("another-token-of-16")], [false, true]);
  }));

Deno.test("broker: logs failed logins as warnings at the default level", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/users`, "");
    await whileRunning(["--users", `${folder}/users`], async ({ port, output }) => {
      const packet = connectPacket({ clientId: "c1", username: "ann", password: bytesOf("secret-4711") });
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(encode(packet, 5));
      await rest(connection);
      assert.match(
        output.written.err,
        /^\S+Z warning Failed login from 127\.0\.0\.1:\d+, user "ann", client "c1": the user name or the password is wrong$/m,
      );
      assert.ok(!output.written.err.includes("secret-4711"));
    });
  }));
