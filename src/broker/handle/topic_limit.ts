/**
 * What the broker allows of topics beyond what the standard does.
 */

/** Whether only the broker publishes to this name. Source: MQTT 5.0 and 3.1.1, section 4.7.2. */
export function isReserved(topicName: string): boolean {
  return topicName.startsWith("$");
}

/** Whether a topic name or filter has more levels than the broker serves. */
export function tooDeep(topic: string, levelsLimit: number): boolean {
  if (topic.length < levelsLimit) return false;
  let levels = 1;
  for (let at = topic.indexOf("/"); at >= 0; at = topic.indexOf("/", at + 1)) {
    if (++levels > levelsLimit) return true;
  }
  return levels > levelsLimit;
}
