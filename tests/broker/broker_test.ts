/** The broker on real sockets: only behaviour that memory links cannot show. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/failure.ts";
import { Broker } from "../../src/broker/broker.ts";
import { BrokerThread } from "../../src/broker/broker_thread.ts";
import { decode, encode } from "../../src/mqtt/codec/codec.ts";
import { aWill, connectPacket } from "./stage.ts";

/** Connects, waits for CONNACK, and returns the open connection. */
async function dial(port: number, bytes: Uint8Array): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(bytes);
  await connection.read(new Uint8Array(1_000));
  return connection;
}

const connect = encode(connectPacket({ clientId: "victim", will: aWill({ retain: true }) }), 5);

Deno.test("broker: serves on a free port, returns the port, and stops", async () => {
  // Over TCP, with no extension of the standard. [MQTT5 4.2-1] [MQTT311 7.1.1-1] [MQTT311 7.0.0-2]
  const broker = await Broker.start();
  assert.equal(broker.url, `mqtt://127.0.0.1:${broker.port}`);
  const connection = await dial(broker.port, connect);
  const stopping = broker.stop();
  assert.equal(broker.stop(), stopping);
  const last = new Uint8Array(10);
  const size = await connection.read(last);
  assert.deepEqual(decode(last.slice(0, size!), 5), { type: "disconnect", reasonCode: 0x8b });
  connection.close();
  await stopping;
  const { connections, wills } = broker.metrics();
  assert.deepEqual({
    connectionsOpen: connections.open,
    endedShutdown: connections.ended.shutdown,
    publishedShutdown: wills.published.shutdown,
  }, { connectionsOpen: 0, endedShutdown: 1, publishedShutdown: 1 });
});

Deno.test("broker: refuses a port in use as a usage error", async () => {
  const broker = await Broker.start();
  await assert.rejects(Broker.start({ port: broker.port }), UsageError);
  await broker.stop();
});

Deno.test("broker: the real timer runs the deadlines", async () => {
  const broker = await Broker.start({ limits: { timeToConnectMs: 20 } });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: broker.port });
  assert.equal(await connection.read(new Uint8Array(1)), null);
  connection.close();
  await broker.stop();
  assert.equal(broker.metrics().connections.endedEarly, 1);
});

Deno.test("broker: executes operator actions on a store until the broker stops", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const broker = await Broker.start({ store: { path: `${folder}/store.db`, outlives: "process" } });
    const properties = { sessionExpiryIntervalS: 60 };
    const packet = (clientId: string) =>
      encode(connectPacket({ clientId, properties, will: aWill({ retain: true }) }), 5);
    const [victim, other] = [await dial(broker.port, packet("victim")), await dial(broker.port, packet("other"))];
    assert.deepEqual([broker.disconnectClient("victim"), broker.disconnectClient("victim")], [true, false]);
    const last = new Uint8Array(100);
    const size = await victim.read(last);
    const { reasonCode } = decode(last.slice(0, size!), 5) as { readonly reasonCode?: number };
    assert.equal(reasonCode, 0x98);
    assert.deepEqual([broker.clearRetained("will"), broker.clearRetained("will")], [true, false]);
    assert.deepEqual([broker.endSession("victim"), broker.endSession("victim")], [true, false]);
    assert.equal(broker.storeFails, false);
    for (const connection of [victim, other]) connection.close();
    await broker.stop();
    assert.deepEqual({ endSession: broker.endSession("other"), clearRetained: broker.clearRetained("will") }, {
      endSession: false,
      clearRetained: false,
    });
    assert.equal(broker.metrics().store.failures, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("broker thread: starts, returns its metrics, stops", async () => {
  const logged: string[] = [];
  const thread = await BrokerThread.start({ log: (level, message) => logged.push(`${level} ${message}`) });
  (await dial(thread.port, connect)).close();
  (await dial(thread.port, Uint8Array.of(0xff, 0x00))).close();
  const metrics = await thread.metrics();
  assert.equal(metrics.connections.accepted, 2);
  assert.equal(metrics.heapUsedBytes > 1_000_000, true);
  assert.equal(logged.length, 1);
  const last = await thread.stop();
  assert.equal(last.connections.open, 0);
  await assert.rejects(thread.metrics(), /was stopped/);
});

Deno.test("broker thread: refuses a port in use as a usage error", async () => {
  const broker = await Broker.start();
  await assert.rejects(BrokerThread.start({ port: broker.port }), UsageError);
  await broker.stop();
});
