/** The launcher of the npm package under Node, with a shell script in place of Deno's binary. */
import assert from "node:assert/strict";
import { ChildProcess } from "../support/machine/child_process.ts";

const launcher = new URL("../../tools/program/launcher.mjs", import.meta.url);

/** Prints what it was given, counts signals, and ends with the code in its last argument, or by the signal of that name. */
const deno = `#!/bin/sh
n=0
turns=0
# Ends by itself after some 10 s, so that a launcher that forwards nothing fails the test and does not hang it.
wait_for() { while [ $n -lt $1 ] && [ $turns -lt 400 ]; do turns=$((turns + 1)); sleep 0.02; done; }
for signal in INT TERM HUP; do trap "n=\\$((n + 1)); echo signal \\$n $signal" $signal; done
echo "folder $PWD"
echo "program $MQTT_SIM_PROGRAM"
echo "arguments $*"
for last in "$@"; do :; done
case $last in
  once) wait_for 1 ;;
  twice) wait_for 2; exit 5 ;;
  [0-9]*) exit "$last" ;;
  *) trap - "$last"; kill -"$last" $$ ;;
esac
`;

/** Runs a test in a folder with a space in its name that has the package installed. */
async function installed(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "launcher test" });
  const modules = `${folder}/node_modules`;
  try {
    for (const path of ["deno", "mqtt-sim/program", ".bin"]) Deno.mkdirSync(`${modules}/${path}`, { recursive: true });
    Deno.writeTextFileSync(`${modules}/deno/package.json`, `{ "name": "deno" }`);
    Deno.writeTextFileSync(`${modules}/deno/script`, deno, { mode: 0o755 });
    // As npm does it that runs no install scripts: the package links its binary when it is asked for it.
    const link = `exports.runInstall = () => { fs.linkSync(__dirname + "/script", to); return to; };`;
    const head = `const fs = require("fs"); const to = __dirname + "/deno";`;
    Deno.writeTextFileSync(`${modules}/deno/install_api.cjs`, `${head}\n${link}\n`);
    Deno.writeTextFileSync(`${modules}/mqtt-sim/program/flags.json`, `["--quiet"]`);
    Deno.copyFileSync(launcher, `${modules}/mqtt-sim/launcher.mjs`);
    Deno.chmodSync(`${modules}/mqtt-sim/launcher.mjs`, 0o755);
    Deno.symlinkSync("../mqtt-sim/launcher.mjs", `${modules}/.bin/mqtt-sim`);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function launch(folder: string, script: string): ChildProcess {
  return new ChildProcess("sh", ["-c", `unset npm_lifecycle_event npm_config_package npm_config_yes; ${script}`], {
    cwd: folder,
  });
}

async function lines(folder: string, script: string): Promise<{ code: number; lines: readonly string[] }> {
  await using child = launch(folder, script);
  const { code } = await child.exit();
  return { code, lines: child.lines };
}

Deno.test("launcher: keeps the folder, passes arguments and the exit code, and links Deno's binary", async () => {
  await installed(async (folder) => {
    const { code, lines: [cwd, , given] } = await lines(folder, `node_modules/.bin/mqtt-sim fleet --csv "a b.csv" 3`);
    assert.equal(code, 3);
    assert.equal(cwd, `folder ${await Deno.realPath(folder)}`);
    assert.match(given!, /^arguments run .* --quiet .*mqtt-sim\/program\/cli\.js fleet --csv a b\.csv 3$/);
  });
});

Deno.test("launcher: exits with 128 and the number of the signal that ended the program", async () => {
  await installed(async (folder) => {
    for (const [signal, code] of [["KILL", 137], ["TERM", 143]] as const) {
      // One after the other: each links the same binary.
      // deno-lint-ignore no-await-in-loop
      assert.equal((await lines(folder, `node_modules/.bin/mqtt-sim ${signal}`)).code, code);
    }
  });
});

Deno.test("launcher: forwards SIGINT, SIGTERM and SIGHUP, the second signal too", async () => {
  await installed(async (folder) => {
    for (const [first, second] of [["SIGTERM", "SIGTERM"], ["SIGINT", "SIGHUP"]] as const) {
      // deno-lint-ignore-start no-await-in-loop
      await using child = launch(folder, "exec node node_modules/.bin/mqtt-sim twice");
      await child.line(/^arguments/);
      child.kill(first);
      await child.line(new RegExp(`^signal 1 ${first.slice(3)}`));
      child.kill(second);
      await child.line(new RegExp(`^signal 2 ${second.slice(3)}`));
      assert.equal((await child.exit()).code, 5, child.said);
      // deno-lint-ignore-end no-await-in-loop
    }
  });
});

Deno.test("launcher: ends the program when npm's shell has ended", async () => {
  await installed(async (folder) => {
    const script = "export npm_lifecycle_event=npx; node node_modules/.bin/mqtt-sim once & wait";
    await using shell = launch(folder, script);
    await shell.line(/^arguments/);
    shell.kill("SIGKILL");
    await shell.line(/^signal 1 TERM/);
    await shell.exit();
  });
});

const invocations: readonly [name: string, script: string, program: string][] = [
  ["npx", "npm_lifecycle_event=npx node_modules/.bin/mqtt-sim 0", "npx mqtt-sim"],
  ["npx -y", "npm_lifecycle_event=npx npm_config_yes=true node_modules/.bin/mqtt-sim 0", "npx -y mqtt-sim"],
  [
    "npx --package",
    "npm_lifecycle_event=npx npm_config_package='a b.tgz' node_modules/.bin/mqtt-sim 0",
    "npx --package='a b.tgz' mqtt-sim",
  ],
  ["an npm script", 'npm_lifecycle_event=wills PATH="$PWD/node_modules/.bin:$PATH" mqtt-sim 0', "npx mqtt-sim"],
  ["a command on the PATH", 'PATH="$PWD/node_modules/.bin:$PATH" mqtt-sim 0', "mqtt-sim"],
  ["a path", "node_modules/.bin/mqtt-sim 0", "node_modules/.bin/mqtt-sim"],
  ["a wrapper with a name of its own", "MQTT_SIM_PROGRAM=./storm node_modules/.bin/mqtt-sim 0", "./storm"],
];

Deno.test("launcher: says how the user started it", async () => {
  await installed(async (folder) => {
    for (const [name, script, program] of invocations) {
      // deno-lint-ignore no-await-in-loop
      const { lines: [, said] } = await lines(folder, script);
      assert.equal(said, `program ${program}`, name);
    }
  });
});

Deno.test("launcher: says in one line that the package deno is missing", async () => {
  await installed(async (folder) => {
    await Deno.remove(`${folder}/node_modules/deno`, { recursive: true });
    const { code, lines: said } = await lines(folder, "node_modules/.bin/mqtt-sim 0");
    assert.equal(code, 70);
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(said[0]!, /^Cannot start mqtt-sim on \w+ \w+: Cannot find module 'deno\/package\.json'$/);
  });
});
