/**
 * The oracle for retained wills: compares what a late subscriber found with what must be there. Pure.
 */
import type { QoS } from "../../mqtt/packet.ts";
import type { FoundWill, RetainedCounts } from "../result/retained_counts.ts";
import type { WillMark } from "../life/life.ts";

/**
 * What was found against what must be there, topic by topic. A server may drop a retained message of QoS 0 whenever it
 * likes, so that one which is not found is not counted. MQTT 3.1.1, 3.3.1-7; MQTT 5.0, section 3.3.1.3
 *
 * @param qosOf the QoS that a will asked for
 */
export function countRetained(
  expected: ReadonlyMap<string, WillMark>,
  found: ReadonlyMap<string, FoundWill>,
  qosOf: (mark: WillMark) => QoS,
): RetainedCounts {
  const counts: RetainedCounts = { expected: 0, right: 0, wrong: 0, missing: 0 };
  for (const [topic, mark] of expected) {
    if (!found.has(topic) && qosOf(mark) === 0) continue;
    counts.expected++;
    counts[verdictOf(found.get(topic), mark)]++;
  }
  return counts;
}

function verdictOf(found: FoundWill | undefined, { client, incarnation }: WillMark): "right" | "wrong" | "missing" {
  if (found === undefined) return "missing";
  const { mark, retain } = found;
  // A message from the store is marked as retained. [MQTT311 3.3.1-8] 5.0 says so in its section 3.8.3.1, by no number.
  // That of a later life was published after the last one that a watcher saw, which may have been away.
  return retain && mark?.client === client && mark.incarnation >= incarnation ? "right" : "wrong";
}
