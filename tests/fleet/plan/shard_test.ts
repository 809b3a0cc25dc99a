/** Shards of a run: their notation, their shares of the plan, and the run id that they have in common. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { planFaults } from "../../../src/fleet/plan/check_plan.ts";
import { fillPlan } from "../../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { bucketsHere, clientsHere, ownIdOf, parseShard } from "../../../src/fleet/plan/shard.ts";
import { sharedRunId } from "../../../src/cli/fleet/shared_run_id.ts";
import { aPlan } from "../sample_life.ts";
import { eachCase } from "../../support/steps.ts";

Deno.test("shard: a written shard can be parsed", () => {
  assert.deepEqual(parseShard("2/5", "--shard"), { number: 2, of: 5 });
  assert.deepEqual(parseShard("1000/1000", "--shard"), { number: 1_000, of: 1_000 });
});

for (const text of ["", "2", "0/5", "6/5", "2/0", "2/5/6", "-1/5", "1.5/5", "1/1001", "2 of 5"]) {
  Deno.test(`shard: refuses ${JSON.stringify(text)}`, () => {
    const sentence = `Cannot read --shard "${text}": expected a part of a whole such as 2/5, of at most 1,000 parts`;
    assert.throws(() => parseShard(text, "--shard"), new UsageError(sentence));
  });
}

Deno.test("shard: the parts of a plan add up to the plan and are nearly equal", async (t) => {
  await eachCase(t, [[203, 5], [50_000, 3], [7, 7], [1_000_000, 999]] as const, ([clients, of]) => {
    const plan = { clients, watchers: clients };
    const parts = Array.from({ length: of }, (_, index) => clientsHere({ ...plan, shard: { number: index + 1, of } }));
    assert.equal(parts[0]!.first, 0);
    parts.slice(1).forEach(({ first }, place) => assert.equal(first, parts[place]!.first + parts[place]!.count));
    assert.equal(parts.at(-1)!.first + parts.at(-1)!.count, clients);
    const counts = parts.map(({ count }) => count);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    assert.deepEqual(bucketsHere({ ...plan, shard: { number: 1, of } }), parts[0]);
  });
  assert.deepEqual(clientsHere({ clients: 9 }), { first: 0, count: 9 });
});

Deno.test("shard: refuses a shard with too few clients or watchers for its squads", () => {
  const faults = (request: Partial<PlanRequest>) =>
    planFaults(fillPlan({ seed: 1, run: "r", clients: 20, shard: { number: 1, of: 5 }, ...request }))
      .map(({ path, sentence }) => [path.join("."), sentence]);
  assert.deepEqual(faults({ workers: 4 }), []);
  assert.equal(fillPlan({ seed: 1, run: "r", clients: 20, shard: { number: 1, of: 5 }, workers: 2 }).watchers, 10);
  assert.deepEqual(faults({ workers: 5 }), [
    ["workers", "Cannot use --workers 5 in each of 5 shards: expected at most one for each of 20 clients"],
  ]);
  assert.deepEqual(faults({ watchers: 4 }), [
    ["watchers", "Cannot use --watchers 4: expected at least one for each of 1 workers in each of 5 shards"],
  ]);
  assert.deepEqual(faults({ shard: { number: 6, of: 5 } }), [
    ["shard", "Cannot use shard 6 of 5: expected 1 to 1,000 parts, counted from 1"],
  ]);
  assert.deepEqual(faults({ willTopic: "w/{client}", willRetain: true }).map(([path]) => path), ["willTopic"]);
});

Deno.test("shard: sweepers and late subscribers have a separate identifier in each shard", () => {
  assert.equal(ownIdOf(aPlan({ run: "r1" }), "p5"), "mqtt-sim-r1-p5");
  const ids = [1, 2].map((number) => ownIdOf(aPlan({ run: "r1", watchers: 2, shard: { number, of: 2 } }), "p5"));
  assert.deepEqual(ids, ["mqtt-sim-r1-s1p5", "mqtt-sim-r1-s2p5"]);
});

Deno.test("shard: all shards share a run id, and other runs have another", () => {
  const request: PlanRequest = { seed: 7, run: "drawn", clients: 100, shard: { number: 1, of: 5 } };
  const id = sharedRunId(request);
  assert.match(id, /^[0-9a-z]{1,7}$/);
  const same = { ...request, run: "else", shard: { number: 2, of: 5 }, workers: 3, sourceAddresses: ["127.0.0.2"] };
  assert.equal(sharedRunId(same), id);
  assert.equal(sharedRunId({ clients: 100, run: "x", seed: 7 }), id, "in any order of the fields");
  assert.notEqual(sharedRunId({ ...request, seed: 8 }), id);
  assert.notEqual(sharedRunId({ ...request, clients: 101 }), id);
  assert.notEqual(sharedRunId(request, "2026-01-02T03:04:05Z"), id);
});
