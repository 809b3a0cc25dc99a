import assert from "node:assert/strict";
import { UsageError } from "../../../../src/base/failure.ts";
import { makePlan } from "../../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../../src/fleet/plan/plan.ts";
import {
  birthAsDeath,
  deathAsBirth,
  devicesOf,
  hostOf,
  nodeKillMode,
} from "../../../../src/fleet/plan/sparkplug/sparkplug_plan.ts";

const planOf = (request: Partial<PlanRequest>) => makePlan({ run: "r1", seed: 1, clients: 1_500, ...request });

Deno.test("--sparkplug alone: a group for each bucket, two devices, a host", () => {
  const plan = planOf({ sparkplug: true });
  assert.equal(plan.willTopic, "spBv1.0/mqtt-sim-{run}-{bucket}/NDEATH/{id}");
  assert.deepEqual([plan.watchers, devicesOf(plan), hostOf(plan)], [3, 2, "mqtt-sim-r1"]);
});

Deno.test("a group of one name has one watcher", () => {
  const plan = planOf({ sparkplug: true, sparkplugGroup: "plant 1", sparkplugHost: "scada", sparkplugDevices: 0 });
  assert.equal(plan.willTopic, "spBv1.0/plant 1/NDEATH/{id}");
  assert.deepEqual([plan.watchers, devicesOf(plan), hostOf(plan)], [1, 0, "scada"]);
});

Deno.test("a plan that was filled in is accepted again, as a saved report has it", () => {
  const plan = planOf({ sparkplug: true });
  assert.deepEqual(makePlan(plan), plan);
});

const refused: readonly (readonly [Partial<PlanRequest>, string])[] = [
  [{ willQos: 0 }, "Cannot use --will-qos 0 with --sparkplug: expected 1: the QoS of NDEATH"],
  [
    { willRetain: true },
    "Cannot use --will-retain with --sparkplug: expected wills that are not retained: NDEATH is not",
  ],
  [{ willTopic: "t/{client}" }, "Cannot use --will-topic with --sparkplug"],
  [{ willDelayS: 5 }, "Cannot use --will-delay 5 s with --sparkplug: expected 0"],
  [{ cleanStart: "mix" }, "Cannot use --clean-start mix with --sparkplug: expected yes"],
  [{ sessionExpiryS: 5, cleanStart: "yes" }, "Cannot use --session-expiry 5 s with --sparkplug: expected 0"],
  [{ willPayloadSizeBytes: 100 }, "Cannot use --will-payload-size with --sparkplug"],
  [
    { telemetry: { perSecond: 1, sizeBytes: 0, qos: 1 } },
    "Cannot use telemetry of QoS 1 with --sparkplug: expected QoS 0",
  ],
  [{ sparkplugGroup: "a/b" }, 'Cannot use --sparkplug-group "a/b": expected at least one character'],
  [{ sparkplugGroup: "{client}" }, 'Cannot use --sparkplug-group "{client}"'],
  [{ sparkplugHost: "" }, 'Cannot use --sparkplug-host "": expected at least one character'],
  [{ sparkplugHost: "{bucket}" }, 'Cannot use --sparkplug-host "{bucket}"'],
  [{ sparkplugDevices: 101 }, "Cannot use --sparkplug-devices 101: expected 0 to 100"],
  [{ groups: [{ name: "a", share: 1, willQos: 2 }] }, 'Cannot use --will-qos 2 with --sparkplug in group "a"'],
];

for (const [request, sentence] of refused) {
  Deno.test(`refused with --sparkplug: ${JSON.stringify(request)}`, () => {
    assert.throws(() => planOf({ sparkplug: true, ...request }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.ok(error.message.startsWith(sentence), error.message);
      return true;
    });
  });
}

for (const option of [{ sparkplugGroup: "g" }, { sparkplugHost: "h" }, { sparkplugDevices: 1 }]) {
  Deno.test(`implies --sparkplug: ${Object.keys(option)[0]}`, () => {
    assert.equal(planOf(option).sparkplug, true);
    assert.throws(
      () => planOf({ sparkplug: false, ...option }),
      /^UsageError: Cannot use --sparkplug-\w+: expected --sparkplug with it$/,
    );
  });
}

Deno.test("topics of births and deaths are the same but for their type", () => {
  const death = "spBv1.0/g/NDEATH/n";
  assert.equal(deathAsBirth(death), "spBv1.0/g/NBIRTH/n");
  assert.equal(birthAsDeath(deathAsBirth(death)), death);
});

Deno.test("a node that leaves in 5.0 disconnects with its will, and in no other case", () => {
  assert.equal(nodeKillMode({ sparkplug: true }, 5, "leave"), "disconnect-with-will");
  assert.equal(nodeKillMode({ sparkplug: true }, 4, "leave"), "leave");
  assert.equal(nodeKillMode({ sparkplug: true }, 5, "reset"), "reset");
  assert.equal(nodeKillMode({}, 5, "leave"), "leave");
});
