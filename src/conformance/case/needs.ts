/**
 * Whether a broker, and the user's options, meet the requirements of a case.
 */
import { type KnownLimits, lacks, lacksQos } from "../model/known_limits.ts";
import type { BrokerFacts, ConformanceCase, Need } from "./case.ts";

/** The user's options. */
export interface Given {
  readonly canRestart: boolean;
  readonly hasLogin: boolean;
  readonly hasDeniedTopic: boolean;
}

/** Why a case cannot be tried, in a sentence; undefined where it can. */
export function unmetNeed({ needs = [] }: ConformanceCase, facts: BrokerFacts, given: Given): string | undefined {
  if (!facts.spoken) return unspoken[facts.outcome](facts.reason);
  for (const need of needs) {
    const reason = unmet[need](facts.limits, given);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Why no case of a version can be tried, by how its control arm ended. */
const unspoken = {
  "not spoken": (reason: string) => `the broker does not support this version: ${reason}`,
  fail: (reason: string) => reason,
  void: (reason: string) => `the control arm of this version proves nothing: ${reason}`,
  pass: (reason: string) => reason,
} as const;

type Reason = (limits: KnownLimits, given: Given) => string | undefined;

const unless = (isThere: boolean, reason: string) => isThere ? undefined : reason;

const unmet: Readonly<Record<Need, Reason>> = {
  restart: (_, { canRestart }) => unless(canRestart, "it needs a command that restarts the broker: --restart-command"),
  login: (_, { hasLogin }) => unless(hasLogin, "it needs credentials, to try wrong ones: --username"),
  "denied-topic": (_, { hasDeniedTopic }) =>
    unless(hasDeniedTopic, "it needs a topic that the client may not publish to: --denied-topic"),
  retain: (limits) => lacks("retainAvailable", limits),
  qos1: (limits) => lacksQos(1, limits),
  qos2: (limits) => lacksQos(2, limits),
  wildcard: (limits) => lacks("wildcardSubscriptionAvailable", limits),
  shared: (limits) => lacks("sharedSubscriptionAvailable", limits),
  "subscription-identifiers": (limits) => lacks("subscriptionIdentifiersAvailable", limits),
};
