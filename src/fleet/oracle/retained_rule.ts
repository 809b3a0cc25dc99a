/**
 * The oracle for retained wills: compares the messages that a late subscriber found with the required ones. Pure.
 */
import type { QoS } from "../../mqtt/packet.ts";
import type { FoundWill, RetainedCounts } from "../result/retained_counts.ts";
import type { WillMark } from "../life/life.ts";

/**
 * Compares the message found with the required one, topic by topic. A server may drop a retained message of QoS 0 at
 * any time, so the oracle does not count its absence. MQTT 3.1.1, 3.3.1-7; MQTT 5.0, section 3.3.1.3
 *
 * @param qosOf the QoS of a will
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
  // A message from the store has the retain flag. [MQTT311 3.3.1-8] 5.0 has this in its section 3.8.3.1, by no number.
  // The broker published that of a later life after the last one that a watcher saw, which may have been absent.
  return retain && mark?.client === client && mark.incarnation >= incarnation ? "right" : "wrong";
}
