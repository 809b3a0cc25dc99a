import assert from "node:assert/strict";
import { Deadlines } from "../../../src/base/deadlines.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import type { Wakeable } from "../../../src/fleet/client/fleet_world.ts";
import { RetainedCheck } from "../../../src/fleet/watch/retained_check.ts";
import { countRetained } from "../../../src/fleet/oracle/retained_rule.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import { decode, encode } from "../../../src/mqtt/codec/codec.ts";
import type { QoS } from "../../../src/mqtt/packet.ts";
import { memoryLinkPair } from "../../../src/net/memory_link.ts";

const second = { client: 0, incarnation: 2 };
const expected = new Map([["a", second]]);
const none = { expected: 1, right: 0, wrong: 0, missing: 0 };

/** The counts, and the result for the topic of the second life, whose will had this QoS. */
const looks = [
  ["its will", 1, { mark: second, retain: true }, { ...none, right: 1 }],
  ["its will without the flag", 1, { mark: second, retain: false }, { ...none, wrong: 1 }],
  ["the will of the life before", 1, { mark: { ...second, incarnation: 1 }, retain: true }, { ...none, wrong: 1 }],
  ["the will of a later life", 1, { mark: { ...second, incarnation: 3 }, retain: true }, { ...none, right: 1 }],
  ["the will of another client", 1, { mark: { ...second, client: 1 }, retain: true }, { ...none, wrong: 1 }],
  ["what is no will", 1, { mark: undefined, retain: true }, { ...none, wrong: 1 }],
  ["nothing at QoS 1", 1, undefined, { ...none, missing: 1 }],
  ["nothing at QoS 2", 2, undefined, { ...none, missing: 1 }],
  ["nothing at QoS 0, which a server may drop", 0, undefined, { ...none, expected: 0 }],
  ["its will at QoS 0", 0, { mark: second, retain: true }, { ...none, right: 1 }],
  ["another will at QoS 0", 0, { mark: { ...second, incarnation: 1 }, retain: true }, { ...none, wrong: 1 }],
] as const;

for (const [what, qos, found, counts] of looks) {
  Deno.test(`retained check: finds ${what}`, () => {
    const all = new Map(found === undefined ? [] : [["a", found]]);
    assert.deepEqual(countRetained(expected, all, () => qos as QoS), counts);
  });
}

Deno.test("retained check: accepts retained messages before SUBACK", () => {
  const tasks: (() => void)[] = [];
  const settle = () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  };
  const [near, far] = memoryLinkPair((task) => tasks.push(task));
  const clock = new ManualClock();
  const plan = makePlan({ seed: 1, run: "r1", willRetain: true });
  const world = {
    ...{ clock, wakes: new Deadlines<Wakeable>(), canReset: true },
    dial: (receiver: typeof near.receiver & { onOpen(): void }) => {
      near.receiver = receiver;
      tasks.push(() => receiver.onOpen());
      return near;
    },
  };
  const scope = { plan, protocol: "5", firstClient: 0, clients: 1, firstBucket: 0, buckets: 1 } as const;
  const subscriptions: string[] = [];
  far.receiver = {
    onBytes: (bytes) => {
      const packet = decode(bytes.slice(), bytes[0] === 0x10 ? undefined : 5);
      if (packet.type === "connect") far.write(encode({ type: "connack", sessionPresent: false, reasonCode: 0 }, 5));
      if (packet.type !== "subscribe") return;
      subscriptions.push(...packet.subscriptions.map(({ topicFilter }) => topicFilter));
      const message = { topic: "a", payload: new Uint8Array(1), dup: false, qos: 0, retain: true } as const;
      far.write(encode({ type: "publish", ...message }, 5));
    },
    onDrain() {},
    onEnd() {},
  };
  const look = new RetainedCheck(scope, new Groups(plan, "5"), world, 5, ["a"], expected, 0);
  settle();
  assert.deepEqual(subscriptions, ["a"]);
  assert.deepEqual({ done: look.done(10), looked: look.looked }, { done: false, looked: false });
  far.write(encode({ type: "suback", packetId: 1, reasonCodes: [0] }, 5));
  settle();
  assert.deepEqual({ done: look.done(10), looked: look.looked }, { done: true, looked: true });
});
