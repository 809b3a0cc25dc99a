import assert from "node:assert/strict";
import { everyKillMode } from "../../../src/fleet/plan/kill_mode.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import { repeatCommand } from "../../../src/report/model/repeat.ts";

const base = { run: "r1", seed: 7 };
const program = { program: "mqtt-sim" };

Deno.test("repeat command: a run of defaults is repeated by its seed", () => {
  assert.equal(repeatCommand(makePlan(base), undefined, program), "mqtt-sim fleet --seed 7");
});

Deno.test("repeat command: omits defaults that depend on other options", () => {
  const plan = makePlan({ ...base, clients: 5_000, sessionExpiryS: 60, workers: 2 });
  assert.equal(
    repeatCommand(plan, "mqtt://h:1883", program),
    "mqtt-sim fleet --url mqtt://h:1883 --seed 7 --clients 5000 --session-expiry 60s --workers 2",
  );
});

Deno.test("repeat command: contains an explicit value that differs from a dependent default", () => {
  const plan = makePlan({ ...base, sessionExpiryS: 60, cleanStart: "yes", watchers: 7 });
  assert.equal(
    repeatCommand(plan, undefined, program),
    "mqtt-sim fleet --seed 7 --session-expiry 60s --clean-start yes --watchers 7",
  );
});

Deno.test("repeat command: quotes words for a shell", () => {
  const plan = makePlan({ ...base, clientPrefix: "it's", willTopic: "a/{bucket}/{client}" });
  assert.equal(
    repeatCommand(plan, undefined, program),
    "mqtt-sim fleet --seed 7 --client-prefix 'it'\\''s' --will-topic 'a/{bucket}/{client}'",
  );
});

Deno.test("repeat command: names the password file and never the password", () => {
  const plan = makePlan({ ...base, username: "u", password: "hidden" });
  assert.equal(
    repeatCommand(plan, undefined, program),
    "mqtt-sim fleet --username u --password-file PASSWORD_FILE --seed 7",
  );
  assert.equal(
    repeatCommand(plan, undefined, { ...program, passwordFile: "pw.txt", runIdAsked: true }),
    "mqtt-sim fleet --username u --password-file pw.txt --seed 7 --run-id r1",
  );
});

Deno.test("repeat command: an equal share of all modes is the word all", () => {
  const killShares = everyKillMode.map((mode) => ({ mode, weight: 1 }));
  const all = repeatCommand(makePlan({ ...base, killShares }), undefined, program);
  assert.equal(all, "mqtt-sim fleet --seed 7 --kill-mode all");
  const some = repeatCommand(makePlan({ ...base, killShares: killShares.slice(1, 3) }), undefined, program);
  assert.equal(some, "mqtt-sim fleet --seed 7 --kill-mode close,freeze");
});
