/**
 * Whether a broker, and what the person gave, have what a case cannot do without.
 */
import type { ConnackProperties } from "../mqtt/packet.ts";
import type { BrokerFacts, ConformanceCase, Need } from "./case.ts";

/** What the person gave. */
export interface Given {
  readonly canRestart: boolean;
  readonly hasLogin: boolean;
  readonly hasDeniedTopic: boolean;
}

/** Why a case cannot be tried, in a sentence; undefined where it can. */
export function unmetNeed({ needs = [] }: ConformanceCase, facts: BrokerFacts, given: Given): string | undefined {
  if (!facts.spoken) return `the broker does not speak this version: ${facts.reason}`;
  const announced = facts.connack.properties ?? {};
  for (const need of needs) {
    const reason = unmet[need](announced, given);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

type Reason = (announced: ConnackProperties, given: Given) => string | undefined;

const unless = (isThere: boolean, reason: string) => isThere ? undefined : reason;

const unmet: Readonly<Record<Need, Reason>> = {
  restart: (_, { canRestart }) => unless(canRestart, "it needs a way to restart the broker: --restart-command"),
  login: (_, { hasLogin }) => unless(hasLogin, "it needs credentials, to try wrong ones: --username"),
  "denied-topic": (_, { hasDeniedTopic }) =>
    unless(hasDeniedTopic, "it needs a topic that the client may not publish to: --denied-topic"),
  retain: ({ retainAvailable }) => unless(retainAvailable !== false, "the broker announces Retain Available 0"),
  qos1: ({ maximumQoS = 2 }) => unless(maximumQoS >= 1, `the broker announces Maximum QoS ${maximumQoS}`),
  qos2: ({ maximumQoS = 2 }) => unless(maximumQoS >= 2, `the broker announces Maximum QoS ${maximumQoS}`),
  wildcard: ({ wildcardSubscriptionAvailable }) =>
    unless(wildcardSubscriptionAvailable !== false, "the broker announces Wildcard Subscription Available 0"),
  shared: ({ sharedSubscriptionAvailable }) =>
    unless(sharedSubscriptionAvailable !== false, "the broker announces Shared Subscription Available 0"),
  "subscription-identifiers": ({ subscriptionIdentifiersAvailable }) =>
    unless(subscriptionIdentifiersAvailable !== false, "the broker announces Subscription Identifiers Available 0"),
};
