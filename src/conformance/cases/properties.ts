/** Properties of 5.0: those that the broker forwards with a message, and those that it does not. */
import type { MessageProperties } from "../../mqtt/packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import { holdsExpiry } from "./expiry.ts";
import { publishFrom } from "./subscribe.ts";

interface Travelling {
  readonly name: string;
  readonly what: string;
  readonly rules: readonly string[];
  readonly properties: MessageProperties;
}

const travelling: readonly Travelling[] = [
  {
    name: "format-indicator-1",
    what: "Payload Format Indicator 1",
    rules: ["3.3.2-4"],
    properties: { payloadFormatIndicator: 1 },
  },
  {
    name: "format-indicator-0",
    what: "Payload Format Indicator 0",
    rules: ["3.3.2-4"],
    properties: { payloadFormatIndicator: 0 },
  },
  {
    name: "content-type",
    what: "a Content Type",
    rules: ["3.3.2-20"],
    properties: { contentType: "application/vnd.é+json; v=1" },
  },
  {
    name: "response-topic",
    what: "a Response Topic",
    rules: ["3.3.2-15"],
    properties: { responseTopic: "mqtt-sim/answers/$ é" },
  },
  {
    name: "correlation-data",
    what: "Correlation Data of every byte",
    rules: ["3.3.2-16"],
    properties: { correlationData: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
  },
  {
    name: "correlation-data-empty",
    what: "Correlation Data without a byte",
    rules: ["3.3.2-16"],
    properties: { correlationData: new Uint8Array() },
  },
  {
    name: "user-property-empty",
    what: "a User Property of two empty strings",
    rules: ["3.3.2-17"],
    properties: { userProperties: [["", ""]] },
  },
];

export const propertyCases: readonly ConformanceCase[] = [
  {
    id: "properties/user-properties",
    title: "user properties of a message arrive unaltered and in order, repeated names too",
    does: "publishes with three user properties, one name twice, and compares",
    rules: { "5.0": ["3.3.2-17", "3.3.2-18"] },
    async run(context) {
      const userProperties = [["b", "1"], ["a", "2"], ["b", "3"]] as const;
      const message = context.message({ properties: { userProperties } });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher" });
      await publisher.publish(message);
      await watcher.receives(message);
    },
  },
  ...travelling.map(({ name, what, rules, properties }): ConformanceCase => ({
    id: `properties/${name}`,
    title: `a message with ${what} arrives with it, unaltered`,
    does: "publishes it, and compares",
    rules: { "5.0": rules },
    async run(context) {
      const message = context.message({ properties });
      const watcher = await context.watcher(message.topic);
      await publishFrom(context, message);
      await watcher.receives(message);
    },
  })),
  {
    id: "properties/expiry",
    title: "a message that has not waited arrives with its original expiry interval",
    does: "publishes with a Message Expiry Interval of 1,000 s, and checks the message",
    rules: { "5.0": ["3.3.2-6"] },
    async run(context) {
      const message = context.message({ properties: { messageExpiryIntervalS: 1_000 } });
      const watcher = await context.watcher(message.topic);
      const fromMs = context.nowMs;
      await publishFrom(context, message);
      const { packet, atMs } = await watcher.receives(message);
      const waited = { leastMs: 0, mostMs: atMs - fromMs };
      holdsExpiry(context, packet.properties?.messageExpiryIntervalS, 1_000, waited);
    },
  },
  {
    id: "properties/expiry-added",
    title: "a message without a Message Expiry Interval does not expire: it arrives and is found without one",
    does:
      "publishes without the property, with retain 1 if possible, and checks the delivered and the retained message",
    rules: { "5.0": ["3.3.2.3.3"] },
    deviations: ["expiry-added"],
    async run(context) {
      const isRetained = context.announced.retainAvailable !== false;
      const message = context.message({ qos: 0, retain: isRetained });
      const watcher = await context.watcher(message.topic);
      await publishFrom(context, message);
      const came = [await watcher.expect("publish")];
      if (isRetained) came.push((await (await context.watcher(message.topic)).finds(message)).packet);
      for (const { properties: { messageExpiryIntervalS: addedS } = {} } of came) {
        context.holds(addedS === undefined, `the broker adds a message expiry interval of ${addedS} s`);
      }
    },
  },
  {
    id: "properties/none",
    title: "a message without properties arrives without any",
    does: "publishes with none, and checks the message",
    rules: { "5.0": ["2.2.2-1"] },
    async run(context) {
      const message = context.message();
      const watcher = await context.watcher(message.topic);
      await publishFrom(context, message);
      const { packet: { properties = {} } } = await watcher.receives(message);
      // Another case covers an expiry that the broker adds.
      const names = Object.keys(properties).filter((name) => name !== "messageExpiryIntervalS").join(", ");
      context.holds(names === "", `the message came with ${names}`);
    },
  },
];
