/** Environment variables: the flag that each sets, what wins over it, and bad values. */
import assert from "node:assert/strict";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { commandPaths } from "../../../src/cli/line/command_help.ts";
import { flagsAt } from "../../../src/cli/line/grammar.ts";
import { flagsFrom, variableOf } from "../../../src/cli/line/variables.ts";
import { main } from "../../../src/cli/main.ts";
import type { Environment } from "../../../src/cli/process/environment.ts";
import { captured } from "../captured.ts";
import { eachCase } from "../../support/steps.ts";

function fleet(args: string, environment: Environment) {
  const asked = readCommandLine(`fleet ${args}`.trim().split(" "), captured(), environment);
  assert.ok(asked.command === "fleet");
  return asked;
}

for (const path of commandPaths) {
  Deno.test(`variables: each flag of ${path} has one, and help names it`, async (t) => {
    const help = captured(10_000);
    await main([...path.split(" "), "--help", "all"], help);
    await eachCase(t, flagsAt(path), (flag) => {
      const variable = variableOf(flag.name);
      assert.match(variable, /^MQTT_SIM_[A-Z][A-Z_]+$/);
      const from = flagsFrom({ [variable]: flag.takesValue ? "x" : "1" }, path, path.split(" "));
      const argument = flag.takesValue ? `${flag.name}=x` : flag.name;
      assert.deepEqual(from, [{ variable, argument }]);
      assert.ok(help.written.out.includes(variable), variable);
    });
  });
}

Deno.test("variables: set flags of the fleet; a switch by 1, a repeated flag by lines or semicolons", () => {
  const asked = fleet("", {
    MQTT_SIM_CLIENTS: "7",
    MQTT_SIM_KILL_RATE: "10%",
    MQTT_SIM_QUIET: "1",
    MQTT_SIM_TLS_INSECURE: "0",
    MQTT_SIM_URL: "a=mqtt://one; b=mqtt://two",
    MQTT_SIM_THRESHOLD: "wills.late<10\nwills.missing<1\n",
    MQTT_SIM_SEED: "",
  });
  assert.deepEqual({
    clients: asked.clients,
    perSecond: asked.killRate?.perSecond,
    quiet: asked.quiet,
    tlsInsecure: asked.tlsInsecure,
    seed: asked.seed,
  }, { clients: 7, perSecond: 0.1, quiet: true, tlsInsecure: undefined, seed: undefined });
  assert.deepEqual(asked.url.map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(asked.threshold.map(({ expression }) => expression), ["wills.late<10", "wills.missing<1"]);
});

Deno.test("variables: a flag of the command line wins, in each of its forms", async (t) => {
  const environment = { MQTT_SIM_CLIENTS: "7", MQTT_SIM_PASSWORD: "of the variable", MQTT_SIM_URL: "mqtt://variable" };
  await eachCase(t, ["--clients 3", "--clients=3", "-c 3"], (args) => {
    assert.equal(fleet(args, environment).clients, 3);
  });
  assert.equal(fleet("--password-file f", environment).password, undefined, "two passwords would be an error");
  assert.deepEqual(fleet("-L mqtt://flag", environment).url.map(({ endpoint }) => endpoint!.host), ["flag"]);
});

Deno.test("variables: those of another command have no effect, and subcommands have their own", () => {
  assert.equal(fleet("", { MQTT_SIM_PORT: "1", MQTT_SIM_ONLY: "will" }).command, "fleet");
  const merge = readCommandLine(["report", "merge", "a", "b"], captured(), { MQTT_SIM_REPORT: "whole.json" });
  assert.ok(merge.command === "report merge");
  assert.equal(merge.report, "whole.json");
});

const bad: readonly [environment: Environment, args: string, sentence: string][] = [
  [
    { MQTT_SIM_CLIENTZ: "7" },
    "fleet",
    "Cannot use the variable MQTT_SIM_CLIENTZ: no flag has that name; see mqtt-sim help fleet variables; did you mean " +
    "MQTT_SIM_CLIENTS?",
  ],
  [{ MQTT_SIM_QUIET: "maybe" }, "fleet", 'Cannot read MQTT_SIM_QUIET "maybe": expected 1 or 0'],
  [
    { MQTT_SIM_CLIENTS: "many", MQTT_SIM_SEED: "1" },
    "fleet",
    'MQTT_SIM_CLIENTS: Cannot read --clients "many": expected a whole number, 1 to 10,000,000',
  ],
  [
    { MQTT_SIM_CLIENTS: "many" },
    "fleet --seed x",
    'Cannot read --seed "x": expected a whole number, 0 to 4,294,967,295',
  ],
];
for (const [environment, args, sentence] of bad) {
  Deno.test(`variables: bad input: ${JSON.stringify(environment)} ${args}`, async () => {
    const output = captured();
    const exitCode = await main(args.split(" "), output, undefined, undefined, () => environment);
    assert.deepEqual({ exitCode, out: output.written.out, err: output.written.err }, {
      exitCode: 2,
      out: "",
      err: `${sentence}\n`,
    });
  });
}
