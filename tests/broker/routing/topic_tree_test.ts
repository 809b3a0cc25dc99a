import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { TopicTree } from "../../../src/broker/routing/topic_tree.ts";
import { Session, type Subscribed } from "../../../src/broker/session/session.ts";
import { isValidTopicFilter, matches } from "../../../src/mqtt/topic.ts";

const session = {} as Session;

function subscribed(topicFilter: string): Subscribed {
  const options = { qos: 0, noLocal: false, retainAsPublished: false, identifier: undefined } as const;
  return { session, topicFilter, ...options, place: 0 };
}

function found(tree: TopicTree<Subscribed>, topic: string): string[] {
  const list: Subscribed[] = [];
  tree.match(topic, list);
  return list.map(({ topicFilter }) => topicFilter).sort();
}

function drawn(random: Random, levels: readonly string[]): string {
  return Array.from({ length: 1 + random.below(4) }, () => levels[random.below(levels.length)]).join("/");
}

Deno.test("topic tree: matches like a plain list of filters, while filters are added and removed", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed);
    const tree = new TopicTree<Subscribed>();
    const held: Subscribed[] = [];
    for (let step = 0; step < 100; step++) {
      const topicFilter = drawn(random, ["a", "b", "", "$s", "+", "+", "#"]);
      if (random.below(3) === 0 && held.length > 0) tree.remove(held.splice(random.below(held.length), 1)[0]!);
      else if (isValidTopicFilter(topicFilter)) tree.add(held[held.length] = subscribed(topicFilter));
      const topic = drawn(random, ["a", "b", "", "$s"]);
      const expected = held.map((each) => each.topicFilter).filter((filter) => matches(filter, topic)).sort();
      if (topic !== "") assert.deepEqual(found(tree, topic), expected, `seed ${seed}, step ${step}, topic ${topic}`);
    }
  }
});

Deno.test("topic tree: is empty after all subscriptions are removed", () => {
  const tree = new TopicTree<Subscribed>();
  const all = ["a/b/c", "a/+/c", "#", "+", "a/#", "a/b/c"].map(subscribed);
  for (const each of all) tree.add(each);
  assert.equal(found(tree, "a/b/c").length, 5);
  for (const each of all) tree.remove(each);
  for (const each of all) tree.remove(each);
  assert.deepEqual(found(tree, "a/b/c"), []);
});

Deno.test("topic tree: removes any one of many subscribers of a filter", () => {
  const tree = new TopicTree<Subscribed>();
  const all = Array.from({ length: 1_000 }, () => subscribed("a/+"));
  for (const each of all) tree.add(each);
  for (let index = 0; index < all.length; index += 2) tree.remove(all[index]!);
  const list: Subscribed[] = [];
  tree.match("a/b", list);
  assert.deepEqual(new Set(list), new Set(all.filter((_, index) => index % 2 === 1)));
});
