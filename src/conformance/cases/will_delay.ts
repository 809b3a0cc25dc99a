/** Wills with a delay: the lesser of Will Delay Interval and remaining session expiry, and the client's return. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import { keepAliveInForceS } from "./keep_alive_in_force.ts";
import { nothingComes } from "./nothing_comes.ts";

const never = 0xffff_ffff;

/** Ways in which brokers are known to be late with a delayed will. */
const inTime = ["delay-by-the-second", "delay-by-two-seconds", "delay-list", "delay-not-kept"];

interface Delay {
  readonly delayS: number;
  /** Undefined leaves the property out, which means 0. */
  readonly expiryS: number | undefined;
  readonly dueS: number;
}

/** The will is due at the lesser of the two, after the end of the connection. */
const delays: readonly Delay[] = [
  { delayS: 0, expiryS: 60, dueS: 0 },
  { delayS: 60, expiryS: 0, dueS: 0 },
  { delayS: 60, expiryS: undefined, dueS: 0 },
  { delayS: 1, expiryS: 60, dueS: 1 },
  { delayS: 2, expiryS: 60, dueS: 2 },
  { delayS: 3, expiryS: 60, dueS: 3 },
  { delayS: 1, expiryS: never, dueS: 1 },
  { delayS: 1, expiryS: 2, dueS: 1 },
  { delayS: 2, expiryS: 2, dueS: 2 },
  { delayS: 2, expiryS: 1, dueS: 1 },
  { delayS: 60, expiryS: 1, dueS: 1 },
  { delayS: 60, expiryS: 2, dueS: 2 },
  { delayS: 60, expiryS: 3, dueS: 3 },
  { delayS: never, expiryS: 1, dueS: 1 },
];

function delayed({ delayS, expiryS, dueS }: Delay): ConformanceCase {
  const name = (seconds: number | undefined) => seconds === never ? "never" : seconds ?? "absent";
  const session = expiryS === undefined ? "no session expiry" : `a session of ${name(expiryS)} s`;
  return {
    id: `will/delay-${name(delayS)}-session-${name(expiryS)}`,
    title: `a will delay of ${name(delayS)} s with ${session} sends the will after ${dueS} s`,
    does: "connects, sends RST, waits for the will, and keeps watching",
    rules: { "5.0": dueS < delayS ? ["3.1.2-8", "4.1.0-2"] : ["3.1.2-8"] },
    ...dueS > 0 && { time: "clock" },
    deviations: [...inTime, ...dueS < delayS && dueS === 0 ? ["delay-without-session"] : []],
    async run(context) {
      const will = context.will({ delayIntervalS: delayS });
      const watcher = await context.watcher();
      const client = await context.connect({ will, ...expiryS !== undefined && { sessionExpiryS: expiryS } });
      client.reset();
      await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 1_000 * dueS });
      await watcher.receivesNothing();
    },
  };
}

interface DelayedEnding {
  readonly name: string;
  readonly what: string;
  readonly deviations?: readonly string[];
  /** Ends the connection, or makes the broker do so. */
  end(client: Probe): void;
}

/** Ways to end other than RST: the delay counts from each of them. */
const endings: readonly DelayedEnding[] = [
  { name: "close", what: "FIN", end: (client) => void client.close() },
  {
    name: "garbage",
    what: "malformed bytes",
    end: (client) => void client.sendBytes([0x00, 0x00], "a packet of type 0"),
  },
  {
    name: "with-will",
    what: "DISCONNECT with 0x04",
    deviations: ["disconnect-any-code"],
    end: (client) => void client.disconnect(0x04).close(),
  },
  {
    name: "with-error",
    what: "DISCONNECT with 0x82",
    deviations: ["disconnect-any-code", "disconnect-error"],
    end: (client) => void client.disconnect(0x82).close(),
  },
];

function endedThenDelayed({ name, what, deviations = [], end }: DelayedEnding): ConformanceCase {
  return {
    id: `will/delayed-${name}`,
    title: `after ${what} a will with a delay is sent when the delay is over`,
    does: `connects with a will delay of 1 s and a session of 60 s, ends by ${what}, and waits for the will`,
    rules: { "5.0": ["3.1.2-8"] },
    time: "clock",
    deviations: [...deviations, ...inTime],
    async run(context) {
      const will = context.will({ delayIntervalS: 1 });
      const watcher = await context.watcher();
      const client = await context.connect({ will, sessionExpiryS: 60 });
      end(client);
      await watcher.receives(will, { sinceMs: client.sentMs, afterMs: 1_000 });
      await watcher.receivesNothing();
    },
  };
}

/** Back so many milliseconds after the end, of a delay of 2 s. */
function resumed(afterMs: number): ConformanceCase {
  return {
    id: `will/delay-resumed-after-${afterMs}ms`,
    title: `no will is sent for a client that reconnects ${afterMs / 1_000} s into a delay of 2 s`,
    does: `sends RST, resumes the session ${afterMs / 1_000} s later, and watches until well after the delay`,
    rules: { "5.0": ["3.1.3-9"] },
    time: "clock",
    async run(context) {
      const clientId = context.clientId();
      const watcher = await context.watcher();
      const will = context.will({ delayIntervalS: 2 });
      const client = await context.connect({ clientId, will, sessionExpiryS: 60 });
      client.reset();
      await context.pauseUntil(client.endedMs, afterMs);
      await context.connect({ name: "back", clientId, cleanStart: false, sessionExpiryS: 60 });
      await nothingComes(context, watcher, { forMs: 2_000 - afterMs + context.bounds.lateMs });
    },
  };
}

export const willDelayCases: readonly ConformanceCase[] = [
  ...delays.map(delayed),
  ...endings.map(endedThenDelayed),
  ...[0, 500, 1_000, 1_500].map(resumed),
  {
    id: "will/delay-back-too-late",
    title: "a client that reconnects after the delay: the broker publishes its will once",
    does: "sends RST with a delay of 1 s, waits for the will, resumes the session, and keeps watching",
    rules: { "5.0": ["3.1.2-8", "3.1.2-10"] },
    time: "clock",
    deviations: inTime,
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const will = context.will({ delayIntervalS: 1 });
      const watcher = await context.watcher();
      const client = await context.connect({ ...asked, will });
      client.reset();
      await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 1_000 });
      (await context.connect({ name: "back", ...asked })).reset();
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/delay-clean-start",
    title: "a clean start within the delay ends the session, and the will is sent at once",
    does: "sends RST with a delay of 60 s, connects with a clean start, and watches",
    rules: { "5.0": ["3.1.2-8", "3.1.2-4"] },
    deviations: ["delayed-back-clean"],
    async run(context) {
      const clientId = context.clientId();
      const will = context.will({ delayIntervalS: 60 });
      const watcher = await context.watcher();
      (await context.connect({ clientId, will, sessionExpiryS: 60 })).reset();
      await watcher.receivesNothing();
      await context.connect({ name: "back", clientId, cleanStart: true });
      await watcher.receives(will);
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/delay-resumed-dies-again",
    title: "after a reconnect within the delay only the will of the last connection is sent",
    does: "sends RST, resumes with another will within the delay, sends RST again, and watches",
    rules: { "5.0": ["3.1.3-9", "3.1.2-8"] },
    time: "clock",
    deviations: inTime,
    async run(context) {
      const clientId = context.clientId();
      const watcher = await context.watcher();
      const first = await context.connect({ clientId, will: context.will({ delayIntervalS: 1 }), sessionExpiryS: 60 });
      first.reset();
      const will = context.will({ delayIntervalS: 1 });
      const asked = { name: "back", clientId, cleanStart: false, sessionExpiryS: 60, will };
      const second = await context.connect(asked);
      second.reset();
      await watcher.receives(will, { sinceMs: second.endedMs, afterMs: 1_000 });
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/delay-resumed-without-will",
    title: "a client that resumed without a will has no will, not even the older one",
    does: "sends RST, resumes without a will within the delay, sends RST again, and watches",
    rules: { "5.0": ["3.1.3-9"] },
    time: "clock",
    async run(context) {
      const clientId = context.clientId();
      const watcher = await context.watcher();
      const asked = { clientId, sessionExpiryS: 60 };
      (await context.connect({ ...asked, will: context.will({ delayIntervalS: 1 }) })).reset();
      (await context.connect({ name: "back", ...asked, cleanStart: false })).reset();
      await nothingComes(context, watcher, { forMs: 1_000 + context.bounds.lateMs });
    },
  },
  {
    id: "will/delay-from-end",
    title: "the delay counts from the end of the connection, not from CONNECT",
    does: "lives for 1.5 s with a delay of 1 s, sends RST, and waits for the will",
    rules: { "5.0": ["3.1.2-8"] },
    time: "clock",
    deviations: inTime,
    async run(context) {
      const will = context.will({ delayIntervalS: 1 });
      const watcher = await context.watcher();
      const client = await context.connect({ will, sessionExpiryS: 60 });
      await watcher.receivesNothing(1_500);
      client.reset();
      await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 1_000 });
    },
  },
  {
    id: "will/delay-freeze",
    title: "the delay of a silent client counts from the end of its keep alive",
    does: "falls silent with a keep alive of 1 s and a delay of 1 s, and waits for the will",
    rules: { "5.0": ["3.1.2-22", "3.1.2-8"] },
    time: "clock",
    deviations: [...inTime, "keep-alive-late"],
    async run(context) {
      const will = context.will({ delayIntervalS: 1 });
      const watcher = await context.watcher();
      const client = await context.connect({ will, sessionExpiryS: 60, keepAliveS: 1 });
      const keepAliveS = keepAliveInForceS(context, client, 1);
      const due = { sinceMs: client.sentMs, afterMs: 1_000 * keepAliveS + 1_000, byMs: 1_500 * keepAliveS + 1_000 };
      await watcher.receives(will, due);
    },
  },
  {
    id: "will/delay-shorter-session-at-disconnect",
    title: "a session that DISCONNECT with 0x04 shortens to 1 s sends the will at its end",
    does: "connects with a delay and a session of 60 s, sends DISCONNECT with 0x04 and one of 1 s, and waits",
    rules: { "5.0": ["3.1.2-8", "4.1.0-2"] },
    time: "clock",
    deviations: [...inTime, "disconnect-any-code"],
    async run(context) {
      const will = context.will({ delayIntervalS: 60 });
      const watcher = await context.watcher();
      const client = await context.connect({ will, sessionExpiryS: 60 });
      client.disconnect(0x04, { sessionExpiryIntervalS: 1 });
      await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 1_000 });
    },
  },
  {
    id: "will/delay-not-behind-others",
    title: "a delayed will does not wait for the delayed wills of clients that died after it",
    does:
      "resets a client with a delay of 2 s, then others with one of 1 s continuously for 4 s, and times the first will",
    rules: { "5.0": ["3.1.2-8"] },
    time: "clock",
    deviations: inTime,
    async run(context) {
      const will = context.will({ delayIntervalS: 2 });
      const other = context.topic("other");
      const watcher = await context.watcher();
      const first = await context.connect({ will, sessionExpiryS: 60 });
      first.reset();
      const others = (async () => {
        while (context.nowMs < first.endedMs + 3_000 + context.bounds.lateMs && watcher.peek("publish").length === 0) {
          const asked = { name: "other", will: context.will({ topic: other, delayIntervalS: 1 }), sessionExpiryS: 60 };
          (await context.connect(asked)).reset();
          await context.pause(200);
        }
      })();
      await Promise.all([watcher.receives(will, { sinceMs: first.endedMs, afterMs: 2_000 }), others]);
    },
  },
  {
    id: "will/delay-expiry-from-publication",
    title: "a will's message expiry counts from its publication, not from the end of the connection",
    does: "resets a client with a delay of 2 s and a message expiry of 1 s, and expects the will with its full expiry",
    rules: { "5.0": ["3.1.3.2.4", "3.3.2-6"] },
    time: "clock",
    deviations: inTime,
    async run(context) {
      const will = context.will({ delayIntervalS: 2, properties: { messageExpiryIntervalS: 1 } });
      const watcher = await context.watcher();
      const client = await context.connect({ will, sessionExpiryS: 60 });
      client.reset();
      await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 2_000 });
    },
  },
];
