/**
 * Shared subscriptions: `$share/{group}/{filter}`. Each message that the filter matches goes to one member of each
 * group. Members take turns; one whose client is there and takes bytes comes before one that would have to wait.
 *
 * Served for 3.1.1 too, as other brokers do: as a plain filter it could match nothing there, since topics with a
 * leading `$` are closed to clients.
 */
import { parseSharedFilter } from "../../mqtt/topic.ts";
import type { Subscribed } from "../session/session.ts";
import { TopicTree } from "./topic_tree.ts";

/** The members of one group at one filter. */
class Group {
  readonly members: Subscribed[] = [];
  /** Where the next turn begins. */
  turn = 0;
  /** The tree's own. */
  place = 0;

  /** @param topicFilter the filter proper, without `$share` and the group's name */
  constructor(readonly topicFilter: string) {}
}

/** The shared subscriptions of all sessions. */
export class SharedGroups {
  readonly #tree = new TopicTree<Group>();
  /** By the whole filter, `$share` included. */
  readonly #groups = new Map<string, Group>();
  readonly #found: Group[] = [];

  /** Levels that the filters of the groups hold. */
  get levels(): number {
    return this.#tree.levels;
  }

  /** Adds a member; the session is none of that group and filter. The filter is a well-formed shared one. */
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

  /** Takes out a member that was added. What was given to it stays with it. // [MQTT5 4.8.2-5] */
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

  /** The member of one group whose turn it is. @param topicFilter the whole filter, `$share` included */
  next(topicFilter: string): Subscribed | undefined {
    const group = this.#groups.get(topicFilter);
    return group && next(group);
  }

  /** Appends the member whose turn it is, for each group that a topic name concerns. */
  choose(topic: string, chosen: Subscribed[]): void {
    if (this.#groups.size === 0) return;
    const found = this.#found;
    this.#tree.match(topic, found);
    for (let index = 0; index < found.length; index++) chosen.push(next(found[index]!));
    found.length = 0;
  }
}

/** The next member whose link takes bytes, else the next who is online, else the next. */
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
