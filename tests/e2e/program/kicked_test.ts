/** Kill mode kicked with the embedded broker: a raw socket that an operator ends sees the same as the fleet. */
import assert from "node:assert/strict";
import { type BrokerPeer, brokerReady, mosquitto, peerTest, startOurs } from "../../support/brokers/peers.ts";
import { mosquittoCtrl, startDynsecMosquitto } from "../../support/brokers/dynsec_mosquitto.ts";
import { RawSocket, subscribeBytes } from "../../support/clients/raw_mqtt.ts";

const token = "0123456789abcdef0123456789abcdef";

async function kick(metricsUrl: string, clientId: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` };
  const { status, body } = await fetch(`${metricsUrl}/clients/${clientId}`, { method: "DELETE", headers });
  await body?.cancel();
  assert.ok(status < 300, `${status}`);
}

/** Milliseconds from the action of the operator to the will of a raw socket. */
async function rawKick(port: number, metricsUrl: string): Promise<number> {
  const watcher = await RawSocket.open(port);
  await watcher.connect({ version: 4, clientId: "raw-w", clean: true, keepAliveS: 60 });
  watcher.send(subscribeBytes(4, "raw/k"));
  await watcher.next();
  const raw = await RawSocket.open(port);
  await raw.connect({ version: 5, clientId: "raw-k", clean: true, keepAliveS: 60, willTopic: "raw/k" });
  const fromMs = performance.now();
  await kick(metricsUrl, "raw-k");
  const { first } = await watcher.next();
  const afterMs = performance.now() - fromMs;
  assert.equal(first >> 4, 3);
  // DISCONNECT with reason code 0x98, administrative action.
  const { first: last, body } = await raw.next();
  assert.deepEqual([last, body[0]], [0xe0, 0x98]);
  watcher.socket.destroy();
  return afterMs;
}

/** @param broker by default the one that the fleet starts, which needs no command */
async function runFleet(broker?: BrokerPeer, command?: string, more: readonly string[] = []) {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const size = ["--clients", "20", "--kill-rate", "10/s", "--duration", "1s", "--reconnect-after", "never"];
  const kicks = command === undefined ? [] : ["--kick-command", command];
  const url = broker === undefined ? [] : ["--url", broker.url];
  const mode = ["--kill-mode", "kicked", ...kicks, "--seed", "3", "--report", path];
  await using run = startOurs(["fleet", ...url, ...size, ...mode, ...more]);
  const { code } = await run.exit(60_000);
  const report = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  return { code, report };
}

/** The embedded broker with its operator actions, and their address. */
async function withOperator(args: readonly string[], test: (broker: BrokerPeer, url: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim" });
  await Deno.writeTextFile(`${folder}/token`, token, { mode: 0o600 });
  const flags = ["broker", "--port", "0", "--metrics", "0", "--admin-token", `${folder}/token`];
  const child = startOurs([...flags, ...args]);
  await using broker = await brokerReady(child);
  const line = await child.line(/actions of an operator on (\S+), with/);
  await test(broker, line[1]!.replace(/\/$/, ""));
  await Deno.remove(folder, { recursive: true });
}

const curl = (url: string) => `curl -sf -X DELETE -H "Authorization: Bearer ${token}" ${url}/clients/{client_id}`;

peerTest("kicked: the fleet and a raw socket see the will when the operator ends the client", [], async () => {
  await withOperator([], async (broker, url) => {
    const afterMs = await rawKick(broker.port, url);
    assert.ok(afterMs < 1_000, `${afterMs} ms`);
    const { code, report } = await runFleet(broker, curl(url));
    const { kills, expected, onTime } = report.kills.byMode.kicked;
    assert.equal(code, 0, report.reason);
    assert.ok(kills >= 5 && expected === kills && onTime === kills, JSON.stringify(report.kills));
    const failed = await runFleet(broker, "false {client}");
    assert.equal(failed.report.verdict, "void");
    assert.match(failed.report.reason, /^--kick-command "false \{client\}" ended with exit code 1/);
  });
});

peerTest("kicked: a broker that loses the wills of kicked clients fails the run", [], async () => {
  await withOperator(["--fault", "lose=60%"], async (broker, url) => {
    const { code, report } = await runFleet(broker, curl(url));
    assert.equal(code, 1, report.reason);
    assert.ok(report.kills.byMode.kicked.missing > 0);
  });
});

peerTest("kicked: the fleet has its own broker end the clients, without a command", [], async () => {
  const { code, report } = await runFleet();
  const { kills, expected, onTime } = report.kills.byMode.kicked;
  assert.equal(code, 0, report.reason);
  assert.ok(kills >= 5 && expected === kills && onTime === kills, JSON.stringify(report.kills));
});

peerTest("kicked: mosquitto's plugin ends clients without their wills, as its profile has it", [
  mosquitto,
  mosquittoCtrl,
], async () => {
  const password = await Deno.makeTempFile({ prefix: "mqtt-sim" });
  try {
    await Deno.writeTextFile(password, "of-the-devices");
    const clients = Array.from({ length: 20 }, (_, number) => `dev-${number}`);
    await using broker = await startDynsecMosquitto([...clients, "watcher"], "of-the-devices");
    const own = ["watcher", "canary"].flatMap((who) => [
      ...[`--${who}-username`, "watcher", `--${who}-password-file`, password],
    ]);
    const login = ["--client-id", "dev-{client}", "--username", "dev-{client}", "--password-file", password, ...own];
    const { code, report } = await runFleet(broker, broker.kickCommand, [...login, "--profile", "mosquitto"]);
    const { kills, expected, onTime } = report.kills.byMode.kicked;
    assert.equal(code, 0, report.reason);
    assert.ok(kills >= 5 && expected === kills && onTime === 0, JSON.stringify(report.kills));
    const seen = report.profile.deviations.filter(({ lives }: { lives: number }) => lives > 0);
    assert.deepEqual(seen.map(({ id, lives }: { id: string; lives: number }) => ({ id, lives })), [
      { id: "kicked", lives: kills },
    ]);
  } finally {
    await Deno.remove(password);
  }
});
