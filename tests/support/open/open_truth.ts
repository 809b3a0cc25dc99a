/**
 * Whether a run's statements about a broker are true: a case that is not testable, a fleet that is void or refused
 * before its run, must name the behaviour of this seed's broker. The test compares each sentence with the seed's
 * choices.
 */
import type { Choices, OpenChoice } from "./open_choices.ts";

/**
 * A sentence, and the choices that make it true, one of which is necessary. A sentence that is true for each broker
 * lists none.
 */
interface Truth {
  readonly says: RegExp;
  readonly because: readonly OpenChoice[] | "always";
}

const refusedConnect: readonly OpenChoice[] = [
  "refusal: a CONNECT too many in a while",
  "refusal: a will of too many bytes",
  "refusal: a topic of too many levels",
  "client identifier: one of more than 23 bytes is refused",
  "maximum packet size: small, announced; a larger packet ends the connection",
  "limits in 3.1.1: kept, for it cannot announce them",
];
const closed: readonly OpenChoice[] = [
  ...refusedConnect,
  "maximum qos: 0 or 1, announced",
  "retain: not available, announced",
  "receive maximum: a client that exceeds it is disconnected",
  "end: a client is disconnected for no fault of its own",
];
const refusedSubscription: readonly OpenChoice[] = [
  "refusal: a SUBSCRIBE for the quota",
  "refusal: a topic of too many levels",
  "wildcards: not available, announced",
  "shared subscriptions: not available, announced",
  "subscription identifiers: not available, announced",
  "limits in 3.1.1: kept, for it cannot announce them",
];

const truths: readonly Truth[] = [
  // The options of this harness, and the properties of every server of this kind.
  {
    says:
      /no topic below \$SYS|--restart-command|no will was due|accepts every alias|no message to the client that refuses/,
    because: "always",
  },
  // Limits that the broker announces or that its behaviour shows.
  { says: /Shared Subscription/i, because: ["shared subscriptions: not available, announced"] },
  { says: /Wildcard Subscription/i, because: ["wildcards: not available, announced"] },
  { says: /Subscription Identifier/i, because: ["subscription identifiers: not available, announced"] },
  { says: /retain/i, because: ["retain: not available, announced", "retained: of qos 0 is not kept"] },
  { says: /QoS/, because: ["maximum qos: 0 or 1, announced", "granted qos: lower than asked for"] },
  {
    says: /no Maximum Packet Size of/,
    because: "always",
  },
  {
    says: /Maximum Packet Size|packet.* too large|0x95/i,
    because: ["maximum packet size: small, announced; a larger packet ends the connection"],
  },
  { says: /accepts no Topic Alias/, because: "always" },
  { says: /Topic Alias/, because: ["topic alias maximum: aliases of clients are taken"] },
  { says: /keep alive|Server Keep Alive/i, because: ["server keep alive: another than asked for, announced"] },
  { says: /Session Expiry|the expiry to/i, because: ["session expiry: another than asked for, announced"] },
  // Versions and logins.
  {
    says: /does not support|supports (MQTT )?(3\.1\.1|5\.0)|needs MQTT 5\.0/,
    because: ["version: one of the two is not spoken"],
  },
  {
    says: /client without an id/,
    because: ["client identifier: a client without one is refused"],
  },
  {
    says: /sends its wills at shutdown/,
    because: [
      "restart: wills of the connections that it ends come before it",
      "session expiry: another than asked for, announced",
    ],
  },
  // Refusals.
  {
    says:
      /refused? the subscription|refuses? .*subscription|subscription.*refused|refused its subscription|may not subscribe/,
    because: refusedSubscription,
  },
  {
    says: /load|[Qq]uota|0x9f|0x97|0x89|0x88|[Ss]erver (busy|unavailable)|rate/,
    because: [...refusedConnect, ...refusedSubscription, "refusal: a PUBLISH for the quota"],
  },
  { says: /refused its message \d times/, because: ["refusal: a PUBLISH for the quota"] },
  { says: /CONNECT|could not connect|CONNACK/, because: refusedConnect },
  // Sessions, order and number of messages.
  {
    says: /kept no messages for the watchers|keeps no session over a restart/,
    because: [
      "qos 0: dropped for a session that is offline",
      "slow: a message",
      "slow: a will",
      "session expiry: another than asked for, announced",
      "maximum qos: 0 or 1, announced",
      "granted qos: lower than asked for",
    ],
  },
  {
    says: /messages? at a time|Receive Maximum/,
    because: ["send quota: smaller than the client's receive maximum", "receive maximum: small, announced"],
  },
  { says: /redeliver|sends? again|DUP/, because: ["redelivery: with DUP while the connection lives, in 3.1.1"] },
  { says: /levels|topic/i, because: ["refusal: a topic of too many levels"] },
  { says: /closed|reset|disconnected/, because: closed },
];

/** The choice that makes a sentence true; undefined if there is none. */
export function causeOf(reason: string, { counts }: Choices): OpenChoice | "always" | undefined {
  for (const { says, because } of truths) {
    if (!says.test(reason)) continue;
    if (because === "always") return "always";
    const made = because.find((name) => counts[name] > 0);
    if (made !== undefined) return made;
  }
  return undefined;
}
