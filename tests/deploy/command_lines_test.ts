/** The command lines in deploy: mqtt-sim reads each of them. The Compose file has the schema of its specification. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { type ParsedCommand, readCommandLine } from "../../src/cli/command_line.ts";
import { captured } from "../cli/captured.ts";
import { isCompose } from "../support/schema/compose.ts";

const textOf = (path: string) => Deno.readTextFileSync(new URL(`../../deploy/${path}`, import.meta.url));
const unit = textOf("systemd/mqtt-sim-part@.service");
const script = textOf("slurm/part.sh");

/** The words of a command with the variables that the file takes. */
function read(line: string, values: Readonly<Record<string, string>> = {}): ParsedCommand {
  const words = line.trim().split(/\s+/).map((word) =>
    word.replaceAll(/"?\$\{?(\w+)(?::-([^}]*))?\}?"?/g, (_, name, other) => values[name] ?? other ?? assert.fail(name))
  );
  return readCommandLine(words, captured());
}

/** What the commands of a comment do, each after the name of the program. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/^# +mqtt-sim (.*)$/gm)].map(([, command]) => command!);
}

Deno.test("deploy: mqtt-sim reads the command of the systemd unit", () => {
  const [, line = ""] = /^ExecStart=\S+ (.*)$/m.exec(unit) ?? [];
  const asked = read(line, { MQTT_SIM_OVER: "nats://ops:4222", MQTT_SIM_RUN: "night" });
  assert.partialDeepStrictEqual(asked, { command: "part", run: "night", over: { servers: ["ops:4222"] } });
});

Deno.test("deploy: mqtt-sim reads the command of the Slurm script", () => {
  const [, line = ""] = /^exec \S+ (.*) "\$@"$/m.exec(script) ?? [];
  const asked = read(line, { over: "nats://login:4222", run: "night", SLURMD_NODENAME: "node-1" });
  assert.partialDeepStrictEqual(asked, {
    command: "part",
    run: "night",
    host: "node-1",
    over: { servers: ["login:4222"] },
  });
});

for (const [name, text] of [["systemd unit", unit], ["Slurm script", script]] as const) {
  Deno.test(`deploy: mqtt-sim reads the coordinator's command in the comment of the ${name}`, () => {
    const commands = commandsIn(text);
    assert.equal(commands.length, 1);
    assert.partialDeepStrictEqual(read(commands[0]!), { command: "fleet", run: "night" });
  });
}

// deno-lint-ignore no-explicit-any
const compose: Record<string, any> = parse(textOf("compose/compose.yaml"));

Deno.test("deploy: the Compose file has the schema of the Compose specification, and a planted fault is found", () => {
  assert.ok(isCompose(compose), JSON.stringify(isCompose.errors));
  assert.ok(!isCompose({ ...compose, services: { part: { imagge: "mqtt-sim" } } }));
});

Deno.test("deploy: mqtt-sim reads the commands of the Compose file, and all of them name one run and one NATS", () => {
  const { broker, part, verdict } = compose.services;
  const [listener, one, fleet] = [broker, part, verdict].map(({ command }) => read(command.join(" ")));
  assert.partialDeepStrictEqual(listener, { command: "broker" });
  const over = { servers: ["nats:4222"] };
  assert.partialDeepStrictEqual(one, { command: "part", run: "demo", over });
  assert.equal(part.scale, 3);
  assert.partialDeepStrictEqual(fleet, { command: "fleet", run: "demo", over, parts: 3, clients: 3_000 });
});
