/** The permissions that a command keeps, and commands with few permissions. */
import assert from "node:assert/strict";
import { ChildProcess } from "../../support/machine/child_process.ts";
import { ffiFlags } from "../../support/brokers/granted.ts";
import { tlsPath } from "../../support/tls_fixture.ts";

const root = new URL("../../../", import.meta.url);
const taskGives = ["--allow-net", "--allow-read", "--allow-write", "--allow-run=sh", ...ffiFlags];

/** Runs cli.ts, or the probe that also reports the remaining permissions, with exactly these permissions. */
function mqttSim(permissions: readonly string[], args: readonly string[], file = "cli.ts"): ChildProcess {
  const environment = permissions.includes("--allow-all") ? [] : ["--ignore-env"];
  const run = ["run", "--quiet", "--no-prompt", ...environment, ...permissions, file, ...args];
  return new ChildProcess(Deno.execPath(), run, { cwd: root });
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-permissions-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** FOLDER in the arguments stands for the folder. */
async function left(permissions: readonly string[], args: string): Promise<string> {
  let left = "";
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/users`, "");
    await Deno.writeTextFile(`${folder}/token`, "a-token-of-the-operator", { mode: 0o600 });
    const given = args.replaceAll("FOLDER", folder).split(" ");
    await using program = mqttSim(permissions, given, "tests/cli/permission_probe.ts");
    [, left = ""] = await program.line(/^left: (.*)\.$/, { limitMs: 60_000 });
  });
  return left;
}

const engine = (name: string) => `--engine ${name} --clients 2 --duration 1s --quiet`;
const kept: readonly [args: string, kept: string][] = [
  ["broker --port 0", "net"],
  ["broker --port 0 --engine deno", "net"],
  ["broker --port 0 --store FOLDER/store.db", "net"],
  ["broker --port 0 --users FOLDER/users", "net read"],
  ["broker --port 0 --metrics 0 --admin-token FOLDER/token", "net read"],
  ["broker disconnect a --admin-token FOLDER/token --url http://127.0.0.1:1", "net read"],
  ["broker end-session a --admin-token FOLDER/token --url http://127.0.0.1:1", "net read"],
  ["broker clear-retained a --admin-token FOLDER/token --url http://127.0.0.1:1", "net read"],
  ["broker passwd FOLDER/users --user bob --no-such-flag", "net run read write ffi"],
  ["broker passwd FOLDER/nothing/users bob", "read write"],
  ["broker status --url http://127.0.0.1:1", "net read"],
  ["broker config-schema", ""],
  ["report FOLDER/users", "read write"],
  ["report merge FOLDER/users FOLDER/users", "read write"],
  ["report compare FOLDER/users FOLDER/users", "read write"],
  ["fleet profiles", ""],
  [`fleet ${engine("deno")}`, "net read write"],
  [`fleet ${engine("auto")}`, "net read write ffi"],
  ["check --only no-such-case --engine deno", "net read write"],
  ["check --only no-such-case", "net read write ffi"],
  ["check --only no-such-case --url mqtt://127.0.0.1:1 --restart-command true", "net run read write ffi"],
];
const names = (text: string) =>
  text.split(" ").filter((name) => name !== "" && (name !== "ffi" || ffiFlags.length > 0));
for (const [args, expected] of kept) {
  Deno.test(`permissions: ${args} keeps ${expected === "" ? "none" : expected}`, async () => {
    assert.deepEqual(names(await left(taskGives, args)), names(expected));
  });
}

Deno.test("permissions: with --allow-all a fleet keeps them, since /proc is not readable otherwise", async () => {
  assert.equal(await left(["--allow-all"], `fleet ${engine("deno")}`), "net run read write ffi");
  assert.equal(await left(["--allow-all"], "broker --port 0"), "net");
});

const connect = [0x10, 0x0d, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61];
const connack = [0x20, 2, 0, 0];
const publish = [0x33, 6, 0, 1, 0x74, 0, 1, 0x78];
const puback = [0x40, 2, 0, 1];
const subscribe = [0x82, 6, 0, 1, 0, 1, 0x74, 0];
const suback = [0x90, 3, 0, 1, 0];
const retained = [0x31, 4, 0, 1, 0x74, 0x78];

/** Sends bytes on a new link, and compares the answer. */
async function exchange(port: number, bytes: readonly number[], expected: readonly number[]): Promise<void> {
  using link = await Deno.connect({ hostname: "127.0.0.1", port });
  await link.write(Uint8Array.from(bytes));
  const answer: number[] = [];
  const part = new Uint8Array(64);
  while (answer.length < expected.length) {
    // The reads of a stream follow each other.
    // deno-lint-ignore no-await-in-loop
    const length = await link.read(part);
    if (length === null) break;
    answer.push(...part.subarray(0, length));
  }
  assert.deepEqual(answer, expected);
}

async function portOf(broker: ChildProcess): Promise<number> {
  const [, port] = await broker.line(/listening on \w+:\/\/127\.0\.0\.1:(\d+)/);
  return Number(port);
}

const net = "--allow-net=127.0.0.1";

Deno.test("permissions: the broker serves with --allow-net=127.0.0.1 alone", async () => {
  await using broker = mqttSim([net], ["broker", "--port", "0", "--metrics", "0"]);
  await exchange(await portOf(broker), [...connect, ...publish, ...subscribe], [
    ...connack,
    ...puback,
    ...suback,
    ...retained,
  ]);
  broker.kill("SIGTERM");
  assert.equal((await broker.exit()).code, 0);
  assert.doesNotMatch(broker.said, /Requires|\.ts:/);
});

for (const ffi of ffiFlags.length > 0 ? [[], ffiFlags] : [[]]) {
  Deno.test(`permissions: the broker keeps a store with permission for its file alone ${ffi.join()}`, async () => {
    await inFolder(async (folder) => {
      const store = `${folder}/store.db`;
      const files = [`--allow-read=${store}`, `--allow-write=${store}`];
      const served = async (bytes: readonly number[], expected: readonly number[]) => {
        await using broker = mqttSim([net, ...files, ...ffi], ["broker", "--port", "0", "--store", store]);
        await exchange(await portOf(broker), [...connect, ...bytes], [...connack, ...expected]);
        broker.kill("SIGTERM");
        assert.equal((await broker.exit()).code, 0);
        assert.doesNotMatch(broker.said, /Requires|\.ts:/);
      };
      await served(publish, puback);
      await served(subscribe, [...suback, ...retained]);
    });
  });
}

Deno.test("permissions: the broker reads users and certificates again with --allow-read of those files alone", async () => {
  await inFolder(async (folder) => {
    const users = `${folder}/users`;
    const [cert, key] = [tlsPath("server.pem"), tlsPath("server.key")];
    await Deno.writeTextFile(users, "");
    const args = ["broker", "--listen", "mqtts://127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--users", users];
    const read = `--allow-read=${users},${cert},${key}`;
    await using broker = mqttSim([net, read, ...ffiFlags], [...args, "--log-level", "info"]);
    await portOf(broker);
    broker.kill("SIGHUP");
    await broker.line(/Reloaded users, rules and certificates/);
    broker.kill("SIGTERM");
    assert.equal((await broker.exit()).code, 0);
  });
});

Deno.test("permissions: the broker reads a token again, and serves an operator, with --allow-read of its file alone", async () => {
  await inFolder(async (folder) => {
    const token = `${folder}/token`;
    await Deno.writeTextFile(token, "a-token-of-the-operator", { mode: 0o600 });
    const read = `--allow-read=${token}`;
    const args = ["broker", "--port", "0", "--metrics", "0", "--admin-token", token, "--log-level", "info"];
    await using broker = mqttSim([net, read], args);
    await exchange(await portOf(broker), [...connect, ...publish], [...connack, ...puback]);
    const [, url] = await broker.line(/actions of an operator on (\S+),/);
    await Deno.writeTextFile(token, "another-token-of-16");
    broker.kill("SIGHUP");
    await broker.line(/Reloaded the token/);
    const action = ["broker", "clear-retained", "t", "--admin-token", token, "--url", url!];
    await using operator = mqttSim([net, read], action);
    assert.deepEqual([(await operator.exit()).code, operator.lines], [0, [
      'Cleared the retained message of topic "t"',
    ]]);
    broker.kill("SIGTERM");
    assert.equal((await broker.exit()).code, 0);
  });
});

const lacking: readonly [permissions: string[], args: string, sentence: RegExp][] = [
  [[], "broker --port 0", /Cannot listen on 127\.0\.0\.1:0: Requires net access/],
  [[net], "broker --port 0 --host localhost", /Cannot listen on .*localhost:0: Requires net access/],
  [[net], "broker --port 0 --metrics localhost:0", /Cannot serve metrics on localhost:0: getaddrinfo EPERM/],
  [[net], "broker --port 0 --config FOLDER/users", /Cannot read config file .*users/],
  [[net], "broker --port 0 --users FOLDER/users", /Cannot read users file .* Requires read access/],
  [[net], "broker --port 0 --tls-cert FOLDER/a --tls-key FOLDER/b", /Cannot read certificate file/],
  [[net], "broker --port 0 --store FOLDER/store.db", /Cannot open store .* Requires read access/],
  [
    [net, "--allow-read=FOLDER"],
    "broker --port 0 --store FOLDER/store.db",
    /Cannot open store .* Requires write access/,
  ],
  [[net], "broker --port 0 --metrics 0 --admin-token FOLDER/token", /Requires read access to .*token/],
  [[], "broker status", /Requires net access to "127\.0\.0\.1:9090"/],
  [[], "broker disconnect a --admin-token FOLDER/token", /Requires read access to .*token/],
  [
    ["--allow-read=FOLDER/token"],
    "broker disconnect a --admin-token FOLDER/token",
    /Requires net access to "127\.0\.0\.1:9090"/,
  ],
  [[], "broker passwd FOLDER/users bob", /Cannot read users file .* Requires read access/],
  [[net], "fleet --clients 2", /Cannot start a thread: Requires read access/],
  [[net], "fleet --clients 2 --url mqtt://127.0.0.1:1", /Requires read access to "\/dev\/null"/],
  [[net, "--allow-read"], "fleet --clients 2 --report FOLDER/r.json", /Cannot write report .* Requires write access/],
  [
    [net, "--allow-read"],
    "fleet --clients 2 --record FOLDER/r.jsonl",
    /Cannot write recording .* Requires write access/,
  ],
  [[net, "--allow-read"], "check", /Requires write access/],
  [
    [net, "--allow-read", "--allow-write"],
    "check --url mqtt://127.0.0.1:1 --restart-command true",
    /not allowed to run programs; start it with --allow-run=sh/,
  ],
  [[], "report FOLDER/users", /Cannot read report/],
];
for (const [permissions, args, sentence] of lacking) {
  Deno.test(`permissions: a missing permission is one sentence: ${permissions.join(" ")} ${args}`, async () => {
    await inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/token`, "a-token-of-the-operator", { mode: 0o600 });
      const inIt = (texts: readonly string[]) => texts.map((text) => text.replaceAll("FOLDER", folder));
      await using program = mqttSim(inIt(permissions), inIt(args.split(" ")));
      assert.equal((await program.exit(30_000)).code, 2, program.said);
      assert.match(program.said, sentence);
      assert.equal(program.lines.length, 1, program.said);
    });
  });
}
