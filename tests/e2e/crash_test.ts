/**
 * `mqtt-sim broker --store` killed with SIGKILL again and again under a storm of connects, kills, delayed wills and
 * QoS 1 and 2 traffic. After each restart the books balance: nothing that was acknowledged is lost, nothing comes twice
 * that may not, each will that is due comes once, none of a client that had left.
 *
 * 40 kills without an argument; `deno task test:peers --filter kills -- 200 7` is 200 kills with seed 7.
 */
import assert from "node:assert/strict";
import { freshSeed } from "../../src/base/random.ts";
import { CrashStorm } from "../support/crash/crash_storm.ts";

const [kills = 40, seed = freshSeed()] = Deno.args.map(Number);

for (const outlives of ["power", "process"] as const) {
  Deno.test(`${kills} kills lose no will and duplicate none (--store-outlives ${outlives}, seed ${seed})`, async () => {
    const args = ["cli.ts", "broker", "--port", "0", "--store-outlives", outlives, "--store"];
    const storm = new CrashStorm({ seed, kills: Math.ceil(kills / 2), broker: args });
    await storm.run();
    assert.deepEqual(storm.faults, [], `seed ${seed}`);
    assert.ok(storm.sender.sent[2].length > kills, "there was traffic");
    assert.ok(storm.wills.lives.size > kills, "there were wills");
  });
}

Deno.test(`kills detect a broker that acknowledges before it commits (seed ${seed})`, async () => {
  const storm = new CrashStorm({ seed, kills: 20, broker: ["tests/support/brokers/hasty_broker.ts"] });
  await storm.run();
  assert.ok(storm.faults.length > 0, "20 kills and nothing was noticed");
});
