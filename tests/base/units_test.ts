import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../src/base/failure.ts";
import * as units from "../../src/base/units.ts";
import { eachCase } from "../support/steps.ts";

const refused = (read: () => unknown): string => {
  try {
    return `took it: ${JSON.stringify(read())}`;
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
};

Deno.test("units: a duration has parts with units, largest first, or is in seconds", async (t) => {
  const read = (text: string) => units.parseDurationMs(text, "--duration");
  const cases = {
    "250ms": 250,
    "1s": 1_000,
    "1.5s": 1_500,
    "2m": 120_000,
    "1h": 3_600_000,
    "0s": 0,
    "0.07s": 70,
    "30": 30_000,
    "1.5": 1_500,
  };
  const compound = { "1m30s": 90_000, "1h2m3s4ms": 3_723_004, "1h0.5s": 3_600_500, "2s250ms": 2_250 };
  for (const [text, ms] of Object.entries({ ...cases, ...compound })) assert.equal(read(text), ms, text);
  await eachCase(
    t,
    ["", "30s1m", "1m1m", "1m 30s", "s", "-1s", "1 s", "1e3s", "1d", ".5s", "Infinitys", "1s1"],
    (text) => {
      assert.equal(
        refused(() => read(text)),
        `Cannot read --duration ${
          JSON.stringify(text)
        }: expected a duration such as 250ms, 1.5s, 1m30s or 30 (seconds)`,
      );
    },
  );
});

Deno.test("units: seconds may have no unit, and must be whole", async (t) => {
  const read = (text: string) => units.parseSeconds(text, "--keepalive");
  for (
    const [text, seconds] of Object.entries({
      "0": 0,
      "10": 10,
      "10s": 10,
      "2m": 120,
      "0.5m": 30,
      "1m30s": 90,
      "2000ms": 2,
    })
  ) {
    assert.equal(read(text), seconds, text);
  }
  await eachCase(t, ["", "1.5", "1.5s", "250ms", "ten", "-1"], (text) => {
    assert.equal(
      refused(() => read(text)),
      `Cannot read --keepalive ${JSON.stringify(text)}: expected whole seconds such as 10s, 2m or 10`,
    );
  });
});

Deno.test("units: rates are a fraction or a number a second", async (t) => {
  const read = (text: string) => units.parseRate(text, "kill rate");
  assert.deepEqual(read("5%"), { kind: "fraction", perSecond: 0.05 });
  assert.deepEqual(read("0.5%"), { kind: "fraction", perSecond: 0.005 });
  assert.deepEqual(read("50/s"), { kind: "count", perSecond: 50 });
  await eachCase(t, ["5x", "5", "%", "/s", "-5%", "5%/s", "50/m", "NaN%"], (text) => {
    assert.equal(
      refused(() => read(text)),
      `Cannot read kill rate "${text}": expected a fraction such as 5%, or kills a second such as 50/s`,
    );
  });
  assert.equal(units.parsePerSecond("500/s", "--ramp-rate"), 500);
  assert.equal(units.parsePerSecond("500", "--ramp-rate"), 500);
  assert.equal(
    refused(() => units.parsePerSecond("fast", "--ramp-rate")),
    'Cannot read --ramp-rate "fast": expected a number a second such as 500/s',
  );
});

Deno.test("units: parses whole numbers and sizes", async (t) => {
  assert.equal(units.parseWhole("1000", "--clients"), 1_000);
  await eachCase(t, ["", "1.5", "-1", "1e3", "0x10", "99999999999999999999"], (text) => {
    assert.equal(
      refused(() => units.parseWhole(text, "--clients")),
      `Cannot read --clients "${text}": expected a whole number such as 1000`,
    );
  });
  for (
    const [text, bytes] of Object.entries({ "64": 64, "1k": 1_024, "2K": 2_048, "1m": 1_048_576, "2g": 2_147_483_648 })
  ) {
    assert.equal(units.parseSizeBytes(text, "--size"), bytes);
  }
  assert.equal(
    refused(() => units.parseSizeBytes("1t", "--size")),
    'Cannot read --size "1t": expected bytes such as 64, 1k, 1m or 1g',
  );
});

Deno.test("units: parses one of a few words", () => {
  assert.equal(units.parseChoice("mix", "--will-qos", ["0", "1", "2", "mix"]), "mix");
  assert.equal(
    refused(() => units.parseChoice("3", "--will-qos", ["0", "1", "2", "mix"])),
    'Cannot read --will-qos "3": expected 0, 1, 2 or mix',
  );
});

Deno.test("units: parses mixes", () => {
  const read = (text: string) => units.parseMix(text, "kill mode", ["reset", "close", "leave"]);
  assert.deepEqual(read("reset=45,close=45.5,leave=10"), [
    { name: "reset", weight: 45 },
    { name: "close", weight: 45.5 },
    { name: "leave", weight: 10 },
  ]);
  assert.deepEqual(read("close"), [{ name: "close", weight: 1 }]);
  assert.deepEqual(read("reset, leave"), [{ name: "reset", weight: 1 }, { name: "leave", weight: 1 }]);
  assert.deepEqual(read("all").map((share) => share.name), ["reset", "close", "leave"]);
  const sentences = {
    "rest=5":
      'Cannot read kill mode "rest=5": expected "rest" to be one of reset, close, leave, or the whole to be all',
    "": 'Cannot read kill mode "": expected "" to be one of reset, close, leave, or the whole to be all',
    "reset=x": 'Cannot read kill mode "reset=x": expected shares such as reset=50,close=50',
    "reset=-1": 'Cannot read kill mode "reset=-1": expected shares such as reset=50,close=50',
    "reset=1=2": 'Cannot read kill mode "reset=1=2": expected shares such as reset=50,close=50',
    "reset,reset": 'Cannot read kill mode "reset,reset": expected reset once',
  };
  for (const [text, sentence] of Object.entries(sentences)) assert.equal(refused(() => read(text)), sentence);
});

Deno.test("units: parses each written value again unchanged", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 604_800_000 }), (ms) => {
    assert.equal(units.parseDurationMs(units.formatDuration(ms), "duration"), ms);
  }));
  fc.assert(fc.property(fc.integer({ min: 0, max: 100_000 }), fc.boolean(), (thousandths, isFraction) => {
    const text = isFraction ? `${thousandths / 1_000}%` : `${thousandths / 1_000}/s`;
    assert.equal(units.formatRate(units.parseRate(text, "rate")), text);
  }));
  assert.equal(units.formatMix(units.parseMix("a,b=2.5,c=1", "mix", ["a", "b", "c"])), "a,b=2.5,c");
});

Deno.test("units: writes durations in the largest unit that stays whole", () => {
  const cases = { "0s": 0, "250ms": 250, "1s": 1_000, "1500ms": 1_500, "90s": 90_000, "2m": 120_000, "1h": 3_600_000 };
  for (const [text, ms] of Object.entries(cases)) assert.equal(units.formatDuration(ms), text);
});

Deno.test("units: measured times have three digits", () => {
  const cases: readonly [number, string][] = [
    [0, "0.000 ms"],
    [0.1234, "0.123 ms"],
    [0.9996, "1.00 ms"],
    [1.234, "1.23 ms"],
    [12.34, "12.3 ms"],
    [99.96, "100 ms"],
    [1_234.5, "1,235 ms"],
    [9_999.4, "9,999 ms"],
    [12_340, "12.3 s"],
    [3_600_000, "3,600 s"],
    [NaN, "–"],
  ];
  for (const [ms, text] of cases) assert.equal(units.formatMs(ms), text);
});

Deno.test("units: writes counts, percentages and bytes", () => {
  assert.equal(units.formatCount(1_234_567), "1,234,567");
  assert.equal(units.formatCount(49.96), "50");
  assert.equal(units.formatNumber(1_234.56), "1,234.56");
  assert.equal(units.formatNumber(0.1236), "0.124");
  assert.equal(units.formatPercent(0.07), "7%");
  assert.equal(units.formatBytes(0), "0 B");
  assert.equal(units.formatBytes(64), "64 B");
  assert.equal(units.formatBytes(150 * 1_048_576), "150 MiB");
  assert.equal(units.listed(["a", "b", "c"]), "a, b or c");
  assert.equal(units.listed(["a"]), "a");
});

Deno.test("units: the time of a run has minutes and hours where it is long", () => {
  const cases = [
    [950, "950 ms"],
    [38_214, "38.2 s"],
    [119_999, "120 s"],
    [120_000, "2 min"],
    [312_400, "5 min 12 s"],
    [3_600_000, "1 h"],
    [36_013_000, "10 h"],
    [35_900_000, "9 h 58 min"],
    [NaN, "–"],
  ] as const;
  for (const [ms, text] of cases) assert.equal(units.formatElapsed(ms), text);
});
