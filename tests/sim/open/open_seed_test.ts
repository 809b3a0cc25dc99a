/**
 * The first seeds of `deno task sim:open`, and those that once found a fault of mqtt-sim: no fault is reported in a
 * conforming broker, and each reason for an untested item is true.
 */
import assert from "node:assert/strict";
import { Choices } from "../../support/open/open_choices.ts";
import { causeOf } from "../../support/open/open_truth.ts";
import { addTally, noTally, simulateOpen } from "./open_seed.ts";

const firstSeeds = 16;

Deno.test(`sim:open: reports no fault in the first ${firstSeeds} seeds`, async () => {
  const tally = noTally();
  // In sequence: each uses the whole thread.
  // deno-lint-ignore no-await-in-loop
  for (let seed = 0; seed < firstSeeds; seed++) addTally(tally, await simulateOpen(seed));
  assert.ok(tally.fleets.pass > firstSeeds / 3, `only ${tally.fleets.pass} fleets passed`);
  assert.ok(tally.cases.pass > 20 * firstSeeds, `only ${tally.cases.pass} cases passed`);
  assert.ok(Object.values(tally.choices).filter((count) => count > 0).length > 30);
});

const found: readonly [seed: number, what: string][] = [
  [96, "a will of QoS 0 by grant on its way as the broker was killed"],
  [320, "a slow PINGRESP, and a client closed after one keep alive"],
  [405, "a slow CONNACK, and keep alive counted from CONNECT"],
  [655, "retained messages before SUBACK"],
  [748, "a retained will that no watcher saw over a restart"],
  [1059, "wills of QoS 0 by grant over a restart"],
  [2307, "presence read before a will that was left to the time after a restart"],
  [2374, "the message of a control client refused for a quota"],
  [3774, "a PUBLISH that a limit refuses before a late look is sent again"],
];
for (const [seed, what] of found) {
  Deno.test(`sim:open: seed ${seed}: ${what}`, async () => void await simulateOpen(seed));
}

Deno.test("sim:open: detects a reason that names an action the broker did not take", () => {
  const choices = new Choices(1, undefined, []);
  assert.equal(causeOf("the broker announces Retain Available 0", choices), undefined);
  choices.made("retain: not available, announced");
  assert.equal(causeOf("the broker announces Retain Available 0", choices), "retain: not available, announced");
  assert.equal(causeOf("the moon is full", choices), undefined);
});
