/** How the user started the program: the words to repeat, and the folder that paths are relative to. */
import assert from "node:assert/strict";
import { type Invocation, invocationOf, type ProcessFacts } from "../../../src/cli/process/invocation.ts";

const facts: ProcessFacts = {
  environment: {},
  standalone: false,
  argv0: "deno",
  mainFile: "/clone/cli.ts",
  folder: "/clone",
  denoVersion: "2.9.6",
};

const cases: readonly [name: string, given: Partial<ProcessFacts>, expected: Invocation][] = [
  [
    "deno task",
    { environment: { MQTT_SIM_TASK: ":/clone/docs" } },
    { program: "deno task mqtt-sim", folder: "/clone/docs" },
  ],
  [
    "npx deno task",
    { environment: { MQTT_SIM_TASK: "npx:/clone/docs" } },
    { program: "npx -y deno@2.9.6 task mqtt-sim", folder: "/clone/docs" },
  ],
  [
    "a task of an npm script, on Windows",
    { environment: { MQTT_SIM_TASK: "wills:C:\\a folder" } },
    { program: "deno task mqtt-sim", folder: "C:\\a folder" },
  ],
  [
    "the npm package",
    { environment: { MQTT_SIM_PROGRAM: "npx mqtt-sim" }, folder: "/home" },
    { program: "npx mqtt-sim", folder: undefined },
  ],
  [
    "a wrapper of the user around the task's program",
    { environment: { MQTT_SIM_PROGRAM: "./storm" } },
    { program: "./storm", folder: undefined },
  ],
  ["the binary on the PATH", { standalone: true, argv0: "mqtt-sim" }, { program: "mqtt-sim", folder: undefined }],
  ["the binary by a path", { standalone: true, argv0: "./dist/storm" }, { program: "./dist/storm", folder: undefined }],
  [
    "the binary in a folder with a space",
    { standalone: true, argv0: "/my tools/mqtt-sim" },
    { program: "'/my tools/mqtt-sim'", folder: undefined },
  ],
  ["deno run in the clone", {}, { program: "deno run -A cli.ts", folder: undefined }],
  [
    "a command of deno install --global",
    { folder: "/home" },
    { program: "deno run -A /clone/cli.ts", folder: undefined },
  ],
];

for (const [name, given, expected] of cases) {
  Deno.test(`invocation: ${name}`, () => assert.deepEqual(invocationOf({ ...facts, ...given }), expected));
}
