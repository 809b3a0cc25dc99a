/**
 * Will topics from a template, and the filters by which watchers find them.
 */
import { UsageError } from "../../base/failure.ts";
import type { FleetPlan } from "./plan.ts";
import { shardsOf } from "./shard.ts";
import { clientIdOf } from "./client_id.ts";
import {
  fillTemplate,
  hasPlaceholder,
  placeholderList,
  type PlaceholderName,
  strangeBrace,
  Template,
  templateParts,
} from "./template.ts";

/** The life whose will has a topic. */
export interface TopicLife {
  readonly client: number;
  readonly incarnation: number;
  readonly bucket: number;
}

/** The template of a plan's will topics; the cut of the plan into groups fills {group}. */
export function willTopicTemplate(plan: FleetPlan): Template<TopicLife> {
  return new Template(plan.willTopic, (name, life) => topicValue(plan, name, life));
}

function topicValue(plan: FleetPlan, name: PlaceholderName, life: TopicLife): string | undefined {
  if (name === "group") return undefined;
  if (name === "run") return plan.run;
  return name === "id" ? clientIdOf(plan, life.client) : String(life[name]);
}

/**
 * The narrowest topic filter that matches every will topic with these parts: a level with one of the others becomes
 * `+`.
 */
export function willTopicFilter(template: string, parts: { readonly run?: string; readonly bucket?: string }): string {
  return template.split("/").map((level) => {
    const filled = fillTemplate(level, (name) => name === "run" || name === "bucket" ? parts[name] : undefined);
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
  return template.split("/").some((level) =>
    hasPlaceholder(level, "bucket") && !hasPlaceholder(level, "client", "id", "incarnation")
  );
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
  const strange = strangeBrace(template);
  if (strange !== undefined && strange.length > 1) refuse(`${placeholderList} in place of ${strange}`);
  const literal = templateParts(template).filter((part) => typeof part === "string").join("");
  if (template === "" || /[+#\0]/.test(literal)) refuse("a topic name: at least one character, no + # and NUL");
  if (strange !== undefined) refuse("braces only around run, bucket, client, id, incarnation or group");
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
