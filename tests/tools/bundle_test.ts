/** How the sources become the files of the npm package and of the binary. */
import assert from "node:assert/strict";
import { pageScripts, textModule, withThreads } from "../../tools/program/bundle.ts";
import { type Lock, lockFor } from "../../tools/program/write_lock.ts";

Deno.test("bundle: a thread is started from its bundled file, minified or not", () => {
  const minified = 'a(new URL("./squad_worker.ts",import.meta.url))';
  const plain = 'b(new URL("./broker_worker.ts", import.meta.url))';
  assert.deepEqual(withThreads(`${minified};${plain}`), {
    result: 'a(new URL("./src/fleet/squad/squad_worker.js",import.meta.url));' +
      'b(new URL("./src/broker/broker_worker.js",import.meta.url))',
    threads: ["src/fleet/squad/squad_worker.js", "src/broker/broker_worker.js"],
  });
  assert.throws(() => withThreads('new URL("./other_worker.ts",import.meta.url)'), /no thread "other_worker"/);
});

Deno.test("bundle: a script of a page exports the texts of its functions", async () => {
  const script = '/* A script. */\nexport function go() {\n  return "x";\n}\nexport async function stop(a) {}\n';
  const texts = await import(`data:text/javascript,${encodeURIComponent(textModule(script))}`);
  assert.deepEqual({ ...texts }, {
    go: 'function go() {\n  return "x";\n}\n',
    stop: "async function stop(a) {}\n",
  });
  for (const bad of ['import { a } from "./a.js";\n', "export const a = 1;\n"]) {
    assert.throws(() => textModule(bad + script), /expected functions alone/);
  }
});

Deno.test("bundle: each script of the pages can be text", () => {
  const scripts = pageScripts(new URL("../../src/", import.meta.url));
  assert.ok(scripts.some(({ pathname }) => pathname.endsWith("/plot_script.js")));
  for (const script of scripts) assert.match(textModule(Deno.readTextFileSync(script)), /^export const \w+ = "/);
});

const whole: Lock = {
  version: "5",
  specifiers: { "npm:a@1.0.0": "1.0.0", "npm:t@3.0.0": "3.0.0", "npm:@s/c@2.0.0": "2.0.0" },
  npm: {
    "a@1.0.0": { integrity: "sha512-a", dependencies: ["b", "d@1.0.0"] },
    "b@1.5.0": { integrity: "sha512-b" },
    "d@1.0.0": { integrity: "sha512-d" },
    "d@2.0.0": { integrity: "sha512-e" },
    "@s/c@2.0.0": { integrity: "sha512-c" },
    "t@3.0.0": { integrity: "sha512-t", dependencies: ["d@2.0.0"] },
  },
};

Deno.test("lock: the program's lock file has the packages that its own need, and no others", () => {
  const lock = JSON.parse(lockFor({ a: "npm:a@1.0.0", "c/": "npm:/@s/c@2.0.0/" }, whole));
  assert.deepEqual(Object.keys(lock.npm), ["a@1.0.0", "b@1.5.0", "d@1.0.0", "@s/c@2.0.0"]);
  assert.deepEqual(lock.workspace.dependencies, ["npm:@s/c@2.0.0", "npm:a@1.0.0"]);
  assert.throws(() => lockFor({ a: "npm:a@1.0.1" }, whole), /Cannot find npm:a@1\.0\.1 in deno\.lock/);
});
