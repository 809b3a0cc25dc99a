/** Wills over a restart of the broker: it may defer them until then, and not lose them. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext } from "../context/case_context.ts";
import type { SentMessage } from "../probe/message_compare.ts";

const lasting = { cleanStart: false, sessionExpiryS: 300 } as const;

/** Subscribes in a session that lasts, so that the will is seen before the restart, over it, or after it. */
async function watchOver(context: CaseContext): Promise<{ before: Probe; again: () => Promise<Probe> }> {
  const asked = { clientId: context.clientId(), ...lasting };
  const before = (await context.watcher(context.topic(), asked)).requiresGranted(1, context.topic());
  const again = async () => {
    const back = await context.connect({ name: "watcher", ...asked });
    await back.subscribe(context.topic());
    return back;
  };
  return { before, again };
}

/** Counts a message at both watchers. */
async function countedOver(context: CaseContext, before: Probe, after: Probe, message: SentMessage, forMs: number) {
  await context.pause(forMs);
  const text = new TextDecoder().decode(message.payload);
  const came = [...before.take("publish"), ...after.take("publish")];
  return came.filter(({ payload, dup }) => !dup && new TextDecoder().decode(payload) === text).length;
}

/**
 * Compares the count with the wills due. A watcher whose session the broker has lost misses the wills sent before it
 * subscribed again: then a count that is too low proves nothing.
 */
function judge(context: CaseContext, came: number, due: number, after: Probe, otherwise: string): void {
  const saw = after.connack!.sessionPresent || (due > 0 && came > 0);
  if (came <= due) {
    context.requires(saw, "the broker keeps no session over a restart, so no watcher can receive its messages");
  }
  context.holds(came === due, otherwise, { kind: came < due ? "missing" : "unwanted" });
}

export const willRestartCases: readonly ConformanceCase[] = [
  {
    id: "will/restart-living",
    title: "the will of a client that was connected at a restart is sent, once",
    does: "connects with a will, restarts the broker, and expects the will before or after",
    rules: { "3.1.1": ["3.1.2-8"], "5.0": ["3.1.2-8"] },
    needs: ["restart", "qos1"],
    async run(context) {
      const will = context.will();
      const { before, again } = await watchOver(context);
      await context.connect({ will });
      await context.restart();
      const after = await again();
      const came = await countedOver(context, before, after, will, context.bounds.lateMs);
      judge(context, came, 1, after, `the will came ${came} times, not once`);
    },
  },
  {
    id: "will/restart-delayed",
    title: "a will whose delay is running at a restart is sent, once",
    does: "resets a client with a delay of 3 s, restarts the broker at once, and expects the will before or after",
    rules: { "5.0": ["3.1.2-8", "3.1.2-23"] },
    needs: ["restart", "qos1"],
    async run(context) {
      const will = context.will({ delayIntervalS: 3 });
      const { before, again } = await watchOver(context);
      const client = await context.connect({ will, sessionExpiryS: 300 });
      await context.restart(async () => {
        client.reset();
        await context.pause(200);
      });
      const after = await again();
      const came = await countedOver(context, before, after, will, 3_000 + context.bounds.lateMs);
      judge(context, came, 1, after, `the will came ${came} times, not once`);
    },
  },
  {
    id: "will/restart-left",
    title: "the will of a client that disconnected before a restart is not sent",
    does: "disconnects a client with a will, restarts the broker, and expects no message",
    rules: { "3.1.1": ["3.14.4-3"], "5.0": ["3.14.4-3"] },
    needs: ["restart", "qos1"],
    async run(context) {
      const will = context.will();
      const { before, again } = await watchOver(context);
      const client = await context.connect({ will, ...lasting });
      client.disconnect();
      await client.expectClose();
      await context.restart();
      const after = await again();
      const came = await countedOver(context, before, after, will, context.bounds.lateMs);
      judge(context, came, 0, after, `the will came ${came} times, and none was due`);
    },
  },
  {
    id: "will/restart-sent",
    title: "a will that was sent before the broker was restarted is not sent again",
    does: "resets a client with a will, waits for it, restarts the broker, and expects no other message",
    rules: { "3.1.1": ["3.1.2-10"], "5.0": ["3.1.2-10"] },
    needs: ["restart", "qos1"],
    async run(context) {
      const will = context.will();
      const { before, again } = await watchOver(context);
      (await context.connect({ will, ...lasting })).reset();
      await before.receives(will);
      await before.ping();
      await context.restart();
      const after = await again();
      const came = await countedOver(context, before, after, will, context.bounds.lateMs);
      judge(context, came, 0, after, `the will came ${came} more times`);
    },
  },
  {
    id: "will/restart-resumed",
    title: "the will of a client that resumes its session within the delay over a restart is not sent",
    does: "resets a client with a delay of 8 s, restarts the broker, resumes the session at once, and watches",
    rules: { "5.0": ["3.1.3-9"] },
    needs: ["restart", "qos1"],
    async run(context) {
      const asked = { clientId: context.clientId(), ...lasting };
      const will = context.will({ delayIntervalS: 8 });
      const { before, again } = await watchOver(context);
      const client = await context.connect({ ...asked, will });
      await context.restart(async () => {
        client.reset();
        await context.pause(200);
      });
      // A server that shuts down may defer its wills, and need not. Source: section 3.1.2.5.
      context.requires(before.peek("publish").length === 0, "the broker sends its wills at shutdown");
      context.requires(context.nowMs < client.endedMs + 7_000, "the restart took longer than the will's delay");
      const back = await context.connect({ name: "back", ...asked });
      context.requires(
        back.connack!.sessionPresent,
        "the broker keeps no session over a restart, so none can be resumed",
      );
      const after = await again();
      const watchedMs = client.endedMs + 8_000 + context.bounds.lateMs - context.nowMs;
      const came = await countedOver(context, before, after, will, watchedMs);
      judge(context, came, 0, after, `the will came ${came} times, and none was due`);
    },
  },
];
