/**
 * The npm package, installed from its tarball into an empty folder and started by npx; and the task from a sub-folder of
 * the clone. One test, because an installation takes seconds. npm installs the package `deno` from its cache or registry.
 */
import assert from "node:assert/strict";
import { pack, packageJson, tarballLimitBytes, writePackage } from "../../../tools/program/npm_package.ts";
import { brokerReady, peerTest } from "../../support/brokers/peers.ts";
import { ChildProcess, type Exit } from "../../support/machine/child_process.ts";

const root = new URL("../../../", import.meta.url);
const brief = ["--clients", "20", "--duration", "1s", "--kill-rate", "100%"];
const limitMs = 60_000;

/** `exec`: a signal to the shell is a signal to npx. */
function npx(folder: string, ...args: readonly string[]): ChildProcess {
  return new ChildProcess("sh", ["-c", 'exec npx mqtt-sim "$@"', "sh", ...args], { cwd: folder });
}

async function ended(
  child: ChildProcess,
): Promise<Exit & { readonly lines: readonly string[]; readonly said: string }> {
  await using ending = child;
  const exit = await ending.exit(limitMs);
  return { ...exit, lines: ending.lines, said: ending.said };
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
  const command = `cd user && npm install --no-audit --no-fund --prefer-offline ${tarball}`;
  Deno.mkdirSync(`${folder}/user`);
  const { code, said } = await ended(new ChildProcess("sh", ["-c", command], { cwd: folder }));
  assert.equal(code, 0, said);
  const modules = [...Deno.readDirSync(`${folder}/user/node_modules`)].map(({ name }) => name);
  assert.deepEqual(modules.filter((name) => !name.startsWith(".")).sort(), ["@deno", "deno", "mqtt-sim"]);
}

async function fleetPasses(folder: string): Promise<void> {
  const { code, lines, said } = await ended(
    npx(folder, "fleet", ...brief, "--report", "run.json", "--html", "run.html"),
  );
  assert.equal(code, 0, said);
  assert.ok(lines.some((line) => /^PASS {2}all \d+ wills/.test(line)), said);
  const page = await Deno.readTextFile(`${folder}/run.html`);
  const pages = new URL("src/report/html/page/", root);
  const scripts = [...Deno.readDirSync(pages)].filter(({ name }) => name.endsWith(".js"));
  const script = scripts.map(({ name }) => Deno.readTextFileSync(new URL(name, pages))).join("\n");
  const functions = [...script.matchAll(/^export ((?:async )?function \w+\()/gm)].map(([, head]) => head!);
  assert.deepEqual(["var uPlot=", ...functions].filter((part) => !page.includes(part)), [], "the page has its plots");
  const command = repeatCommand(lines);
  assert.match(command, /^npx mqtt-sim fleet --seed \d+/);
  const again = await ended(new ChildProcess("sh", ["-c", command], { cwd: folder }));
  assert.equal(again.code, 0, again.said);
}

async function reportIsDrawn(folder: string): Promise<void> {
  const { code, said } = await ended(npx(folder, "report", "run.json", "--markdown", "run.md"));
  assert.equal(code, 0, said);
  assert.match(await Deno.readTextFile(`${folder}/run.md`), /PASS/);
}

async function checkPassesOnBroker(folder: string): Promise<void> {
  const { child, url } = await brokerReady(npx(folder, "broker", "--host", "127.0.0.1", "--port", "0"));
  const checked = await ended(npx(folder, "check", "--url", url, "--only", "will/reset"));
  // Before any assertion: npx that is killed leaves its broker behind.
  child.kill("SIGTERM");
  const { said } = await ended(child);
  assert.equal(checked.code, 0, checked.said);
  assert.match(said, /^ *\| stopped: /m);
}

/** npx itself ends at once: npm's shell does not wait. The output is complete when the fleet has ended. */
async function signalEndsFleet(folder: string): Promise<void> {
  const fleet = npx(folder, "fleet", "--clients", "20", "--duration", "90s", "--html", "early.html");
  await fleet.line(/clients are being killed/, { limitMs });
  fleet.kill("SIGTERM");
  const { said } = await ended(fleet);
  assert.match(said, /interrupted before the end of the plan/);
  assert.match(await Deno.readTextFile(`${folder}/early.html`), /<header class="verdict/);
}

async function usageErrorHasItsCode(folder: string): Promise<void> {
  const { code, lines, said } = await ended(npx(folder, "fleet", "--kill-rate", "5x"));
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
    const args = ["task", "mqtt-sim", "fleet", ...brief, "--csv", "here.csv"];
    const env = { INIT_CWD: folder.pathname, npm_lifecycle_event: "" };
    const { code, lines, said } = await ended(new ChildProcess(Deno.execPath(), args, { cwd: folder, env }));
    assert.equal(code, 0, said);
    assert.ok(lines.includes("CSV: here.csv"), said);
    assert.match(repeatCommand(lines), /^deno task mqtt-sim fleet --seed \d+/);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["here.csv"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
