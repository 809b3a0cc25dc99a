/**
 * The sizes that a case sends to a broker: levels and bytes of topics, bytes of payloads, waiting messages, and so on.
 * A server may have limits for all of these; it announces few of them in 5.0 and none in 3.1.1. After a failure, the
 * case tries the same size alone: a broker that does not take that either has shown a limit, and the case is not
 * testable on it.
 */
import { formatCount } from "../../base/units.ts";
import type { ConformanceCase } from "../case/case.ts";
import { CaseFailure, NotTestable } from "../model/outcome.ts";
import type { Stage } from "../context/case_context.ts";

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
  const run = async (stage: Stage) => {
    try {
      await one.run(stage);
    } catch (error) {
      if (!(error instanceof CaseFailure) || neverLimits.includes(error.fault.kind)) throw error;
      const limit = await shownLimit(stage, extent);
      if (limit !== undefined) throw new NotTestable(limit);
      throw error;
    }
  };
  return { ...one, run };
}

/** The first limit that the broker shows below an extent, in a sentence. */
async function shownLimit(stage: Stage, extent: Extent): Promise<string | undefined> {
  const { topicLevels = 0, topicBytes = 0, payloadBytes, willPayloadBytes, waiting, subscriptions, retained } = extent;
  return (topicLevels + topicBytes > 0 ? await topicLimit(stage, topicLevels, topicBytes) : undefined) ??
    (payloadBytes === undefined ? undefined : await payloadLimit(stage, payloadBytes)) ??
    (willPayloadBytes === undefined ? undefined : await willPayloadLimit(stage, willPayloadBytes)) ??
    (waiting === undefined ? undefined : await waitingLimit(stage, waiting)) ??
    (subscriptions === undefined ? undefined : await subscriptionLimit(stage, subscriptions)) ??
    (retained === undefined ? undefined : await retainedLimit(stage, retained));
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
function plainTopic(stage: Stage, levels: number, bytes: number): string {
  const short = stage.topic("extent").split("/");
  while (short.length < levels) short.push("a");
  return short.join("/").padEnd(bytes, "a");
}

async function topicLimit(stage: Stage, levels: number, bytes: number): Promise<string | undefined> {
  const topic = plainTopic(stage, levels, bytes);
  const how = await refusalOf(async () => {
    const watcher = await stage.watcher(topic, { name: "extent" });
    const message = stage.message({ topic, qos: 0 });
    const publisher = await stage.connect({ name: "extent" });
    await publisher.publish(message);
    await publisher.ping();
    await watcher.receives(message);
    (await stage.connect({ name: "extent", will: stage.will({ topic }) })).disconnect().close();
  });
  const size = `${topic.split("/").length} levels and ${formatCount(topic.length)} bytes`;
  return how && `the broker does not accept a plain topic of ${size}: ${how.replaceAll(topic, "it")}`;
}

function plainPayload(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(0x61);
}

async function payloadLimit(stage: Stage, bytes: number): Promise<string | undefined> {
  const message = { ...stage.message({ topic: stage.topic("extent"), qos: 0 }), payload: plainPayload(bytes) };
  const how = await refusalOf(async () => {
    const watcher = await stage.watcher(message.topic, { name: "extent" });
    const publisher = await stage.connect({ name: "extent" });
    const small = stage.message({ topic: message.topic, qos: 0 });
    await publisher.publish(small);
    await watcher.receives(small);
    await publisher.publish(message);
    await publisher.ping();
    await watcher.receives(message);
  });
  return how && `the broker does not deliver a plain payload of ${formatCount(bytes)} bytes: ${how}`;
}

/** A will that is accepted and does not come is no limit. */
async function willPayloadLimit(stage: Stage, bytes: number): Promise<string | undefined> {
  const will = stage.will({ topic: stage.topic("extent"), payload: plainPayload(bytes) });
  const how = await refusalOf(async () => (await stage.connect({ name: "extent", will })).disconnect().close());
  return how && `the broker does not accept a will with a plain payload of ${formatCount(bytes)} bytes: ${how}`;
}

/**
 * How many messages are kept for a client that is away: none is a fault, and so are some from anywhere; the first or
 * the last of them are a limit.
 */
async function waitingLimit(stage: Stage, count: number): Promise<string | undefined> {
  const topic = stage.topic("extent");
  const messages = Array.from({ length: count }, () => stage.message({ topic, qos: 1 }));
  const texts = messages.map(({ payload }) => new TextDecoder().decode(payload)).join();
  let kept: string[] = [];
  const how = await refusalOf(async () => {
    const asked = { clientId: stage.clientId(), cleanStart: false, sessionExpiryS: 60 };
    const away = await stage.watcher(topic, asked);
    away.disconnect();
    await away.expectClose();
    const publisher = await stage.connect({ name: "extent" });
    for (const message of messages) await publisher.publish(message);
    const back = await stage.connect({ name: "extent", ...asked });
    await stage.pause(stage.bounds.silenceMs);
    kept = back.take("publish").map(({ payload }) => new TextDecoder().decode(payload));
  });
  const told = kept.join();
  if (kept.length === 0 || kept.length >= count || !(texts.startsWith(told) || texts.endsWith(told))) return undefined;
  return `the broker keeps ${kept.length} of ${count} plain messages for a client${
    how === undefined ? "" : `: ${how}`
  }`;
}

async function subscriptionLimit(stage: Stage, count: number): Promise<string | undefined> {
  let granted = 0;
  const how = await refusalOf(async () => {
    const client = await stage.connect({ name: "extent" });
    for (; granted < count; granted++) await client.subscribe(stage.topic(`extent${granted}`), { qos: 0 });
  });
  return how === undefined || granted === 0
    ? undefined
    : `the broker grants ${granted} of ${count} plain subscriptions of one client: ${how}`;
}

async function retainedLimit(stage: Stage, count: number): Promise<string | undefined> {
  await stage.sweep(); // what the case itself has retained may be all that there is room for
  const messages = Array.from({ length: count }, (_, at) => {
    return stage.message({ topic: stage.topic(`extent${at}`), qos: 0, retain: true });
  });
  let found = 0;
  const how = await refusalOf(async () => {
    const publisher = await stage.connect({ name: "extent" });
    for (const message of messages) await publisher.publish(message);
    await publisher.ping();
    const watcher = await stage.connect({ name: "extent" });
    for (const { topic } of messages) await watcher.subscribe(topic, { qos: 0 });
    await stage.pause(stage.bounds.silenceMs);
    found = watcher.take("publish").length;
  });
  if (found === 0 || found >= count) return undefined;
  return `the broker keeps ${found} of ${count} plain retained messages${how === undefined ? "" : `: ${how}`}`;
}
