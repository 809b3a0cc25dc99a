/** The lookup of the subscriptions for one topic among many. */
import { TopicTree } from "../../src/broker/routing/topic_tree.ts";
import type { Placed } from "../../src/broker/session/session.ts";

/** Of ten subscriptions one has `+`, one has `#`, and eight name a topic. */
function treeOf(count: number): TopicTree<Placed> {
  const tree = new TopicTree<Placed>();
  for (let number = 0; number < count; number++) {
    const device = `site${number % 100}/device${number}`;
    const end = number % 10 === 0 ? "+/status" : number % 10 === 1 ? "#" : "will/status";
    tree.add({ topicFilter: `${device}/${end}`, place: 0 });
  }
  tree.add({ topicFilter: "+/+/will/status", place: 0 });
  tree.add({ topicFilter: "#", place: 0 });
  return tree;
}

/** Created at the first use and kept, because the largest takes seconds. */
const trees = new Map<number, TopicTree<Placed>>();

function madeOf(count: number): TopicTree<Placed> {
  const tree = trees.get(count) ?? treeOf(count);
  trees.set(count, tree);
  return tree;
}

for (const count of [10, 10_000, 1_000_000]) {
  const found: Placed[] = [];
  const device = Math.floor(count / 2);
  const topic = `site${device % 100}/device${device}/will/status`;
  Deno.bench({
    name: `match among ${count.toLocaleString("en")}`,
    group: "match",
    warmup: 1_000,
    fn: () => {
      found.length = 0;
      madeOf(count).match(topic, found);
    },
  });
}

for (const count of [10, 10_000, 1_000_000]) {
  const subscription = { topicFilter: "site7/new/+/status", place: 0 };
  Deno.bench({
    name: `add and remove among ${count.toLocaleString("en")}`,
    group: "change",
    warmup: 1_000,
    fn: () => {
      const tree = madeOf(count);
      tree.add(subscription);
      tree.remove(subscription);
    },
  });
}
