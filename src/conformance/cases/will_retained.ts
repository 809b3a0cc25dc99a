/** Wills and retained messages: the messages that a later subscriber receives. */
import type { ConnectWill } from "../../mqtt/packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import type { CaseContext } from "../context/case_context.ts";

const asRetained = { "3.1.1": ["3.1.2-17"], "5.0": ["3.1.2-15"] };
const nothing = new Uint8Array();

/** A client publishes a retained message on its will's topic and is reset; both arrive, and a later client subscribes. */
async function willAfterMessage(context: CaseContext, over: Partial<ConnectWill>) {
  const online = context.message({ retain: true });
  const will = context.will(over);
  const watcher = await context.watcher();
  const client = await context.connect({ will });
  await client.publish(online);
  await watcher.receives(online);
  client.reset();
  await watcher.receives(will);
  return { online, will, later: await context.watcher(will.topic, { name: "later" }) };
}

export const willRetainedCases: readonly ConformanceCase[] = [
  {
    id: "will/retain-0",
    title: "a will with retain 0 is not retained",
    does: "resets a client with such a will, subscribes after it came, and expects no message",
    rules: { "3.1.1": ["3.1.2-16"], "5.0": ["3.1.2-14"] },
    async run(context) {
      const will = context.will({ retain: false });
      const watcher = await context.watcher();
      (await context.connect({ will })).reset();
      await watcher.receives(will);
      context.sweeps(will.topic);
      const later = await context.watcher(will.topic, { name: "later" });
      await later.receivesNothing();
    },
  },
  {
    id: "will/retain-1",
    title: "a will with retain 1 is retained: a later subscriber finds it, with the flag set",
    does: "resets a client with such a will, subscribes after it came, and checks the message",
    rules: asRetained,
    needs: ["retain"],
    deviations: ["not-retained"],
    async run(context) {
      const will = context.will({ retain: true });
      const watcher = await context.watcher();
      (await context.connect({ will })).reset();
      await watcher.receives(will);
      const later = await context.watcher(will.topic, { name: "later" });
      await later.finds(will);
      await later.receivesNothing();
    },
  },
  {
    id: "will/retain-1-unseen",
    title: "a will with retain 1, published without subscribers, reaches a later subscriber",
    does: "resets a client with such a will on a topic without a subscriber, waits, and subscribes",
    rules: asRetained,
    needs: ["retain"],
    deviations: ["not-retained"],
    async run(context) {
      const will = context.will({ retain: true });
      (await context.connect({ will })).reset();
      await context.pause(context.bounds.silenceMs);
      const later = await context.watcher(will.topic, { name: "later" });
      await later.finds(will);
    },
  },
  {
    id: "will/retain-properties",
    title: "a retained will is found with all its properties",
    does: "resets a client with such a will, subscribes after it came, and compares every property",
    rules: { "5.0": ["3.1.2-15", "3.3.2-17", "3.3.2-20", "3.3.2-15", "3.3.2-16"] },
    needs: ["retain"],
    deviations: ["not-retained"],
    async run(context) {
      const properties = {
        payloadFormatIndicator: 1,
        contentType: "text/plain",
        responseTopic: context.topic("answer"),
        correlationData: Uint8Array.of(0, 1, 2),
        userProperties: [["b", "1"], ["a", "2"], ["b", "3"]],
      } as const;
      const will = context.will({ retain: true, properties });
      const watcher = await context.watcher();
      (await context.connect({ will })).reset();
      await watcher.receives(will);
      const later = await context.watcher(will.topic, { name: "later" });
      await later.finds(will);
    },
  },
  {
    id: "will/retain-as-published-0",
    title: "a retained will has RETAIN 0 where Retain As Published is 0",
    does: "subscribes with Retain As Published 0, resets a client with a retained will, and checks the flag",
    rules: { "5.0": ["3.3.1-12"] },
    needs: ["retain"],
    async run(context) {
      const will = context.will({ retain: true });
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(will.topic, { retainAsPublished: false });
      (await context.connect({ will })).reset();
      await watcher.receives({ ...will, retain: false });
    },
  },
  {
    id: "will/retain-flag-live",
    title: "RETAIN of a retained will for a subscriber is 0 in 3.1.1, as published in 5.0",
    does: "subscribes (in 5.0 with Retain As Published 1), resets a client with a retained will, and checks the flag",
    rules: { "3.1.1": ["3.3.1-9"], "5.0": ["3.3.1-13"] },
    needs: ["retain"],
    async run(context) {
      const will = context.will({ retain: true });
      const watcher = await context.watcher();
      (await context.connect({ will })).reset();
      await watcher.receives(will);
    },
  },
  {
    id: "will/retain-replaces",
    title: "a retained will replaces the retained message",
    does: "publishes a retained message, resets a client with a retained will on its topic, and subscribes",
    rules: { "3.1.1": ["3.1.2-17", "3.3.1-5"], "5.0": ["3.1.2-15", "3.3.1-5"] },
    needs: ["retain"],
    deviations: ["not-retained"],
    async run(context) {
      const { will, later } = await willAfterMessage(context, { retain: true });
      await later.finds(will);
      await later.receivesNothing();
    },
  },
  {
    id: "will/retain-0-keeps",
    title: "a will with retain 0 keeps the retained message of its topic",
    does: "publishes a retained message, resets a client with a will of retain 0 there, and subscribes",
    rules: { "3.1.1": ["3.3.1-12", "3.1.2-16"], "5.0": ["3.3.1-8", "3.1.2-14"] },
    needs: ["retain"],
    async run(context) {
      const { online, later } = await willAfterMessage(context, { retain: false });
      await later.finds(online);
      await later.receivesNothing();
    },
  },
  {
    id: "will/retain-clears",
    title: "a retained will without payload is sent, and clears the retained message of its topic",
    does: "publishes a retained message, resets a client with an empty retained will there, and subscribes",
    rules: { "3.1.1": ["3.3.1-10", "3.3.1-11"], "5.0": ["3.3.1-6", "3.3.1-7"] },
    needs: ["retain"],
    deviations: ["empty-will-refused", "not-retained"],
    async run(context) {
      const { later } = await willAfterMessage(context, { retain: true, payload: nothing });
      await later.receivesNothing();
    },
  },
  {
    id: "will/retain-left-keeps",
    title: "a client that disconnects normally does not change the retained message on its will's topic",
    does: "publishes a retained message, disconnects a client with a retained will, and subscribes",
    rules: { "3.1.1": ["3.14.4-3"], "5.0": ["3.14.4-3"] },
    needs: ["retain"],
    async run(context) {
      const online = context.message({ retain: true });
      const client = await context.connect({ will: context.will({ retain: true }) });
      await client.publish(online);
      client.disconnect();
      await client.expectClose();
      await context.pause(context.bounds.silenceMs);
      const later = await context.watcher(online.topic, { name: "later" });
      await later.finds(online);
      await later.receivesNothing();
    },
  },
  {
    id: "will/retain-delayed",
    title: "a retained will with a delay is retained once the delay is over, and not before",
    does: "resets a client with such a will of 1 s, checks at once and again after it came",
    rules: { "5.0": ["3.1.2-15", "3.1.2-8"] },
    needs: ["retain"],
    time: "clock",
    deviations: ["retained-will-delayed", "not-retained", "delay-by-the-second", "delay-by-two-seconds", "delay-list"],
    async run(context) {
      const will = context.will({ retain: true, delayIntervalS: 1 });
      const watcher = await context.watcher();
      const client = await context.connect({ will, sessionExpiryS: 60 });
      client.reset();
      const early = await context.watcher(will.topic, { name: "early" });
      context.holds(early.peek("publish").length === 0, "the will was retained before its delay was over");
      await watcher.receives(will, { sinceMs: client.endedMs, afterMs: 1_000 });
      const later = await context.watcher(will.topic, { name: "later" });
      await later.finds(will);
    },
  },
  {
    id: "will/retain-resumed-keeps",
    title: "a client that reconnects within the will delay: its old will does not overwrite its retained message",
    does:
      "resets a client with a retained will of 1 s, resumes, publishes a retained message, and checks after the delay",
    rules: { "5.0": ["3.1.3-9"] },
    needs: ["retain"],
    time: "clock",
    async run(context) {
      const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
      const will = context.will({ retain: true, delayIntervalS: 1 });
      (await context.connect({ ...asked, will })).reset();
      const online = context.message({ retain: true });
      const back = await context.connect({ name: "back", ...asked });
      await back.publish(online);
      await context.pause(1_000 + context.bounds.lateMs);
      const later = await context.watcher(online.topic, { name: "later" });
      await later.finds(online);
      await later.receivesNothing();
    },
  },
  {
    id: "will/retain-as-announced",
    title: "a will with retain 1 is accepted if the broker retains messages, and refused otherwise",
    does: "connects with such a will, and compares the response with Retain Available in CONNACK",
    rules: { "5.0": ["3.2.2-13"] },
    async run(context) {
      const will = context.will({ retain: true });
      if (context.announced.retainAvailable !== false) return void await context.connect({ will });
      const client = context.dial();
      client.exceeds = true;
      const { connack } = await client.send(context.connectPacket({ will })).expectRefused();
      context.holds(
        (connack?.reasonCode ?? 0x9a) === 0x9a,
        `CONNACK has 0x${connack?.reasonCode.toString(16)}, not 0x9a`,
      );
    },
  },
];
