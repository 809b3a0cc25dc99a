/**
 * Kill mode refused-login on mosquitto with a password file: raw sockets, which share no code with mqtt-sim, see what the
 * fleet reports: the CONNECT is refused, its will never comes, and the open connection of the same client stays.
 */
import assert from "node:assert/strict";
import { mosquitto, mosquittoWith, peerTest, startOurs } from "../../support/brokers/peers.ts";
import { connectBytes, RawSocket, subscribeBytes } from "../../support/clients/raw_mqtt.ts";

const login = { username: "fleet", password: "right-one" };
/** A will that the broker published would arrive within some milliseconds. */
const watchMs = 1_500;

/** The answer to a CONNECT with a wrong password, and the wills that a watcher received. */
async function rawRefusal(port: number, version: 4 | 5) {
  const [watcher, open, wrong] = [await RawSocket.open(port), await RawSocket.open(port), await RawSocket.open(port)];
  await watcher.connect({ version: 4, clientId: "raw-w", clean: true, keepAliveS: 60, ...login });
  watcher.send(subscribeBytes(4, "raw/#"));
  assert.equal((await watcher.next()).first, 0x90);
  const client = { version, clientId: "raw-c", clean: true, keepAliveS: 60, ...login };
  await open.connect({ ...client, willTopic: "raw/open" });
  wrong.send(connectBytes({ ...client, willTopic: "raw/wrong", password: "wrong-one" }));
  const { first, body } = await wrong.next();
  wrong.socket.destroy();
  const wills: number[] = [];
  void watcher.next().then(({ first: will }) => wills.push(will), () => {});
  await new Promise((resolve) => setTimeout(resolve, watchMs));
  open.send(Uint8Array.of(0xc0, 0));
  const { first: pong } = await open.next();
  for (const { socket } of [watcher, open]) socket.destroy();
  return { answer: first, code: body[1], wills, pong };
}

peerTest("refused-login: raw sockets and the fleet see no will, and the open connection stays, on mosquitto", [
  mosquitto,
], async () => {
  await using broker = await mosquittoWith({ login, writable: "#" });
  // Return code 5 of 3.1.1, reason code 0x87 of 5.0: not authorized.
  for (const [version, code] of [[4, 5], [5, 0x87]] as const) {
    const seen = await rawRefusal(broker.port, version);
    assert.deepEqual(seen, { answer: 0x20, code, wills: [], pong: 0xd0 });
  }
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim" });
  try {
    await Deno.writeTextFile(`${folder}/password`, login.password, { mode: 0o600 });
    const who = ["--username", login.username, "--password-file", `${folder}/password`];
    const size = ["--clients", "20", "--kill-rate", "10/s", "--duration", "2s", "--seed", "3"];
    const mode = ["--kill-mode", "refused-login=1,reset=1", "--report", `${folder}/report.json`];
    await using run = startOurs(["fleet", "--url", broker.url, ...who, ...size, ...mode]);
    const { code } = await run.exit(45_000);
    const { kills, clients } = JSON.parse(await Deno.readTextFile(`${folder}/report.json`));
    const { kills: tried, expected, unwanted } = kills.byMode["refused-login"];
    assert.deepEqual([code, expected, unwanted, clients.lost], [0, 0, 0, 0], run.said);
    assert.ok(tried >= 5 && kills.byMode.reset.onTime === kills.byMode.reset.expected, run.said);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
