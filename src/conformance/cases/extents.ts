/** The sizes beyond the usual that single cases send to a broker. */
import type { ConformanceCase } from "../case/case.ts";
import type { Extent } from "./extent.ts";

/** By the id of a case, or by its beginning up to a hyphen or slash; the longest that fits counts. */
const extents: Readonly<Record<string, Extent>> = {
  "will/storm": { waiting: 20 },
  "will/every-byte": { willPayloadBytes: 256 },
  "will/long-payload": { willPayloadBytes: 60_000 },
  "will/all-properties": { willPayloadBytes: 200 },
  "will/topic-unicode": { topicLevels: 6, topicBytes: 80 },
  "will/topic-empty-levels": { topicLevels: 6 },
  "will/topic-feff": { topicBytes: 40 },
  "will/topic-long": { topicBytes: 1_000 },
  "will/to-wildcards": { topicLevels: 4 },
  "will/to-nobody-else": { topicLevels: 4 },
  "will/shared": { topicLevels: 5 },
  "will/maximum-packet-size": { willPayloadBytes: 1_000, payloadBytes: 1_000 },
  "will/receive-maximum": { waiting: 3 },
  "session/waiting-in-order": { waiting: 10 },
  "session/waiting-message-expires": { waiting: 2 },
  "session/redelivers-in-order": { waiting: 5 },
  "publish/packet-ids-differ": { waiting: 10 },
  "publish/order": { waiting: 20 },
  "publish/content-bytes": { payloadBytes: 256 },
  "publish/content-100-kb": { payloadBytes: 100_000 },
  "publish/content-topic-spaces": { topicLevels: 8, topicBytes: 50, payloadBytes: 256 },
  "publish/content-topic-feff": { topicBytes: 40, payloadBytes: 256 },
  "publish/in-two-writes": { waiting: 2 },
  "publish/several-in-one-write": { waiting: 3 },
  "retained/each-qos": { retained: 2 },
  "retained/by-wildcard": { retained: 3, topicLevels: 4, waiting: 3 },
  "subscribe/granted-qos": { subscriptions: 3 },
  "subscribe/several-filters": { subscriptions: 3 },
  "subscribe/overlapping": { subscriptions: 2 },
  "subscribe/unsubscribe-stops": { subscriptions: 2 },
  "subscribe/unsubscribe-several": { subscriptions: 2 },
  "subscribe/identifiers-overlapping": { subscriptions: 3, topicLevels: 4 },
  "subscribe/matches": { topicLevels: 6 },
  "shared": { topicLevels: 5 },
  "limits/receive-maximum": { waiting: 5 },
  "limits/receive-maximum-others": { waiting: 2, subscriptions: 2 },
  "limits/maximum-packet-size": { payloadBytes: 1_000, waiting: 2 },
  "limits/no-alias-unasked": { subscriptions: 3 },
  "limits/alias-maximum": { subscriptions: 3 },
  "limits/alias": { waiting: 2 },
};

/** The extent of a case; undefined where the usual sizes suffice. */
export function extentOf({ id }: Pick<ConformanceCase, "id">): Extent | undefined {
  const fitting = Object.keys(extents).filter((name) =>
    id === name || (id.startsWith(name) && /[-/]/.test(id[name.length]!))
  );
  const longest = fitting.toSorted((one, other) => other.length - one.length)[0];
  return longest === undefined ? undefined : extents[longest];
}
