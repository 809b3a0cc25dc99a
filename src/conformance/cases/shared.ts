/** Shared subscriptions (5.0): the broker sends each message to one member of the group. */
import type { ConformanceCase } from "../case/case.ts";
import type { SentMessage } from "../probe/message_compare.ts";
import type { Probe } from "../probe/probe.ts";
import { field, frame } from "../probe/raw_packet.ts";
import type { CaseContext } from "../context/case_context.ts";
import { publishFrom } from "./subscribe.ts";

/** Publishes messages one after the other, and returns those that came to each probe once no more arrive. */
async function spread(
  context: CaseContext,
  messages: readonly SentMessage[],
  probes: readonly Probe[],
): Promise<string[][]> {
  const publisher = await context.connect({ name: "publisher" });
  for (const message of messages) await publisher.publish(message);
  await context.pause(context.bounds.silenceMs);
  const decoder = new TextDecoder();
  return probes.map((probe) => probe.take("publish").map(({ payload }) => decoder.decode(payload)));
}

function several(context: CaseContext, count: number): SentMessage[] {
  return Array.from({ length: count }, () => context.message());
}

interface BadShare {
  readonly name: string;
  readonly what: string;
  readonly filter: string;
  readonly rules: readonly string[];
}

const badShares: readonly BadShare[] = [
  { name: "empty-name", what: "an empty share name", filter: "$share//mqtt-sim/never", rules: ["4.8.2-1"] },
  { name: "plus-in-name", what: "a share name with +", filter: "$share/a+b/mqtt-sim/never", rules: ["4.8.2-2"] },
  { name: "hash-in-name", what: "a share name with #", filter: "$share/a#/mqtt-sim/never", rules: ["4.8.2-2"] },
  { name: "no-filter", what: "a share name with no filter after it", filter: "$share/group", rules: ["4.8.2-2"] },
];

function badShareCase({ name, what, filter, rules }: BadShare): ConformanceCase {
  return {
    id: `shared/${name}`,
    title: `${what} is refused: by its SUBACK, or by the end of the connection`,
    does: `subscribes to ${filter}, and checks the SUBACK or waits for the close`,
    rules: { "5.0": rules },
    needs: ["shared"],
    async run(context) {
      const client = await context.connect();
      client.sendBytes(subscribeBytes(filter, 0), `SUBSCRIBE to ${filter}`);
      const suback = await client.expect("suback").catch(() => undefined);
      if (suback === undefined) return void await client.expectClose();
      const code = suback.reasonCodes[0]!;
      context.holds(code >= 0x80, `the broker granted QoS ${code} to ${filter}`);
    },
  };
}

/** SUBSCRIBE in the form of 5.0, with any filter. */
function subscribeBytes(filter: string, options: number): number[] {
  return frame(0x82, [0, 77, 0, ...field(filter), options]);
}

/** Answers every received message with 0x80, and returns how many there were. */
async function refusesAll(probe: Probe): Promise<number> {
  let came = 0;
  for (; probe.peek("publish").length > 0; came++) {
    const { packetId } = await probe.expectNumbered();
    probe.send({ type: "puback", packetId, reasonCode: 0x80 });
  }
  return came;
}

export const sharedCases: readonly ConformanceCase[] = [
  {
    id: "shared/one-of-two",
    title: "a message is delivered to one of the clients that share a subscription",
    does: "two clients share a filter: publishes one message, and counts at both",
    rules: { "5.0": ["4.8.2"] },
    needs: ["shared"],
    async run(context) {
      const message = context.message();
      const filter = `$share/group/${message.topic}`;
      const both = [await context.watcher(filter), await context.watcher(filter)];
      const publisher = await context.connect({ name: "publisher" });
      await publisher.publish(message);
      await context.pause(context.bounds.silenceMs);
      const came = both.flatMap((watcher) => watcher.take("publish"));
      context.holds(came.length === 1, `the message came ${came.length} times, not once`);
    },
  },
  {
    id: "shared/each-once",
    title: "a shared subscription: each message goes to one member, and none is lost",
    does: "three clients share a filter: publishes 30 messages, and counts at each",
    rules: { "5.0": ["4.8.2"] },
    needs: ["shared", "qos1"],
    async run(context) {
      const filter = `$share/group/${context.topic()}`;
      const three = [await context.watcher(filter), await context.watcher(filter), await context.watcher(filter)];
      const messages = several(context, 30);
      const came = (await spread(context, messages, three)).flat();
      const distinct = new Set(came).size;
      context.holds(distinct === 30, `${distinct} of 30 messages came`);
      context.holds(came.length === 30, `${came.length} messages came for 30`);
    },
  },
  {
    id: "shared/two-groups",
    title: "two groups that share the same filter get a copy each",
    does: "two clients subscribe in two groups: publishes, and waits for the message at both",
    rules: { "5.0": ["4.8.2"] },
    needs: ["shared"],
    async run(context) {
      const message = context.message();
      const one = await context.watcher(`$share/one/${message.topic}`);
      const two = await context.watcher(`$share/two/${message.topic}`);
      const came = await spread(context, [message], [one, two]);
      const counts = came.map(({ length }) => length).join(" and ");
      context.holds(counts === "1 and 1", `the groups got ${counts} copies, not 1 and 1`);
    },
  },
  {
    id: "shared/beside-plain",
    title: "a plain subscription to the same filter gets its own copy",
    does: "one client shares a filter and another subscribes to it: publishes, and counts",
    rules: { "5.0": ["4.8.2"] },
    needs: ["shared"],
    async run(context) {
      const message = context.message();
      const sharing = await context.watcher(`$share/group/${message.topic}`);
      const plain = await context.watcher(message.topic);
      const came = await spread(context, [message], [sharing, plain]);
      const counts = came.map(({ length }) => length).join(" and ");
      context.holds(counts === "1 and 1", `sharing and plain got ${counts} copies, not 1 and 1`);
    },
  },
  {
    id: "shared/granted-qos",
    title: "delivery to a member is at most at the QoS that the broker granted it",
    does: "shares a filter at QoS 0, publishes at QoS 1, and checks the message",
    rules: { "5.0": ["4.8.2-3"] },
    needs: ["shared", "qos1"],
    async run(context) {
      const sharing = await context.connect({ name: "sharing" });
      await sharing.subscribe(`$share/group/${context.topic()}`, { qos: 0 });
      await publishFrom(context, context.message({ qos: 1 }));
      const { qos } = await sharing.expect("publish");
      context.holds(qos === 0, `the message came at QoS ${qos}, not 0`);
    },
  },
  {
    id: "shared/unsubscribe",
    title: "a member that unsubscribes receives nothing more, and the others receive every message",
    does: "two clients share a filter, one unsubscribes: 10 messages must come to the other",
    rules: { "5.0": ["3.10.4-1", "4.8.2"] },
    needs: ["shared", "qos1"],
    async run(context) {
      const filter = `$share/group/${context.topic()}`;
      const [stays, goes] = [await context.watcher(filter), await context.watcher(filter)];
      goes.send({ type: "unsubscribe", packetId: goes.nextPacketId(), topicFilters: [filter] });
      await goes.expect("unsuback");
      const [here, there] = await spread(context, several(context, 10), [stays, goes]);
      context.holds(there!.length === 0, `${there!.length} messages came to the client that unsubscribed`);
      context.holds(here!.length === 10, `${here!.length} of 10 messages came to the client that stayed`);
    },
  },
  {
    id: "shared/no-retained",
    title: "a shared subscription does not get retained messages",
    does: "publishes with retain 1, shares a filter that matches, and watches",
    rules: { "5.0": ["4.8.2"] },
    needs: ["shared", "retain"],
    async run(context) {
      const message = context.message({ retain: true });
      await publishFrom(context, message);
      const sharing = await context.watcher(`$share/group/${message.topic}`);
      await sharing.receivesNothing();
    },
  },
  {
    id: "shared/refused-message",
    title: "the broker sends a message that its receiver refuses to no other member",
    does: "one of two clients answers every message by PUBACK with 0x80: publishes 10 messages, and counts",
    rules: { "5.0": ["4.8.2-6"] },
    needs: ["shared", "qos1"],
    async run(context) {
      const topic = context.topic();
      const both = [await context.connect({ name: "takes" }), await context.connect({ name: "refuses" })];
      for (const probe of both) {
        await probe.subscribe(`$share/group/${topic}`, { qos: 1 });
        probe.requiresGranted(1, `$share/group/${topic}`);
      }
      const [takes, refuses] = both;
      refuses!.acknowledges = false;
      const publisher = await context.connect({ name: "publisher" });
      let came = 0;
      for (let count = 0; count < 10; count++) {
        await publisher.publish(context.message({ topic, qos: 1 }));
        await context.pause(context.bounds.silenceMs / 20);
        came += await refusesAll(refuses!);
      }
      // The broker may send one message at a time: each is answered until no more come.
      for (let round = 0, more = 1; more > 0 && round < 10; round++, came += more) {
        await context.pause(context.bounds.silenceMs);
        more = await refusesAll(refuses!);
      }
      context.requires(came > 0, "the broker sent no message to the client that refuses");
      const all = came + refuses!.take("publish").length + takes!.take("publish").length;
      context.holds(all === 10, `${all} messages were sent for 10 that were published, ${came} of them refused`);
    },
  },
  {
    id: "shared/no-local",
    title: "No Local on a shared subscription closes the connection",
    does: "subscribes to $share/… with No Local, and waits for the close",
    rules: { "5.0": ["3.8.3-4"] },
    needs: ["shared"],
    async run(context) {
      const client = await context.connect();
      client.sendBytes(subscribeBytes("$share/group/mqtt-sim/never", 0x04), "SUBSCRIBE with No Local to $share/…");
      await client.expectClose();
    },
  },
  ...badShares.map(badShareCase),
];
