/**
 * The cases that a broker fails by each of its deviations: `profile/deviation` and the ids of cases. The field
 * `deviations` of a case names a deviation's id in any profile.
 */
import type { CaseSign } from "../../profiles/profile.ts";
import type { ConformanceCase } from "./case.ts";

type CaseId = ConformanceCase["id"];

/** By profile and deviation. */
export const knownDeviations: Readonly<Record<string, readonly CaseId[]>> = {
  "mosquitto/keep-alive-late": ["keep-alive/silent", "will/delay-freeze"],
  "mosquitto/delay-without-session": [
    "will/delay-60-session-0",
    "will/delay-60-session-absent",
    "will/takeover-delayed-ends-clean",
    "will/takeover-delayed-ends-resumed",
  ],
  "mosquitto/delay-list": ["will/refused-login-keeps-delayed"],
  "mosquitto/server-packets": [
    "connect/from-client-suback",
    "connect/from-client-unsuback",
    "connect/from-client-pingresp",
    "will/garbage-pingresp",
  ],
  "mosquitto/reserved-flags": [
    "will/garbage-pingreq-flags",
    "publish/puback-reserved-bits",
    "disconnect/pingreq-reserved-bits",
  ],
  "mosquitto/subscription-identifier": [
    "will/garbage-publish-subscription-identifier",
    "publish/subscription-identifier",
  ],
  "mosquitto/response-topic-wildcard": ["will/property-response-wildcard", "publish/response-topic-wildcard"],
  "mosquitto/authentication-data-alone": ["connect/authentication-data-alone"],
  "mosquitto/shared-retained": ["shared/no-retained"],
  "mosquitto/shared-no-local": ["shared/no-local"],
  "mosquitto/share-name-empty": ["shared/empty-name"],
  "mosquitto/shared-without-filter": ["shared/no-filter"],
  "mosquitto/too-large-keeps-quota": ["limits/maximum-packet-size"],
  "mosquitto/own-maximum-packet-size": ["limits/own-maximum-packet-size"],
  "mosquitto/refused-keeps-quota": ["publish/pubrec-0x80-forms"],

  "mosquitto-2.1/expiry-largest": ["will/message-expiry-largest"],
  "mosquitto-2.1/share-name-empty": ["shared/empty-name"],
  "mosquitto-2.1/too-large-keeps-quota": ["limits/maximum-packet-size"],
  "mosquitto-2.1/delay-by-the-second": ["will/delay-resumed-after-1500ms"],

  "aedes/topic-not-utf8": ["publish/topic-not-utf-8", "publish/topic-overlong"],
  "aedes/topic-nul": ["will/garbage-publish-nul-topic", "publish/topic-null"],
  "aedes/packet-id-0": ["will/garbage-publish-id-0", "publish/packet-id-0", "subscribe/packet-id-0"],
  "aedes/empty-id-lasting": ["will/refused-empty-id", "connect/client-id-empty-session"],
  "aedes/will-qos-3": ["will/flags-qos-3"],
  "aedes/connect-more-bytes": ["will/fields-unannounced", "connect/trailing-bytes", "connect/username-unannounced"],
  "aedes/connect-not-utf8": [
    "will/topic-not-utf-8",
    "will/topic-surrogate",
    "connect/client-id-not-utf-8",
    "connect/username-not-utf-8",
  ],
  "aedes/will-topic-unchecked": ["will/topic-nul", "will/topic-hash", "will/topic-plus", "will/topic-empty"],
  "aedes/level-unanswered": ["connect/level-unknown"],
  "aedes/empty-session-forgotten": ["connect/session-present-resumed"],
  "aedes/password-alone": ["connect/password-alone"],
  "aedes/redelivery-without-dup": ["session/redelivers-qos-1", "session/redelivers-qos-2"],
  "aedes/dup-passed-on": ["publish/dup-own"],
  "aedes/filter-text": ["subscribe/filter-not-utf-8", "subscribe/filter-null"],
  "aedes/unsubscribe-nothing": ["subscribe/unsubscribe-no-filter"],

  "ejabberd/subscription-identifier": [
    "will/garbage-publish-subscription-identifier",
    "publish/subscription-identifier",
  ],
  "ejabberd/subscription-identifier-0": ["subscribe/subscription-identifier-0"],
  "ejabberd/subscribe-nothing": ["will/garbage-subscribe-nothing", "subscribe/no-filter"],
  "ejabberd/unsubscribe-nothing": ["subscribe/unsubscribe-no-filter"],
  "ejabberd/options-of-5": ["subscribe/options-of-5"],
  "ejabberd/empty-id-lasting": ["will/refused-empty-id", "connect/client-id-empty-session"],
  "ejabberd/connect-property-misplaced": ["will/property-misplaced", "connect/property-misplaced"],
  "ejabberd/authentication-data-alone": ["connect/authentication-data-alone"],
  "ejabberd/correlation-data-empty": ["will/correlation-data-empty", "properties/correlation-data-empty"],
  "ejabberd/expiry-largest": ["will/message-expiry-largest"],
  "ejabberd/expiry-stands-still": [
    "will/expired-for-one-who-is-away",
    "will/expiry-counts-down",
    "session/waiting-message-expires",
  ],
  "ejabberd/packet-size-overlooked": [
    "will/maximum-packet-size",
    "limits/maximum-packet-size",
    "limits/maximum-packet-size-others",
  ],

  "rabbitmq/errors-do-not-close": [
    "will/second-connect-other",
    "connect/remaining-length",
    "connect/packet-type-0",
    "connect/packet-type-15",
    "connect/from-client-connack",
    "connect/from-client-suback",
    "connect/from-client-unsuback",
    "connect/from-client-pingresp",
  ],
  "rabbitmq/qos-2-publish": [
    "session/waiting-qos-2",
    "session/redelivers-qos-2",
    "session/redelivers-pubrel",
    "session/incoming-qos-2-stays",
    "publish/qos-2",
    "publish/qos-2-repeated",
    "publish/qos-2-again",
    "publish/pubrel-unknown",
    "publish/order-qos-2",
    "retained/each-qos",
    "subscribe/qos-of-delivery",
    "subscribe/replaces",
    "subscribe/overlapping",
  ],
  "rabbitmq/retained-by-topic-alone": ["retained/by-wildcard"],
  "rabbitmq/reserved-flags": [
    "will/garbage-pubrel-flags",
    "will/garbage-pingreq-flags",
    "connect/reserved-bits",
    "publish/pubrel-reserved-bits",
    "publish/puback-reserved-bits",
    "disconnect/pingreq-reserved-bits",
  ],
  "rabbitmq/reserved-connect-flag": ["will/refused-reserved-flag", "connect/reserved-flag"],
  "rabbitmq/will-flags": [
    "will/flags-qos-1-alone",
    "will/flags-qos-2-alone",
    "will/flags-retain-alone",
    "will/flags-qos-3",
  ],
  "rabbitmq/will-topic-unchecked": ["will/topic-nul", "will/topic-hash", "will/topic-plus", "will/topic-empty"],
  "rabbitmq/text-unchecked": [
    "will/topic-not-utf-8",
    "will/topic-surrogate",
    "will/garbage-publish-ill-formed-topic",
    "connect/client-id-not-utf-8",
    "publish/topic-not-utf-8",
    "publish/topic-overlong",
    "subscribe/filter-not-utf-8",
  ],
  "rabbitmq/topics-unchecked": [
    "will/garbage-publish-wildcard",
    "will/garbage-publish-nul-topic",
    "will/garbage-publish-empty-topic",
    "publish/topic-plus",
    "publish/topic-hash",
    "publish/topic-empty",
    "publish/topic-null",
  ],
  "rabbitmq/filters-unchecked": [
    "subscribe/filter-empty",
    "subscribe/filter-null",
    "subscribe/filter-hash-inside",
    "subscribe/filter-hash-in-word",
    "subscribe/filter-plus-in-word",
  ],
  "rabbitmq/packet-id-0": ["will/garbage-publish-id-0", "publish/packet-id-0", "subscribe/packet-id-0"],
  "rabbitmq/subscribe-nothing": ["will/garbage-subscribe-nothing", "subscribe/no-filter"],
  "rabbitmq/unsubscribe-nothing": ["subscribe/unsubscribe-no-filter"],
  "rabbitmq/subscribe-options": [
    "will/garbage-subscribe-reserved-options",
    "subscribe/reserved-options",
    "subscribe/options-of-5",
  ],
  "rabbitmq/disconnect-reserved-flags": ["will/disconnect-reserved-bits"],
  "rabbitmq/subscribe-flags-no-will": ["will/garbage-subscribe-flags"],
  "rabbitmq/shutdown-no-wills": ["will/restart-living"],
  "rabbitmq/level-unanswered": ["connect/level-unknown"],
  "rabbitmq/empty-session-forgotten": ["connect/session-present-resumed"],
  "rabbitmq/dup-passed-on": ["publish/dup-own"],

  "aedes-2/topic-not-utf8": [
    "publish/topic-not-utf-8",
    "publish/topic-overlong",
    "will/garbage-publish-ill-formed-topic",
  ],
  "aedes-2/topic-nul": ["will/garbage-publish-nul-topic", "publish/topic-null"],
  "aedes-2/packet-id-0": ["will/garbage-publish-id-0", "publish/packet-id-0", "subscribe/packet-id-0"],
  "aedes-2/will-qos-3": ["will/flags-qos-3"],
  "aedes-2/connect-more-bytes": ["will/fields-unannounced", "connect/trailing-bytes", "connect/username-unannounced"],
  "aedes-2/connect-not-utf8": [
    "will/topic-not-utf-8",
    "will/topic-surrogate",
    "connect/client-id-not-utf-8",
    "connect/username-not-utf-8",
  ],
  "aedes-2/will-topic-unchecked": ["will/topic-nul", "will/topic-hash", "will/topic-plus", "will/topic-empty"],
  "aedes-2/level-unanswered": ["connect/level-unknown"],
  "aedes-2/empty-session-forgotten": ["connect/session-present-resumed", "session/expires-not-early"],
  "aedes-2/password-alone": ["connect/password-alone"],
  "aedes-2/redelivery-without-dup": ["session/redelivers-qos-1", "session/redelivers-qos-2"],
  "aedes-2/dup-passed-on": ["publish/dup-own"],
  "aedes-2/filter-text": ["subscribe/filter-not-utf-8", "subscribe/filter-null"],
  "aedes-2/unsubscribe-nothing": ["subscribe/unsubscribe-no-filter"],
  "aedes-2/disconnect-error": ["will/disconnect-properties-0x80", "will/disconnect-code-alone-0x80"],
  "aedes-2/disconnect-raises-expiry": ["will/disconnect-raises-expiry"],
  "aedes-2/delayed-back-clean": ["will/delay-clean-start", "will/takeover-delayed-lasts-clean"],
  "aedes-2/will-delay-property": ["broker/publish-will-delay-interval"],
  "aedes-2/user-property-order": [
    "will/user-properties",
    "will/all-properties",
    "will/retain-properties",
    "will/properties-any-order",
    "retained/properties",
    "properties/user-properties",
    "properties/any-order",
  ],
  "aedes-2/no-local-of-one-who-is-away": ["will/no-local"],
  "aedes-2/receive-maximum-ignored": [
    "will/receive-maximum",
    "limits/receive-maximum",
    "limits/receive-maximum-goes-on",
  ],
  "aedes-2/maximum-packet-size-ignored": [
    "will/maximum-packet-size",
    "limits/maximum-packet-size",
    "limits/maximum-packet-size-others",
  ],
  "aedes-2/property-unchecked": [
    "will/property-twice",
    "will/property-misplaced",
    "will/property-response-wildcard",
    "will/property-content-type-not-utf-8",
    "connect/property-twice",
    "connect/property-misplaced",
    "connect/problem-information-2",
    "connect/maximum-packet-size-0",
  ],
  "aedes-2/publish-property-unchecked": [
    "will/garbage-publish-property-twice",
    "will/garbage-publish-subscription-identifier",
    "publish/subscription-identifier",
  ],
  "aedes-2/subscription-identifier-lost": ["subscribe/identifiers-overlapping"],
  "aedes-2/same-filter-one-code": ["subscribe/same-filter-twice"],
  "aedes/same-filter-one-code": ["subscribe/same-filter-twice"],
  "rabbitmq/same-filter-two-bindings": ["subscribe/same-filter-twice"],

  "nats/takeover": ["will/takeover-clean-session", "will/takeover-lasting-session", "will/takeover-chain"],
  "nats/shutdown-no-wills": ["will/restart-living"],
  "nats/topic-spaces": [
    "will/topic-unicode",
    "publish/content-topic-spaces",
    "subscribe/matches-plus",
    "subscribe/matches-as-is",
  ],
  "nats/redelivery-slow": ["session/redelivers-qos-1", "session/redelivers-in-order"],
  "nats/text-unchecked": [
    "will/garbage-publish-ill-formed-topic",
    "will/garbage-publish-nul-topic",
    "publish/topic-null",
    "publish/topic-not-utf-8",
    "publish/topic-overlong",
  ],
  "nats/reserved-flags": [
    "will/garbage-pingreq-flags",
    "connect/reserved-bits",
    "publish/puback-reserved-bits",
    "disconnect/pingreq-reserved-bits",
  ],
  "nats/disconnect-reserved-flags": ["will/disconnect-reserved-bits"],
  "nats/connect-more-bytes": ["will/fields-unannounced", "connect/trailing-bytes", "connect/username-unannounced"],
  "nats/will-topic-nul": ["will/topic-nul"],
  "nats/packet-id-0": ["subscribe/packet-id-0"],
  "nats/filters-unchecked": ["subscribe/filter-null", "subscribe/filter-hash-in-word", "subscribe/filter-plus-in-word"],

  "flashmq/session-end-late": ["will/delay-60-session-1", "will/delay-never-session-1"],
  "flashmq/delayed-back-clean": [
    "will/delay-clean-start",
    "will/takeover-delayed-ends-clean",
    "will/takeover-delayed-ends-resumed",
    "will/takeover-delayed-lasts-clean",
  ],
  "flashmq/keep-alive-late": [
    "will/delay-freeze",
    "keep-alive/silent",
    "keep-alive/last-packet",
    "keep-alive/only-receives",
  ],
  "flashmq/redelivery-without-dup": ["session/redelivers-qos-1", "session/redelivers-qos-2"],
  "flashmq/receive-maximum-drops": ["limits/receive-maximum-loses-nothing", "will/receive-maximum-loses-nothing"],
  "flashmq/disconnect-keeps-session": ["disconnect/session-expiry-to-0"],
  "flashmq/server-packets": [
    "will/garbage-connack",
    "will/garbage-pingresp",
    "connect/from-client-connack",
    "connect/from-client-suback",
    "connect/from-client-unsuback",
    "connect/from-client-pingresp",
  ],
  "flashmq/first-packet": ["connect/first-packet"],
  "flashmq/will-topic-empty": ["will/topic-empty"],
  "flashmq/connect-more-bytes": ["will/fields-unannounced", "connect/trailing-bytes", "connect/username-unannounced"],

  "nanomq/lasting-session-no-will": [
    "will/removed",
    "will/replaced",
    "will/takeover-lasting-session",
    "will/to-itself",
    "will/no-local",
    "will/restart-sent",
    "will/delay-back-too-late",
  ],
  "nanomq/delay-not-kept": ["will/delay-from-end", "will/retain-delayed"],
  "nanomq/keep-alive-late": ["will/delay-freeze", "keep-alive/silent", "keep-alive/last-packet"],
  "nanomq/refused-login-ends-living": ["will/refused-login-bystander"],
  "nanomq/waiting-messages-slow": [
    "session/waiting-message",
    "session/waiting-in-order",
    "session/waiting-qos-2",
    "session/after-reset",
    "session/redelivers-qos-1",
    "session/redelivers-qos-2",
    "session/redelivers-in-order",
    "connect/connack-first",
    "will/to-one-who-is-away",
    "will/expiry-counts-down",
  ],
  "nanomq/expiry-stands-still": ["session/waiting-message-expires"],
  "nanomq/publish-in-place-of-pubrel": ["session/redelivers-pubrel"],
  "nanomq/empty-will-refused": ["will/empty-payload", "will/retain-clears"],
  "nanomq/qos-2-twice": ["publish/qos-2-repeated", "session/incoming-qos-2-stays"],
  "nanomq/dup-passed-on": ["publish/dup-own"],
  "nanomq/order": ["publish/order-qos-0"],
  "nanomq/will-delay-property": ["broker/publish-will-delay-interval"],
  "nanomq/disconnect-in-311": ["broker/disconnect"],

  "mochi/disconnect-short": ["will/disconnect-code-alone-0x04", "will/disconnect-code-alone-0x80"],
  "mochi/expiry-added": ["properties/expiry-added"],
  "mochi/connack-codes-of-5": ["broker/connack-code-0x82", "broker/connack-code-0x85"],
  "mochi/puback-no-code": ["broker/puback-code-0x01"],
  "mochi/delay-without-session": [
    "will/delay-60-session-absent",
    "will/delay-clean-start",
    "will/takeover-delayed-lasts-clean",
  ],
  "mochi/keep-alive-16-bits": ["will/keep-alive-43691"],
};

const byCase = new Map<string, string[]>();
for (const [deviation, ids] of Object.entries(knownDeviations)) {
  for (const id of ids) byCase.set(id, [...byCase.get(id) ?? [], deviation]);
}

/** True for a deviation of a profile that is named here for the case. */
export function mayFailUnder(id: CaseId, profile: string, deviation: string): boolean {
  return byCase.get(id)?.includes(`${profile}/${deviation}`) === true;
}

/** How a deviation shows in single cases, where that is not how it shows in all others. */
const inCase: Readonly<Record<string, Readonly<Partial<Record<CaseId, readonly CaseSign[]>>>>> = {
  // The will waits although its session has ended, and is dropped when its client is back.
  "mosquitto/delay-without-session": { "will/takeover-delayed-ends-resumed": [{ fault: "missing" }] },
  // The slow transmission takes 17 s, and keeps the client alive during it.
  "ejabberd/half-packet-keeps-alive": { "will/freeze-trickle": [{ fault: "late", withinS: 20 }] },
  "nats/half-packet-keeps-alive": { "will/freeze-trickle": [{ fault: "late", withinS: 20 }] },
  // A will that comes early comes before its client is back.
  "mosquitto-2.1/delay-by-the-second": { "will/delay-resumed-after-1500ms": [{ fault: "unwanted" }] },
  "rabbitmq/keep-alive-late": { "will/freeze-trickle": [{ fault: "late", withinS: 20 }] },
};

/** How a deviation shows in this very case, from the table above; undefined where the table has no entry. */
export function knownSigns(id: CaseId, profile: string, deviation: string): readonly CaseSign[] | undefined {
  return inCase[`${profile}/${deviation}`]?.[id];
}
