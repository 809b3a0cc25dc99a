/**
 * What Sparkplug 3.0 requires of a Sparkplug Aware server beyond a compliant one, section 10.1.4. On a server that is not
 * aware these cases are not testable: it is compliant.
 */
import { sameBytes } from "../../base/bytes.ts";
import { wallTime } from "../../base/clock.ts";
import { certificateTopic } from "../../mqtt/sparkplug/topic.ts";
import type { PublishPacket } from "../../mqtt/packet.ts";
import type { ConformanceCase } from "../case/case.ts";
import { CaseFailure, NotTestable } from "../model/outcome.ts";
import type { CaseContext } from "../context/case_context.ts";
import { messagesOf, nodeOf, receivesDeath, sparkplugCase } from "./sparkplug.ts";

const both = (...ids: readonly string[]) => ({ "3.1.1": ids, "5.0": ids });

const notAware =
  "the broker is not Sparkplug Aware: it keeps no NBIRTH under $sparkplug/certificates; a Sparkplug Compliant server " +
  "need not";

/** The retained message on a topic for a new subscriber, of any content; undefined without one in time. */
async function certificateOn(context: CaseContext, topic: string): Promise<PublishPacket | undefined> {
  const reader = await context.connect({ name: "later" });
  try {
    await reader.subscribe(topic, { qos: 0 });
    return await reader.expect("publish", (packet) => packet.topic === topic);
  } catch (error) {
    if (error instanceof CaseFailure) return undefined;
    throw error;
  }
}

/** The births of one life, published by an edge node that stays online. */
async function bornNode(context: CaseContext, bdSeq = 0) {
  const messages = messagesOf(context, bdSeq);
  const node = await context.connect({ will: messages.death });
  await node.publish(messages.birth);
  await node.publish(messages.deviceBirth);
  await node.ping();
  return { node, ...messages };
}

/** The certificate of the NBIRTH; the case is not testable where the server keeps none. */
async function awareOf(context: CaseContext, birth: { readonly topic: string }): Promise<PublishPacket> {
  const found = await certificateOn(context, certificateTopic(birth.topic));
  if (found === undefined) throw new NotTestable(notAware);
  return found;
}

function holdsCertificate(
  context: CaseContext,
  found: PublishPacket | undefined,
  birth: { readonly topic: string; readonly payload: Uint8Array },
): void {
  const topic = certificateTopic(birth.topic);
  context.holds(found !== undefined, `a later subscriber received nothing on ${topic}`, { kind: "missing" });
  context.holds(sameBytes(found!.payload, birth.payload), `the message on ${topic} is not the last birth certificate`, {
    kind: "altered",
    parts: ["payload"],
  });
}

export const sparkplugAwareCases: readonly ConformanceCase[] = ([
  {
    id: "sparkplug/aware-nbirth",
    title: "Sparkplug Aware: NBIRTH is available under $sparkplug/certificates, retained and unaltered",
    does: "publishes NBIRTH, subscribes to its certificate, and compares payload and retain flag",
    rules: both(
      "tck-id-conformance-mqtt-aware-store",
      "tck-id-conformance-mqtt-aware-nbirth-mqtt-topic",
      "tck-id-conformance-mqtt-aware-nbirth-mqtt-retain",
    ),
    async run(context) {
      const { birth } = await bornNode(context);
      const found = await awareOf(context, birth);
      holdsCertificate(context, found, birth);
      context.holds(found.retain, `the certificate of NBIRTH came without the retain flag`, {
        kind: "altered",
        parts: ["retain"],
      });
    },
  },
  {
    id: "sparkplug/aware-dbirth",
    title: "Sparkplug Aware: DBIRTH is available under $sparkplug/certificates, retained and unaltered",
    does: "publishes NBIRTH and DBIRTH, subscribes to the device's certificate, and compares payload and retain flag",
    rules: both(
      "tck-id-conformance-mqtt-aware-store",
      "tck-id-conformance-mqtt-aware-dbirth-mqtt-topic",
      "tck-id-conformance-mqtt-aware-dbirth-mqtt-retain",
    ),
    async run(context) {
      const { birth, deviceBirth } = await bornNode(context);
      await awareOf(context, birth);
      const found = await certificateOn(context, certificateTopic(deviceBirth.topic));
      holdsCertificate(context, found, deviceBirth);
      context.holds(found!.retain, `the certificate of DBIRTH came without the retain flag`, {
        kind: "altered",
        parts: ["retain"],
      });
    },
  },
  {
    id: "sparkplug/aware-newest",
    title: "Sparkplug Aware: the certificate of an edge node is its newest NBIRTH",
    does: "publishes the NBIRTH of two connections, and subscribes to the certificate",
    rules: both("tck-id-conformance-mqtt-aware-store", "tck-id-conformance-mqtt-aware-nbirth-mqtt-topic"),
    async run(context) {
      const { node, birth } = await bornNode(context);
      await awareOf(context, birth);
      node.disconnect();
      const newer = await bornNode(context, 1);
      const found = await certificateOn(context, certificateTopic(newer.birth.topic));
      holdsCertificate(context, found, newer.birth);
    },
  },
  {
    id: "sparkplug/aware-ndeath-timestamp",
    title: "Sparkplug Aware: a server that replaces the timestamp of NDEATH writes the time of its delivery",
    does: "resets an edge node whose will has an old timestamp, and compares that of NDEATH with the clock",
    rules: both("tck-id-conformance-mqtt-aware-ndeath-timestamp"),
    needs: ["qos1"],
    async run(context) {
      const { death, birth } = messagesOf(context);
      const host = await context.watcher(death.topic);
      const node = await context.connect({ will: death });
      await node.publish(birth);
      await node.ping();
      node.reset();
      const stampMs = await receivesDeath(context, host, death);
      if (stampMs === undefined) {
        throw new NotTestable("the broker keeps the timestamp of NDEATH, which the specification permits");
      }
      const awayMs = Math.abs(stampMs - wallTime().getTime());
      context.holds(
        awayMs <= clocksApartMs,
        `NDEATH of ${nodeOf(context).node} has a timestamp ${Math.round(awayMs / 1_000)} s from the time here`,
      );
    },
  },
] satisfies ConformanceCase[]).map(sparkplugCase);

/** The clocks of the broker and of this machine may differ by so much, in milliseconds. */
const clocksApartMs = 60_000;
