/** Wills over a restart of the broker: it may defer them until then, and not lose them. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import type { Stage } from "../context/case_context.ts";
import type { SentMessage } from "../probe/message_compare.ts";

const lasting = { cleanStart: false, sessionExpiryS: 300 } as const;

/** Subscribes in a session that lasts, so that the will is seen before the restart, over it, or after it. */
async function watchOver(stage: Stage): Promise<{ before: Probe; again: () => Promise<Probe> }> {
  const asked = { clientId: stage.clientId(), ...lasting };
  const before = (await stage.watcher(stage.topic(), asked)).requiresGranted(1, stage.topic());
  const again = async () => {
    const back = await stage.connect({ name: "watcher", ...asked });
    await back.subscribe(stage.topic());
    return back;
  };
  return { before, again };
}

/** Counts a message at both watchers. */
async function countedOver(stage: Stage, before: Probe, after: Probe, message: SentMessage, forMs: number) {
  await stage.pause(forMs);
  const text = new TextDecoder().decode(message.payload);
  const came = [...before.take("publish"), ...after.take("publish")];
  return came.filter(({ payload, dup }) => !dup && new TextDecoder().decode(payload) === text).length;
}

/**
 * Compares the count with the wills due. A watcher whose session the broker has lost misses the wills sent before it
 * subscribed again: then a count that is too low proves nothing.
 */
function judge(stage: Stage, came: number, due: number, after: Probe, otherwise: string): void {
  const saw = after.connack!.sessionPresent || (due > 0 && came > 0);
  if (came <= due) {
    stage.requires(saw, "the broker keeps no session over a restart, so no watcher can receive its messages");
  }
  stage.holds(came === due, otherwise, { kind: came < due ? "missing" : "unwanted" });
}

export const willRestartCases: readonly ConformanceCase[] = [
  {
    id: "will/restart-living",
    title: "the will of a client that was connected at a restart is sent, once",
    does: "connects with a will, restarts the broker, and expects the will before or after",
    rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-8"] },
    needs: ["restart", "qos1"],
    async run(stage) {
      const will = stage.will();
      const { before, again } = await watchOver(stage);
      await stage.connect({ will });
      await stage.restart();
      const after = await again();
      const came = await countedOver(stage, before, after, will, stage.bounds.lateMs);
      judge(stage, came, 1, after, `the will came ${came} times, not once`);
    },
  },
  {
    id: "will/restart-delayed",
    title: "a will whose delay is running at a restart is sent, once",
    does: "resets a client with a delay of 3 s, restarts the broker at once, and expects the will before or after",
    rules: { "5.0": ["3.1.2-8", "3.1.2-23"] },
    needs: ["restart", "qos1"],
    async run(stage) {
      const will = stage.will({ delayIntervalS: 3 });
      const { before, again } = await watchOver(stage);
      const client = await stage.connect({ will, sessionExpiryS: 300 });
      await stage.restart(async () => {
        client.reset();
        await stage.pause(200);
      });
      const after = await again();
      const came = await countedOver(stage, before, after, will, 3_000 + stage.bounds.lateMs);
      judge(stage, came, 1, after, `the will came ${came} times, not once`);
    },
  },
  {
    id: "will/restart-left",
    title: "the will of a client that disconnected before a restart is not sent",
    does: "disconnects a client with a will, restarts the broker, and expects no message",
    rules: { "3.1.1": ["3.14.4-3"], "5.0": ["3.14.4-3"] },
    needs: ["restart", "qos1"],
    async run(stage) {
      const will = stage.will();
      const { before, again } = await watchOver(stage);
      const client = await stage.connect({ will, ...lasting });
      client.disconnect();
      await client.expectClose();
      await stage.restart();
      const after = await again();
      const came = await countedOver(stage, before, after, will, stage.bounds.lateMs);
      judge(stage, came, 0, after, `the will came ${came} times, and none was due`);
    },
  },
  {
    id: "will/restart-sent",
    title: "a will that was sent before the broker was restarted is not sent again",
    does: "resets a client with a will, waits for it, restarts the broker, and expects no other message",
    rules: { "3.1.1": ["3.1.2-10"], "5.0": ["3.1.2-10"] },
    needs: ["restart", "qos1"],
    async run(stage) {
      const will = stage.will();
      const { before, again } = await watchOver(stage);
      (await stage.connect({ will, ...lasting })).reset();
      await before.receives(will);
      await before.ping();
      await stage.restart();
      const after = await again();
      const came = await countedOver(stage, before, after, will, stage.bounds.lateMs);
      judge(stage, came, 0, after, `the will came ${came} more times`);
    },
  },
  {
    id: "will/restart-resumed",
    title: "the will of a client that resumes its session within the delay over a restart is not sent",
    does: "resets a client with a delay of 8 s, restarts the broker, resumes the session at once, and watches",
    rules: { "5.0": ["3.1.3-9"] },
    needs: ["restart", "qos1"],
    async run(stage) {
      const asked = { clientId: stage.clientId(), ...lasting };
      const will = stage.will({ delayIntervalS: 8 });
      const { before, again } = await watchOver(stage);
      const client = await stage.connect({ ...asked, will });
      await stage.restart(async () => {
        client.reset();
        await stage.pause(200);
      });
      // A server that shuts down may defer its wills, and need not. Source: section 3.1.2.5.
      stage.requires(before.peek("publish").length === 0, "the broker sends its wills at shutdown");
      stage.requires(stage.nowMs < client.endedMs + 7_000, "the restart took longer than the will's delay");
      const back = await stage.connect({ name: "back", ...asked });
      stage.requires(
        back.connack!.sessionPresent,
        "the broker keeps no session over a restart, so none can be resumed",
      );
      const after = await again();
      const watchedMs = client.endedMs + 8_000 + stage.bounds.lateMs - stage.nowMs;
      const came = await countedOver(stage, before, after, will, watchedMs);
      judge(stage, came, 0, after, `the will came ${came} times, and none was due`);
    },
  },
];
