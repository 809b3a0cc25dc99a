/**
 * Will topics from a template, and the filters by which watchers find them.
 */
import { UsageError } from "../../base/failure.ts";
import type { FleetPlan } from "./plan.ts";
import { shardsOf } from "./shard.ts";

/** The values of a template's placeholders. */
interface TopicParts {
  readonly run: string;
  readonly bucket: string;
  readonly client: string;
  readonly incarnation: string;
}

const placeholder = /\{([^{}]*)\}/g;
/** The cut of the plan into groups fills {group}, so that no life needs its group. */
const known: readonly string[] = ["run", "bucket", "client", "incarnation", "group"];

/** Makes the topic of one life's will. */
export type WillTopicBy = (parts: TopicParts) => string;

/** Makes the topics of a template; it cuts the template once, because callers request topics again and again. */
export function willTopicBy(template: string): WillTopicBy {
  // Text at even places, names of placeholders at odd ones.
  const pieces = template.split(placeholder);
  return (parts) => {
    let topic = pieces[0]!;
    for (let at = 1; at < pieces.length; at += 2) topic += parts[pieces[at] as keyof TopicParts] + pieces[at + 1]!;
    return topic;
  };
}

/**
 * The narrowest topic filter that matches every will topic with these parts: a level with one of the others becomes
 * `+`.
 */
export function willTopicFilter(template: string, parts: Partial<TopicParts>): string {
  return template.split("/").map((level) => {
    const filled = level.replace(placeholder, (whole, name: keyof TopicParts) => parts[name] ?? whole);
    return filled.includes("{") ? "+" : filled;
  }).join("/");
}

/** True when both filters match some topic. No filter here has a #. */
export function filtersMeet(one: string, other: string): boolean {
  const [levels, others] = [one.split("/"), other.split("/")];
  if (levels.length !== others.length) return false;
  return levels.every((level, place) => level === "+" || others[place] === "+" || level === others[place]);
}

/** True when a filter for one bucket never matches the topics of another: a level separates them. */
export function sharedByBucket(template: string): boolean {
  return template.split("/").some((level) => level.includes("{bucket}") && !/\{(client|incarnation)\}/.test(level));
}

/**
 * Checks a template together with the settings that it depends on.
 *
 * @throws UsageError when no client could publish a will on it, or watchers could not share it
 */
export function checkWillTopic(
  plan: Pick<FleetPlan, "willTopic" | "willRetain" | "watchers" | "workers" | "shard">,
): void {
  const { willTopic: template, watchers } = plan;
  const squads = plan.workers * shardsOf(plan);
  const refuse = (allowed: string): never => {
    throw new UsageError(`Cannot use --will-topic ${JSON.stringify(template)}: expected ${allowed}`);
  };
  const unknown = [...template.matchAll(placeholder)].find((match) => !known.includes(match[1]!));
  if (unknown !== undefined) refuse(`{run}, {bucket}, {client}, {incarnation} or {group} in place of ${unknown[0]}`);
  const literal = template.replace(placeholder, "");
  if (template === "" || /[+#\0]/.test(literal)) refuse("a topic name: at least one character, no + # and NUL");
  if (literal.includes("{") || literal.includes("}")) {
    refuse("braces only around run, bucket, client, incarnation or group");
  }
  if (template.startsWith("$")) refuse("no leading $, which is reserved for brokers");
  if (new TextEncoder().encode(template).length > 1_024) refuse("at most 1,024 bytes");
  // On a shared topic, the cleanup of one squad would delete retained wills that another squad has not verified yet.
  if (squads > 1 && plan.willRetain && !sharedByBucket(template)) {
    refuse(`a level with {bucket} and neither {client} nor {incarnation} for retained wills of ${squads} squads`);
  }
  // Else each watcher would see all wills, and each will would look doubled.
  if (watchers > squads && !sharedByBucket(template)) {
    throw new UsageError(
      `Cannot share ${watchers} watchers over --will-topic ${
        JSON.stringify(template)
      }: expected a level with {bucket} and neither {client} nor {incarnation}, or --watchers ${squads}`,
    );
  }
}
