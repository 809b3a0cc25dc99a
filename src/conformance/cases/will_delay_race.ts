/** Delayed wills beside others, and clients that are back shortly after their will was due. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";

/** Ways in which brokers are known to be late with a delayed will. */
const inTime = ["delay-by-the-second", "delay-by-two-seconds", "delay-list", "delay-not-kept"];

/** From one client of the stream that dies to the next, in milliseconds. */
const streamEveryMs = 200;

/**
 * Resets a client after the other, each with a delayed will, until an instant or until the watcher has got something.
 */
async function stream(context: CaseContext, watcher: Probe, delayS: number, untilMs: number): Promise<void> {
  const topic = context.topic("other");
  while (context.nowMs < untilMs && watcher.peek("publish").length === 0) {
    const will = context.will({ topic, delayIntervalS: delayS });
    (await context.connect({ name: "other", will, sessionExpiryS: 60 })).reset();
    await context.pause(streamEveryMs);
  }
}

/** One will while others of that delay fall due all the time. */
function behind(delayS: number, othersS: number): ConformanceCase {
  return {
    id: `will/delay-${delayS}-behind-${othersS}`,
    title: `a will with a delay of ${delayS} s does not wait for those of ${othersS} s of clients that died after it`,
    does:
      `resets a client with a delay of ${delayS} s, then others with one of ${othersS} s continuously, and times its will`,
    rules: { "5.0": ["3.1.2-8"] },
    time: "clock",
    deviations: inTime,
    async run(context) {
      const will = context.will({ delayIntervalS: delayS });
      const watcher = await context.watcher();
      const first = await context.connect({ will, sessionExpiryS: 60 });
      first.reset();
      const untilMs = first.endedMs + 1_000 * delayS + context.bounds.lateMs;
      const due = { sinceMs: first.endedMs, afterMs: 1_000 * delayS };
      await Promise.all([watcher.receives(will, due), stream(context, watcher, othersS, untilMs)]);
    },
  };
}

/** Clients that come back in one case, and how far their ends lie apart: a broker may look once a second, or less. */
const returning = 5;
const apartMs = 200;

/** One client whose delay of 1 s is over when it is back; the broker itself has closed the connection. */
async function backOverdue(context: CaseContext, watcher: Probe, afterMs: number): Promise<void> {
  await context.pause(afterMs);
  const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
  const will = context.will({ delayIntervalS: 1 });
  const client = await context.connect({ ...asked, will });
  client.disconnect(0x04);
  // The delay counts from the broker's own view of the end, which is no later than this.
  const { atMs } = await client.expectClose();
  await context.pauseUntil(atMs, 1_200);
  await context.connect({ name: "back", ...asked });
  await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 1_000, byMs: atMs + 1_000 - client.endedMs });
}

export const willDelayRaceCases: readonly ConformanceCase[] = [
  behind(2, 2),
  behind(3, 2),
  {
    id: "will/delay-back-overdue",
    title: "a client that reconnects after its will was due: the broker publishes the will",
    does: "ends five clients with a delay of 1 s by DISCONNECT with 0x04, reconnects each 1.2 s later, and counts",
    rules: { "5.0": ["3.1.2-8", "3.1.3-9"] },
    time: "clock",
    deviations: [...inTime, "delayed-overdue-back", "disconnect-any-code"],
    async run(context) {
      const watcher = await context.watcher();
      const all = Array.from({ length: returning }, (_, place) => backOverdue(context, watcher, place * apartMs));
      await Promise.all(all);
      await watcher.receivesNothing();
    },
  },
];
