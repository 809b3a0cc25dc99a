/** Wills and keep alive: the broker closes a client that is silent for too long, and no other. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";
import { keepAliveInForceS, noteEnd, requiresSilence } from "./keep_alive_in_force.ts";

const rules = { "3.1.1": ["3.1.2-24"], "5.0": ["3.1.2-22"] };

/** Silent from CONNECT on. The standard names the last instant at which the server closes; no client may be closed
 * within its keep alive. */
function freeze(askedS: number): ConformanceCase {
  return {
    id: `will/freeze-${askedS}s`,
    title:
      `a client with a keep alive of ${askedS} s that falls silent is closed after 1.5 times that, and its will is sent`,
    does: `connects, sends nothing more, and waits for the will and the close`,
    rules,
    time: "clock",
    deviations: ["keep-alive-late"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will, keepAliveS: askedS });
      const keepAliveS = keepAliveInForceS(context, client, askedS);
      const due = { sinceMs: client.sentMs, afterMs: 1_000 * keepAliveS, byMs: 1_500 * keepAliveS };
      const { atMs } = await watcher.receives(will, due);
      noteEnd(context, atMs, client.sentMs, keepAliveS);
      await client.expectClose();
      await watcher.receivesNothing();
    },
  };
}

interface Heard {
  readonly name: string;
  readonly what: string;
  say(client: Probe, context: CaseContext): Promise<void> | void;
}

/** Any packet counts. */
const heard: readonly Heard[] = [
  { name: "ping", what: "PINGREQ", say: (client) => client.ping() },
  {
    name: "publish",
    what: "PUBLISH at QoS 0",
    say: async (client, context) =>
      void await client.publish(context.message({ topic: context.topic("other"), qos: 0 })),
  },
  {
    name: "subscribe",
    what: "SUBSCRIBE",
    say: async (client, context) => void await client.subscribe(context.topic("other"), { qos: 0 }),
  },
];

function kept({ name, what, say }: Heard): ConformanceCase {
  return {
    id: `will/kept-by-${name}`,
    title: `a client that sends ${what} within its keep alive stays connected, and no will is sent`,
    does: `connects with a keep alive of 1 s, sends ${what} every 0.9 s for 3.6 s, and watches`,
    rules,
    time: "clock",
    async run(context) {
      const watcher = await context.watcher();
      const client = await context.connect({ will: context.will(), keepAliveS: 1 });
      const answered: Promise<void>[] = [];
      for (let count = 0; count < 4; count++) {
        // Counts from the client's own packet, not from the answer, which may take longer than the keep alive allows.
        await watcher.receivesNothing(Math.max(0, client.sentMs + 900 - context.nowMs));
        const answer = Promise.resolve(say(client, context));
        answer.catch(() => {}); // it is awaited below, unless the case fails before
        answered.push(answer);
      }
      await Promise.all(answered);
      await watcher.receivesNothing(context.bounds.silenceMs / 10);
    },
  };
}

/** A keep alive so long that 1.5 times it does not fit into 16 bits. */
function long(keepAliveS: number): ConformanceCase {
  return {
    id: `will/keep-alive-${keepAliveS}`,
    title: `a client with a keep alive of ${keepAliveS} s is not closed for a short silence`,
    does: `connects with a keep alive of ${keepAliveS} s, is silent for 2 s, and watches`,
    rules: { "3.1.1": ["3.1.2.10"], "5.0": ["3.1.2.10"] },
    time: "clock",
    async run(context) {
      const watcher = await context.watcher();
      const client = await context.connect({ will: context.will(), keepAliveS });
      requiresSilence(context, client, 2_000);
      await watcher.receivesNothing(2_000);
      await client.ping();
    },
  };
}

export const willKeepAliveCases: readonly ConformanceCase[] = [
  ...[1, 2, 3].map(freeze),
  {
    id: "will/freeze-trickle",
    title: "bytes of an incomplete packet do not keep a client alive",
    does: "connects with a keep alive of 1 s, sends a byte of one PUBLISH every 0.5 s, and waits for the will",
    rules,
    time: "clock",
    deviations: ["keep-alive-late", "half-packet-keeps-alive"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will, keepAliveS: 1 });
      const keepAliveS = keepAliveInForceS(context, client, 1);
      const sinceMs = client.sentMs;
      const trickle = (async () => {
        for (const byte of [0x30, 100, 0, ...new Array<number>(30).fill(0x61)]) {
          if (client.over || watcher.peek("publish").length > 0) return;
          client.sendBytes([byte], "a byte of a PUBLISH");
          await context.pause(500 * keepAliveS);
        }
      })();
      await watcher.receives(will, { sinceMs, afterMs: 1_000 * keepAliveS, byMs: 1_500 * keepAliveS });
      await trickle;
    },
  },
  {
    id: "will/freeze-half-packet",
    title: "a client that falls silent within a packet is closed after 1.5 times its keep alive, and its will is sent",
    does: "connects with a keep alive of 1 s, sends half a PUBLISH, and waits for the will",
    rules,
    time: "clock",
    deviations: ["keep-alive-late", "half-packet-keeps-alive"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will, keepAliveS: 1 });
      const keepAliveS = keepAliveInForceS(context, client, 1);
      // CONNECT was its last packet: the bytes after it are not a packet.
      const sinceMs = client.sentMs;
      client.sendBytes([0x30, 28, 0, 13, 0x6d], "5 of the 30 bytes of a PUBLISH");
      const byMs = client.sentMs - sinceMs + 1_500 * keepAliveS;
      await watcher.receives(will, { sinceMs, afterMs: 1_000 * keepAliveS, byMs });
      await client.expectClose();
    },
  },
  {
    id: "will/freeze-after-ping",
    title: "the silence begins with the last packet",
    does: "connects with a keep alive of 2 s, sends PINGREQ after 1.5 s, falls silent, and times the will",
    rules,
    time: "clock",
    deviations: ["keep-alive-late"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will, keepAliveS: 2 });
      const keepAliveS = keepAliveInForceS(context, client, 2);
      await context.pause(750 * keepAliveS);
      await client.ping();
      await watcher.receives(will, { sinceMs: client.sentMs, afterMs: 1_000 * keepAliveS, byMs: 1_500 * keepAliveS });
    },
  },
  {
    id: "will/keep-alive-in-force",
    title: "the Server Keep Alive applies if the server sends one, otherwise the client's keep alive",
    does: "connects with a keep alive of 2 s, falls silent, and times the will by the effective one",
    rules: { "5.0": ["3.2.2-21", "3.2.2-22", "3.1.2-21"] },
    time: "clock",
    deviations: ["keep-alive-late"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will, keepAliveS: 2 });
      const keepAliveS = keepAliveInForceS(context, client, 2);
      context.note(`the ${client.connack?.properties?.serverKeepAliveS === undefined ? "client" : "server"}'s counts`);
      await watcher.receives(will, { sinceMs: client.sentMs, afterMs: 1_000 * keepAliveS, byMs: 1_500 * keepAliveS });
    },
  },
  ...heard.map(kept),
  {
    id: "will/keep-alive-off",
    title: "a client with a keep alive of 0 is not closed when it is silent",
    does: "connects with a keep alive of 0, is silent for 4 s, watches, and then resets",
    rules: { "3.1.1": ["3.1.2.10"], "5.0": ["3.1.2.10"] },
    time: "clock",
    deviations: ["keep-alive-0"],
    async run(context) {
      const will = context.will();
      const watcher = await context.watcher();
      const client = await context.connect({ will, keepAliveS: 0 });
      requiresSilence(context, client, 4_000);
      await watcher.receivesNothing(4_000);
      client.reset();
      await watcher.receives(will);
    },
  },
  ...[43_691, 65_535].map(long),
];
