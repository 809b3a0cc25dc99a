import { aedes } from "./aedes.ts";
import { anyEnding } from "./endings.ts";
import type { Deviation, Profile } from "./profile.ts";

const seen = "observed on 2.0.0-beta.1";

/** The 5.0 rules of deviations that 1.2 has too, by the id of the deviation. */
const kept: Readonly<Record<string, string>> = {
  "topic-not-utf8": "3.3.2-1",
  "topic-nul": "4.7.3-2",
  "packet-id-0": "2.2.1-3",
  "will-qos-3": "3.1.2-12",
  "connect-more-bytes": "3.1.4-1",
  "connect-not-utf8": "1.5.4-1",
  "will-topic-unchecked": "4.7.0-1",
  "empty-session-forgotten": "3.2.2-3",
  "redelivery-without-dup": "3.3.1-1",
  "dup-passed-on": "3.3.1-3",
  "filter-text": "3.8.3-1",
};

/** Deviations of 1.2 that were observed on 2.0 only in 3.1.1. */
const of311: readonly string[] = ["level-unanswered", "password-alone", "unsubscribe-nothing"];

const stillThere: readonly Deviation[] = aedes.deviations
  .filter(({ id }) => id in kept || of311.includes(id))
  .map((each) => {
    const rule = kept[each.id];
    return { ...each, rules: { ...each.rules, ...rule !== undefined && { "5.0": rule } }, source: seen };
  });

/** aedes 2.0 for Node.js, as of its first beta. */
export const aedes2: Profile = {
  name: "aedes-2",
  broker: "aedes",
  versions: "2.0.0-beta.1",
  deviations: [
    ...stillThere,
    {
      id: "disconnect-error",
      rules: { "5.0": "3.1.2-8" },
      what: "A DISCONNECT with a reason code of 0x80 or above removes the will.",
      evidence: "run",
      source: seen,
      signs: [{ fault: "missing", endings: ["disconnect-error"] }],
    },
    {
      id: "disconnect-raises-expiry",
      rules: { "5.0": "4.13.1-1" },
      what: "A DISCONNECT that prolongs a session of 0 s is accepted, and removes the will.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "missing" }],
    },
    {
      id: "delayed-back-clean",
      rules: { "5.0": "3.1.2-8" },
      what: "A delayed will is dropped when its session is ended by a CONNECT with Clean Start.",
      evidence: "run",
      source: seen,
      signs: [
        {
          fault: "missing",
          endings: anyEnding,
          grounds: ["session-ended", "taken-over"],
          session: "lasts",
          delay: "some",
          next: "clean",
        },
      ],
    },
    {
      id: "will-delay-property",
      rules: { "5.0": "4.13.1-1" },
      what: "A delayed will is published with the property Will Delay Interval, which no PUBLISH may have.",
      evidence: "run",
      source: seen,
      signs: [{
        fault: "altered",
        endings: anyEnding,
        delay: "some",
        altered: ["Will Delay Interval", "user properties"],
      }],
      shows: [{ fault: "other" }],
    },
    {
      id: "user-property-order",
      rules: { "5.0": "3.3.2-18" },
      what: "The broker groups user properties of one name: properties between them come later.",
      evidence: "run",
      source: seen,
      signs: [{ fault: "altered", endings: anyEnding, altered: ["user properties"] }],
    },
    {
      id: "no-local-of-one-who-is-away",
      rules: { "5.0": "3.8.3-3" },
      what: "The broker queues a client's own will for it although it subscribed with No Local.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "unwanted" }],
    },
    {
      id: "receive-maximum-ignored",
      rules: { "5.0": "3.3.4-9" },
      what: "More unacknowledged messages are sent than the client's Receive Maximum allows.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "unwanted" }, { fault: "other" }],
    },
    {
      id: "maximum-packet-size-ignored",
      rules: { "5.0": "3.1.2-24" },
      what: "Packets larger than the client's Maximum Packet Size are sent.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "unwanted" }],
    },
    {
      id: "property-unchecked",
      rules: { "5.0": "3.1.4-1" },
      what: "A CONNECT is accepted that has a property twice, one that does not belong there, one with an invalid " +
        "value, or text that is not UTF-8.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "accepted" }, { fault: "other" }],
    },
    {
      id: "publish-property-unchecked",
      rules: { "5.0": "4.13.1-1" },
      what: "A PUBLISH with a property twice, or with a Subscription Identifier, does not end the connection.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "not closed" }],
    },
    {
      id: "subscription-identifier-lost",
      rules: { "5.0": "3.3.4-3" },
      what: "A message that matches two subscriptions comes without a Subscription Identifier.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "other" }],
    },
    {
      id: "same-filter-one-code",
      rules: { "3.1.1": "3.8.4-5", "5.0": "3.8.4-6" },
      what: "A SUBSCRIBE with one filter twice is answered with one code.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "other" }],
    },
  ],
};
