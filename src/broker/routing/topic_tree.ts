import type { Placed } from "../session/session.ts";

const dollar = 0x24;

class Node<T> {
  /** Subscriptions whose filter ends here. */
  here: T[] | undefined;
  /** Subscriptions whose filter ends with `#` below here. */
  below: T[] | undefined;
  plus: Node<T> | undefined;
  children: Map<string, Node<T>> | undefined;

  get empty(): boolean {
    return this.here === undefined && this.below === undefined && this.plus === undefined &&
      this.children === undefined;
  }
}

/** Subscriptions, or other items with a topic filter. */
export class TopicTree<T extends Placed> {
  readonly #root = new Node<T>();
  /** Number of levels; levels that several filters share count once. */
  levels = 0;

  /** Adds a subscription; the tree contains none of this session with the same filter. */
  add(subscribed: T): void {
    const levels = subscribed.topicFilter.split("/");
    const toBelow = levels.at(-1) === "#";
    if (toBelow) levels.pop();
    let node = this.#root;
    for (const level of levels) {
      let child = level === "+" ? node.plus : node.children?.get(level);
      if (child === undefined) {
        child = new Node<T>();
        this.levels++;
        if (level === "+") node.plus = child;
        else (node.children ??= new Map()).set(level, child);
      }
      node = child;
    }
    const list = toBelow ? node.below ??= [] : node.here ??= [];
    subscribed.place = list.length;
    list.push(subscribed);
  }

  /** Removes a subscription, and the levels that no other subscription needs. */
  remove(subscribed: T): void {
    const levels = subscribed.topicFilter.split("/");
    const toBelow = levels.at(-1) === "#";
    if (toBelow) levels.pop();
    const path: Node<T>[] = [this.#root];
    for (const level of levels) {
      const parent = path.at(-1)!;
      const node = level === "+" ? parent.plus : parent.children?.get(level);
      if (node === undefined) return;
      path.push(node);
    }
    takeOut(path.at(-1)!, subscribed, toBelow);
    this.levels -= prune(path, levels);
  }

  /**
   * Number of levels that a message would visit on the topic of this filter's form that most filters contain, estimated
   * from a sample, up to `limit`.
   */
  visitsOf(topicFilter: string, limit: number): number {
    let reached: Node<T>[] = [this.#root];
    let visits = 0;
    for (const level of topicFilter.split("/")) {
      if (level === "#") break;
      const name = level === "+" ? commonName(reached) : level;
      const next: Node<T>[] = [];
      for (const { plus, children } of reached) {
        if (plus !== undefined) next.push(plus);
        const child = name === undefined ? undefined : children?.get(name);
        if (child !== undefined) next.push(child);
      }
      visits += next.length;
      if (visits > limit || next.length === 0) break;
      reached = next;
    }
    return visits;
  }

  /** Appends the subscriptions that match a topic name; a session with several matches appears several times. */
  match(topic: string, found: T[]): void {
    // No wildcard at the first level matches a name that begins with $. // [MQTT5 4.7.2-1] [MQTT311 4.7.2-1]
    if (topic.charCodeAt(0) !== dollar) return walk(this.#root, topic, 0, found);
    const to = endOfLevel(topic, 0);
    const child = this.#root.children?.get(topic.slice(0, to));
    if (child !== undefined) walk(child, topic, to + 1, found);
  }
}

/** Size of the sample for the most common name: number of nodes, and of names of each. */
const sample = { nodes: 32, names: 8 } as const;

/** The name of a level that most of the nodes contain. */
function commonName<T>(nodes: readonly Node<T>[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { children } of nodes.slice(0, sample.nodes)) {
    let left: number = sample.names;
    for (const name of children?.keys() ?? []) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (--left === 0) break;
    }
  }
  let best: string | undefined;
  for (const [name, count] of counts) if (best === undefined || count > counts.get(best)!) best = name;
  return best;
}

/**
 * Splits levels from the topic one by one, as far as any filter reaches.
 *
 * @param from the start of the next level; beyond the topic's end there is none
 */
function walk<T>(node: Node<T>, topic: string, from: number, found: T[]): void {
  if (node.below !== undefined) append(node.below, found);
  if (from > topic.length) {
    if (node.here !== undefined) append(node.here, found);
    return;
  }
  const { plus, children } = node;
  if (plus === undefined && children === undefined) return;
  const to = endOfLevel(topic, from);
  if (plus !== undefined) walk(plus, topic, to + 1, found);
  const child = children?.get(topic.slice(from, to));
  if (child !== undefined) walk(child, topic, to + 1, found);
}

function endOfLevel(topic: string, from: number): number {
  const at = topic.indexOf("/", from);
  return at < 0 ? topic.length : at;
}

function append<T>(list: readonly T[], found: T[]): void {
  for (let index = 0; index < list.length; index++) found.push(list[index]!);
}

/** The last item of the list replaces the removed one: the order of receivers has no meaning. */
function takeOut<T extends Placed>(node: Node<T>, subscribed: T, fromBelow: boolean): void {
  const list = fromBelow ? node.below : node.here;
  if (list?.[subscribed.place] !== subscribed) return;
  const last = list.pop()!;
  if (last !== subscribed) {
    list[subscribed.place] = last;
    last.place = subscribed.place;
  }
  if (list.length > 0) return;
  if (fromBelow) node.below = undefined;
  else node.here = undefined;
}

/** Removes the empty levels at the end of a path; returns their number. */
function prune<T>(path: readonly Node<T>[], levels: readonly string[]): number {
  let at = levels.length;
  for (; at > 0 && path[at]!.empty; at--) {
    const parent = path[at - 1]!;
    const level = levels[at - 1]!;
    if (level === "+") parent.plus = undefined;
    else parent.children!.delete(level);
    if (parent.children?.size === 0) parent.children = undefined;
  }
  return levels.length - at;
}
