/** The packets that the broker sends again when a client resumes a session, and those that it does not. */
import type { ConformanceCase } from "../case/case.ts";
import type { Probe } from "../probe/probe.ts";
import type { CaseContext, ConnectAsked } from "../context/case_context.ts";
import { publishFrom } from "./subscribe.ts";

/** A subscriber in a lasting session that sends no acknowledgement; the broker granted it at least this QoS. */
async function mute(context: CaseContext, asked: ConnectAsked, qos: 1 | 2): Promise<Probe> {
  const subscriber = (await context.watcher(context.topic(), asked)).requiresGranted(qos, context.topic());
  subscriber.acknowledges = false;
  return subscriber;
}

function lasting(context: CaseContext): ConnectAsked {
  return { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
}

/** A message without its first acknowledgement is sent again when the session resumes. */
function redelivered(qos: 1 | 2, acknowledgement: "PUBACK" | "PUBREC"): ConformanceCase {
  return {
    id: `session/redelivers-qos-${qos}`,
    title: `a message at QoS ${qos} without ${acknowledgement} is sent again: the same packet identifier, with DUP`,
    does: `gets a message, sends RST instead of ${acknowledgement}, reconnects, and compares`,
    rules: { "3.1.1": ["4.4.0-1", "3.3.1-1"], "5.0": ["4.4.0-1", "3.3.1-1"] },
    needs: [`qos${qos}`],
    async run(context) {
      const asked = lasting(context);
      const subscriber = await mute(context, asked, qos);
      await publishFrom(context, context.message({ qos }));
      const first = await subscriber.expect("publish");
      subscriber.reset();
      const back = await context.connect({ name: "back", ...asked });
      const again = await back.expect("publish");
      context.holds(
        again.packetId === first.packetId,
        `it came with packet identifier ${again.packetId}, not ${first.packetId}`,
      );
      context.holds(again.dup, "it came again without DUP");
    },
  };
}

export const redeliveryCases: readonly ConformanceCase[] = [
  redelivered(1, "PUBACK"),
  redelivered(2, "PUBREC"),
  {
    id: "session/redelivers-pubrel",
    title: "a PUBREL without PUBCOMP is sent again, and the message is not",
    does: "gets a message at QoS 2, answers PUBREC, sends RST instead of PUBCOMP, reconnects, and checks",
    rules: { "3.1.1": ["4.4.0-1", "4.3.3-1"], "5.0": ["4.4.0-1", "4.3.3-6"] },
    needs: ["qos2"],
    async run(context) {
      const asked = lasting(context);
      const subscriber = await mute(context, asked, 2);
      await publishFrom(context, context.message({ qos: 2 }));
      const { packetId } = await subscriber.expectNumbered();
      subscriber.send({ type: "pubrec", packetId });
      await subscriber.expect("pubrel");
      subscriber.reset();
      const back = await context.connect({ name: "back", ...asked });
      const again = await back.expect("pubrel");
      context.holds(
        again.packetId === packetId,
        `PUBREL came with packet identifier ${again.packetId}, not ${packetId}`,
      );
      await back.receivesNothing();
    },
  },
  {
    id: "session/redelivers-in-order",
    title: "redelivered messages come in their original order",
    does: "gets five messages without answering, reconnects, and compares their order",
    rules: { "3.1.1": ["4.6.0-1"], "5.0": ["4.4.0-1", "4.6.0-5"] },
    needs: ["qos1"],
    async run(context) {
      const asked = lasting(context);
      const subscriber = await mute(context, asked, 1);
      const publisher = await context.connect({ name: "publisher" });
      for (let count = 0; count < 5; count++) await publisher.publish(context.message({ qos: 1 }));
      await context.pause(context.bounds.silenceMs);
      // In 3.1.1 a server may send a message again while the connection lives. [MQTT311 4.4.0-1]
      const first = subscriber.take("publish").filter(({ dup }) => !dup).map(({ packetId }) => packetId);
      context.requires(first.length > 1, `the broker sends ${first.length} message at a time`);
      subscriber.reset();
      const back = await context.connect({ name: "back", ...asked });
      const again: (number | undefined)[] = [];
      for (let count = 0; count < first.length; count++) again.push((await back.expect("publish")).packetId);
      context.holds(
        again.join() === first.join(),
        `they came as ${again.join(", ")}, originally as ${first.join(", ")}`,
      );
    },
  },
  {
    id: "session/acknowledged-is-done",
    title: "a message that was acknowledged is not sent again",
    does: "gets a message, answers PUBACK, sends RST, reconnects, and watches",
    rules: { "3.1.1": ["4.3.2-1"], "5.0": ["4.3.2-3"] },
    needs: ["qos1"],
    async run(context) {
      const asked = lasting(context);
      const message = context.message({ qos: 1 });
      const subscriber = await context.watcher(message.topic, asked);
      await publishFrom(context, message);
      await subscriber.receives(message);
      await subscriber.ping();
      subscriber.reset();
      const back = await context.connect({ name: "back", ...asked });
      await back.receivesNothing();
    },
  },
  {
    id: "session/refused-is-done",
    title: "the broker does not resend a message after a PUBACK with an error code",
    does: "gets a message, answers PUBACK with 0x80, sends RST, reconnects, and watches",
    rules: { "5.0": ["4.4.0-2"] },
    needs: ["qos1"],
    async run(context) {
      const asked = lasting(context);
      const subscriber = await mute(context, asked, 1);
      await publishFrom(context, context.message({ qos: 1 }));
      const { packetId } = await subscriber.expectNumbered();
      subscriber.send({ type: "puback", packetId, reasonCode: 0x80 });
      await subscriber.ping();
      subscriber.reset();
      const back = await context.connect({ name: "back", ...asked });
      await back.receivesNothing();
    },
  },
  {
    id: "session/incoming-qos-2-stays",
    title: "the server remembers a received PUBLISH at QoS 2 over a reconnect: the message arrives once",
    does: "publishes at QoS 2, sends RST before PUBREL, reconnects, sends it again with DUP, completes it, and watches",
    rules: { "3.1.1": ["4.3.3-2", "4.1.0-1"], "5.0": ["4.3.3-10", "3.1.2-23"] },
    needs: ["qos2"],
    async run(context) {
      const asked = lasting(context);
      const message = context.message({ qos: 2 });
      const watcher = await context.watcher(message.topic);
      const publisher = await context.connect({ name: "publisher", ...asked });
      publisher.acknowledges = false;
      publisher.send({ type: "publish", dup: false, ...message, packetId: 7 });
      await publisher.expect("pubrec");
      publisher.reset();
      const back = await context.connect({ name: "back", ...asked });
      back.acknowledges = false;
      back.send({ type: "publish", dup: true, ...message, packetId: 7 });
      await back.expect("pubrec");
      back.send({ type: "pubrel", packetId: 7 });
      await back.expect("pubcomp");
      await watcher.receives(message);
      await watcher.receivesNothing();
    },
  },
];
