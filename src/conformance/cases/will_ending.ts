/** Wills at the end of a connection: the causes of the end, and whether the broker then publishes the will. */
import type { ConformanceCase } from "../case/case.ts";
import { type Provocation, provocationBytes, provocations } from "../case/provocations.ts";
import { nothingComes } from "./nothing_comes.ts";

const sent = { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-7", "3.1.2-8"] };

/** The first 9 bytes of a PUBLISH of 30 bytes. */
const halfPublish = [0x30, 28, 0, 13, 0x6d, 0x71, 0x74, 0x74, 0x2d];

/** The deviations by which brokers are known to fail some of them. */
const known: Readonly<Record<string, readonly string[]>> = {
  "publish-qos-3": ["qos-3-no-will"],
  "publish-ill-formed-topic": ["topic-not-utf8"],
};

/** Malformed bytes: the connection is closed, and the will is sent. */
function provoked(provocation: Provocation): ConformanceCase {
  const { name, what, rules } = provocation;
  const both = Object.entries(rules).map(([protocol, rule]) => [protocol, [rule, "3.1.2-8"]]);
  return {
    id: `will/garbage-${name}`,
    title: `${what} closes the connection, and the will is sent`,
    does: `connects with a will, sends ${what}, waits for the close, and watches`,
    rules: Object.fromEntries(both),
    deviations: ["errors-do-not-close", ...known[name] ?? []],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
      client.sendBytes(provocationBytes(provocation, context.protocol), what);
      await client.expectClose();
      await watcher.receives(will);
    },
  };
}

export const willEndingCases: readonly ConformanceCase[] = [
  {
    id: "will/reset",
    title: "a connection that is reset sends the will, once",
    does: "connects with a will, sends RST, and watches the will's topic",
    rules: sent,
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
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
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
      client.close();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/half-packet",
    title: "a connection that is closed within a packet sends the will, and the packet is discarded",
    does: "connects with a will, sends 9 of the 30 bytes of a PUBLISH, then FIN, and watches",
    rules: sent,
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will });
      client.sendBytes(halfPublish, "9 of the 30 bytes of a PUBLISH").close();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/second-connect",
    title: "a second CONNECT closes the connection, and the will is sent",
    does: "connects with a will, sends the same CONNECT again, and watches",
    rules: { "3.1.1": ["3.1.0-2", "3.1.2-8"], "5.0": ["3.1.0-2", "3.1.2-8"] },
    deviations: ["second-connect", "errors-do-not-close"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const asked = { clientId: context.clientId(), will };
      const client = await context.connect(asked);
      client.send(context.connectPacket(asked));
      await client.expectClose();
      await watcher.receives(will);
    },
  },
  {
    id: "will/second-connect-other",
    title: "a second CONNECT's own will is never sent",
    does: "connects with a will, sends a CONNECT with another client id and will, and watches both topics",
    rules: { "3.1.1": ["3.1.0-2"], "5.0": ["3.1.0-2"] },
    deviations: ["errors-do-not-close"],
    async run(context) {
      const other = context.will({ topic: context.topic("other") });
      const watcher = await context.watcher(other.topic);
      const client = await context.connect({ will: context.will() });
      client.send(context.connectPacket({ will: other }));
      await client.expectClose();
      await nothingComes(context, watcher, { topic: other.topic });
    },
  },
  {
    id: "will/at-once-after-connack",
    title: "a connection that is reset right after CONNACK sends the will",
    does: "sends CONNECT with a will, and RST right after CONNACK, five times",
    rules: sent,
    async run(context) {
      const watcher = await context.watcher();
      for (let life = 0; life < 5; life++) {
        const will = context.will();
        (await context.connect({ will })).reset();
        await watcher.receives(will);
      }
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/storm",
    title: "clients that die at the same time leave one will each",
    does: "connects 20 clients with wills on one topic, resets them all at once, and counts",
    rules: sent,
    async run(context) {
      const wills = Array.from({ length: 20 }, () => context.will());
      const watcher = await context.watcher();
      const clients = await Promise.all(wills.map((will) => context.connect({ will })));
      for (const client of clients) client.reset();
      for (const will of wills) await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/each-life",
    title: "each connection of a client leaves its own will only",
    does: "connects and resets the same client three times, each time with another will",
    rules: { "3.1.1": ["3.1.2-8", "3.1.2-10"], "5.0": ["3.1.2-8", "3.1.2-10"] },
    async run(context) {
      const clientId = context.clientId();
      const watcher = await context.watcher();
      for (let life = 0; life < 3; life++) {
        const will = context.will();
        (await context.connect({ clientId, will })).reset();
        await watcher.receives(will);
      }
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/removed",
    title: "a will that was sent is not sent again when the client dies without one",
    does: "resets a client with a will, connects it again without one, resets it, and watches",
    rules: { "3.1.1": ["3.1.2-10"], "5.0": ["3.1.2-10"] },
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const will = context.will();
      const watcher = await context.watcher();
      (await context.connect({ ...asked, will })).reset();
      await watcher.receives(will);
      (await context.connect(asked)).reset();
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/removed-by-leaving",
    title: "a will that was discarded is not sent when the client dies later without one",
    does: "disconnects a client with a will, connects it again without one, resets it, and watches",
    rules: { "3.1.1": ["3.1.2-10", "3.1.2-12"], "5.0": ["3.1.2-10"] },
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const watcher = await context.watcher();
      const first = await context.connect({ ...asked, will: context.will() });
      first.disconnect();
      await first.expectClose();
      (await context.connect(asked)).reset();
      await nothingComes(context, watcher);
    },
  },
  {
    id: "will/replaced",
    title: "a client that reconnects with another will leaves only the new will",
    does: "disconnects a client with a will, connects it with another one, resets it, and watches",
    rules: { "3.1.1": ["3.1.2-8", "3.1.2-10"], "5.0": ["3.1.2-7", "3.1.2-10"] },
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const watcher = await context.watcher();
      const first = await context.connect({ ...asked, will: context.will() });
      first.disconnect();
      await first.expectClose();
      const will = context.will();
      (await context.connect({ ...asked, will })).reset();
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  ...provocations.map(provoked),
];
