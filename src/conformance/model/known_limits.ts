/**
 * The features that a broker supports, announced in CONNACK or shown by its behaviour: no probe sends more, because a
 * broker that refuses an unsupported feature breaks no rule. [MQTT5 3.2.2-15] [MQTT5 3.2.2-11] [MQTT5 3.2.2-14]
 * [MQTT5 3.2.2-17]
 */
import { formatCount } from "../../base/units.ts";
import type { ConnackProperties, Packet } from "../../mqtt/packet.ts";

/** The limits of a broker, and how each of them is known. */
export interface KnownLimits {
  /** The properties of the CONNACK that announced the limits. */
  readonly announced: ConnackProperties;
  /** For a limit that was observed, not announced, by its name in CONNACK: the broker's behaviour, in a sentence. */
  readonly seen?: Readonly<Partial<Record<keyof ConnackProperties, string>>>;
}

/** A broker without a limit. */
export const noLimits: KnownLimits = { announced: {} };

/** Why a packet may not be sent to this broker, in a sentence; undefined where it may. */
export function overLimit(packet: Packet, sizeBytes: number, limits: KnownLimits): string | undefined {
  const { maximumPacketSize = Infinity } = limits.announced;
  if (sizeBytes > maximumPacketSize) {
    return `the broker announces a Maximum Packet Size of ${formatCount(maximumPacketSize)} bytes, and the case sends ${
      formatCount(sizeBytes)
    }`;
  }
  switch (packet.type) {
    case "connect":
      return packet.will && overMessageLimit(packet.will, limits);
    case "publish":
      return overMessageLimit(packet, limits) ?? overAliasLimit(packet.properties?.topicAlias, limits);
    case "subscribe":
      return packet.subscriptions.map(({ topicFilter }) => overFilterLimit(topicFilter, limits)).find(Boolean) ??
        (packet.properties?.subscriptionIdentifier === undefined
          ? undefined
          : lacks("subscriptionIdentifiersAvailable", limits));
    default:
      return undefined;
  }
}

/** Why the broker has no such feature, in a sentence; undefined where it has. */
export function lacks(name: keyof typeof features, { announced, seen }: KnownLimits): string | undefined {
  if (announced[name] !== false) return undefined;
  return seen?.[name] ?? `the broker announces ${features[name]} 0`;
}

/** Why the broker does not take a QoS, in a sentence; undefined where it does. */
export function lacksQos(qos: number, { announced: { maximumQoS = 2 }, seen }: KnownLimits): string | undefined {
  if (qos <= maximumQoS) return undefined;
  return seen?.maximumQoS ?? `the broker announces Maximum QoS ${maximumQoS}`;
}

const features = {
  retainAvailable: "Retain Available",
  wildcardSubscriptionAvailable: "Wildcard Subscription Available",
  sharedSubscriptionAvailable: "Shared Subscription Available",
  subscriptionIdentifiersAvailable: "Subscription Identifiers Available",
} as const;

function overMessageLimit(
  { qos, retain }: { readonly qos: number; readonly retain: boolean },
  limits: KnownLimits,
): string | undefined {
  return lacksQos(qos, limits) ?? (retain ? lacks("retainAvailable", limits) : undefined);
}

function overAliasLimit(alias: number | undefined, { announced }: KnownLimits): string | undefined {
  const { topicAliasMaximum = 0 } = announced;
  if (alias === undefined || alias <= topicAliasMaximum) return undefined;
  return `the broker announces a Topic Alias Maximum of ${topicAliasMaximum}`;
}

function overFilterLimit(filter: string, limits: KnownLimits): string | undefined {
  if (filter.startsWith("$share/")) return lacks("sharedSubscriptionAvailable", limits);
  return /[+#]/.test(filter) ? lacks("wildcardSubscriptionAvailable", limits) : undefined;
}
