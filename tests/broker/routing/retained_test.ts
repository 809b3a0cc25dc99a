import assert from "node:assert/strict";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { Random } from "../../../src/base/random.ts";
import { Metrics } from "../../../src/broker/limits/metrics.ts";
import { Publication } from "../../../src/broker/message/publication.ts";
import { Retained } from "../../../src/broker/routing/retained.ts";
import { matches } from "../../../src/mqtt/topic.ts";
import { bytesOf } from "../stage.ts";

function publication(topic: string, payload = "x", messageExpiryIntervalS?: number): Publication {
  const properties = messageExpiryIntervalS === undefined ? {} : { properties: { messageExpiryIntervalS } };
  const message = { topic, payload: bytesOf(payload), qos: 0, retain: true, publishedAtMs: 0, ...properties } as const;
  return new Publication(message, { clientId: "p", owner: undefined });
}

function found(retained: Retained, topicFilter: string, nowMs = 0): string[] {
  const list: Publication[] = [];
  retained.match(topicFilter, nowMs, list);
  return list.map(({ message }) => message.topic).sort();
}

Deno.test("retained: finds what a plain list of messages finds, while messages are added and removed", () => {
  const filters = ["#", "+", "a", "a/#", "a/+", "+/+", "+/a/#", "/", "/#", "$s/#", "$s/+", "+/b/+", "a//b"];
  for (let seed = 0; seed < 50; seed++) {
    const random = new Random(seed);
    const metrics = new Metrics();
    const retained = new Retained({ metrics, deadlines: new Deadlines(), limit: 1e9 });
    const held = new Set<string>();
    for (let step = 0; step < 100; step++) {
      const levels = ["a", "b", "", "$s"];
      const topic = Array.from({ length: 1 + random.below(3) }, () => levels[random.below(4)]).join("/") || "a";
      const clear = random.below(2) === 0;
      retained.store(publication(topic, clear ? "" : "x"));
      if (clear) held.delete(topic);
      else held.add(topic);
      for (const filter of filters) {
        assert.deepEqual(
          found(retained, filter),
          [...held].filter((each) => matches(filter, each)).sort(),
          `seed ${seed}`,
        );
      }
    }
    assert.equal(metrics.retainedHeld, held.size);
  }
});

Deno.test("retained: keeps the last message of each topic [MQTT5 3.3.1-5] [MQTT311 3.3.1-5]", () => {
  const retained = new Retained({ metrics: new Metrics(), deadlines: new Deadlines(), limit: 10 });
  const last = publication("a", "2");
  retained.store(publication("a", "1"));
  retained.store(last);
  const list: Publication[] = [];
  retained.match("a", 0, list);
  assert.equal(list.length, 1);
  assert.equal(list[0], last);
});

Deno.test("retained: a lookup removes an expired message [MQTT5 3.3.2-5]", () => {
  const metrics = new Metrics();
  const retained = new Retained({ metrics, deadlines: new Deadlines(), limit: 10 });
  retained.store(publication("a", "x", 5));
  retained.store(publication("b"));
  assert.deepEqual(found(retained, "#", 4_999), ["a", "b"]);
  assert.deepEqual(found(retained, "#", 5_000), ["b"]);
  assert.equal(metrics.retainedHeld, 1);
});

Deno.test("retained: refuses and counts a topic beyond the limit, and still updates known topics", () => {
  const metrics = new Metrics();
  const retained = new Retained({ metrics, deadlines: new Deadlines(), limit: 2 });
  for (const topic of ["a", "b", "c", "a"]) retained.store(publication(topic));
  assert.deepEqual({ found: found(retained, "#"), retainedRefused: metrics.retainedRefused }, {
    found: ["a", "b"],
    retainedRefused: 1,
  });
  retained.store(publication("a", ""));
  retained.store(publication("c"));
  assert.deepEqual(found(retained, "#"), ["b", "c"]);
});
