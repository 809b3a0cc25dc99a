/** Each case of the catalog detects a fault, and none fails on our own broker. */
import assert from "node:assert/strict";
import { areas, type ConformanceCase } from "../../src/conformance/case/case.ts";
import { knownDeviations } from "../../src/conformance/case/known_deviations.ts";
import { type Protocol, protocols } from "../../src/conformance/model/protocol.ts";
import { profileOf, profiles } from "../../src/profiles/profiles.ts";
import { catalog } from "../../src/conformance/catalog.ts";
import { tampered } from "../support/brokers/tampered_broker.ts";
import { checkInMemory, ourCore } from "../support/brokers/checked_broker.ts";
import type { Proof } from "./proof.ts";
import { proofs } from "./proofs.ts";

Deno.test("catalog: each case has a proof that it can fail, and each proof has its case", () => {
  const ids = catalog.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id) => (proofs[id] ?? []).length === 0 && !id.startsWith("will/restart-")),
    [],
    "cases without a proof",
  );
  assert.deepEqual(Object.keys(proofs).filter((id) => !ids.includes(id as ConformanceCase["id"])), []);
  assert.equal(new Set(ids).size, ids.length, "ids are unique");
});

Deno.test("catalog: each case has one line that describes it", () => {
  for (const { id, title, does, rules } of catalog) {
    assert.match(id, /^[a-z-]+\/[a-z0-9-]+$/);
    assert.ok(id.split("/")[0]! in areas, id);
    for (const line of [title, does]) assert.match(line, /^[^\n]{10,160}[^.\n]$/, id);
    assert.ok(Object.keys(rules).length > 0, id);
    for (const number of Object.values(rules).flat()) assert.match(number, /^\d+(\.\d+)+(-\d+)?$/, id);
  }
});

Deno.test("catalog: each statement number of a case belongs to its version", () => {
  const table = Deno.readTextFileSync(new URL("../../docs/statements.tsv", import.meta.url));
  const known = new Set(table.split("\n").map((line) => line.split("\t").slice(0, 2).join(" ")));
  const named = catalog.flatMap(({ id, rules }) =>
    protocols.flatMap((protocol) => (rules[protocol] ?? []).map((number) => ({ id, said: `${protocol} ${number}` })))
  );
  assert.deepEqual(named.filter(({ said }) => said.includes("-") && !known.has(said)), []);
});

Deno.test("catalog: each deviation of a case belongs to a profile", () => {
  const known = new Set(profiles.flatMap(({ deviations }) => deviations.map(({ id }) => id)));
  const named = catalog.flatMap(({ id, deviations = [] }) => deviations.map((deviation) => `${id}: ${deviation}`));
  assert.deepEqual(named.filter((each) => !known.has(each.split(": ")[1]!)), []);
});

Deno.test("catalog: each known deviation of a case belongs to its profile and breaks a rule in a version of the case", () => {
  for (const [name, ids] of Object.entries(knownDeviations)) {
    const [profile, id] = name.split("/") as [string, string];
    const deviation = profileOf(profile)?.deviations.find((each) => each.id === id);
    assert.ok(deviation !== undefined && ids.length > 0, name);
    const breaks: readonly string[] = Object.keys(deviation.rules);
    // Separately reported faults are no cases; they belong to the versions of their deviation.
    for (const known of ids.filter((each) => !each.startsWith("broker/"))) {
      const one = catalog.find((each) => each.id === known);
      assert.ok(one !== undefined, `${name}: ${known}`);
      const versions: readonly string[] = Object.keys(one.rules);
      assert.ok(breaks.length === 0 || versions.some((each) => breaks.includes(each)), `${name}: ${known}`);
    }
  }
});

Deno.test("catalog: our broker passes all cases", async () => {
  const { cases, reason, exitCode, warnings } = await checkInMemory(ourCore());
  const wrong = cases.filter(({ outcome }) => outcome === "fail");
  assert.deepEqual(wrong.map(({ id, protocol, reason }) => `${id} in ${protocol}: ${reason}`), []);
  assert.equal(exitCode, 0, reason);
  assert.deepEqual(warnings, []);
});

for (const one of catalog) {
  for (const protocol of protocols.filter((each) => one.rules[each] !== undefined)) {
    for (const proof of (proofs[one.id] ?? []).filter(({ only }) => only === undefined || only === protocol)) {
      Deno.test(`catalog: ${one.id} in ${protocol} detects a broker that ${nameOf(proof)}`, () =>
        prove(one, protocol, proof));
    }
  }
}

function nameOf({ fault }: Proof): string {
  return fault.name.replaceAll(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
}

async function prove(one: ConformanceCase, protocol: Protocol, { fault, says }: Proof): Promise<void> {
  const run = { cases: [one], protocols: [protocol], parallel: 1 };
  const { cases: [result], reason } = await checkInMemory(tampered(fault), run);
  assert.equal(result?.outcome, "fail", result?.reason ?? reason);
  assert.match(result!.reason!, says);
  assert.ok(result!.transcript!.length > 0);
}
