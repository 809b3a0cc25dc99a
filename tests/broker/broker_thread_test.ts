import assert from "node:assert/strict";
import { BrokerThread } from "../../src/broker/broker_thread.ts";
import { ffiFlags } from "../support/brokers/granted.ts";
import { RawSocket, subscribeBytes } from "../support/clients/raw_mqtt.ts";

const proper = globalThis.Worker;

/** Calls `run` with a thread that executes the program `source`. */
async function withProgram(source: string, run: () => Promise<void>): Promise<void> {
  globalThis.Worker = class extends proper {
    constructor() {
      super(`data:application/javascript,${encodeURIComponent(source)}`, { type: "module" });
    }
  };
  try {
    await run();
  } finally {
    globalThis.Worker = proper;
  }
}

Deno.test("broker thread: a crash before the thread is ready rejects the start", async () => {
  await withProgram(`throw new Error("no luck")`, async () => {
    await assert.rejects(BrokerThread.start(), /^Error: The broker's thread crashed: .*no luck/);
  });
});

Deno.test("broker thread: a later crash is reported and rejects open requests", async () => {
  const source = `
    self.onmessage = ({ data }) => {
      if (data.type !== "start") setTimeout(() => { throw new Error("no luck"); });
      else self.postMessage({ type: "started", url: "mqtt://x", port: 1 });
    };
    self.postMessage({ type: "ready" });`;
  await withProgram(source, async () => {
    const thread = await BrokerThread.start();
    assert.equal(thread.url, "mqtt://x");
    await assert.rejects(thread.metrics(), /no luck/);
    assert.match((await thread.crash).message, /no luck/);
    await assert.rejects(thread.stop(), /no luck/);
  });
});

Deno.test("broker thread: disconnects a client with a reason, and reports one that is not connected", async () => {
  const thread = await BrokerThread.start({ engine: "deno" });
  try {
    const client = await RawSocket.open(thread.port);
    await client.connect({ version: 5, clientId: "c", clean: true, keepAliveS: 60 });
    assert.equal(await thread.disconnectClient("c"), true);
    const { first, body } = await client.next();
    assert.deepEqual([first, body[0]], [0xe0, 0x98]);
    assert.equal(await thread.disconnectClient("another"), false);
    client.socket.destroy();
  } finally {
    await thread.stop();
  }
});

for (const engine of ["deno", "epoll"] as const) {
  Deno.test({
    name: `broker thread: a killed thread frees its port, closes its clients and publishes no will: ${engine}`,
    ignore: engine === "epoll" && ffiFlags.length === 0,
    fn: async () => {
      const first = await BrokerThread.start({ engine });
      const who = { version: 4, clean: true, keepAliveS: 60 } as const;
      const watcher = await RawSocket.open(first.port);
      await watcher.connect({ ...who, clientId: "watcher" });
      watcher.send(subscribeBytes(4, "gone"));
      assert.equal((await watcher.next()).first, 0x90);
      const client = await RawSocket.open(first.port);
      await client.connect({ ...who, clientId: "client", willTopic: "gone" });
      const ended = [watcher, client].map((socket) => assert.rejects(socket.next(), /closed the socket/));
      await first.kill();
      await Promise.all(ended);
      await assert.rejects(first.metrics(), /was killed/);
      const second = await BrokerThread.start({ engine, port: first.port });
      const again = await RawSocket.open(second.port);
      await again.connect({ ...who, clientId: "client" });
      again.socket.destroy();
      await second.stop();
    },
  });
}
