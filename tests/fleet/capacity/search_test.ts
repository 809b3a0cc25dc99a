/** The search for a capacity, on simulated brokers of known capacity. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../src/base/random.ts";
import {
  CapacitySearch,
  type Evidence,
  type SearchRange,
  type StepOutcome,
} from "../../../src/fleet/capacity/search.ts";

const range: SearchRange = { from: 100, least: 10, to: 1_000_000, growth: 2, precision: 0.1 };

/** Runs a search to its end; `judge` gives the outcome of each step. */
function searched(
  judge: (load: number, attempt: number) => StepOutcome | readonly [StepOutcome, Evidence],
  bounds: SearchRange = range,
) {
  const search = new CapacitySearch(bounds);
  const loads: number[] = [];
  for (let step = search.next(); step !== undefined; step = search.next()) {
    loads.push(step.load);
    assert.ok(loads.length < 200, `the search does not end: ${loads.slice(-5)}`);
    const judged = judge(step.load, step.attempt);
    if (typeof judged === "string") search.take(judged);
    else search.take(...judged);
  }
  return { loads, ...search.interval };
}

const upTo = (capacity: number) => (load: number): StepOutcome => load <= capacity ? "held" : "broke";

Deno.test("search: loads double until one fails twice, the interval is halved, its upper end is tried three times more", () => {
  assert.deepEqual(searched(upTo(700)), {
    loads: [100, 200, 400, 800, 800, 566, 673, 734, 734, 734, 734, 734],
    held: 673,
    over: 734,
    limit: "broker",
  });
});

Deno.test("search: finds the interval of every monotone broker", () => {
  const bounds = fc.record({
    from: fc.integer({ min: 1, max: 5_000 }),
    growth: fc.double({ min: 1.2, max: 8, noNaN: true }),
    precision: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
    capacity: fc.integer({ min: 1, max: 900_000 }),
  });
  fc.assert(fc.property(bounds, ({ from, growth, precision, capacity }) => {
    const { held, over, limit } = searched(upTo(capacity), { from, growth, precision, least: 1, to: 1_000_000 });
    assert.ok(held! <= capacity && capacity < over!, `${held} to ${over} for ${capacity}`);
    assert.ok(over! - held! === 1 || over! / held! - 1 <= precision, `${held} to ${over} is wide`);
    assert.equal(limit, "broker");
  }));
});

Deno.test("search: a load that fails once by chance and then holds counts as held", () => {
  const found = searched((load, attempt) => load === 400 && attempt === 1 ? "broke" : upTo(3_000)(load));
  assert.deepEqual(found.loads.slice(0, 5), [100, 200, 400, 400, 800]);
  assert.ok(found.held! <= 3_000 && 3_000 < found.over!);
});

/**
 * How many of 1,000 triples of searches differ by more than 15 %.
 *
 * @param brokerOf makes the broker of one search: whether a step at a load holds
 */
function triplesApart(brokerOf: (random: Random) => (load: number) => boolean): number {
  const found = (seed: number) => {
    const holds = brokerOf(new Random(seed));
    const { held, over } = searched((load) => holds(load) ? "held" : "broke");
    return Math.sqrt(held! * over!);
  };
  let apart = 0;
  for (let seed = 0; seed < 3_000; seed += 3) {
    const values = [found(seed), found(seed + 1), found(seed + 2)];
    if (Math.max(...values) / Math.min(...values) > 1.15) apart++;
  }
  return apart;
}

Deno.test("search: on a noisy broker the numbers of three searches agree within 15 %, whatever the seed", () => {
  // Below its capacity the broker fails a step by chance in 3 % of all cases; within 4 % of it each outcome is a draw.
  const apart = triplesApart((random) => (load) => {
    if (load > 2_000 * 1.04) return false;
    return random.fraction() >= (load < 2_000 * 0.96 ? 0.03 : 0.5);
  });
  assert.ok(apart < 60, `${apart} of 1,000 triples differ by more than 15 %`);
});

Deno.test("search: a delay that fails all attempts at a load does not end below it", () => {
  let steps = 0;
  const found = searched((load) => ++steps === 4 || steps === 5 ? "broke" : upTo(3_000)(load));
  assert.deepEqual(found.loads.slice(0, 11), [100, 200, 400, 800, 800, 566, 673, 734, 800, 1_600, 3_200]);
  assert.ok(found.held! <= 3_000 && 3_000 < found.over!);
});

Deno.test("search: delays that fail two steps in a row keep 98 % of three searches within 15 %", () => {
  const apart = triplesApart((random) => {
    let delayedSteps = 0;
    return (load) => {
      if (delayedSteps > 0) delayedSteps--;
      else if (random.fraction() < 0.03) delayedSteps = 2;
      return load <= 2_000 * (delayedSteps > 0 ? 0.5 : 1);
    };
  });
  assert.ok(apart <= 20, `${apart} of 1,000 triples differ by more than 15 %`);
});

Deno.test("search: a broker that collapses by chance below its capacity has one number in 90 % of three searches", () => {
  // From 75 % of its capacity on, a queue may grow until the broker serves less than without it.
  const apart = triplesApart((random) => (load) => load <= 1_500 || load <= 2_000 && random.fraction() >= 0.6);
  assert.ok(apart <= 100, `${apart} of 1,000 triples differ by more than 15 %`);
});

Deno.test("search: without a load that breaks, it ends at the highest", () => {
  assert.deepEqual(searched(() => "held", { ...range, to: 500 }), { loads: [100, 200, 400, 500], held: 500 });
});

Deno.test("search: goes down to the lowest load where the first does not hold", () => {
  assert.deepEqual(searched(() => "broke"), {
    loads: [100, 100, 50, 50, 25, 25, 12, 12, 10, 10, 10, 10, 10],
    over: 10,
    limit: "broker",
  });
  const { held, over } = searched(upTo(30));
  assert.ok(held! <= 30 && 30 < over!, `${held} to ${over}`);
});

Deno.test("search: two attempts that may be the generator's make it the limit, one does not", () => {
  const twice = searched((load, attempt) => load <= 300 ? "held" : attempt % 2 === 1 ? "generator" : "broke");
  assert.equal(twice.limit, "generator");
  assert.ok(twice.held! <= 300 && 300 < twice.over!);
  const once = searched((load, attempt) => load <= 300 ? "held" : attempt === 1 ? "generator" : "broke");
  assert.equal(once.limit, "broker");
  assert.ok(once.held! <= 300 && 300 < once.over!);
});

Deno.test("search: the evidence of the failed steps decides how often a load is tried", () => {
  const attemptsAt = (evidence: Evidence) =>
    searched((load) => load <= 100 ? "held" : ["broke", evidence], { ...range, precision: 1 }).loads.length - 1;
  // Three more each, at the end of the search.
  assert.deepEqual((["far", "clear", "doubtful"] as const).map(attemptsAt), [4, 5, 7]);
  const held = searched((load, attempt) => load > 700 ? "broke" : attempt < 4 ? ["broke", "doubtful"] : "held");
  assert.ok(held.held! <= 700 && 700 < held.over!, "a load that holds at the fourth attempt holds");
});

Deno.test("search: finds the limit of the broker below a load that the generator could not make", () => {
  const found = searched((load) => load > 1_000 ? "generator" : load > 900 ? "broke" : "held");
  assert.deepEqual([found.limit, found.held! <= 900, 900 < found.over!], ["broker", true, true]);
});

Deno.test("search: refuses an outcome after its end", () => {
  const search = new CapacitySearch({ ...range, to: 100 });
  search.take("held");
  assert.equal(search.next(), undefined);
  assert.throws(() => search.take("held"), RangeError);
});
