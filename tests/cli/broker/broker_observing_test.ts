/** The broker's log, metrics page, status and faults, on real sockets. */
import assert from "node:assert/strict";
import type { Interrupts } from "../../../src/cli/process/interrupt.ts";
import { main } from "../../../src/cli/main.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { broker } from "../../../src/cli/broker/broker.ts";
import type { BrokerFlags } from "../../../src/cli/broker/broker_flags.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import { aWill, connectPacket } from "../../broker/stage.ts";
import { type Captured, captured } from "../captured.ts";

interface Running {
  readonly output: Captured;
  readonly metricsUrl: string;
  readonly port: number;
}

const limitMs = 10_000;

/** Runs a broker while `look` runs. */
async function whileRunning(args: readonly string[], look: (running: Running) => Promise<void>): Promise<Captured> {
  const output = captured();
  const early = new AbortController();
  const interrupts: Interrupts = { early: early.signal, atOnce: AbortSignal.timeout(limitMs), close() {} };
  const flags = readCommandLine(["broker", "--port", "0", "--metrics", "0", ...args], output) as BrokerFlags;
  const done = broker(flags, output, { openInterrupts: () => interrupts });
  await Promise.race([done, until(() => output.written.out.includes("metrics on"))]);
  const port = Number(/mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(output.written.out)![1]);
  const metricsUrl = /metrics on (\S+)\/metrics/.exec(output.written.out)![1]!;
  try {
    await look({ output, metricsUrl, port });
  } finally {
    early.abort();
    await done;
  }
  return output;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function connect(port: number, clientId: string, delayIntervalS = 0): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const properties = { sessionExpiryIntervalS: 60 };
  await connection.write(encode(connectPacket({ clientId, properties, will: aWill({ delayIntervalS }) }), 5));
  await connection.read(new Uint8Array(100));
  return connection;
}

Deno.test("broker status: lists online clients, armed wills, and delayed wills with their due times", async () => {
  await whileRunning([], async ({ metricsUrl, port }) => {
    const armed = await connect(port, "living");
    (await connect(port, "dead", 30)).close();
    const ask = async (...args: string[]) => {
      const output = captured();
      assert.equal(await main(["broker", "status", "--url", metricsUrl, ...args], output), 0);
      return output.written.out;
    };
    await until(async () => (await ask("--filter", "delayed")).includes("dead"));
    const text = await ask();
    assert.match(text, /^mqtt-sim broker mqtt:\/\/127\.0\.0\.1:\d+, since \d{4}-/);
    assert.match(text, /^living +online +5\.0 +127\.0\.0\.1:\d+ +armed +\d{4}-\S+ \S+Z +– +will +0$/m);
    assert.match(text, /^dead +away +– +– +delayed +\d{4}-\S+ \S+Z +\d{4}-\S+ \S+Z +will +0$/m);
    assert.match(text, /^1 to 2 of 2$/m);
    assert.match(await ask("--filter", "armed", "--limit", "1"), /^1 to 1 of 1$/m);
    assert.equal(JSON.parse(await ask("--json")).clients.length, 2);
    armed.close();
  });
});

Deno.test("broker status: without a broker exits with code 3 and one sentence", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const output = captured();
  assert.equal(await main(["broker", "status", "--url", `http://127.0.0.1:${port}`], output), 3);
  assert.match(output.written.err, /^Cannot reach http:\S+: no answer: nothing listens there; .+\n$/);
  assert.equal(output.written.out, "");
});

Deno.test("broker: start line, log, metrics and status show the active fault mix", async () => {
  const args = ["--fault", "lose=100%", "--fault-seed", "7", "--log-level", "info"];
  const { written } = await whileRunning(args, async ({ metricsUrl, port }) => {
    (await connect(port, "a")).close();
    const text = async () => await (await fetch(`${metricsUrl}/metrics`)).text();
    await until(async () => (await text()).includes('mqtt_sim_broker_will_faults_total{kind="lose"} 1\n'));
    const output = captured();
    await main(["broker", "status", "--url", metricsUrl], output);
    assert.match(output.written.out, /^FAULT INJECTION IS ON: lose=100%, seed 7 \(1 so far\)$/m);
  });
  assert.match(written.out, /^FAULT INJECTION IS ON: lose=100%, seed 7$/m);
  assert.match(written.err, /^\S+Z warning fault injection is on: lose=100%, seed 7$/m);
  assert.match(written.err, /^\S+Z info fault injected into a will event=will-fault kind=lose clientId=a$/m);
});

Deno.test("broker: writes JSON log lines at info and a trace of one client, without the password", async () => {
  const args = ["--log", "json", "--log-level", "info", "--trace-client", "a"];
  const { written } = await whileRunning(args, async ({ port, output }) => {
    (await connect(port, "a")).close();
    (await connect(port, "b")).close();
    await until(() => (output.written.err.match(/"will-published"/g) ?? []).length === 2);
  });
  const records = written.err.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(records.some(({ event, clientId }) => event === "connected" && clientId === "b"));
  assert.deepEqual(
    records.filter(({ packet }) => packet).map(({ message, packet, clientId }) => `${message} ${packet} ${clientId}`),
    ["in connect a", "out connack a"],
  );
});

const bad: readonly [args: string, sentence: RegExp][] = [
  ["--metrics x", /^Cannot read --metrics "x": expected a port, 0 to 65,535, or host:port such as 0\.0\.0\.0:8080\n$/],
  [
    "--metrics 1.2.3.4:99999",
    /^Cannot read --metrics "1\.2\.3\.4:99999": expected a port, 0 to 65,535, or host:port such as 0\.0\.0\.0:8080\n$/,
  ],
  ["--fault lose=2", /^Cannot read --fault "lose=2": expected shares such as lose=1%,delay=0\.5%:1500ms/],
  ["--fault-clients (", /^Cannot read --fault-clients "\(": expected a regular expression/],
  ["--log-level loud", /^Cannot read --log-level "loud": expected error, warning, info or debug\n$/],
  ["status --url http://u:pw@h", /^Cannot read --url "http:\/\/u:…@h": expected a URL such as http:\S+\n$/],
  ["status --url http://h/?token=pw", /^Cannot read --url "http:\/\/h\/\?…": expected a URL such as http:\S+\n$/],
  ["status --url ftp://u:pw@h", /^Cannot read --url "ftp:\/\/u:…@h": expected a URL such as http:\S+\n$/],
  ["status --url ftp://x", /^Cannot read --url "ftp:\/\/x": expected a URL such as http:\/\/127\.0\.0\.1:9090\n$/],
];

for (const [args, sentence] of bad) {
  Deno.test(`bad input: mqtt-sim broker ${args}`, async () => {
    const output = captured();
    assert.equal(await main(["broker", ...args.split(" ")], output), 2);
    assert.match(output.written.err, sentence);
  });
}

Deno.test("broker: a metrics port in use exits with code 2 and leaves no broker running", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const output = captured();
  assert.equal(await main(["broker", "--port", "0", "--metrics", String(listener.addr.port)], output), 2);
  listener.close();
  assert.match(
    output.written.err,
    /^Cannot serve metrics on 127\.0\.0\.1:\d+: the port is in use; expected a free one, or 0\n$/,
  );
});
