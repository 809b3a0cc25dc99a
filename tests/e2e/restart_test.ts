/** `mqtt-sim fleet` on brokers that restart during the run: mosquitto's handling of wills, and its causes. */
import assert from "node:assert/strict";
import type { ProfileFindings } from "../../src/fleet/result/deviation_counts.ts";
import type { RestartsResult } from "../../src/fleet/result/result.ts";
import type { WillCounts } from "../../src/fleet/result/will_counts.ts";
import { connectBytes, type RawConnect, RawSocket } from "../support/clients/raw_mqtt.ts";
import { mosquitto, peerTest, startOurs, startStoredMosquitto } from "../support/brokers/peers.ts";

/** The parts of the report that the test reads. */
interface Report {
  readonly verdict: string;
  readonly reason: string;
  readonly wills: WillCounts;
  readonly restarts: RestartsResult;
  readonly profile: ProfileFindings;
  readonly described?: Readonly<Record<string, number>>;
}

/** Some clients are alive, some just killed, some dead with a waiting will; some of those return in time. */
const scenario = `
protocol: mix
session-expiry: 300
clients: 60
kill-mode: reset=2,close=2,leave
groups:
  - name: prompt
    reconnect-after: 1s
  - name: clean
    clean-start: yes
    reconnect-after: 1s
  - name: delayed
    protocol: 5
    will-delay: 6
    reconnect-after: 2s
  - name: gone
    protocol: 5
    will-delay: 6
    reconnect-after: never
phases:
  - kill: 15%
    for: 2s
  - restart: 0s
  - hold: 5s
`;

async function restarted(signal: "TERM" | "KILL", ...flags: readonly string[]): Promise<Report> {
  await using broker = await startStoredMosquitto();
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim" });
  try {
    const [path, report] = [`${folder}/scenario.yaml`, `${folder}/report.json`];
    await Deno.writeTextFile(path, scenario);
    const command = ["--url", broker.url, "--restart-command", broker.restartCommand(signal)];
    const usual = ["--scenario", path, "--seed", "5", "--report", report];
    await using fleet = startOurs(["fleet", ...command, ...usual, ...flags]);
    await fleet.exit(50_000);
    return JSON.parse(await Deno.readTextFile(report));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The faults, by the profile's deviation. */
function seenOf({ profile }: Report): Record<string, number> {
  return Object.fromEntries(profile.deviations.flatMap(({ id, seen }) => seen === 0 ? [] : [[id, seen]]));
}

peerTest(
  "mosquitto that shuts down cleanly publishes each will, delayed ones before their time",
  [mosquitto],
  async () => {
    const [strict, known] = await Promise.all([restarted("TERM"), restarted("TERM", "--profile", "mosquitto")]);
    for (const { wills, restarts } of [strict, known]) {
      const [one] = restarts.each;
      assert.deepEqual({
        watchersKept: one!.watchersKept,
        watchersForgotten: one!.watchersForgotten,
        unseeable: restarts.unseeable,
      }, { watchersKept: 1, watchersForgotten: 0, unseeable: 0 });
      assert.ok(one!.willsBefore > 0 && one!.willsAfter > 0, "some as it goes down, some kept for the watcher");
      assert.equal(wills.missing + wills.duplicate + wills.late + wills.altered, 0);
    }
    const { early, unwanted } = strict.wills;
    assert.ok(early > 0 && unwanted > 0, JSON.stringify(strict.wills));
    assert.deepEqual({ verdict: strict.verdict, mosquitto: strict.described?.mosquitto }, {
      verdict: "fail",
      mosquitto: early + unwanted,
    });
    assert.deepEqual({ verdict: known.verdict, early: known.wills.early, unwanted: known.wills.unwanted }, {
      verdict: "pass",
      early: 0,
      unwanted: 0,
    });
    assert.deepEqual(seenOf(known), { "shutdown-delayed-early": known.wills.deviating });
  },
);

peerTest("mosquitto that is killed loses the wills that it held", [mosquitto], async () => {
  const [strict, known] = await Promise.all([restarted("KILL"), restarted("KILL", "--profile", "mosquitto")]);
  for (const { wills, restarts } of [strict, known]) {
    const [one] = restarts.each;
    assert.deepEqual({
      watchersKept: one!.watchersKept,
      watchersForgotten: one!.watchersForgotten,
      unseeable: restarts.unseeable,
    }, { watchersKept: 1, watchersForgotten: 0, unseeable: 0 });
    assert.equal(wills.early + wills.unwanted + wills.duplicate + wills.late + wills.altered, 0);
  }
  const { missing } = strict.wills;
  assert.ok(missing > 20, `${missing} missing`);
  assert.deepEqual({ verdict: strict.verdict, mosquitto: strict.described?.mosquitto }, {
    verdict: "fail",
    mosquitto: missing,
  });
  assert.deepEqual({ verdict: known.verdict, missing: known.wills.missing }, { verdict: "pass", missing: 0 });
  assert.deepEqual(seenOf(known), { "crash-loses-wills": known.wills.deviating });
});

/** Whether the broker has the session of each client, from CONNACK. */
async function present(port: number, clients: readonly RawConnect[]): Promise<boolean[]> {
  const flags: boolean[] = [];
  for (const client of clients) {
    const socket = await RawSocket.open(port);
    socket.send(connectBytes(client));
    const { body } = await socket.next();
    assert.equal(body[1], 0, "it is let in");
    flags.push(body[0] === 1);
    socket.socket.destroy();
  }
  return flags;
}

peerTest("mosquitto loses, over a restart, a session that began with Clean Start 1", [mosquitto], async () => {
  await using broker = await startStoredMosquitto();
  const lasting = { version: 5, keepAliveS: 60, sessionExpiryS: 300 } as const;
  const begun = ["control", "clean", "lasting"].map((clientId) => (
    { ...lasting, clientId, clean: clientId !== "lasting" }
  ));
  const [control, ...others] = begun.map((client) => ({ ...client, clean: false }));
  assert.deepEqual(await present(broker.port, begun), [false, false, false]);
  assert.deepEqual(await present(broker.port, [control!]), [true], "while it runs it has such a session");
  const command = new Deno.Command("sh", { args: ["-c", broker.restartCommand("TERM")], stderr: "null" });
  assert.ok((await command.output()).success);
  await served(broker.port);
  assert.deepEqual(await present(broker.port, others), [false, true]);
});

/** Resolves when a program listens on the port. */
async function served(port: number): Promise<void> {
  for (let left = 200; left > 0; left--) {
    try {
      (await RawSocket.open(port)).socket.destroy();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("the broker did not come back");
}
