/** Wills with a delay: the lesser of Will Delay Interval and what is left of the session, and the way back. */
import type { ConformanceCase } from "../case.ts";

export const willDelayCases: readonly ConformanceCase[] = [
  {
    id: "will/delay",
    title: "a will with a delay is sent when the delay is over",
    does: "connects with a will delay of 2 s and a session of 60 s, sends RST, and waits for the will",
    rules: { "5.0": ["3.1.2-8"] },
    time: "clock",
    async run(stage) {
      const will = stage.will({ delayIntervalS: 2 });
      const watcher = await stage.watcher();
      const client = await stage.connect({ will, sessionExpiryS: 60 });
      client.reset();
      await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 2_000 });
      await watcher.receivesNothing();
    },
  },
  {
    id: "will/delay-resumed",
    title: "a client that is back within the delay has no will sent",
    does: "sends RST with a delay of 2 s, resumes the session after 0.5 s, and watches until well after the delay",
    rules: { "5.0": ["3.1.3-9"] },
    time: "clock",
    async run(stage) {
      const clientId = stage.clientId();
      const watcher = await stage.watcher();
      const will = stage.will({ delayIntervalS: 2 });
      const client = await stage.connect({ clientId, will, sessionExpiryS: 60 });
      client.reset();
      await stage.pause(500);
      await stage.connect({ clientId, cleanStart: false, sessionExpiryS: 60 });
      await watcher.receivesNothing(2_000 + stage.bounds.lateMs);
    },
  },
];
