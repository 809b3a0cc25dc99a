/** Whether a topic name or filter has more levels than the broker serves. */
export function tooDeep(topic: string, levelsLimit: number): boolean {
  if (topic.length < levelsLimit) return false;
  let levels = 1;
  for (let at = topic.indexOf("/"); at >= 0; at = topic.indexOf("/", at + 1)) {
    if (++levels > levelsLimit) return true;
  }
  return levels > levelsLimit;
}
