import assert from "node:assert/strict";
import { BrokerThread } from "../../src/broker/broker_thread.ts";

const proper = globalThis.Worker;

/** Runs with a thread whose program is `source`. */
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

Deno.test("broker thread: a crash before it is ready rejects the start", async () => {
  await withProgram(`throw new Error("no luck")`, async () => {
    await assert.rejects(BrokerThread.start(), /^Error: The broker's thread has crashed: .*no luck/);
  });
});

Deno.test("broker thread: a crash later is told, and rejects whatever is asked", async () => {
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
