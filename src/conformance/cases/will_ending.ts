/** Wills at the end of a connection: what ends it, and whether the will is sent then. */
import type { ConformanceCase } from "../case.ts";

const sent = { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-7", "3.1.2-8"] };

export const willEndingCases: readonly ConformanceCase[] = [
  {
    id: "will/reset",
    title: "a connection that is reset sends the will, once",
    does: "connects with a will, sends RST, and watches the will's topic",
    rules: sent,
    async run(stage) {
      const will = stage.will();
      const watcher = await stage.watcher();
      const client = await stage.connect({ will });
      client.reset();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/close",
    title: "a connection that is closed without DISCONNECT sends the will, once",
    does: "connects with a will, sends FIN, and watches the will's topic",
    rules: sent,
    async run(stage) {
      const will = stage.will();
      const watcher = await stage.watcher();
      const client = await stage.connect({ will });
      client.close();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/leave",
    title: "a client that leaves by DISCONNECT leaves no will",
    does: "connects with a will, sends DISCONNECT (in 5.0 with 0x00), closes, and watches",
    rules: { "3.1.1": ["3.14.4-3", "3.1.2-10"], "5.0": ["3.14.4-3", "3.1.2-10"] },
    async run(stage) {
      const watcher = await stage.watcher();
      const client = await stage.connect({ will: stage.will() });
      client.disconnect();
      await client.expectClose();
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/freeze",
    title: "a client that falls silent is closed after 1.5 times its keep alive, and its will is sent",
    does: "connects with a keep alive of 2 s, sends nothing more, and waits for the will",
    rules: { "3.1.1": ["3.1.2-24"], "5.0": ["3.1.2-22"] },
    time: "clock",
    async run(stage) {
      const will = stage.will();
      const watcher = await stage.watcher();
      const client = await stage.connect({ will, keepAliveS: 2 });
      const keepAliveS = client.connack?.properties?.serverKeepAliveS ?? 2;
      await watcher.receives(will, { sinceMs: client.sentMs, afterMs: 1_500 * keepAliveS });
      await client.expectClose();
    },
  },
  {
    id: "will/second-connect",
    title: "a second CONNECT closes the connection, and the will is sent",
    does: "connects with a will, sends the same CONNECT again, and watches",
    rules: { "3.1.1": ["3.1.0-2", "3.1.2-8"], "5.0": ["3.1.0-2", "3.1.2-8"] },
    async run(stage) {
      const will = stage.will();
      const watcher = await stage.watcher();
      const asked = { clientId: stage.clientId(), will };
      const client = await stage.connect(asked);
      client.send(stage.connectPacket(asked));
      await client.expectClose();
      await watcher.receives(will);
    },
  },
];
