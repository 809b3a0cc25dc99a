/** RabbitMQ, ejabberd and nats-server start beside a test, serve MQTT, and leave no process or file behind. */
import assert from "node:assert/strict";
import { ejabberd, login, startEjabberd } from "../support/brokers/ejabberd_peer.ts";
import { nats, startNats } from "../support/brokers/nats_peer.ts";
import { type BrokerPeer, peerTest, startAedes2 } from "../support/brokers/peers.ts";
import { rabbitmq, startRabbitmq } from "../support/brokers/rabbitmq_peer.ts";
import { RawSocket, subscribeBytes } from "../support/clients/raw_mqtt.ts";

const plain = { version: 4, clean: true, keepAliveS: 60 } as const;

/** A raw socket is reset; another one receives its will. */
async function leavesAWill(broker: BrokerPeer, who: { readonly username?: string; readonly password?: string }) {
  const watcher = await RawSocket.open(broker.port);
  await watcher.connect({ ...plain, ...who, clientId: "w" });
  watcher.send(subscribeBytes(4, "e/+"));
  assert.equal((await watcher.next()).first, 0x90);
  const raw = await RawSocket.open(broker.port);
  await raw.connect({ ...plain, ...who, clientId: "c", willTopic: "e/1" });
  raw.socket.resetAndDestroy();
  assert.equal((await watcher.next()).first >> 4, 3);
  watcher.socket.destroy();
}

async function isFree(port: number): Promise<boolean> {
  try {
    (await RawSocket.open(port)).socket.destroy();
    return false;
  } catch {
    return true;
  }
}

const started = [
  { name: "RabbitMQ", peer: rabbitmq, start: startRabbitmq, as: {}, limitMs: 180_000 },
  { name: "ejabberd", peer: ejabberd, start: startEjabberd, as: login, limitMs: 120_000 },
  { name: "nats-server", peer: nats, start: startNats, as: {}, limitMs: 60_000 },
];

for (const { name, peer, start, as, limitMs } of started) {
  peerTest(`${name} publishes a will, and frees its port at its end`, [peer], async () => {
    const broker = await start();
    try {
      await leavesAWill(broker, as);
    } finally {
      await broker[Symbol.asyncDispose]();
    }
    assert.ok(await isFree(broker.port));
  }, limitMs);
}

peerTest("nats-server with a user accepts a client with that login and one without", [nats], async () => {
  const login = { username: "check", password: "right" };
  await using broker = await startNats({ login, deniedTopic: "e/denied" });
  await leavesAWill(broker, {});
  await leavesAWill(broker, login);
});

peerTest("aedes 2 publishes a will in 3.1.1, and frees its port at its end", [], async () => {
  const broker = await startAedes2();
  try {
    await leavesAWill(broker, {});
  } finally {
    await broker[Symbol.asyncDispose]();
  }
  assert.ok(await isFree(broker.port));
}, 60_000);
