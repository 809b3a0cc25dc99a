/** Sparkplug on a real broker: edge nodes and host application run on mosquitto, which is compliant and not aware. */
import assert from "node:assert/strict";
import { mosquitto, mosquittoClients, peerTest, startMosquitto, startOurs } from "../../support/brokers/peers.ts";

/** `Node Control/Rebirth` with the value true, by the field numbers of the schema. */
const rebirth = Uint8Array.of(
  ...[0x12, 26, 0x0a, 20, ...new TextEncoder().encode("Node Control/Rebirth"), 0x20, 11, 0x70, 1],
);

peerTest("sparkplug: nodes and host pass on mosquitto, which is compliant", [mosquitto, mosquittoClients], async () => {
  await using broker = await startMosquitto();
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim" });
  await Deno.writeFile(`${folder}/rebirth`, rebirth);
  const names = ["--sparkplug-group", "plant 1", "--client-id", "edge-{client:03}"];
  const kills = ["--kill-mode", "reset=2,takeover=2,leave=1", "--kill-rate", "20/s", "--reconnect-after", "100ms"];
  const size = ["--clients", "30", "--duration", "3s", "--seed", "5"];
  const reports = ["--report", `${folder}/fleet.json`];
  await using fleet = startOurs(["fleet", "--url", broker.url, ...names, ...kills, ...size, ...reports]);
  await using check = startOurs([
    ...["check", "--url", broker.url, "--only", "sparkplug", "--report", `${folder}/check.json`],
  ]);
  const exit = fleet.exit(60_000);
  let isOver = false;
  exit.finally(() => isOver = true);
  // The command is sent until the run ends: node 7 is online for some of them.
  while (!isOver) {
    const topic = "spBv1.0/plant 1/NCMD/edge-007";
    const args = ["-p", String(broker.port), "-t", topic, "-f", `${folder}/rebirth`];
    // deno-lint-ignore no-await-in-loop
    await new Deno.Command("mosquitto_pub", { args }).output();
    // deno-lint-ignore no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const { code } = await exit;
  const { code: checkCode } = await check.exit(60_000);
  const report = JSON.parse(await Deno.readTextFile(`${folder}/fleet.json`));
  const checked = JSON.parse(await Deno.readTextFile(`${folder}/check.json`));
  await Deno.remove(folder, { recursive: true });

  assert.equal(code, 0, report.reason);
  const { assertions, births, ownDeaths, rebirths } = report.sparkplug;
  const lives = report.clients.connected + report.clients.reconnects;
  assert.ok(rebirths >= 1, "no node answered a Rebirth command");
  assert.deepEqual(births, { sent: lives + rebirths, seen: lives + rebirths });
  assert.ok(ownDeaths.sent >= 30 && ownDeaths.seen === ownDeaths.sent, JSON.stringify(ownDeaths));
  assert.equal(Object.keys(assertions).length, 7);
  assert.ok(assertions.order.checked >= report.wills.onTime && report.wills.onTime > 20, report.reason);
  for (const [name, { broken }] of Object.entries<{ broken: number }>(assertions)) assert.equal(broken, 0, name);

  assert.equal(checkCode, 0, checked.reason);
  const { counts } = checked;
  assert.deepEqual({ ...counts }, { pass: 12, fail: 0, deviation: 0, "not testable": 8 });
});
