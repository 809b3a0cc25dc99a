/**
 * RabbitMQ, ejabberd and nats-server start beside a test, serve MQTT, and leave nothing behind when they are ended.
 */
import assert from "node:assert/strict";
import { ejabberd, login, startEjabberd } from "../support/ejabberd_peer.ts";
import { nats, startNats } from "../support/nats_peer.ts";
import { type BrokerPeer, peerTest, startAedes2 } from "../support/peers.ts";
import { rabbitmq, startRabbitmq } from "../support/rabbitmq_peer.ts";
import { RawSocket, subscribeBytes } from "../support/raw_mqtt.ts";

const plain = { version: 4, clean: true, keepAliveS: 60 } as const;

/** A bare socket is reset, another sees its will. */
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

peerTest("RabbitMQ publishes a will, and is gone afterwards", [rabbitmq], async () => {
  const broker = await startRabbitmq();
  try {
    await leavesAWill(broker, {});
  } finally {
    await broker[Symbol.asyncDispose]();
  }
  assert.ok(await isFree(broker.port));
}, 180_000);

peerTest("ejabberd publishes a will, and is gone afterwards", [ejabberd], async () => {
  const broker = await startEjabberd();
  try {
    await leavesAWill(broker, login);
  } finally {
    await broker[Symbol.asyncDispose]();
  }
  assert.ok(await isFree(broker.port));
}, 120_000);

peerTest("nats-server publishes a will, and is gone afterwards", [nats], async () => {
  const broker = await startNats();
  try {
    await leavesAWill(broker, {});
  } finally {
    await broker[Symbol.asyncDispose]();
  }
  assert.ok(await isFree(broker.port));
}, 60_000);

peerTest("nats-server with a user lets in a client with that login and one without", [nats], async () => {
  const login = { username: "check", password: "right" };
  await using broker = await startNats({ login, deniedTopic: "e/denied" });
  await leavesAWill(broker, {});
  await leavesAWill(broker, login);
});

peerTest("aedes 2 publishes a will in 3.1.1, and is gone afterwards", [], async () => {
  const broker = await startAedes2();
  try {
    await leavesAWill(broker, {});
  } finally {
    await broker[Symbol.asyncDispose]();
  }
  assert.ok(await isFree(broker.port));
}, 60_000);
