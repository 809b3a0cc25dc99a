/** True when a topic filter with + alone matches a topic: what a broker would deliver. Written apart from src. */
export function topicMatches(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  const asked = filter.split("/");
  return asked.length === levels.length && asked.every((level, place) => level === "+" || level === levels[place]);
}
