/** Retained messages: the last message of each topic, found by topic filter. */
import type { Deadline, Deadlines } from "../../base/deadlines.ts";
import type { Due } from "../due.ts";
import { levelsOf } from "../../mqtt/topic.ts";
import type { Message } from "../../mqtt/message.ts";
import { cost, type Memory } from "../limits/memory.ts";
import type { Metrics } from "../limits/metrics.ts";
import type { Changes } from "../store/changes.ts";
import type { Publication } from "../message/publication.ts";

class Node {
  message: Publication | undefined;
  /** The expiry of the message, if it has one. */
  expiry: Deadline<Due> | undefined;
  children: Map<string, Node> | undefined;
}

/** The retained messages of a broker. */
export class Retained {
  readonly #root = new Node();
  readonly #metrics: Metrics;
  readonly #deadlines: Deadlines<Due>;
  readonly #limit: number;
  readonly #changes: Changes | undefined;
  readonly #memory: Memory | undefined;

  constructor({ metrics, deadlines, limit, changes, memory }: {
    readonly metrics: Metrics;
    readonly deadlines: Deadlines<Due>;
    readonly limit: number;
    /** The changes of the store, if there is one. */
    readonly changes?: Changes | undefined;
    /** The limit of the broker's memory; the broker's own messages are not counted. */
    readonly memory?: Memory;
  }) {
    this.#memory = memory;
    this.#metrics = metrics;
    this.#deadlines = deadlines;
    this.#limit = limit;
    this.#changes = changes;
  }

  /** Stores a message in place of its topic's last one; an empty payload only clears the topic. */
  store(publication: Publication): void {
    const levels = publication.message.topic.split("/");
    if (publication.message.payload.length === 0) return this.#clear(levels); // [MQTT5 3.3.1-6] [MQTT311 3.3.1-10]
    const limit = this.#limitHitBy(publication, levels);
    if (limit !== undefined) {
      this.#metrics.retainedRefused++;
      this.#metrics.limitsHit[limit]++;
      return;
    }
    this.#keep(publication, levels);
  }

  /** Restores a message from the store, regardless of the current limits. */
  restore(publication: Publication): void {
    this.#keep(publication, publication.message.topic.split("/"));
  }

  #keep(publication: Publication, levels: readonly string[]): void {
    let node = this.#root;
    for (const level of levels) {
      const children = node.children ??= new Map();
      let child = children.get(level);
      if (child === undefined) {
        children.set(level, child = new Node());
        this.#memory?.add(cost.level);
      }
      node = child;
    }
    if (node.message === undefined) this.#metrics.retainedHeld++;
    this.#hold(node.message, publication);
    this.#changes?.retain(publication.message.topic, node.message, publication);
    node.message = publication; // [MQTT5 3.3.1-5] [MQTT311 3.3.1-5]
    this.#watchExpiry(node, publication.expiresAtMs);
  }

  /** Handles the expiry of a topic's message. Does nothing if the topic has another message by now. */
  expired(publication: Publication): void {
    const levels = publication.message.topic.split("/");
    if (this.#at(levels)?.message === publication) this.#clear(levels); // [MQTT5 3.3.2-5]
  }

  /** Removes the message of a topic; returns whether the topic had one that has not expired. */
  remove(topic: string, nowMs: number): boolean {
    const levels = topic.split("/");
    const message = this.#at(levels)?.message;
    if (message === undefined) return false;
    this.#clear(levels);
    return !message.expired(nowMs);
  }

  /** Whether there is memory for a message of this size on a topic. */
  hasRoom({ topic }: Pick<Message, "topic">, sizeBytes: number, nowMs: number): boolean {
    return this.#memory?.hasRoom(sizeBytes + levelsOf(topic) * cost.level, nowMs) ?? true;
  }

  #limitHitBy(
    publication: Publication,
    levels: readonly string[],
  ): "retainedMessages" | "memoryBytes" | undefined {
    const before = this.#at(levels)?.message;
    if (this.#metrics.retainedHeld >= this.#limit && before === undefined) return "retainedMessages";
    const more = publication.sizeBytes - (before?.sizeBytes ?? 0);
    return more <= 0 || this.hasRoom(publication.message, more, publication.message.publishedAtMs)
      ? undefined
      : "memoryBytes";
  }

  #hold(before: Publication | undefined, after: Publication | undefined): void {
    if (this.#memory === undefined) return;
    after?.hold(this.#memory);
    before?.release(this.#memory);
  }

  #watchExpiry(node: Node, atMs: number): void {
    if (node.expiry !== undefined) this.#deadlines.cancel(node.expiry);
    node.expiry = atMs === Infinity ? undefined : this.#deadlines.add(atMs, node.message!);
  }

  /** Appends the messages whose topic matches, by level; removes expired messages on the way. */
  match(topicFilter: string, nowMs: number, found: Publication[]): void {
    const walk = this.walk(topicFilter, nowMs);
    for (let step = walk.next(); step.done !== true; step = walk.next()) {
      if (step.value !== undefined) found.push(step.value);
    }
  }

  /**
   * Yields the messages whose topic matches, by level, and undefined for each level without one, so that the caller can
   * cut a walk into slices. The walk may or may not include changes made during it; it removes expired messages.
   */
  *walk(topicFilter: string, nowMs: number): Iterator<Publication | undefined> {
    for (const node of nodesOf(this.#root, topicFilter.split("/"), 0)) {
      const publication = node.message;
      if (publication?.expired(nowMs) !== true) yield publication;
      else {
        this.#clear(publication.message.topic.split("/"));
        yield undefined;
      }
    }
  }

  #at(levels: readonly string[]): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const level of levels) node = node?.children?.get(level);
    return node;
  }

  #clear(levels: readonly string[]): void {
    const path: Node[] = [this.#root];
    for (const level of levels) {
      const node = path.at(-1)!.children?.get(level);
      if (node === undefined) return;
      path.push(node);
    }
    const last = path.at(-1)!;
    if (last.message === undefined) return;
    this.#changes?.retain(last.message.message.topic, last.message, undefined);
    this.#hold(last.message, undefined);
    last.message = undefined;
    this.#watchExpiry(last, Infinity);
    this.#metrics.retainedHeld--;
    this.#memory?.add(-cost.level * prune(path, levels));
  }
}

/** Removes the empty levels at the end of a path; returns their number. */
function prune(path: readonly Node[], levels: readonly string[]): number {
  let at = levels.length;
  for (; at > 0; at--) {
    const node = path[at]!;
    if (node.message !== undefined || node.children !== undefined) break;
    const parent = path[at - 1]!;
    parent.children!.delete(levels[at - 1]!);
    if (parent.children!.size === 0) parent.children = undefined;
  }
  return levels.length - at;
}

/** The nodes that a filter matches, and the nodes on the way. */
function* nodesOf(node: Node, levels: readonly string[], at: number): Generator<Node> {
  if (at === levels.length) {
    yield node;
    return;
  }
  const level = levels[at]!;
  if (level === "#") return yield* nodesBelow(node, at === 0);
  if (level !== "+") {
    const child = node.children?.get(level);
    if (child !== undefined) yield* nodesOf(child, levels, at + 1);
    return;
  }
  for (const [name, child] of node.children ?? []) {
    if (at === 0 && name.startsWith("$")) continue; // [MQTT5 4.7.2-1] [MQTT311 4.7.2-1]
    // A level without a match is visited too, and counts.
    if (at + 1 < levels.length) yield nothing;
    yield* nodesOf(child, levels, at + 1);
  }
}

/** `#` includes the level above it, except at the root, which is no topic. */
function* nodesBelow(node: Node, atRoot: boolean): Generator<Node> {
  yield node;
  for (const [name, child] of node.children ?? []) {
    if (!atRoot || !name.startsWith("$")) yield* nodesBelow(child, false); // [MQTT5 4.7.2-1] [MQTT311 4.7.2-1]
  }
}

/** A level on the way. */
const nothing = new Node();
