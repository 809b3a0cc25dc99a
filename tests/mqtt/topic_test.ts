import assert from "node:assert/strict";
import {
  isValidSubscription,
  isValidTopicFilter,
  isValidTopicName,
  matches,
  parseSharedFilter,
} from "../../src/mqtt/topic.ts";

/** Filter, name, whether they match; most are examples of section 4.7. */
const pairs: readonly (readonly [filter: string, name: string, match: boolean])[] = [
  ["sport/tennis/player1/#", "sport/tennis/player1", true],
  ["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
  ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
  ["sport/#", "sport", true],
  ["sport/#", "sport/", true],
  ["sport/#", "sports", false],
  ["#", "a", true],
  ["#", "/", true],
  ["sport/tennis/+", "sport/tennis/player1", true],
  ["sport/tennis/+", "sport/tennis/player1/ranking", false],
  ["sport/+", "sport", false],
  ["sport/+", "sport/", true],
  ["+/+", "/finance", true],
  ["/+", "/finance", true],
  ["+", "/finance", false],
  ["+/tennis/#", "sport/tennis", true],
  ["+/#", "a", true],
  ["a/+/c", "a//c", true],
  ["a/b", "a/b/", false],
  ["a/b/", "a/b", false],
  ["/a", "a", false],
  ["ACCOUNTS", "Accounts", false],
  ["#", "$SYS/monitor", false],
  ["+/monitor/Clients", "$SYS/monitor/Clients", false],
  ["+", "$SYS", false],
  ["$SYS/#", "$SYS/monitor/Clients", true],
  ["$SYS/#", "$SYS", true],
  ["$SYS/monitor/+", "$SYS/monitor/Clients", true],
  ["a/+", "a/$b", true],
  ["caf\u00e9", "cafe\u0301", false],
];

for (const [filter, name, match] of pairs) {
  Deno.test(`topic: filter ${filter} ${match ? "matches" : "does not match"} ${name}`, () => {
    assert.equal(isValidTopicFilter(filter), true);
    assert.equal(isValidTopicName(name), true);
    assert.equal(matches(filter, name), match);
  });
}

const longest = "a".repeat(65_533) + "é";

/** Text, whether it is a topic name, whether it is a topic filter. */
const texts: readonly (readonly [text: string, name: boolean, filter: boolean])[] = [
  ["a", true, true],
  ["/", true, true],
  ["//", true, true],
  ["a b", true, true],
  ["\ufeffa", true, true],
  ["", false, false],
  ["a\0b", false, false],
  ["\ud800", false, false],
  [longest, true, true],
  [longest + "a", false, false],
  ["+", false, true],
  ["#", false, true],
  ["+/a/+", false, true],
  ["a/#", false, true],
  ["a#", false, false],
  ["a/#/b", false, false],
  ["#/", false, false],
  ["##", false, false],
  ["a+", false, false],
  ["+a", false, false],
  ["a/b+/c", false, false],
  ["++", false, false],
  ["+#", false, false],
  ["$share//a", true, true],
];

for (const [text, name, filter] of texts) {
  const shown = text.length > 20 ? `of ${text.length} characters` : JSON.stringify(text);
  Deno.test(`topic: text ${shown}: name ${name}, filter ${filter}`, () => {
    assert.equal(isValidTopicName(text), name);
    assert.equal(isValidTopicFilter(text), filter);
  });
}

Deno.test("topic: a shared filter splits into group and filter", () => {
  assert.deepEqual(parseSharedFilter("$share/g/a/+/#"), { group: "g", filter: "a/+/#" });
  assert.deepEqual(parseSharedFilter("$share/g//"), { group: "g", filter: "/" });
});

for (
  const text of [
    "a/b",
    "$share",
    "$share/",
    "$share/g",
    "$share/g/",
    "$share//a",
    "$share/g+/a",
    "$share/#/a",
    "$share/g/a#",
  ]
) {
  Deno.test(`topic: ${text} is no shared filter`, () => assert.equal(parseSharedFilter(text), undefined));
}

Deno.test("topic: 3.1.1 has no shared filters, 5.0 refuses malformed ones", () => {
  assert.equal(isValidSubscription("$share//a", 4), true);
  assert.equal(isValidSubscription("$share//a", 5), false);
  assert.equal(isValidSubscription("$share/g/a", 5), true);
  assert.equal(isValidSubscription("$shared", 5), true);
  assert.equal(isValidSubscription("a#", 4), false);
});
