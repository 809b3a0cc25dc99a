#!/usr/bin/env node
/**
 * The command `mqtt-sim` of the npm package: starts the program under the Deno of the npm package `deno`, in the folder
 * of the user. Passes on signals and the exit code, and says how the user started it. Runs under Node; downloads
 * nothing.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { basename, delimiter, dirname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ownFault = 70;
const parentCheckMs = 500;
const isWindows = process.platform === "win32";

/** The path of Deno's binary. Where npm runs no install scripts, the package `deno` links it here. */
function denoBinary() {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("deno/package.json"));
  const linked = join(folder, isWindows ? "deno.exe" : "deno");
  return existsSync(linked) ? linked : require(join(folder, "install_api.cjs")).runInstall();
}

/** The words that start this program again in the shell of the user. */
function invocation() {
  const { npm_lifecycle_event: event, npm_config_package: packages, npm_config_yes: yes, PATH = "" } = process.env;
  const script = process.argv[1] ?? "";
  const name = basename(script).replace(/\.(mjs|cmd)$/, "");
  const npx = event === "npx" && yes ? "npx -y" : "npx";
  if (event === "npx" && packages) return `${npx} --package=${quoted(packages)} mqtt-sim`;
  // An npm script has node_modules/.bin on its PATH, the shell of its user has not.
  if (event !== undefined || isWindows) return `${npx} mqtt-sim`;
  if (PATH.split(delimiter).includes(dirname(script))) return name;
  const path = relative(process.cwd(), script);
  return quoted(path.startsWith("..") ? script : path.includes("/") ? path : `./${path}`);
}

/** A word for a POSIX shell. */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function start() {
  const program = fileURLToPath(new URL("./program/", import.meta.url));
  const flags = JSON.parse(readFileSync(join(program, "flags.json"), "utf8"));
  return spawn(denoBinary(), [
    "run",
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--no-npm",
    ...flags,
    join(program, "cli.js"),
    ...process.argv.slice(2),
  ], {
    env: { MQTT_SIM_PROGRAM: invocation(), ...process.env },
    stdio: "inherit",
  });
}

function fail(error) {
  process.stderr.write(
    `Cannot start mqtt-sim on ${process.platform} ${process.arch}: ${error.message.split("\n")[0]}\n`,
  );
  process.exit(ownFault);
}

function run(child) {
  // On Windows the console itself sends Ctrl-C and its like to each process.
  const signals = isWindows ? ["SIGINT", "SIGBREAK", "SIGHUP"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => isWindows || child.kill(signal));
  child.on("error", fail);
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  if (process.env.npm_lifecycle_event === undefined) return;
  // The shell between npm and this process does not pass signals on. Where it has ended, the user ended npm.
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill("SIGTERM");
  }, parentCheckMs);
}

try {
  run(start());
} catch (error) {
  fail(error);
}
