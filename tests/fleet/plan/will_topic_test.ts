/** Will topics: each placeholder, the filters that match, and one sentence for each invalid template. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import {
  checkWillTopic,
  sharedByBucket,
  willTopicFilter,
  willTopicTemplate,
} from "../../../src/fleet/plan/will_topic.ts";
import { makePlan, planDefaults } from "../../../src/fleet/plan/make_plan.ts";
import { topicMatches } from "../topic_matches.ts";

const life = { bucket: 2, client: 33, incarnation: 4 };

function templateOf(willTopic: string) {
  return willTopicTemplate({ ...makePlan({ seed: 1, run: "r1", clientId: "dev-{client}" }), willTopic });
}

const topics: readonly [template: string, topic: string, filter: string][] = [
  [planDefaults.willTopic, "mqtt-sim/r1/2/33/will", "mqtt-sim/r1/2/+/will"],
  ["{run}", "r1", "r1"],
  ["{bucket}", "2", "2"],
  ["{client}", "33", "+"],
  ["{incarnation}", "4", "+"],
  ["{run}/{run}/{client}", "r1/r1/33", "r1/r1/+"],
  ["a/{client}-{incarnation}/b", "a/33-4/b", "a/+/b"],
  ["b{bucket}/c{client}", "b2/c33", "b2/+"],
  ["{run}-{bucket}/x", "r1-2/x", "r1-2/x"],
  ["{bucket}-{client}", "2-33", "+"],
  ["/{client}/", "/33/", "/+/"],
  ["fixed", "fixed", "fixed"],
  ["a/{client:05}/b", "a/00033/b", "a/+/b"],
  ["{run}/{bucket:02}/{id}", "r1/02/dev-33", "r1/02/+"],
];
for (const [template, topic, filter] of topics) {
  Deno.test(`will topic: ${template}`, () => {
    assert.equal(templateOf(template).fill(life), topic);
    assert.ok(templateOf(template).matches(topic, life));
    assert.equal(willTopicFilter(template, { run: "r1", bucket: "2" }), filter);
    assert.ok(topicMatches(filter, topic));
    checkWillTopic({ willTopic: template, willRetain: true, watchers: 1, workers: 1 });
  });
}

const shared: readonly [template: string, shared: boolean][] = [
  [planDefaults.willTopic, true],
  ["{run}-{bucket}/{client}", true],
  ["{bucket}-{client}/{bucket}", true],
  ["{bucket}-{client}", false],
  ["{run}/{bucket}{incarnation}", false],
  ["{run}/{client}", false],
];
for (const [template, expected] of shared) {
  Deno.test(`will topic: buckets ${expected ? "" : "do not "}separate watchers on ${template}`, () => {
    assert.equal(sharedByBucket(template), expected);
    // Two watchers are separate if neither's filter matches the topics of the other.
    const other = templateOf(template).fill({ ...life, bucket: 3 });
    assert.equal(topicMatches(willTopicFilter(template, { run: "r1", bucket: "2" }), other), !expected);
  });
}

const used = "Cannot use --will-topic";
const refusals: readonly [template: string, sentence: string][] = [
  ["", `${used} "": expected a topic name: at least one character, no + # and NUL`],
  ["a/#", `${used} "a/#": expected a topic name: at least one character, no + # and NUL`],
  ["a/+/b", `${used} "a/+/b": expected a topic name: at least one character, no + # and NUL`],
  ["a\0b", `${used} "a\\u0000b": expected a topic name: at least one character, no + # and NUL`],
  ["$SYS/{client}", `${used} "$SYS/{client}": expected no leading $, which is reserved for brokers`],
  [
    "{user}",
    `${used} "{user}": expected {run}, {bucket}, {client}, {client:05}, {id}, {incarnation} or {group} in place of {user}`,
  ],
  [
    "a/{}",
    `${used} "a/{}": expected {run}, {bucket}, {client}, {client:05}, {id}, {incarnation} or {group} in place of {}`,
  ],
  [
    "a/{Client}",
    `${used} "a/{Client}": expected {run}, {bucket}, {client}, {client:05}, {id}, {incarnation} or {group} in place of {Client}`,
  ],
  ["a/{client", `${used} "a/{client": expected braces only around run, bucket, client, id, incarnation or group`],
  ["{{run}}", `${used} "{{run}}": expected braces only around run, bucket, client, id, incarnation or group`],
  ["ü".repeat(513), `${used} "${"ü".repeat(513)}": expected at most 1,024 bytes`],
];
for (const [template, message] of refusals) {
  Deno.test(`will topic: refuses ${JSON.stringify(template.slice(0, 20))}`, () => {
    assert.throws(
      () => checkWillTopic({ willTopic: template, willRetain: false, watchers: 1, workers: 1 }),
      new UsageError(message),
    );
  });
}

for (const template of ["a/{client}", "a/{bucket}-{client}"]) {
  Deno.test(`will topic: refuses more watchers than workers: ${template}`, () => {
    assert.throws(
      () => checkWillTopic({ willTopic: template, willRetain: false, watchers: 4, workers: 2 }),
      new UsageError(
        `Cannot share 4 watchers over --will-topic "${template}": expected a level with {bucket} and neither {client} ` +
          "nor {incarnation}, or --watchers 2",
      ),
    );
    checkWillTopic({ willTopic: template, willRetain: false, watchers: 2, workers: 2 });
    checkWillTopic({ willTopic: template, willRetain: false, watchers: 4, workers: 2, shard: { number: 1, of: 2 } });
  });
}
