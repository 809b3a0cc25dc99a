/**
 * Shared subscriptions: `$share/{group}/{filter}`. Each message that the filter matches is delivered to one member of
 * each group. Members take turns; a member that is online and whose link accepts bytes comes before one that would have
 * to wait.
 *
 * The broker serves them for 3.1.1 too, as other brokers do: as a plain filter, it could match nothing there, because
 * clients cannot publish to topics with a leading `$`.
 */
import { parseSharedFilter } from "../../mqtt/topic.ts";
import type { Subscribed } from "../session/session.ts";
import { TopicTree } from "./topic_tree.ts";

/** The members of one group at one filter. */
class Group {
  readonly members: Subscribed[] = [];
  /** The index of the next member. */
  turn = 0;
  /** Managed by the tree. */
  place = 0;

  /** @param topicFilter the filter without `$share` and the group's name */
  constructor(readonly topicFilter: string) {}
}

/** The shared subscriptions of all sessions. */
export class SharedGroups {
  readonly #tree = new TopicTree<Group>();
  /** By the whole filter, `$share` included. */
  readonly #groups = new Map<string, Group>();
  readonly #found: Group[] = [];

  /** Number of levels of the filters of the groups. */
  get levels(): number {
    return this.#tree.levels;
  }

  /**
   * Adds a member; the session is not yet in that group with that filter. The filter is a well-formed shared filter.
   */
  add(subscribed: Subscribed): void {
    let group = this.#groups.get(subscribed.topicFilter);
    if (group === undefined) {
      group = new Group(parseSharedFilter(subscribed.topicFilter)!.filter);
      this.#groups.set(subscribed.topicFilter, group);
      this.#tree.add(group);
    }
    subscribed.place = group.members.length;
    group.members.push(subscribed);
  }

  /** Removes a member. It keeps the messages that it received. // [MQTT5 4.8.2-5] */
  remove(subscribed: Subscribed): void {
    const group = this.#groups.get(subscribed.topicFilter);
    if (group?.members[subscribed.place] !== subscribed) return;
    const last = group.members.pop()!;
    if (last !== subscribed) {
      group.members[subscribed.place] = last;
      last.place = subscribed.place;
    }
    if (group.members.length > 0) return;
    this.#groups.delete(subscribed.topicFilter);
    this.#tree.remove(group);
  }

  /** The next member of one group in turn. @param topicFilter the whole filter, including `$share` */
  next(topicFilter: string): Subscribed | undefined {
    const group = this.#groups.get(topicFilter);
    return group && next(group);
  }

  /** Appends the next member of each group whose filter matches a topic name. */
  choose(topic: string, chosen: Subscribed[]): void {
    if (this.#groups.size === 0) return;
    const found = this.#found;
    this.#tree.match(topic, found);
    for (let index = 0; index < found.length; index++) chosen.push(next(found[index]!));
    found.length = 0;
  }
}

/** The next member whose link accepts bytes, else the next member online, else the next member. */
function next(group: Group): Subscribed {
  const { members, turn } = group;
  let best = turn % members.length;
  for (let step = 0; step < members.length; step++) {
    const at = (turn + step) % members.length;
    const readiness = readinessOf(members[at]!);
    if (readiness > readinessOf(members[best]!)) best = at;
    if (readiness === 2) break;
  }
  group.turn = best + 1;
  return members[best]!;
}

function readinessOf({ session: { connection } }: Subscribed): 0 | 1 | 2 {
  if (connection === undefined) return 0;
  return connection.writable ? 2 : 1;
}
