/** Keep alive: active clients stay, the broker closes silent ones, and it answers PINGREQ. */
import { formatMs } from "../../base/units.ts";
import type { ConformanceCase } from "../case/case.ts";
import type { DueWindow, Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";
import { keepAliveInForceS, noteEnd, requiresSilence } from "./keep_alive_in_force.ts";

const rules = { "3.1.1": ["3.1.2-24"], "5.0": ["3.1.2-22"] };

/** When a client that is silent since then is closed: between one and 1.5 times its keep alive. */
function silence(heardMs: number, keepAliveS: number): DueWindow {
  return { sinceMs: heardMs, afterMs: 1_000 * keepAliveS, byMs: 1_500 * keepAliveS };
}

/**
 * Waits for the close of a client that was last heard then: by 1.5 times its keep alive. A server may close a client
 * that it holds to be inactive sooner (section 3.1.2.10); within one keep alive the client is not silent yet.
 */
async function closesInTime(context: CaseContext, client: Probe, heardMs: number, keepAliveS: number): Promise<void> {
  const { atMs } = await client.expectCloseBy(silence(heardMs, keepAliveS));
  const tookMs = atMs - heardMs;
  const byMs = 1_000 * keepAliveS - tookMs;
  context.holds(
    byMs <= context.bounds.earlyMs,
    `the connection was closed ${formatMs(tookMs)} after the last packet, within its keep alive of ${keepAliveS} s`,
    { kind: "early", byMs, keepAliveS },
  );
  noteEnd(context, atMs, heardMs, keepAliveS);
}

export const keepAliveCases: readonly ConformanceCase[] = [
  {
    id: "keep-alive/ping",
    title: "PINGREQ is answered by PINGRESP",
    does: "connects, sends PINGREQ, and waits for the answer",
    rules: { "3.1.1": ["3.12.4-1"], "5.0": ["3.12.4-1"] },
    async run(context) {
      const client = await context.connect();
      await client.ping();
    },
  },
  {
    id: "keep-alive/silent",
    title: "the broker closes a silent client after its keep alive and within 1.5 times of it",
    does: "connects with a keep alive of 1 s, sends nothing, and waits for the close",
    rules,
    time: "clock",
    deviations: ["keep-alive-late"],
    async run(context) {
      const client = await context.connect({ keepAliveS: 1 });
      await closesInTime(context, client, client.sentMs, keepAliveInForceS(context, client, 1));
    },
  },
  {
    id: "keep-alive/last-packet",
    title: "the keep alive counts from the last packet of the client of any type",
    does: "connects with a keep alive of 2 s, publishes after 1.5 s, sends nothing more, and waits for the close",
    rules,
    time: "clock",
    deviations: ["keep-alive-late"],
    async run(context) {
      const client = await context.connect({ keepAliveS: 2 });
      const keepAliveS = keepAliveInForceS(context, client, 2);
      await context.pause(750 * keepAliveS);
      await client.publish(context.message({ qos: 0 }));
      await closesInTime(context, client, client.sentMs, keepAliveS);
    },
  },
  {
    id: "keep-alive/only-receives",
    title: "packets of the server do not keep a client alive",
    does: "sends messages to a silent subscriber at QoS 0 beyond 1.5 times its keep alive, and waits for the close",
    rules,
    time: "clock",
    deviations: ["keep-alive-late"],
    async run(context) {
      const client = await context.connect({ keepAliveS: 1, name: "silent" });
      await client.subscribe(context.topic(), { qos: 0 });
      const heardMs = client.sentMs;
      const keepAliveS = keepAliveInForceS(context, client, 1);
      const publisher = await context.connect({ name: "publisher" });
      let isOver = false;
      const sending = (async () => {
        while (!isOver) {
          await publisher.publish(context.message({ qos: 0 }));
          await context.pause(200);
        }
      })();
      try {
        await client.expectCloseBy(silence(heardMs, keepAliveS));
      } finally {
        isOver = true;
        await sending;
      }
    },
  },
  {
    id: "keep-alive/pings",
    title: "a client that pings in time stays connected",
    does: "connects with a keep alive of 1 s, pings every 0.7 s for 4 s, and stays connected",
    rules: { "3.1.1": ["3.1.2-24", "3.12.4-1"], "5.0": ["3.1.2-22", "3.12.4-1"] },
    time: "clock",
    async run(context) {
      const client = await context.connect({ keepAliveS: 1 });
      const startMs = context.nowMs;
      for (let count = 1; count <= 6; count++) {
        await context.pauseUntil(startMs, 700 * count);
        client.send({ type: "pingreq" });
      }
      // The answers may take longer than the time from one PINGREQ to the next.
      for (let count = 0; count < 6; count++) await client.expect("pingresp");
    },
  },
  {
    id: "keep-alive/off",
    title: "a client with a keep alive of 0 may be silent",
    does: "connects with keep alive 0, is silent for 4 s, and pings",
    rules: { "3.1.1": ["3.1.2.10"], "5.0": ["3.1.2.10"] },
    time: "clock",
    async run(context) {
      const client = await context.connect({ keepAliveS: 0 });
      requiresSilence(context, client, 4_000);
      await context.pause(4_000);
      await client.ping();
    },
  },
];
