/** The broker's limits for topics, beyond the rules of the standard. */
import { utf8Length } from "../../mqtt/utf8.ts";
import type { BrokerLimits } from "../options/options.ts";

/** The limit that a topic name or filter exceeds, if any. */
export function topicLimitHit(
  topic: string,
  { topicLevels, topicBytes }: Pick<BrokerLimits, "topicLevels" | "topicBytes">,
): "topicLevels" | "topicBytes" | undefined {
  if (tooDeep(topic, topicLevels)) return "topicLevels";
  return topic.length * 3 > topicBytes && utf8Length(topic) > topicBytes ? "topicBytes" : undefined;
}

/** Whether a topic name or filter has more levels than the broker accepts. */
function tooDeep(topic: string, levelsLimit: number): boolean {
  if (topic.length < levelsLimit) return false;
  let levels = 1;
  for (let at = topic.indexOf("/"); at >= 0; at = topic.indexOf("/", at + 1)) {
    if (++levels > levelsLimit) return true;
  }
  return levels > levelsLimit;
}
