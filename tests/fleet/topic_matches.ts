/** Whether a topic filter with only + as wildcard matches a topic. Independent of src. */
export function topicMatches(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  const asked = filter.split("/");
  return asked.length === levels.length && asked.every((level, place) => level === "+" || level === levels[place]);
}
