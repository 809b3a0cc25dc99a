import assert from "node:assert/strict";
import { type VerdictGrounds, verdictOver, verdictText } from "../../../src/fleet/merge/verdict.ts";
import { noCounts, type WillCounts } from "../../../src/fleet/result/will_counts.ts";

function over(wills: Partial<WillCounts>, more: Partial<VerdictGrounds> = {}): [string, number, string] {
  const grounds = { kills: 10, undecided: 0, retained: undefined, interrupted: false, voidReason: undefined, ...more };
  const { verdict, exitCode, reason } = verdictOver({ ...grounds, wills: { ...noCounts(), ...wills } });
  return [verdict, exitCode, reason];
}

const busy = "this machine stalled the fleet for 900 ms";
const cases: readonly [what: string, found: [string, number, string], expected: [string, number, RegExp]][] = [
  ["all well", over({ expected: 3, onTime: 3 }), ["pass", 0, /^all 3 wills that were due came once/]],
  ["one will, all well", over({ expected: 1, onTime: 1 }), ["pass", 0, /^the one will that was due came once/]],
  [
    "the profile names its broker",
    over({ expected: 3, onTime: 2, deviating: 1 }, { profile: "mosquitto" }),
    [
      "pass",
      0,
      /^of 3 wills that were due 2 came once, on time and unaltered; 1 wrong as profile mosquitto describes$/,
    ],
  ],
  [
    "what it says, and more",
    over({ expected: 3, missing: 1, deviating: 2 }, { profile: "mosquitto" }),
    ["fail", 1, /^of 3 wills that were due: 1 missing$/],
  ],
  ["one missing", over({ expected: 3, onTime: 2, missing: 1 }), ["fail", 1, /^of 3 wills that were due: 1 missing$/]],
  [
    "several faults, each in the sentence",
    over({ expected: 9, missing: 1, late: 2, early: 3, altered: 1, duplicate: 4, unwanted: 5 }),
    [
      "fail",
      1,
      /: 1 missing, 2 late, 3 early, 1 altered, 4 duplicate, 5 unwanted$/,
    ],
  ],
  ["a broker that says what it dropped", over({ expected: 9, missing: 4 }, { dropped: { before: 10, after: 14 } }), [
    "fail",
    1,
    /4 missing \(the broker reports that it dropped 4 messages\)$/,
  ]],
  ["a broker that dropped nothing", over({ expected: 9, missing: 4 }, { dropped: { before: 10, after: 10 } }), [
    "fail",
    1,
    /4 missing$/,
  ]],
  [
    "a retained will lost",
    over({ expected: 1, onTime: 1 }, { retained: { expected: 1, right: 0, wrong: 0, missing: 1 } }),
    [
      "fail",
      1,
      /1 retained wills? missing/,
    ],
  ],
  ["no client killed", over({}, { kills: 0 }), [
    "void",
    3,
    /no client was killed; use a longer --duration, a higher --kill-rate or more --clients$/,
  ]],
  ["only proper leavers", over({}), ["void", 3, /disconnected cleanly/]],
  ["a watch that ended too soon", over({ expected: 1, onTime: 1 }, { undecided: 2 }), [
    "void",
    3,
    /^2 wills could still .*use a longer --drain or a shorter --will-delay$/,
  ]],
  ["a reason to be void", over({ expected: 3, onTime: 3 }, { voidReason: "blind" }), ["void", 3, /^blind$/]],
  [
    "a reason to be void after a proven fault",
    over({ expected: 3, missing: 3 }, { voidReason: "blind" }),
    ["fail", 1, /^of 3 wills that were due: 3 missing; then the run ended early: blind$/],
  ],
  [
    "late wills of a slow machine prove nothing, and the reason to be void is reported",
    over({ expected: 3, late: 3 }, { voidReason: "blind", generatorBound: "this machine was late" }),
    ["void", 3, /^blind$/],
  ],
  [
    "what was seen has a gap: not even a fault is proven",
    over({ expected: 3, missing: 3, unwanted: 1 }, { gap: "the recording has a gap" }),
    ["void", 3, /^the recording has a gap$/],
  ],
  [
    "a control client's will was lost",
    over({ expected: 3, onTime: 3 }, { controls: { total: 9, blind: 0, lost: 2 } }),
    ["fail", 1, /^of 9 wills of canaries: 2 missing$/],
  ],
  [
    "a control client's will came altered, with a client's",
    over({ expected: 3, altered: 1 }, { controls: { total: 9, blind: 0, lost: 0, altered: 1 } }),
    ["fail", 1, /^of 3 wills that were due: 1 altered; of 9 wills of canaries: 1 altered$/],
  ],
  [
    "wills that could not be seen, and one that is missing",
    over({ expected: 3, onTime: 2, missing: 1 }, { unseeable: 2 }),
    ["fail", 1, /^of 3 wills that were due: 1 missing$/],
  ],
  [
    "wills that could not be seen, and no fault",
    over({ expected: 3, onTime: 3 }, { unseeable: 2 }),
    ["void", 3, /^2 wills could not be received/],
  ],
  [
    "wills that are undecided, and one that is missing",
    over({ expected: 3, onTime: 2, missing: 1 }, { undecided: 2 }),
    ["fail", 1, /^of 3 wills that were due: 1 missing$/],
  ],
  ["interrupted, all well", over({ expected: 3, onTime: 3 }, { interrupted: true }), ["void", 130, /^interrupted/]],
  ["interrupted, a will missing", over({ expected: 3, missing: 1 }, { interrupted: true }), [
    "fail",
    130,
    /1 missing; then the run was interrupted$/,
  ]],
  ["late, and this machine was too", over({ expected: 3, late: 1 }, { generatorBound: busy }), [
    "void",
    3,
    /^1 will was late, but this machine stalled the fleet for 900 ms: either the broker or this machine may be the cause$/,
  ]],
  [
    "early and late, and this machine was late: that makes no will early",
    over({ expected: 3, late: 1, early: 1 }, { generatorBound: busy }),
    ["fail", 1, /: 1 late, 1 early$/],
  ],
  [
    "late and missing: being late excuses nothing else",
    over({ expected: 3, late: 1, missing: 1 }, { generatorBound: busy }),
    [
      "fail",
      1,
      /1 missing, 1 late/,
    ],
  ],
  ["this machine was late, and no will was", over({ expected: 3, onTime: 3 }, { generatorBound: busy }), [
    "pass",
    0,
    /^all 3/,
  ]],
];

Deno.test("verdict: formats the verdict, with the deviations of a pass", () => {
  assert.equal(verdictText("pass", 0), "PASS");
  assert.equal(verdictText("pass", 1), "PASS with 1 deviation");
  assert.equal(verdictText("pass", 1_076), "PASS with 1,076 deviations");
  assert.equal(verdictText("fail", 76), "FAIL");
  assert.equal(verdictText("void", 76), "VOID");
});

for (const [what, [verdict, exitCode, reason], [wanted, code, text]] of cases) {
  Deno.test(`verdict: ${what}`, () => {
    assert.deepEqual({ verdict, exitCode }, { verdict: wanted, exitCode: code });
    assert.match(reason, text);
  });
}
