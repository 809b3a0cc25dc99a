/** Subscription options and Subscription Identifiers of 5.0. */
import type { ConformanceCase } from "../case/case.ts";
import type { CaseContext } from "../context/case_context.ts";
import { publishFrom } from "./subscribe.ts";

/** A subscriber with the given Retain As Published; the RETAIN flag received, by the flag sent. */
async function retainFlags(context: CaseContext, retainAsPublished: boolean): Promise<boolean[]> {
  const watcher = await context.connect({ name: "watcher" });
  const topic = context.topic();
  await watcher.subscribe(topic, { retainAsPublished });
  const flags: boolean[] = [];
  for (const retain of [false, true]) {
    await publishFrom(context, context.message({ topic, retain }));
    flags.push((await watcher.expect("publish")).retain);
  }
  return flags;
}

export const subscribeOptionCases: readonly ConformanceCase[] = [
  {
    id: "subscribe/no-local",
    title: "a client with No Local does not get its own messages, but gets others",
    does: "subscribes with No Local, publishes from the same client and from another, and watches",
    rules: { "5.0": ["3.8.3-3"] },
    async run(context) {
      const [own, foreign] = [context.message({ qos: 0 }), context.message({ qos: 0 })];
      const client = await context.connect();
      await client.subscribe(own.topic, { noLocal: true });
      await client.publish(own);
      await client.ping();
      await publishFrom(context, foreign);
      await client.receives(foreign);
      await client.receivesNothing();
    },
  },
  {
    id: "subscribe/local",
    title: "without No Local a client gets its own messages",
    does: "subscribes without No Local, publishes, and waits for the message",
    rules: { "3.1.1": ["3.3.5-1"], "5.0": ["3.8.3.1"] },
    async run(context) {
      const own = context.message({ qos: 0 });
      const client = await context.watcher(own.topic);
      await client.publish(own);
      await client.receives(own);
    },
  },
  {
    id: "subscribe/retain-as-published-0",
    title: "without Retain As Published the flag is 0 on what an established subscription gets",
    does: "subscribes without the option, publishes with retain 0 and 1, and checks the flags",
    rules: { "3.1.1": ["3.3.1-9"], "5.0": ["3.3.1-12"] },
    needs: ["retain"],
    async run(context) {
      const flags = await retainFlags(context, false);
      context.holds(!flags.includes(true), `retain came as ${flags.map(Number).join(" and ")} for 0 and 1, not as 0`);
    },
  },
  {
    id: "subscribe/retain-as-published-1",
    title: "with Retain As Published the flag is the publisher's",
    does: "subscribes with the option, publishes with retain 0 and 1, and checks the flags",
    rules: { "5.0": ["3.3.1-13"] },
    needs: ["retain"],
    async run(context) {
      const flags = await retainFlags(context, true);
      context.holds(flags.join() === "false,true", `retain came as ${flags.map(Number).join(" and ")} for 0 and 1`);
    },
  },
  {
    id: "subscribe/retain-handling-0",
    title: "Retain Handling 0 sends retained messages at every subscription",
    does: "subscribes twice to a topic with a retained message, and waits for it each time",
    rules: { "5.0": ["3.3.1-9"] },
    needs: ["retain"],
    async run(context) {
      const message = context.message({ retain: true });
      await publishFrom(context, message);
      const watcher = await context.connect({ name: "watcher" });
      for (let time = 0; time < 2; time++) {
        await watcher.subscribe(message.topic, { retainHandling: 0 });
        await watcher.finds(message);
      }
    },
  },
  {
    id: "subscribe/retain-handling-1",
    title: "Retain Handling 1 sends retained messages only at a new subscription",
    does: "subscribes twice with Retain Handling 1, and expects one copy",
    rules: { "5.0": ["3.3.1-10"] },
    needs: ["retain"],
    async run(context) {
      const message = context.message({ retain: true });
      await publishFrom(context, message);
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(message.topic, { retainHandling: 1 });
      await watcher.finds(message);
      await watcher.subscribe(message.topic, { retainHandling: 1 });
      await watcher.receivesNothing();
    },
  },
  {
    id: "subscribe/retain-handling-2",
    title: "Retain Handling 2 sends no retained messages, but later messages",
    does: "subscribes with Retain Handling 2 to a topic with a retained message, and watches",
    rules: { "5.0": ["3.3.1-11"] },
    needs: ["retain"],
    async run(context) {
      const message = context.message({ retain: true });
      await publishFrom(context, message);
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(message.topic, { retainHandling: 2 });
      await watcher.receivesNothing();
      const later = context.message({ retain: true });
      await publishFrom(context, later);
      await watcher.receives(later);
    },
  },
  {
    id: "subscribe/identifier",
    title: "a message carries the Subscription Identifier of the matching subscription",
    does: "subscribes with identifier 268,435,455, publishes, and checks the identifiers",
    rules: { "5.0": ["3.3.4-3"] },
    needs: ["subscription-identifiers"],
    async run(context) {
      const watcher = await context.connect({ name: "watcher" });
      const identifier = 268_435_455;
      await watcher.subscribe(context.topic(), {}, identifier);
      await publishFrom(context, context.message());
      const { properties: { subscriptionIdentifiers = [] } = {} } = await watcher.expect("publish");
      const identifiers = subscriptionIdentifiers.join();
      context.holds(identifiers === String(identifier), `the identifiers are "${identifiers}", not ${identifier}`);
    },
  },
  {
    id: "subscribe/identifiers-overlapping",
    title: "overlapping subscriptions: the broker sends each identifier, in one message or in one message each",
    does: "subscribes by two filters with identifiers 1 and 2, and by a third without, and checks the messages",
    rules: { "5.0": ["3.3.4-3", "3.3.4-4", "3.3.4-5"] },
    needs: ["subscription-identifiers", "wildcard"],
    async run(context) {
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(context.topic("a/b"), {}, 1);
      await watcher.subscribe(context.topic("a/+"), {}, 2);
      await watcher.subscribe(context.topic("#"));
      await publishFrom(context, context.message({ topic: context.topic("a/b") }));
      await context.pause(context.bounds.silenceMs);
      const came = watcher.take("publish").map(({ properties }) => properties?.subscriptionIdentifiers ?? []);
      const all = came.flat().toSorted().join();
      context.holds(all === "1,2", `the identifiers are ${JSON.stringify(came)}, not 1 and 2 once each`);
    },
  },
  {
    id: "subscribe/identifier-replaced",
    title: "a subscription that replaces another has the identifier of the later one",
    does: "subscribes with identifier 1 and again without, publishes, and checks the identifiers",
    rules: { "5.0": ["3.8.4-3", "3.8.2.1.2"] },
    needs: ["subscription-identifiers"],
    async run(context) {
      const watcher = await context.connect({ name: "watcher" });
      await watcher.subscribe(context.topic(), {}, 1);
      await watcher.subscribe(context.topic());
      await publishFrom(context, context.message());
      const { properties: { subscriptionIdentifiers = [] } = {} } = await watcher.expect("publish");
      context.holds(
        subscriptionIdentifiers.length === 0,
        `identifier ${subscriptionIdentifiers} came with the message`,
      );
    },
  },
];
