/** Retained messages: the messages that a later subscriber receives. */
import type { ConformanceCase } from "../case/case.ts";
import type { SentMessage } from "../probe/message_compare.ts";
import type { CaseContext } from "../context/case_context.ts";
import { holdsExpiry } from "./expiry.ts";
import { publishFrom } from "./subscribe.ts";

/** A message without a payload, which removes the retained one. */
function clearing(context: CaseContext): SentMessage {
  return { ...context.message({ retain: true }), payload: new Uint8Array() };
}

export const retainedCases: readonly ConformanceCase[] = [
  {
    id: "retained/late-subscriber",
    title: "a later subscriber gets the retained message, with the flag set",
    does: "publishes with retain 1, subscribes afterwards, and checks the message",
    rules: { "3.1.1": ["3.3.1-5", "3.3.1-6", "3.3.1-8"], "5.0": ["3.3.1-5"] },
    needs: ["retain"],
    async run(context) {
      const message = context.message({ retain: true });
      const publisher = await context.connect({ name: "publisher" });
      await publisher.publish(message);
      await publisher.ping();
      const watcher = await context.watcher(message.topic);
      await watcher.finds(message);
    },
  },
  {
    id: "retained/each-qos",
    title: "a retained message is kept with its QoS",
    does: "publishes with retain 1 at QoS 1 and 2, subscribes at QoS 2 afterwards, and checks the message",
    rules: { "3.1.1": ["3.3.1-5"], "5.0": ["3.3.1-5"] },
    needs: ["retain", "qos2"],
    async run(context) {
      for (const qos of [1, 2] as const) {
        const message = context.message({ topic: context.topic(`q${qos}`), retain: true, qos });
        await publishFrom(context, message);
        await (await context.watcher(message.topic)).finds(message);
      }
    },
  },
  {
    id: "retained/replaced",
    title: "a later retained message replaces the first",
    does: "publishes twice with retain 1, subscribes, and expects only the second",
    rules: { "3.1.1": ["3.3.1-5", "3.3.1-6"], "5.0": ["3.3.1-5"] },
    needs: ["retain"],
    async run(context) {
      await publishFrom(context, context.message({ retain: true }));
      const second = context.message({ retain: true });
      await publishFrom(context, second);
      const watcher = await context.watcher(second.topic);
      await watcher.finds(second);
      await watcher.receivesNothing();
    },
  },
  {
    id: "retained/replaced-at-qos-0",
    title: "a retained message at QoS 0 removes the first one, whether or not the broker keeps it",
    does: "publishes with retain 1 at QoS 1 and then at QoS 0, subscribes, and checks for the first",
    rules: { "3.1.1": ["3.3.1-7"], "5.0": ["3.3.1-5"] },
    needs: ["retain", "qos1"],
    async run(context) {
      await publishFrom(context, context.message({ retain: true, qos: 1 }));
      const second = context.message({ retain: true, qos: 0 });
      await publishFrom(context, second);
      const watcher = await context.watcher(second.topic);
      // It may be kept or not. MQTT 5.0, 3.3.1.3
      await watcher.finds(second).catch(() => undefined);
      await watcher.receivesNothing();
    },
  },
  {
    id: "retained/cleared",
    title: "a retained message without a payload removes the first, and is not kept",
    does: "publishes with retain 1, then with retain 1 and no payload, subscribes, and watches",
    rules: { "3.1.1": ["3.3.1-10", "3.3.1-11"], "5.0": ["3.3.1-6", "3.3.1-7"] },
    needs: ["retain"],
    async run(context) {
      await publishFrom(context, context.message({ retain: true }));
      await publishFrom(context, clearing(context));
      await (await context.watcher()).receivesNothing();
    },
  },
  {
    id: "retained/clearing-arrives",
    title: "a retained message without a payload is delivered to subscribers",
    does: "subscribes, publishes with retain 1 and no payload, and waits for the message",
    rules: { "3.1.1": ["3.3.1-10"], "5.0": ["3.3.1-6"] },
    needs: ["retain"],
    async run(context) {
      const watcher = await context.watcher();
      const message = clearing(context);
      await publishFrom(context, message);
      await watcher.receives(message);
    },
  },
  {
    id: "retained/plain-keeps",
    title: "a message without the flag neither replaces nor removes the retained one",
    does: "publishes with retain 1, then with retain 0 with and without payload, subscribes, and checks",
    rules: { "3.1.1": ["3.3.1-12"], "5.0": ["3.3.1-8"] },
    needs: ["retain"],
    async run(context) {
      const first = context.message({ retain: true });
      await publishFrom(context, first);
      await publishFrom(context, context.message());
      await publishFrom(context, { ...context.message(), payload: new Uint8Array() });
      const watcher = await context.watcher(first.topic);
      await watcher.finds(first);
      await watcher.receivesNothing();
    },
  },
  {
    id: "retained/plain-not-kept",
    title: "a message without the flag is not kept",
    does: "publishes with retain 0, subscribes, and watches",
    rules: { "3.1.1": ["3.3.1-12"], "5.0": ["3.3.1-8"] },
    async run(context) {
      await publishFrom(context, context.message());
      await (await context.watcher()).receivesNothing();
    },
  },
  {
    id: "retained/outlives-publisher",
    title: "a retained message stays when the session that published it ends",
    does: "publishes with retain 1 in a clean session, disconnects, waits, subscribes, and checks",
    rules: { "3.1.1": ["3.1.2-7"], "5.0": ["3.3.1-5", "4.1"] },
    needs: ["retain"],
    async run(context) {
      const message = context.message({ retain: true });
      const publisher = await publishFrom(context, message);
      publisher.disconnect();
      await publisher.expectClose();
      await context.pause(context.bounds.silenceMs);
      await (await context.watcher(message.topic)).finds(message);
    },
  },
  {
    id: "retained/by-wildcard",
    title: "a filter with wildcards finds the retained message of every topic that it matches",
    does: "publishes with retain 1 to three topics, subscribes to two of them by a wildcard, and checks",
    rules: { "3.1.1": ["3.3.1-6"], "5.0": ["3.3.1-9"] },
    needs: ["retain", "wildcard"],
    async run(context) {
      const [one, two, other] = ["a/1", "a/2", "b/1"].map((name) =>
        context.message({ topic: context.topic(name), retain: true })
      );
      for (const message of [one!, two!, other!]) await publishFrom(context, message);
      const watcher = await context.watcher(context.topic("a/+"));
      await watcher.finds(one!);
      await watcher.finds(two!);
      await watcher.receivesNothing();
    },
  },
  {
    id: "retained/properties",
    title: "a retained message is found with all its properties",
    does: "publishes with retain 1 and every property of a message, subscribes, and compares",
    rules: { "5.0": ["3.3.2-4", "3.3.2-15", "3.3.2-16", "3.3.2-17", "3.3.2-18", "3.3.2-20"] },
    needs: ["retain"],
    async run(context) {
      const properties = {
        payloadFormatIndicator: 1 as const,
        contentType: "text/plain",
        responseTopic: context.topic("answers"),
        correlationData: Uint8Array.of(0, 255, 1),
        userProperties: [["b", "1"], ["a", "2"], ["b", "3"]] as const,
      };
      const message = context.message({ retain: true, properties });
      await publishFrom(context, message);
      await (await context.watcher(message.topic)).finds(message);
    },
  },
  {
    id: "retained/expires",
    title: "a retained message expires after its Message Expiry Interval",
    does: "publishes with retain 1 and an expiry of 1 s, waits longer, and finds nothing; one of 60 s is found",
    rules: { "5.0": ["3.3.2-5", "3.3.2-6"] },
    time: "clock",
    needs: ["retain"],
    async run(context) {
      const message = context.message({ retain: true, properties: { messageExpiryIntervalS: 1 } });
      const publisher = await publishFrom(context, message);
      await context.pauseUntil(publisher.sentMs, 1_000 + context.bounds.lateMs);
      await (await context.watcher(message.topic)).receivesNothing();
      const longer = context.message({ retain: true, properties: { messageExpiryIntervalS: 60 } });
      const fromMs = context.nowMs;
      await publishFrom(context, longer);
      const { packet, atMs } = await (await context.watcher(longer.topic)).finds(longer);
      holdsExpiry(context, packet.properties?.messageExpiryIntervalS, 60, { leastMs: 0, mostMs: atMs - fromMs });
    },
  },
];
