/** The data of each profile: its form, and that modes, rules and sources exist. */
import assert from "node:assert/strict";
import { killModes } from "../../src/fleet/plan/kill_mode.ts";
import { restart } from "../../src/profiles/endings.ts";
import { profileNames, profileOf, profileOfBroker, profiles, rulesText } from "../../src/profiles/profiles.ts";
import { isWithin } from "../../src/profiles/version_range.ts";
import { readStatements } from "../house/statements.ts";

const statements = readStatements(Deno.readTextFileSync(new URL("../../docs/statements.tsv", import.meta.url)));
const all = profiles.flatMap(({ name, deviations }) => deviations.map((deviation) => ({ name, deviation })));

Deno.test("profiles: strict is the first profile and has no deviation", () => {
  assert.equal(profiles[0]!.name, "strict");
  assert.deepEqual(profiles[0]!.deviations, []);
  assert.ok(all.length > 20, `${all.length} deviations`);
});

Deno.test("profiles: a profile is found by its exact name only", () => {
  for (const name of profileNames) assert.equal(profileOf(name)?.name, name);
  assert.equal(profileOf("mosquito"), undefined);
  assert.equal(new Set(profileNames).size, profileNames.length);
});

Deno.test("profiles: every rule is a statement number of its standard", () => {
  for (const { name, deviation } of all) {
    for (const [version, rule] of Object.entries(deviation.rules)) {
      const known = statements.some((row) => row.version === version && row.number === rule);
      assert.ok(known, `${name}/${deviation.id}: MQTT ${version} has no ${rule}`);
    }
  }
});

Deno.test("profiles: every sign uses the fleet's names, and has a bound if it concerns time", () => {
  for (const { name, deviation } of all) {
    for (const sign of deviation.signs) {
      const where = `${name}/${deviation.id}`;
      assert.ok(sign.endings.length > 0, where);
      for (const ending of sign.endings) assert.ok(([...killModes, restart] as string[]).includes(ending), where);
      assert.ok(sign.restart === true || !sign.endings.includes(restart), `${where}: a restart is spoken of`);
      const bound = sign.within !== undefined || sign.whileOthersDie === true || sign.delayFromConnect === true ||
        sign.restart === true;
      const timed = sign.fault === "late" || sign.fault === "early";
      assert.ok(bound || !timed, `${where}: late and early have a bound`);
      const mayBeBound = timed || sign.restart === true || sign.overdueWhenBack === true;
      assert.ok(mayBeBound || !bound, `${where}: what has a bound speaks of time`);
      assert.equal(sign.altered !== undefined, sign.fault === "altered", where);
      assert.ok(Object.keys(deviation.rules).length > 0, `${where}: what a fleet sees breaks a rule`);
    }
  }
});

Deno.test("profiles: the fleet has each ending once, and a normal DISCONNECT last", () => {
  assert.deepEqual([new Set(killModes).size, killModes.at(-1)], [killModes.length, "leave"]);
});

Deno.test("profiles: ids are unique within a profile, and each text is one sentence", () => {
  for (const { deviations } of profiles) {
    assert.equal(new Set(deviations.map(({ id }) => id)).size, deviations.length);
  }
  for (const { name, deviation: { id, what, source } } of all) {
    assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.match(what, /^[A-Z][^\n]*[^.]\.$/, `${name}/${id}`);
    assert.ok(source.length > 0 && !source.endsWith("."), `${name}/${id}`);
  }
});

Deno.test("profiles: the name and version of a broker select its profile and the deviations of that version", () => {
  const ids = (said: string) => profileOfBroker(said)?.deviations.map(({ id }) => id) ?? [];
  const named = (said: string) => profileOfBroker(said)?.name;
  assert.equal(named("mosquitto version 2.0.11"), "mosquitto");
  assert.equal(named("mosquitto version 2.1.0"), "mosquitto-2.1");
  assert.equal(named("mosquitto version 2.1.2-180-g7b8aba1"), "mosquitto-2.1");
  assert.equal(named("FlashMQ 1.26.2"), "flashmq");
  for (const said of ["mosquitto", "2.0.11", "mqtt-sim 0.1.0", ""]) assert.equal(named(said), undefined, said);
  assert.ok(ids("mosquitto version 2.0.11").includes("server-packets"));
  assert.ok(!ids("mosquitto version 2.0.22").includes("server-packets"));
  assert.ok(ids("mosquitto version 2.0.22").includes("subscription-identifier"));
  assert.ok(!ids("mosquitto version 2.1.2").includes("delayed-back-clean"));
});

Deno.test("profiles: no two profiles include the same version of a broker", () => {
  for (const version of ["1.6.9", "2.0.11", "2.0.22", "2.1", "2.1.3", "3.0"]) {
    const claims = profiles.filter(({ sysName, range }) =>
      sysName === "mosquitto" && (range === undefined || isWithin(version, range))
    );
    assert.equal(claims.length, 1, version);
  }
});

Deno.test("profiles: the rules of a deviation are listed by version", () => {
  const [takeover] = profileOf("mosquitto")!.deviations;
  assert.equal(rulesText(takeover!), "MQTT 3.1.1, 3.1.4-2; MQTT 5.0, 3.1.4-3");
});
