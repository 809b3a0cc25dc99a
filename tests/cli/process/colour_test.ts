/** Colours: the flag, the variables and the terminal, in their order. */
import assert from "node:assert/strict";
import { main } from "../../../src/cli/main.ts";
import { canMove, type ColourChoice, type ColourVariables, usesColour } from "../../../src/cli/process/colour.ts";
import { withColour } from "../../../src/cli/process/output.ts";
import { reportJson } from "../../../src/report/export/json.ts";
import { passed, reportOf } from "../../report/sample.ts";
import { captured } from "../captured.ts";

const none: ColourVariables = { noColour: false };
const cases: readonly [
  name: string,
  choice: ColourChoice,
  variables: ColourVariables,
  pipe: boolean,
  terminal: boolean,
][] = [
  ["without a variable", "auto", none, false, true],
  ["with NO_COLOR", "auto", { noColour: true }, false, false],
  ["with FORCE_COLOR", "auto", { ...none, force: "1" }, true, true],
  ["with an empty FORCE_COLOR", "auto", { ...none, force: "" }, false, true],
  ["with FORCE_COLOR=0", "auto", { ...none, force: "0" }, false, false],
  ["with NO_COLOR and FORCE_COLOR", "auto", { noColour: true, force: "1" }, false, false],
  ["with TERM=dumb", "auto", { ...none, term: "dumb" }, false, false],
  ["with TERM=dumb and FORCE_COLOR", "auto", { ...none, term: "dumb", force: "1" }, true, true],
  ["with --color always and NO_COLOR", "always", { noColour: true, term: "dumb" }, true, true],
  ["with --color never and FORCE_COLOR", "never", { ...none, force: "1" }, false, false],
];
for (const [name, choice, variables, pipe, terminal] of cases) {
  Deno.test(`colour: ${name}`, () => {
    assert.equal(usesColour(choice, variables, false), pipe, "into a pipe");
    assert.equal(usesColour(choice, variables, true), terminal, "on a terminal");
  });
}

Deno.test("colour: the cursor moves on a terminal alone, and not where TERM is dumb", () => {
  assert.deepEqual([canMove(none, true), canMove(none, false), canMove({ ...none, term: "dumb" }, true)], [
    true,
    false,
    false,
  ]);
});

Deno.test("colour: --color always writes colours into a pipe, and --color never writes none", () => {
  const output = captured();
  assert.notEqual(withColour(output, "always").out.style.bad("x"), "x");
  const forced = withColour(output, "always");
  assert.equal(withColour(forced, "never").err.style.bad("x"), "x");
  assert.equal(withColour(forced, "auto"), forced);
});

Deno.test("colour: the flag and its variable reach the report", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, reportJson(reportOf(passed())));
  const coloured = async (args: string[], environment: Readonly<Record<string, string>>) => {
    const output = captured();
    await main(["report", file, ...args], output, undefined, undefined, () => environment);
    return output.written.out.includes("\x1b[");
  };
  assert.equal(await coloured([], {}), false);
  assert.equal(await coloured(["--color", "always"], {}), true);
  assert.equal(await coloured([], { MQTT_SIM_COLOR: "always" }), true);
  assert.equal(await coloured(["--color", "never"], { MQTT_SIM_COLOR: "always" }), false);
  await Deno.remove(file);
});
