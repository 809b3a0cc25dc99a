/**
 * The sizes that a case sends to a broker: levels and bytes of topics, bytes of payloads, waiting messages, and so on.
 * A server may have limits for all of these; it announces few of them in 5.0 and none in 3.1.1. After a failure, the
 * case tries the same size alone: a broker that does not take that either has shown a limit, and the case is not
 * testable on it.
 */
import { formatCount } from "../../base/units.ts";
import type { ConformanceCase } from "../case/case.ts";
import { CaseFailure, NotTestable } from "../model/outcome.ts";
import type { CaseContext } from "../context/case_context.ts";

/** The sizes beyond the usual that a case sends to a broker; absent fields have the usual value. */
export interface Extent {
  /** Levels of a topic or filter, those of `$share/group` included. */
  readonly topicLevels?: number;
  /** Bytes of a topic or filter. */
  readonly topicBytes?: number;
  /** Bytes of a message's payload. */
  readonly payloadBytes?: number;
  /** Bytes of a will's payload. */
  readonly willPayloadBytes?: number;
  /** Messages at QoS 1 that wait for one client. */
  readonly waiting?: number;
  /** Subscriptions of one client. */
  readonly subscriptions?: number;
  /** Topics with a retained message. */
  readonly retained?: number;
}

type Kind = CaseFailure["fault"]["kind"];

/** Failures that a limit cannot cause. */
const neverLimits: readonly Kind[] = ["altered", "unwanted", "early", "accepted", "not closed"];

/** The case, not testable where it fails on a broker that shows a limit below its extent. */
export function within(extent: Extent, one: ConformanceCase): ConformanceCase {
  const run = async (context: CaseContext) => {
    try {
      await one.run(context);
    } catch (error) {
      if (!(error instanceof CaseFailure) || neverLimits.includes(error.fault.kind)) throw error;
      const limit = await shownLimit(context, extent);
      if (limit !== undefined) throw new NotTestable(limit);
      throw error;
    }
  };
  return { ...one, run };
}

/** The first limit that the broker shows below an extent, in a sentence. */
async function shownLimit(context: CaseContext, extent: Extent): Promise<string | undefined> {
  const { topicLevels = 0, topicBytes = 0, payloadBytes, willPayloadBytes, waiting, subscriptions, retained } = extent;
  return (topicLevels + topicBytes > 0 ? await topicLimit(context, topicLevels, topicBytes) : undefined) ??
    (payloadBytes === undefined ? undefined : await payloadLimit(context, payloadBytes)) ??
    (willPayloadBytes === undefined ? undefined : await willPayloadLimit(context, willPayloadBytes)) ??
    (waiting === undefined ? undefined : await waitingLimit(context, waiting)) ??
    (subscriptions === undefined ? undefined : await subscriptionLimit(context, subscriptions)) ??
    (retained === undefined ? undefined : await retainedLimit(context, retained));
}

/** How the broker refuses, in a sentence; undefined where it does not. A loss after acceptance is no refusal. */
async function refusalOf(act: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof NotTestable) return error.message;
    if (!(error instanceof CaseFailure)) throw error;
    return error.fault.kind === "refused" || error.fault.kind === "closed" ? error.message : undefined;
  }
}

/** A topic of at least so many levels and bytes, in letters only. */
function plainTopic(context: CaseContext, levels: number, bytes: number): string {
  const short = context.topic("extent").split("/");
  while (short.length < levels) short.push("a");
  return short.join("/").padEnd(bytes, "a");
}

async function topicLimit(context: CaseContext, levels: number, bytes: number): Promise<string | undefined> {
  const topic = plainTopic(context, levels, bytes);
  const how = await refusalOf(async () => {
    const watcher = await context.watcher(topic, { name: "extent" });
    const message = context.message({ topic, qos: 0 });
    const publisher = await context.connect({ name: "extent" });
    await publisher.publish(message);
    await publisher.ping();
    await watcher.receives(message);
    (await context.connect({ name: "extent", will: context.will({ topic }) })).disconnect().close();
  });
  const size = `${topic.split("/").length} levels and ${formatCount(topic.length)} bytes`;
  return how && `the broker does not accept a plain topic of ${size}: ${how.replaceAll(topic, "it")}`;
}

function plainPayload(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(0x61);
}

async function payloadLimit(context: CaseContext, bytes: number): Promise<string | undefined> {
  const message = { ...context.message({ topic: context.topic("extent"), qos: 0 }), payload: plainPayload(bytes) };
  const how = await refusalOf(async () => {
    const watcher = await context.watcher(message.topic, { name: "extent" });
    const publisher = await context.connect({ name: "extent" });
    const small = context.message({ topic: message.topic, qos: 0 });
    await publisher.publish(small);
    await watcher.receives(small);
    await publisher.publish(message);
    await publisher.ping();
    await watcher.receives(message);
  });
  return how && `the broker does not deliver a plain payload of ${formatCount(bytes)} bytes: ${how}`;
}

/** A will that is accepted and does not come is no limit. */
async function willPayloadLimit(context: CaseContext, bytes: number): Promise<string | undefined> {
  const will = context.will({ topic: context.topic("extent"), payload: plainPayload(bytes) });
  const how = await refusalOf(async () => (await context.connect({ name: "extent", will })).disconnect().close());
  return how && `the broker does not accept a will with a plain payload of ${formatCount(bytes)} bytes: ${how}`;
}

/**
 * How many messages are kept for a client that is away: none is a fault, and so are some from anywhere; the first or
 * the last of them are a limit.
 */
async function waitingLimit(context: CaseContext, count: number): Promise<string | undefined> {
  const topic = context.topic("extent");
  const messages = Array.from({ length: count }, () => context.message({ topic, qos: 1 }));
  const texts = messages.map(({ payload }) => new TextDecoder().decode(payload)).join();
  let kept: string[] = [];
  const how = await refusalOf(async () => {
    const asked = { clientId: context.clientId(), cleanStart: false, sessionExpiryS: 60 };
    const away = await context.watcher(topic, asked);
    away.disconnect();
    await away.expectClose();
    const publisher = await context.connect({ name: "extent" });
    for (const message of messages) await publisher.publish(message);
    const back = await context.connect({ name: "extent", ...asked });
    await context.pause(context.bounds.silenceMs);
    kept = back.take("publish").map(({ payload }) => new TextDecoder().decode(payload));
  });
  const keptText = kept.join();
  if (kept.length === 0 || kept.length >= count || !(texts.startsWith(keptText) || texts.endsWith(keptText))) {
    return undefined;
  }
  return `the broker keeps ${kept.length} of ${count} plain messages for a client${
    how === undefined ? "" : `: ${how}`
  }`;
}

async function subscriptionLimit(context: CaseContext, count: number): Promise<string | undefined> {
  let granted = 0;
  const how = await refusalOf(async () => {
    const client = await context.connect({ name: "extent" });
    for (; granted < count; granted++) await client.subscribe(context.topic(`extent${granted}`), { qos: 0 });
  });
  return how === undefined || granted === 0
    ? undefined
    : `the broker grants ${granted} of ${count} plain subscriptions of one client: ${how}`;
}

async function retainedLimit(context: CaseContext, count: number): Promise<string | undefined> {
  await context.sweep(); // what the case itself has retained may be all that there is room for
  const messages = Array.from({ length: count }, (_, at) => {
    return context.message({ topic: context.topic(`extent${at}`), qos: 0, retain: true });
  });
  let found = 0;
  const how = await refusalOf(async () => {
    const publisher = await context.connect({ name: "extent" });
    for (const message of messages) await publisher.publish(message);
    await publisher.ping();
    const watcher = await context.connect({ name: "extent" });
    for (const { topic } of messages) await watcher.subscribe(topic, { qos: 0 });
    await context.pause(context.bounds.silenceMs);
    found = watcher.take("publish").length;
  });
  if (found === 0 || found >= count) return undefined;
  return `the broker keeps ${found} of ${count} plain retained messages${how === undefined ? "" : `: ${how}`}`;
}
