import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { defaultLimits } from "../../../src/broker/options/options.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import type { BrokerFlags } from "../../../src/cli/broker/broker_flags.ts";
import { brokerOptions, settingsOf } from "../../../src/cli/broker/broker_options.ts";
import { brokerSettings, limitNames } from "../../../src/cli/broker/broker_settings.ts";
import { parseConfig } from "../../../src/cli/options/config_file.ts";
import { main } from "../../../src/cli/main.ts";
import { captured } from "../captured.ts";

const read = (text: string) => parseConfig(text, "broker.yaml", brokerSettings);

async function optionsOf(file: string, ...flags: string[]) {
  const config = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(config, file);
    const asked = readCommandLine(["broker", "--config", config, ...flags], captured()) as BrokerFlags;
    return brokerOptions(await settingsOf(asked));
  } finally {
    await Deno.remove(config);
  }
}

Deno.test("config file: has the names and formats of the flags, and flags win over it", async () => {
  const file = "port: 1884\ntime-to-connect: 1.5s\nmax-qos: 1\nretain: no\nmax-queue-size: 2k # half a page\n";
  const { port, limits, maximumQoS, retainAvailable } = await optionsOf(file, "--port", "0", "--max-inflight", "9");
  assert.deepEqual({ port, maximumQoS, retainAvailable }, { port: 0, maximumQoS: 1, retainAvailable: false });
  assert.deepEqual(limits, { timeToConnectMs: 1_500, outboxBytes: 2_048, inflight: 9 });
});

Deno.test("config file: the broker has its own defaults for absent settings", async () => {
  assert.deepEqual(await optionsOf(""), {
    host: "127.0.0.1",
    port: 1883,
    ownThread: true,
    limits: {},
    store: "memory",
  });
});

Deno.test("config file: reports each fault of a file at once, with line and column", () => {
  const file =
    "# a file\nport: 70000\nprot: 12\ntime-to-connect: soon\nquiet: maybe\nmax-queue-size: 64q\nretain: 1.5\n";
  assert.throws(() => read(file), {
    name: "UsageError",
    message: [
      'Cannot use config file "broker.yaml": 6 errors',
      "  broker.yaml:2:7: Cannot read port 70000: expected a whole number, 0 to 65,535",
      '  broker.yaml:3:1: Cannot read setting "prot": unknown setting; did you mean port?',
      '  broker.yaml:4:18: Cannot read time-to-connect "soon": expected a duration such as 250ms, 1.5s, 1m30s or 30 ' +
      "(seconds), 1ms or more",
      '  broker.yaml:5:8: Cannot read quiet "maybe": expected true or false',
      '  broker.yaml:6:17: Cannot read max-queue-size "64q": expected bytes such as 64, 1k, 1m or 1g, 1 or more',
      "  broker.yaml:7:9: Cannot read retain 1.5: expected yes or no",
    ].join("\n"),
  });
});

const unreadable: readonly [name: string, text: string, sentence: RegExp][] = [
  ["broken YAML", "port: [1\n x: {", /: \d errors\n {2}broker\.yaml:1:8: /],
  [
    "a list",
    "- port",
    /: one error\n {2}broker\.yaml:1:1: Cannot read \["port"\]: expected settings such as port: 1883$/,
  ],
  [
    "a quotation without its end",
    'host: a\nport: "1\nquiet: true\n',
    /: one error\n {2}broker\.yaml:2:7: Missing closing "quote$/,
  ],
  ["a name twice", "port: 1\nport: 2", /broker\.yaml:2:1: Map keys must be unique$/],
  [
    "a value past its bound in words",
    "stop-grace: 1s\ntime-to-connect: 0s",
    /:2:18: Cannot use time-to-connect 0s: exp/,
  ],
];

for (const [name, text, message] of unreadable) {
  Deno.test(`config file: refuses an unreadable file: ${name}`, () => {
    assert.throws(() => read(text), (error) => error instanceof UsageError && message.test(error.message));
  });
}

Deno.test("config file: a missing file exits with code 2 and one sentence", async () => {
  const output = captured();
  assert.equal(await main(["broker", "--config", "no-such.yaml"], output), 2);
  assert.equal(output.written.err, 'Cannot read config file "no-such.yaml": there is no such file\n');
});

Deno.test("config file: each limit of the broker is a setting with its default", async () => {
  assert.deepEqual([...limitNames.values()].toSorted(), Object.keys(defaultLimits).toSorted());
  const output = captured();
  await main(["broker", "--help", "all"], output);
  for (const name of brokerSettings.keys()) {
    assert.match(output.written.out, new RegExp(`^  (?:-\\w, )?--${name}\\b`, "m"));
  }
});

Deno.test("config file: the JSON Schema has each setting, its bounds and its help, and allows nothing else", async () => {
  const output = captured();
  assert.equal(await main(["broker", "config-schema"], output), 0);
  const schema = JSON.parse(output.written.out);
  assert.deepEqual(Object.keys(schema.properties), [...brokerSettings.keys()]);
  assert.equal(schema.additionalProperties, false);
  const { description, ...port } = schema.properties.port;
  assert.deepEqual(port, { type: "integer", minimum: 0, maximum: 65_535 });
  assert.match(description, /^Port to listen on/);
});
