/** Source addresses on the wire: mosquitto's log shows the addresses of the fleet's clients, on each engine. */
import assert from "node:assert/strict";
import { mosquitto, peerTest, startMosquitto, startOurs } from "../support/brokers/peers.ts";

const asked: readonly [addresses: string, from: readonly string[]][] = [
  ["127.0.0.2-127.0.0.4", ["127.0.0.2", "127.0.0.3", "127.0.0.4"]],
  ["127.0.0.0/29", ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"]],
  ["127.0.0.9,127.0.0.7", ["127.0.0.7", "127.0.0.9"]],
];
const clients = 12;

for (const engine of ["deno", "auto"]) {
  for (const [addresses, from] of asked) {
    peerTest(`source addresses: clients connect from ${addresses} in turn, engine ${engine}`, [mosquitto], async () => {
      await using broker = await startMosquitto();
      await using fleet = startOurs([
        ...["fleet", "--url", broker.url, "--clients", String(clients), "--engine", engine, "--run-id", "from"],
        ...["--source-address", addresses, "--kill-rate", "0%", "--duration", "100ms"],
      ]);
      assert.equal((await fleet.exit(45_000)).code, 3, fleet.said);
      // No kills, so that each client connects once; higher numbers belong to canaries.
      const came = broker.child.lines.flatMap((line) => {
        const match = /New client connected from (\S+?):\d+ as mqtt-sim-from-(\d+) /.exec(line);
        return match !== null && Number(match[2]) < clients ? [match[1]!] : [];
      });
      assert.equal(came.length, clients, broker.child.said);
      const counts = new Map<string, number>();
      for (const address of came) counts.set(address, (counts.get(address) ?? 0) + 1);
      assert.deepEqual([...counts].sort(), from.map((address) => [address, clients / from.length]));
    });
  }
}
