import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import fc from "fast-check";
import { Histogram, type HistogramRow, longestMs } from "../../src/base/histogram.ts";
import { InvariantError, UsageError } from "../../src/base/failure.ts";
import { eachCase } from "../support/steps.ts";

function recorded(...times: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const ms of times) histogram.record(ms);
  return histogram;
}

function figuresOf(hdr: string): Omit<HistogramRow, "hdr"> {
  const { hdr: _, ...figures } = Histogram.decode(hdr).row();
  return figures;
}

/** The content of an encoding, without its compression. */
const contentOf = (base64: string) => inflateSync(Uint8Array.fromBase64(base64).subarray(8));

/** The encoding keeps 3 significant digits of a value; its smallest unit is 1 µs. */
function near(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= Math.max(0.0011, expected / 1_000);
}

Deno.test("histogram: an empty one is all zeros, is JSON, and can be decoded", () => {
  const row = new Histogram().row();
  const { hdr, ...figures } = row;
  assert.deepEqual(figures, { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  assert.equal(Histogram.decode(hdr).count, 0);
  assert.deepEqual(JSON.parse(JSON.stringify(row)), row);
});

Deno.test("histogram: keeps short times to the microsecond", () => {
  const { hdr: _, ...figures } = recorded(0.25, 1, 1.5, 1.001).row();
  assert.deepEqual(figures, { count: 4, min: 0.25, mean: 0.938, p50: 1, p90: 1.5, p99: 1.5, p999: 1.5, max: 1.5 });
});

Deno.test("histogram: percentiles of 1 to 1000 ms are exact to 3 digits and never above the maximum", () => {
  const histogram = recorded(...Array.from({ length: 1_000 }, (_, index) => index + 1));
  for (const percent of [1, 25, 50, 90, 99, 99.9]) {
    assert.ok(near(histogram.percentile(percent), percent * 10), `p${percent} ${histogram.percentile(percent)}`);
  }
  assert.equal(histogram.percentile(100), 1_000);
  assert.equal(histogram.max, 1_000);
  assert.equal(histogram.mean, 500.5);
});

Deno.test("histogram: a time below 0 counts as 0, a time above an hour as an hour", () => {
  const histogram = recorded(-5, longestMs * 2, Infinity);
  assert.equal(histogram.count, 3);
  assert.equal(histogram.min, 0);
  assert.equal(histogram.percentile(10), 0);
  assert.equal(histogram.max, longestMs);
});

Deno.test("histogram: a time that is no number is an internal error", () => {
  assert.throws(() => recorded(NaN), InvariantError);
});

Deno.test("histogram: merging keeps exact ends for any sizes of the two tables", async (t) => {
  await eachCase(t, [[[0.5], [1_234.567]], [[1_234.567], [0.5]], [[], [0.5, 1_234.567]]] as const, ([one, other]) => {
    const histogram = recorded(...one);
    const added = recorded(...other);
    histogram.merge(added);
    assert.equal(histogram.count, 2);
    assert.equal(histogram.min, 0.5);
    assert.equal(histogram.max, 1_234.567);
    assert.equal(added.count, other.length, "the other one stays as it is");
  });
});

Deno.test("histogram: merging an empty one changes nothing", () => {
  const histogram = recorded(3);
  const before = histogram.row();
  histogram.merge(new Histogram());
  assert.deepEqual(histogram.row(), before);
});

Deno.test("histogram: a decoded one is exact to 3 digits and accepts more times", () => {
  const times = fc.array(fc.double({ min: 0, max: longestMs, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(fc.property(times, (all) => {
    const whole = recorded(...all);
    const again = Histogram.decode(whole.encode());
    assert.equal(again.count, whole.count);
    for (const figure of ["min", "mean", "max"] as const) {
      assert.ok(near(again[figure], whole[figure]), `${figure} ${again[figure]} of ${whole[figure]}`);
    }
    for (const percent of [0, 50, 90, 99]) {
      assert.ok(near(again.percentile(percent), whole.percentile(percent)), `p${percent}`);
    }
    again.record(longestMs);
    assert.equal(again.count, whole.count + 1);
    assert.ok(near(again.max, longestMs));
  }));
});

Deno.test("histogram: adding an encoded one equals decoding it and merging it", () => {
  const times = fc.array(fc.double({ min: 0, max: longestMs, noNaN: true }), { maxLength: 50 });
  fc.assert(fc.property(times, times, times, (first, second, third) => {
    const added = recorded(...first);
    const merged = recorded(...first);
    for (const part of [recorded(...second).encode(), recorded(...third).encode()]) {
      added.addEncoded(part);
      merged.merge(Histogram.decode(part));
    }
    const { hdr, ...figures } = added.row();
    const { hdr: mergedHdr, ...mergedFigures } = merged.row();
    assert.deepEqual(figures, mergedFigures);
    // The header states the longest possible time, which may differ.
    assert.deepEqual(figuresOf(hdr), figuresOf(mergedHdr));
  }));
});

Deno.test("histogram: the short encoding is the standard one without compression, and other readers read it", () => {
  const times = fc.array(fc.double({ min: 0, max: longestMs, noNaN: true }), { maxLength: 90 });
  let uncompressed = 0;
  fc.assert(fc.property(times, (all) => {
    const histogram = recorded(...all, ...all.slice(0, 5));
    const short = histogram.encodeShort();
    assert.deepEqual(contentOf(short), contentOf(histogram.encode()));
    assert.deepEqual(
      decodeFromCompressedBase64(short).toString(),
      decodeFromCompressedBase64(histogram.encode()).toString(),
    );
    if (Uint8Array.fromBase64(short)[10] === 1) uncompressed++;
  }));
  assert.ok(uncompressed > 20, `${uncompressed} without compression`);
  const many = recorded(...Array.from({ length: 2_000 }, (_, each) => each / 7));
  assert.equal(many.encodeShort(), many.encode(), "many counts are compressed");
});

Deno.test("histogram: a sum of encoded ones equals adding each", () => {
  const times = fc.array(fc.double({ min: 0, max: longestMs, noNaN: true }), { maxLength: 40 });
  fc.assert(fc.property(fc.array(fc.tuple(times, fc.boolean()), { maxLength: 8 }), (parts) => {
    const texts = parts.map(([all, isShort]) => isShort ? recorded(...all).encodeShort() : recorded(...all).encode());
    const added = new Histogram();
    for (const text of texts) added.addEncoded(text);
    assert.deepEqual(Histogram.ofEncoded(texts).row(), added.row());
  }));
});

Deno.test("histogram: an unreadable one among several is named, and leaves nothing to the next sum", () => {
  const [good, short] = [recorded(1, 2).encode(), recorded(1, 2, 3_000).encodeShort()];
  const bytes = Uint8Array.fromBase64(short);
  bytes[bytes.length - 7]! ^= 1;
  const damaged = bytes.toBase64();
  assert.throws(() => Histogram.ofEncoded([good, damaged]), { message: /^Cannot read histogram "HISTF/ });
  assert.throws(() => Histogram.ofEncoded([good, "nonsense"]), { message: /^Cannot read histogram "nonsense"/ });
  assert.throws(() => new Histogram().addEncoded(damaged), UsageError);
  assert.ok(!Histogram.isEncoded(damaged) && Histogram.isEncoded(short));
  assert.equal(Histogram.ofEncoded([good]).count, 2);
});

Deno.test("histogram: adds the encoded histograms of other libraries", async (t) => {
  const fewerDigits = build({ numberOfSignificantValueDigits: 2 });
  for (const us of [42, 1_000_000]) fewerDigits.recordValue(us);
  const cases = [
    { base64: "HISTFAAAAB542pNpmSzMwMDAxAABzFCaEUoz2X+AMIKZAEARAtM=", count: 1, min: 0.042 },
    { base64: encodeIntoCompressedBase64(fewerDigits), count: 2, min: 0.042 },
  ];
  await eachCase(t, cases, ({ base64, count, min }) => {
    const histogram = new Histogram();
    histogram.addEncoded(base64);
    assert.deepEqual([histogram.count, histogram.min], [count, min]);
  });
});

Deno.test("histogram: decodes the output of another library", () => {
  // The encoding of the single value 42 by the HdrHistogram for Java.
  const histogram = Histogram.decode("HISTFAAAAB542pNpmSzMwMDAxAABzFCaEUoz2X+AMIKZAEARAtM=");
  assert.deepEqual({ count: histogram.count, min: histogram.min, max: histogram.max, mean: histogram.mean }, {
    count: 1,
    min: 0.042,
    max: 0.042,
    mean: 0.042,
  });
});

Deno.test("histogram: refuses invalid data in one sentence", async (t) => {
  await eachCase(t, ["", "nonsense", "AAAAAAAAAAAAAAAA", recorded(1, 2, 3_000).encode().slice(0, -8)], (text) => {
    assert.throws(() => Histogram.decode(text), UsageError);
    assert.throws(() => new Histogram().addEncoded(text), UsageError);
  });
  assert.throws(() => Histogram.decode("nonsense"), {
    message: 'Cannot read histogram "nonsense": expected a compressed HdrHistogram (V2) in base64',
  });
});
