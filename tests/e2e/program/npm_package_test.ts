/**
 * The npm package, installed from its tarball into an empty folder and started by npx; and the task from a sub-folder of
 * the clone. One test, because an installation takes seconds. npm installs the package `deno` from its cache or registry.
 */
import assert from "node:assert/strict";
import { pack, packageJson, tarballLimitBytes, writePackage } from "../../../tools/program/npm_package.ts";
import { peerTest } from "../../support/brokers/peers.ts";
import { ChildProcess, type Exit } from "../../support/machine/child_process.ts";

const root = new URL("../../../", import.meta.url);
const brief = ["--clients", "20", "--duration", "1s", "--kill-rate", "100%"];
const limitMs = 60_000;

/** What a program has printed and how it ended. */
interface Ended extends Exit {
  readonly lines: readonly string[];
  readonly said: string;
}

/** Runs a shell script in a folder up to its end. A signal to the child is a signal to a program after `exec`. */
async function shell(folder: string, script: string, act = (_: ChildProcess) => Promise.resolve()): Promise<Ended> {
  const child = new ChildProcess("setsid", ["sh", "-c", script], { cwd: folder });
  try {
    await act(child);
    const exit = await child.exit(limitMs);
    return { ...exit, lines: child.lines, said: child.said };
  } finally {
    // What npx has started too: it would live on, and hold the output open.
    await new Deno.Command("sh", { args: ["-c", `kill -KILL -- -${child.pid}`], stderr: "null" }).output();
    await child[Symbol.asyncDispose]();
  }
}

function npx(folder: string, args: string, act?: (child: ChildProcess) => Promise<void>): Promise<Ended> {
  return shell(folder, `exec npx mqtt-sim ${args}`, act);
}

/** The command after "Repeat this run". */
function repeatCommand(lines: readonly string[]): string {
  const from = lines.findIndex((line) => line.startsWith("Repeat this run")) + 1;
  const command = lines.slice(from, lines.indexOf("", from)).join("\n").trim();
  assert.ok(from > 0 && command !== "", lines.join("\n"));
  return command;
}

async function install(folder: string): Promise<void> {
  await writePackage(`${folder}/package`);
  const tarball = await pack(`${folder}/package`, folder);
  const { size } = await Deno.stat(tarball);
  assert.ok(size <= tarballLimitBytes, `the tarball has ${size} bytes`);
  const listed = await new Deno.Command("sh", { args: ["-c", `tar tzf ${tarball}`] }).output();
  const names = new TextDecoder().decode(listed.stdout).trim().split("\n");
  assert.deepEqual(names.filter((name) => /\.ts$|aedes|playwright|fast-check/.test(name)), []);
  assert.ok(names.includes("package/program/cli.js") && names.includes("package/LICENCES.md"), names.join("\n"));
  Deno.mkdirSync(`${folder}/user`);
  const command = `exec npm install --no-audit --no-fund --prefer-offline ${tarball}`;
  const { code, said } = await shell(`${folder}/user`, command);
  assert.equal(code, 0, said);
  const modules = [...Deno.readDirSync(`${folder}/user/node_modules`)].map(({ name }) => name);
  assert.deepEqual(modules.filter((name) => !name.startsWith(".")).sort(), ["@deno", "deno", "mqtt-sim"]);
}

async function fleetPasses(folder: string): Promise<void> {
  const asked = `fleet ${brief.join(" ")} --report run.json --html run.html`;
  const { code, lines, said } = await npx(folder, asked);
  assert.equal(code, 0, said);
  assert.ok(lines.some((line) => /^PASS {2}all \d+ wills/.test(line)), said);
  const page = await Deno.readTextFile(`${folder}/run.html`);
  const pages = new URL("src/report/html/page/", root);
  const scripts = [...Deno.readDirSync(pages)].filter(({ name }) => name.endsWith(".js"));
  const script = scripts.map(({ name }) => Deno.readTextFileSync(new URL(name, pages))).join("\n");
  const functions = [...script.matchAll(/^export ((?:async )?function \w+\()/gm)].map(([, head]) => head!);
  assert.deepEqual(["var uPlot=", ...functions].filter((part) => !page.includes(part)), [], "the page has its plots");
  const command = repeatCommand(lines);
  assert.match(command, /^npx (-y )?mqtt-sim fleet --seed \d+/);
  const again = await shell(folder, command);
  assert.equal(again.code, 0, again.said);
}

async function reportIsDrawn(folder: string): Promise<void> {
  const { code, said } = await npx(folder, "report run.json --markdown run.md");
  assert.equal(code, 0, said);
  assert.match(await Deno.readTextFile(`${folder}/run.md`), /PASS/);
}

async function checkPassesOnBroker(folder: string): Promise<void> {
  const { said } = await npx(folder, "broker --host 127.0.0.1 --port 0", async (broker) => {
    const [url] = await broker.line(/mqtt:\/\/127\.0\.0\.1:\d+/, { limitMs });
    const checked = await npx(folder, `check --url ${url} --only will/reset`);
    assert.equal(checked.code, 0, checked.said);
    broker.kill("SIGTERM");
  });
  assert.match(said, /^ *\| stopped: /m);
}

/** npx itself ends at once: npm's shell does not wait. The output is complete when the fleet has ended. */
async function signalEndsFleet(folder: string): Promise<void> {
  const { said } = await npx(folder, "fleet --clients 20 --duration 90s --html early.html", async (fleet) => {
    await fleet.line(/clients are being killed/, { limitMs });
    fleet.kill("SIGTERM");
  });
  assert.match(said, /interrupted before the end of the plan/);
  assert.match(await Deno.readTextFile(`${folder}/early.html`), /<header class="verdict/);
}

async function usageErrorHasItsCode(folder: string): Promise<void> {
  const { code, lines, said } = await npx(folder, "fleet --kill-rate 5x");
  assert.deepEqual({ code, lines: lines.length }, { code: 2, lines: 1 }, said);
}

peerTest("npm package: installed from its tarball, npx runs fleet, report, broker and check", [], async () => {
  const folder = await Deno.makeTempDir({ prefix: "installed" });
  try {
    await install(folder);
    const user = `${folder}/user`;
    await fleetPasses(user);
    await Promise.all([
      reportIsDrawn(user),
      checkPassesOnBroker(user),
      signalEndsFleet(user),
      usageErrorHasItsCode(user),
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, 300_000);

peerTest("npm package: depends on Deno alone, and package.json has what npm asks for", [], () => {
  const { name, version, license, bin, dependencies } = packageJson("2.9.6");
  const expected = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  assert.deepEqual({ name, version, license }, { name: expected.name, version: expected.version, license: "MIT" });
  assert.deepEqual({ bin, dependencies }, { bin: { "mqtt-sim": "launcher.mjs" }, dependencies: { deno: "2.9.6" } });
  return Promise.resolve();
});

peerTest("task: from a sub-folder of the clone it writes there, and repeats what was typed", [], async () => {
  const folder = new URL(`dist/${crypto.randomUUID()}/`, root);
  await Deno.mkdir(folder, { recursive: true });
  try {
    // As in a terminal: `deno task` sets the folder, and no npm has.
    const command = `unset INIT_CWD npm_lifecycle_event; exec "${Deno.execPath()}" task mqtt-sim fleet`;
    const { code, lines, said } = await shell(folder.pathname, `${command} ${brief.join(" ")} --csv here.csv`);
    assert.equal(code, 0, said);
    assert.ok(lines.includes("CSV: here.csv"), said);
    assert.match(repeatCommand(lines), /^deno task mqtt-sim fleet --seed \d+/);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["here.csv"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
