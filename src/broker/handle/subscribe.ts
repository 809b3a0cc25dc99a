/**
 * SUBSCRIBE and UNSUBSCRIBE.
 */
import { ProtocolError } from "../../base/failure.ts";
import type { SubscribePacket, Subscription, UnsubscribePacket } from "../../mqtt/packet.ts";
import { ReasonCode } from "../../mqtt/reason.ts";
import { isSharedFilter, parseSharedFilter } from "../../mqtt/topic.ts";
import type { Core } from "../core/core.ts";
import type { Connection } from "../session/session.ts";
import { waitingFilterBytes } from "../routing/retained_feed.ts";
import { subscribeText } from "./reason_text.ts";
import { topicLimitHit } from "./topic_limit.ts";

/** The only failure code of SUBACK in 3.1.1. */
const failure311 = 0x80;

/** The remaining budget for the filters of one SUBSCRIBE. */
interface Budget {
  /** Remaining levels that may be visited to find out how filters overlap. */
  visitsLeft: number;
  /** Memory for the filters whose retained messages are to be sent. */
  waitingBytes: number;
}

/** Handles SUBSCRIBE: grants or refuses each filter, answers in one packet, then sends the retained messages. */
export function handleSubscribe(core: Core, connection: Connection, packet: SubscribePacket, nowMs: number): void {
  const session = connection.session!;
  checkAnswerFits(connection, packet.subscriptions.length);
  const reasonCodes: number[] = [];
  const budget: Budget = { visitsLeft: 2 * core.settings.limits.overlappingFilters, waitingBytes: 0 };
  const wantRetained: string[] = [];
  for (const subscription of packet.subscriptions) { // [MQTT5 3.8.4-5] [MQTT311 3.8.4-4]
    const refusal = refusalOf(core, connection, subscription, budget, nowMs);
    if (refusal !== undefined) {
      core.metrics.subscriptionsRefused++;
      reasonCodes.push(connection.version === 5 ? refusal : failure311); // [MQTT311 3.9.3-2]
      continue;
    }
    const granted = subscription.qos < core.settings.maximumQoS ? subscription.qos : core.settings.maximumQoS;
    const identifier = packet.properties?.subscriptionIdentifier;
    const isNew = core.router.subscribe(session, subscription, granted, identifier);
    if (wantsRetained(subscription, isNew)) {
      wantRetained.push(subscription.topicFilter);
      budget.waitingBytes += waitingFilterBytes(subscription.topicFilter);
    }
    reasonCodes.push(granted); // [MQTT5 3.8.4-7] [MQTT5 3.9.3-1] [MQTT311 3.8.4-5]
  }
  const suback = { type: "suback", packetId: packet.packetId, reasonCodes } as const;
  connection.sendWithReason(suback, subscribeText(reasonCodes)); // [MQTT5 3.8.4-1] [MQTT311 3.8.4-1]
  core.router.sendRetained(session, wantRetained, core.deadlines, nowMs);
}

/**
 * Rejects the packet, unprocessed, if its answer is larger than the client accepts. @throws ProtocolError, which the
 * client receives
 */
function checkAnswerFits(connection: Connection, count: number): void {
  if (connection.maximumPacketSize === Infinity) return;
  const alike = { type: "suback", packetId: 1, reasonCodes: new Array<number>(count).fill(0) } as const;
  if (connection.fits(alike)) return; // [MQTT5 3.1.2-24]
  throw new ProtocolError(ReasonCode.packetTooLarge, "the answer is larger than the client's maximum packet size");
}

function refusalOf(
  core: Core,
  { session }: Connection,
  { topicFilter }: Subscription,
  budget: Budget,
  nowMs: number,
): number | undefined {
  const { limits, authorize } = core.settings;
  // The codec rejects malformed filters of 5.0. In 3.1.1 such a filter means a shared subscription too.
  if (isSharedFilter(topicFilter) && parseSharedFilter(topicFilter) === undefined) return ReasonCode.topicFilterInvalid;
  const limit = topicLimitHit(topicFilter, limits);
  if (limit !== undefined) return core.metrics.limited(limit, ReasonCode.topicFilterInvalid);
  if (!authorize(session!, "subscribe", topicFilter)) return ReasonCode.notAuthorized;
  const held = session!.subscriptions;
  if (held?.has(topicFilter)) {
    // Its retained messages are sent again.
    if (core.memory.hasReserve(budget.waitingBytes + waitingFilterBytes(topicFilter), nowMs)) return undefined;
    return core.metrics.limited("memoryBytes", ReasonCode.quotaExceeded);
  }
  if (held !== undefined && held.size >= limits.subscriptionsPerSession) {
    return core.metrics.limited("subscriptionsPerSession", ReasonCode.quotaExceeded);
  }
  if (overlapsTooMuch(core, topicFilter, budget)) {
    return core.metrics.limited("overlappingFilters", ReasonCode.quotaExceeded);
  }
  if (core.memory.hasRoom(core.router.costOf(topicFilter) + budget.waitingBytes, nowMs)) return undefined;
  return core.metrics.limited("memoryBytes", ReasonCode.quotaExceeded);
}

/** Filters with + in many levels overlap: each such level doubles the nodes that a message visits. */
function overlapsTooMuch(core: Core, topicFilter: string, budget: Budget): boolean {
  if (!topicFilter.includes("+")) return false;
  if (budget.visitsLeft <= 0) return true;
  const { overlappingFilters } = core.settings.limits;
  const count = core.router.visitsOf(topicFilter, overlappingFilters);
  budget.visitsLeft -= count;
  return count > overlappingFilters || budget.visitsLeft < 0;
}

/** A shared subscription receives no retained messages. Source: MQTT 5.0, section 4.8.2. */
function wantsRetained({ topicFilter, retainHandling = 0 }: Subscription, isNew: boolean): boolean {
  if (isSharedFilter(topicFilter)) return false;
  return retainHandling === 0 || (retainHandling === 1 && isNew); // [MQTT5 3.3.1-9] [MQTT5 3.3.1-10] [MQTT5 3.3.1-11]
}

/** Handles UNSUBSCRIBE. Messages in flight to the client are still delivered. */
export function handleUnsubscribe(core: Core, connection: Connection, packet: UnsubscribePacket): void {
  checkAnswerFits(connection, packet.topicFilters.length);
  const reasonCodes = packet.topicFilters.map((topicFilter) =>
    core.router.unsubscribe(connection.session!, topicFilter) ? ReasonCode.success : ReasonCode.noSubscriptionExisted
  );
  connection.send({ // [MQTT5 3.10.4-4] [MQTT5 3.11.3-1] [MQTT311 3.10.4-5]
    type: "unsuback",
    packetId: packet.packetId,
    reasonCodes: connection.version === 5 ? reasonCodes : [],
  });
}
