/**
 * Topic names and topic filters: their validity, and which filter matches which name. The broker's topic tree matches
 * many filters at once; {@link matches} is the reference implementation that it must agree with.
 *
 * Comparison is by character: no normalisation, no case folding. // [MQTT5 4.7.3-4] [MQTT311 4.7.3-4]
 */
import { maximumStringBytes, packetTextSize, utf8Length } from "./utf8.ts";

/** A filter of the form `$share/{group}/{filter}` (5.0). */
interface SharedFilter {
  /** The ShareName: at least one character, none of `/`, `+`, `#`. */
  readonly group: string;
  /** The topic filter after the group, valid by {@link isValidTopicFilter}. */
  readonly filter: string;
}

const sharePrefix = "$share/";

/** Whether a message can be published to this name. */
export function isValidTopicName(name: string): boolean {
  return isTopicText(name) && !name.includes("+") && !name.includes("#"); // [MQTT5 4.7.0-1] [MQTT311 4.7.1-1]
}

/** Whether this is a topic filter; `$share/…` counts as a plain filter, as in 3.1.1. */
export function isValidTopicFilter(filter: string): boolean {
  return isTopicText(filter) && hasWholeLevelWildcards(filter);
}

/** Whether the standard allows a subscriber of that version to request this filter, shared ones included. */
export function isValidSubscription(filter: string, version: 4 | 5): boolean {
  if (!isValidTopicFilter(filter)) return false;
  return version === 4 || !isSharedFilter(filter) || parseSharedFilter(filter) !== undefined;
}

/** Whether a 5.0 filter requests a shared subscription, well-formed or not. */
export function isSharedFilter(filter: string): boolean {
  return filter.startsWith(sharePrefix); // [MQTT5 4.8.2-1]
}

/** The parts of a 5.0 shared filter; undefined if it is not a well-formed shared filter. */
export function parseSharedFilter(shared: string): SharedFilter | undefined {
  if (!isSharedFilter(shared)) return undefined;
  const groupEnd = shared.indexOf("/", sharePrefix.length);
  if (groupEnd <= sharePrefix.length) return undefined; // [MQTT5 4.8.2-1]
  const group = shared.slice(sharePrefix.length, groupEnd);
  const filter = shared.slice(groupEnd + 1);
  if (group.includes("+") || group.includes("#")) return undefined; // [MQTT5 4.8.2-2]
  return isValidTopicFilter(filter) && utf8Length(shared) <= maximumStringBytes ? { group, filter } : undefined;
}

/**
 * Whether a valid topic filter (of a shared one: its `filter` part) matches a valid topic name.
 *
 * `#` also matches its parent: `a/#` matches `a`.
 */
export function matches(filter: string, name: string): boolean {
  if (name.startsWith("$") && startsWithWildcard(filter)) return false; // [MQTT5 4.7.2-1] [MQTT311 4.7.2-1]
  const asked = filter.split("/");
  const levels = name.split("/");
  const open = asked.at(-1) === "#"; // [MQTT5 4.7.1-1] [MQTT311 4.7.1-2]
  if (open) asked.pop();
  if (open ? levels.length < asked.length : levels.length !== asked.length) return false;
  return asked.every((level, index) => level === "+" || level === levels[index]); // [MQTT5 4.7.1-2] [MQTT311 4.7.1-3]
}

function startsWithWildcard(filter: string): boolean {
  return filter.startsWith("#") || filter.startsWith("+");
}

/** The common rules of names and filters. */
function isTopicText(text: string): boolean {
  if (text.length === 0) return false; // [MQTT5 4.7.3-1] [MQTT311 4.7.3-1]
  return packetTextSize(text) !== undefined; // [MQTT5 4.7.3-2] [MQTT5 4.7.3-3] [MQTT311 4.7.3-2] [MQTT311 4.7.3-3]
}

function hasWholeLevelWildcards(filter: string): boolean {
  const hash = filter.indexOf("#");
  if (hash >= 0 && hash !== filter.length - 1) return false; // [MQTT5 4.7.1-1] [MQTT311 4.7.1-2]
  if (hash > 0 && filter[hash - 1] !== "/") return false; // [MQTT5 4.7.1-1] [MQTT311 4.7.1-2]
  for (let at = filter.indexOf("+"); at >= 0; at = filter.indexOf("+", at + 1)) {
    if (at > 0 && filter[at - 1] !== "/") return false; // [MQTT5 4.7.1-2] [MQTT311 4.7.1-3]
    if (at < filter.length - 1 && filter[at + 1] !== "/") return false; // [MQTT5 4.7.1-2] [MQTT311 4.7.1-3]
  }
  return true;
}

/** The number of levels of a topic name or filter, 1 or more; `most` + 1 where there are more than `most`. */
export function levelsOf(topic: string, most = Infinity): number {
  let levels = 1;
  for (let at = topic.indexOf("/"); at >= 0 && levels <= most; at = topic.indexOf("/", at + 1)) levels++;
  return levels;
}

const dollar = 0x24;
const reserved = ["$SYS", "$share", "$CONTROL"];

/**
 * Whether only the broker may publish to this name. Other names that begin with `$`, such as `$aws/…`, are ordinary
 * topics that no wildcard at the first level matches. Source: MQTT 5.0 and 3.1.1, section 4.7.2.
 */
export function isReserved(topicName: string): boolean {
  if (topicName.charCodeAt(0) !== dollar) return false; // avoids a call for nearly every message
  return reserved.some((name) => topicName === name || topicName.startsWith(`${name}/`));
}
