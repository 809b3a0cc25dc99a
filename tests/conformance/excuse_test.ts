import assert from "node:assert/strict";
import type { CaseSign, Deviation } from "../../src/profiles/profile.ts";
import { profiles } from "../../src/profiles/profiles.ts";
import { boundsOf } from "../../src/conformance/bounds.ts";
import { catalog } from "../../src/conformance/catalog.ts";
import { covers, lookMs, signsOf } from "../../src/conformance/excuse.ts";
import { knownDeviations } from "../../src/conformance/known_deviations.ts";
import type { CaseFault } from "../../src/conformance/outcome.ts";
import { willDelayCases } from "../../src/conformance/cases/will_delay.ts";
import type { ConformanceCase } from "../../src/conformance/case.ts";
import type { CoreOptions } from "../../src/broker/options.ts";
import { checkInMemory, ourCore } from "../support/checked_broker.ts";

const bounds = boundsOf();

/** Whether a deviation covers a failure. */
function covered(deviation: Pick<Deviation, "signs" | "shows">, fault: CaseFault): boolean {
  return covers(signsOf(deviation), fault, bounds);
}

function deviation(name: string, id: string): Deviation {
  return profiles.find((each) => each.name === name)!.deviations.find((each) => each.id === id)!;
}

Deno.test("F8: a deviation covers the kind and the bound that it names, and no other", () => {
  const late = { shows: [{ fault: "late", withinS: 2 }], signs: [] } as const;
  assert.equal(covered(late, { kind: "late", byMs: 5_000 }), true, "2 s beyond the 3 s that count as late anyway");
  assert.equal(covered(late, { kind: "late", byMs: 5_001 }), false);
  assert.equal(covered(late, { kind: "early", byMs: 100 }), false);
  assert.equal(covered(late, { kind: "missing", lookedMs: 4_999 }), true, "it may still come in time");
  assert.equal(covered(late, { kind: "missing", lookedMs: 5_000 }), false, "what never comes is not late");
  assert.equal(covered(late, { kind: "altered", parts: ["payload"] }), false);
  const early = { shows: [{ fault: "early", withinS: 0.5 }], signs: [] } as const;
  assert.equal(covered(early, { kind: "early", byMs: 520 }), true);
  assert.equal(covered(early, { kind: "early", byMs: 521 }), false);
  assert.equal(covered(early, { kind: "late", byMs: 10 }), false);
  const keepAlive = { shows: [{ fault: "late", withinKeepAlives: 1.5, withinS: 1 }], signs: [] } as const;
  assert.equal(covered(keepAlive, { kind: "late", byMs: 7_000, keepAliveS: 2 }), true);
  assert.equal(covered(keepAlive, { kind: "late", byMs: 7_000, keepAliveS: 1 }), false);
});

Deno.test("F8: parts and codes that a deviation does not name are not covered", () => {
  const expiry = { shows: [{ fault: "altered", parts: ["message expiry interval"] }], signs: [] } as const;
  assert.equal(covered(expiry, { kind: "altered", parts: ["message expiry interval"] }), true);
  assert.equal(covered(expiry, { kind: "altered", parts: ["message expiry interval", "payload"] }), false);
  const properties = { shows: [{ fault: "altered", parts: ["properties"] }], signs: [] } as const;
  assert.equal(covered(properties, { kind: "altered", parts: ["user properties"] }), true);
  assert.equal(covered(properties, { kind: "altered", parts: ["user properties", "QoS"] }), false);
  const refused = { shows: [{ fault: "refused", codes: [0x87] }], signs: [] } as const;
  assert.equal(covered(refused, { kind: "refused", code: 0x87 }), true);
  assert.equal(covered(refused, { kind: "refused", code: 0x80 }), false);
});

Deno.test("F8: mosquitto's profile excuses no early will by its list, and no missing one by whole seconds", () => {
  for (const id of ["delay-list", "delay-by-the-second", "keep-alive-late"]) {
    assert.equal(covered(deviation("mosquitto", id), { kind: "early", byMs: 900 }), false, id);
    assert.equal(covered(deviation("mosquitto", id), { kind: "missing", lookedMs: 60_000 }), false, id);
  }
  assert.equal(covered(deviation("mosquitto", "keep-alive-early"), { kind: "late", byMs: 100 }), false);
});

Deno.test("F8: a case looks on for as long as the profile says that a will may be late", () => {
  const signs: readonly CaseSign[] = [{ fault: "late", withinS: 1, withinKeepAlives: 2 }, {
    fault: "early",
    withinS: 9,
  }];
  assert.equal(lookMs(signs, 3), 7_000);
  assert.equal(lookMs([{ fault: "missing" }], 3), 0);
});

Deno.test("every deviation that a case may fail under says how it shows", () => {
  const named = new Set(catalog.flatMap(({ deviations = [] }) => deviations));
  for (const { name, deviations } of profiles) {
    for (const each of deviations) {
      const isUsed = named.has(each.id) || knownDeviations[`${name}/${each.id}`] !== undefined;
      assert.ok(!isUsed || signsOf(each).length > 0, `${name}/${each.id}`);
    }
  }
});

/** A broker whose wills come so much later than they are due, in milliseconds, or never. */
function off(byMs: number | undefined): CoreOptions {
  return {
    willFault: {
      atPublication: ({ clientId, will }) => {
        if (/^[0-9a-z]{6}c1x/.test(clientId)) return undefined;
        return byMs === undefined ? [] : [{ will, delayMs: byMs }];
      },
    },
  };
}

Deno.test("F8: under a profile that says late by up to 2 s, a will that never comes fails, and one that is 4 s late deviates", async () => {
  const profile = {
    name: "some",
    deviations: [{ id: "delay-by-two-seconds", shows: [{ fault: "late", withinS: 2 }] as const }],
  };
  const cases: readonly ConformanceCase[] = willDelayCases.filter(({ id }) => id === "will/delay-2-session-60");
  const outcome = async (byMs: number | undefined) => {
    const { cases: [result] } = await checkInMemory(ourCore(off(byMs)), { cases, protocols: ["5.0"], profile });
    return `${result!.outcome} ${result!.fault?.kind}`;
  };
  assert.equal(await outcome(4_000), "deviation late");
  assert.equal(await outcome(undefined), "fail missing");
});
