import assert from "node:assert/strict";
import type { CaseSign, Deviation, Sign } from "../../../src/profiles/profile.ts";
import { profiles } from "../../../src/profiles/profiles.ts";
import { boundsOf } from "../../../src/conformance/model/bounds.ts";
import { catalog } from "../../../src/conformance/catalog.ts";
import { covers, lookMs, signsOf } from "../../../src/conformance/check/excuse.ts";
import { knownDeviations, knownSigns, mayFailUnder } from "../../../src/conformance/case/known_deviations.ts";
import type { CaseFault } from "../../../src/conformance/model/outcome.ts";
import { willDelayCases } from "../../../src/conformance/cases/will_delay.ts";
import type { ConformanceCase } from "../../../src/conformance/case/case.ts";
import type { CoreOptions } from "../../../src/broker/options/options.ts";
import { checkInMemory, ourCore } from "../../support/brokers/checked_broker.ts";
import { eachCase } from "../../support/steps.ts";

const bounds = boundsOf();

/** Whether a deviation covers a failure. */
function covered(deviation: Pick<Deviation, "signs" | "shows">, fault: CaseFault): boolean {
  return covers(signsOf(deviation), fault, bounds);
}

function deviation(name: string, id: string): Deviation {
  return profiles.find((each) => each.name === name)!.deviations.find((each) => each.id === id)!;
}

Deno.test("F8: a deviation covers only its kind of fault and its bound", () => {
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

Deno.test("F8: a deviation does not cover parts and codes that it does not name", () => {
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
  assert.equal(covered(deviation("mosquitto-2.1", "delay-by-the-second"), { kind: "late", byMs: 100 }), false);
});

Deno.test("F8: a case watches for as long as a will may be late under the profile", () => {
  const signs: readonly CaseSign[] = [{ fault: "late", withinS: 1, withinKeepAlives: 2 }, {
    fault: "early",
    withinS: 9,
  }];
  assert.equal(lookMs(signs, 3), 7_000);
  assert.equal(lookMs([{ fault: "missing" }], 3), 0);
});

const fleetSign = (over: Partial<Sign>): Sign => ({ fault: "late", endings: [], ...over });

Deno.test("excuse: cases take over a deviation's signs for fleets; signs for cases win", async (t) => {
  const shown = (over: Partial<Sign>) => signsOf({ signs: [fleetSign(over)] })[0];
  assert.deepEqual(shown({ fault: "duplicate" }), { fault: "unwanted" });
  assert.deepEqual(shown({ fault: "unwanted" }), { fault: "unwanted" });
  assert.deepEqual(shown({ fault: "missing", within: { s: 1 } }), { fault: "missing" });
  assert.deepEqual(shown({ fault: "altered" }), { fault: "altered" });
  assert.deepEqual(shown({ fault: "altered", altered: ["retain"] }), { fault: "altered", parts: ["retain"] });
  await eachCase(t, ["late", "early"] as const, (fault) => {
    assert.deepEqual(shown({ fault }), { fault, withinS: Infinity });
    assert.deepEqual(shown({ fault, within: {} }), { fault, withinS: 0 });
    assert.deepEqual(shown({ fault, within: { s: 2, delays: 1 } }), { fault, withinS: 62 });
    assert.deepEqual(shown({ fault, within: { keepAlives: 1 } }), { fault, withinS: 0, withinKeepAlives: 1 });
  });
  assert.deepEqual(signsOf({ signs: [fleetSign({})], shows: [] }), [], "what is said for cases comes first");
  assert.deepEqual(signsOf({}), []);
});

/** A sign, a fault, and whether the sign covers the fault. */
const covering: readonly (readonly [sign: CaseSign, fault: CaseFault, isCovered: boolean])[] = [
  [{ fault: "late" }, { kind: "late", byMs: 3_000 }, true],
  [{ fault: "late" }, { kind: "late", byMs: 3_001 }, false],
  [{ fault: "late" }, { kind: "late" }, false],
  [{ fault: "late" }, { kind: "missing", lookedMs: 2_999 }, true],
  [{ fault: "late" }, { kind: "missing", lookedMs: 3_000 }, false],
  [{ fault: "late" }, { kind: "missing" }, false],
  [{ fault: "late" }, { kind: "not closed", lookedMs: 2_999 }, true],
  [{ fault: "late" }, { kind: "closed", lookedMs: 2_999 }, false],
  [{ fault: "late", withinKeepAlives: 1 }, { kind: "late", byMs: 3_001 }, false],
  [{ fault: "late", withinKeepAlives: 1 }, { kind: "late", byMs: 5_000, keepAliveS: 2 }, true],
  [{ fault: "late" }, { kind: "late", byMs: 3_001, keepAliveS: 2 }, false],
  [{ fault: "late", withinKeepAlives: 1 }, { kind: "late", byMs: 5_001, keepAliveS: 2 }, false],
  [{ fault: "early" }, { kind: "early", byMs: 20 }, true],
  [{ fault: "early" }, { kind: "early", byMs: 21 }, false],
  [{ fault: "early" }, { kind: "early" }, false],
  [{ fault: "early", withinS: 1 }, { kind: "early", byMs: 1_020 }, true],
  [{ fault: "early", withinS: 1 }, { kind: "early", byMs: 1_021 }, false],
  [{ fault: "altered" }, { kind: "altered", parts: ["topic"] }, true],
  [{ fault: "altered" }, { kind: "missing" }, false],
  [{ fault: "altered", parts: ["topic"] }, { kind: "altered" }, false],
  [{ fault: "altered", parts: ["topic"] }, { kind: "altered", parts: [] }, false],
  [{ fault: "altered", parts: ["topic", "QoS"] }, { kind: "altered", parts: ["QoS"] }, true],
  ...["topic", "payload", "QoS", "retain"].map((part) =>
    [{ fault: "altered", parts: ["properties"] }, { kind: "altered", parts: [part] }, false] as const
  ),
  [{ fault: "altered", parts: ["properties"] }, { kind: "altered", parts: ["content type"] }, true],
  [{ fault: "altered", parts: ["topic"] }, { kind: "altered", parts: ["content type"] }, false],
  ...(["refused", "wrong code"] as const).flatMap((fault) =>
    [
      [{ fault }, { kind: fault, code: 0x80 }, true],
      [{ fault }, { kind: fault }, true],
      [{ fault }, { kind: "other", code: 0x80 }, false],
      [{ fault, codes: [0x87] }, { kind: fault, code: 0x87 }, true],
      [{ fault, codes: [0x87] }, { kind: fault, code: 0x80 }, false],
      [{ fault, codes: [0x87] }, { kind: fault }, false],
      [{ fault, codes: [0, 1] }, { kind: fault }, false],
    ] as const
  ),
  [{ fault: "closed" }, { kind: "closed" }, true],
  [{ fault: "closed" }, { kind: "not closed" }, false],
];

for (const [sign, fault, isCovered] of covering) {
  Deno.test(`a sign ${JSON.stringify(sign)} covers ${JSON.stringify(fault)}: ${isCovered}`, () => {
    assert.equal(covers([sign], fault, bounds), isCovered);
    assert.equal(covers([{ fault: "other" }, sign], fault, bounds), isCovered || fault.kind === "other");
    assert.equal(covers([], fault, bounds), false);
  });
}

Deno.test("excuse: a case may fail only under a deviation of the profile that names the case", () => {
  assert.equal(mayFailUnder("will/delay-freeze", "mosquitto", "keep-alive-late"), true);
  assert.equal(mayFailUnder("keep-alive/silent", "mosquitto", "keep-alive-late"), true);
  assert.equal(mayFailUnder("will/delay-freeze", "mosquitto", "second-connect"), false);
  assert.equal(mayFailUnder("will/delay-freeze", "aedes", "keep-alive-late"), false);
  assert.equal(mayFailUnder("connect/nothing" as ConformanceCase["id"], "aedes", "keep-alive-late"), false);
  const both = Object.entries(knownDeviations).flatMap(([name, ids]) =>
    ids.map((id) => [name.split("/"), id] as const)
  );
  for (const [[profile, id], one] of both) assert.ok(mayFailUnder(one, profile!, id!), `${profile}/${id} ${one}`);
});

Deno.test("excuse: a trickle of bytes may keep a client alive for longer than its deviation allows in other cases", async (t) => {
  await eachCase(
    t,
    [["ejabberd", "half-packet-keeps-alive"], ["rabbitmq", "keep-alive-late"]] as const,
    ([profile, id]) => {
      assert.deepEqual(knownSigns("will/freeze-trickle", profile, id), [{ fault: "late", withinS: 20 }]);
      assert.equal(knownSigns("keep-alive/silent", profile, id), undefined);
      assert.equal(knownSigns("will/freeze-trickle", "mosquitto", id), undefined);
    },
  );
});

Deno.test("excuse: each deviation that a case may fail under has a note on how it shows", () => {
  const named = new Set(catalog.flatMap(({ deviations = [] }) => deviations));
  for (const { name, deviations } of profiles) {
    for (const each of deviations) {
      const isUsed = named.has(each.id) || knownDeviations[`${name}/${each.id}`] !== undefined;
      assert.ok(!isUsed || signsOf(each).length > 0, `${name}/${each.id}`);
    }
  }
});

/** Publishes wills `byMs` after they are due; undefined for never. */
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

Deno.test("F8: under a profile with wills up to 2 s late, a missing will fails, and one that is 4 s late is a deviation", async () => {
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
