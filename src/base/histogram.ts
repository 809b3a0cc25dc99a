/**
 * Distributions of milliseconds, as HdrHistograms of whole microseconds: 3 significant digits from 1 µs to 1 h,
 * mergeable, and in the standard encoding that other HdrHistogram tools read.
 */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram as Hdr } from "hdr-histogram-js";
import { invariant, UsageError } from "./failure.ts";
import { eachCount, type EncodedCounts, readCounts, writeCounts } from "./histogram_counts.ts";

/** The longest recorded time, 1 h; a longer one counts as 1 h. */
export const longestMs = 3_600_000;

/** A distribution in figures: milliseconds, all 0 when nothing was recorded. Plain data. */
export interface HistogramRow {
  /** The number of values. */
  readonly count: number;
  /** The smallest value, in milliseconds. */
  readonly min: number;
  /** The mean, in milliseconds. */
  readonly mean: number;
  /** The median, in milliseconds. */
  readonly p50: number;
  /** 90 % of the values are at most this, in milliseconds. */
  readonly p90: number;
  /** 99 % of the values are at most this, in milliseconds. */
  readonly p99: number;
  /** 99.9 % of the values are at most this, in milliseconds. */
  readonly p999: number;
  /** The largest value, in milliseconds. */
  readonly max: number;
  /** The complete HdrHistogram of microseconds, compressed, in its standard base64 encoding. */
  readonly hdr: string;
}

/** Counts times. It allocates its table at the first one, so that empty histograms are cheap. */
export class Histogram {
  #hdr: Hdr | undefined;
  #minUs = Infinity;
  #maxUs = 0;
  #sumUs = 0;

  /** The number of recorded times. */
  get count(): number {
    return this.#hdr?.totalCount ?? 0;
  }

  /** The shortest time, in milliseconds; 0 if empty. */
  get min(): number {
    return this.count === 0 ? 0 : this.#minUs / 1_000;
  }

  /** The longest time, in milliseconds; 0 if empty. */
  get max(): number {
    return this.#maxUs / 1_000;
  }

  /** The mean, in milliseconds to the microsecond; 0 if empty. */
  get mean(): number {
    return this.count === 0 ? 0 : Math.round(this.#sumUs / this.count) / 1_000;
  }

  /** Records one time in milliseconds; a negative one counts as 0, one beyond 1 h as 1 h. */
  record(ms: number): void {
    invariant(!Number.isNaN(ms), "a histogram got a value that is not a number");
    const us = Math.round(Math.min(Math.max(ms, 0), longestMs) * 1_000);
    this.#hdr ??= emptyHdr();
    this.#hdr.recordValue(us);
    this.#minUs = Math.min(this.#minUs, us);
    this.#maxUs = Math.max(this.#maxUs, us);
    this.#sumUs += us;
  }

  /** Adds all times of another histogram, which is not changed. */
  merge(other: Histogram): void {
    if (other.#hdr === undefined) return;
    this.#hdr ??= emptyHdr();
    this.#hdr.add(other.#hdr);
    this.#minUs = Math.min(this.#minUs, other.#minUs);
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs);
    this.#sumUs += other.#sumUs;
  }

  /**
   * Adds all times of an encoded histogram. Like {@link decode} and {@link merge}, in a tenth of the time or less.
   *
   * @throws UsageError if the text is not an encoded histogram; this one may then have some of its times
   */
  addEncoded(base64: string): void {
    const encoded = encodedCounts(base64);
    if (encoded === undefined) return this.merge(Histogram.decode(base64));
    try {
      eachCount(encoded.words, (index, count) => this.#addCount(lowestUs(index), count));
    } catch {
      throw unreadable(base64);
    }
  }

  /**
   * All times of several encoded histograms: like {@link addEncoded} for each, in less time for many of them.
   *
   * @throws UsageError if a text is not an encoded histogram
   */
  static ofEncoded(texts: readonly string[]): Histogram {
    const whole = new Histogram();
    let [from, to] = [sums.length, -1];
    const add = (index: number, count: number) => {
      if (index >= sums.length) throw new RangeError("beyond every time");
      sums[index]! += count;
      if (index < from) from = index;
      if (index > to) to = index;
    };
    for (const text of texts) {
      try {
        const encoded = encodedCounts(text);
        if (encoded === undefined) whole.merge(Histogram.decode(text));
        else eachCount(encoded.words, add);
      } catch {
        sums.fill(0);
        throw unreadable(text);
      }
    }
    for (let index = from; index <= to; index++) {
      const count = sums[index]!;
      sums[index] = 0;
      if (count > 0) whole.#addCount(lowestUs(index), count);
    }
    return whole;
  }

  /** True if the text is an encoded histogram. It reads the counts without keeping them. */
  static isEncoded(base64: string): boolean {
    try {
      const encoded = encodedCounts(base64);
      if (encoded === undefined) Histogram.decode(base64);
      else eachCount(encoded.words, lowestUs);
      return true;
    } catch {
      return false;
    }
  }

  #addCount(us: number, count: number): void {
    this.#hdr ??= emptyHdr();
    this.#hdr.recordValueWithCount(us, count);
    const widthUs = us < 2_048 ? 1 : 2 ** (Math.floor(Math.log2(us)) - 10);
    this.#minUs = Math.min(this.#minUs, us);
    this.#maxUs = Math.max(this.#maxUs, us + widthUs - 1);
    this.#sumUs += (us + Math.floor(widthUs / 2)) * count;
  }

  /** The time that `percent` (0 to 100) of all times do not exceed, in milliseconds; 0 if empty. */
  percentile(percent: number): number {
    if (this.#hdr === undefined || this.count === 0) return 0;
    // A bucket returns its upper end, which may be greater than any recorded time.
    const us = this.#hdr.getValueAtPercentile(percent);
    return Math.min(Math.max(us, this.#minUs), this.#maxUs) / 1_000;
  }

  /** The distribution in figures, for reports. */
  row(): HistogramRow {
    return {
      count: this.count,
      min: this.min,
      mean: this.mean,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p99: this.percentile(99),
      p999: this.percentile(99.9),
      max: this.max,
      hdr: this.encode(),
    };
  }

  /** The complete histogram in the standard compressed base64 encoding (HdrHistogram V2, microseconds). */
  encode(): string {
    return encodeIntoCompressedBase64(this.#hdr ?? emptyHdr());
  }

  /** Like {@link encode}, and without compression if there are few counts: that takes a fraction of the time. */
  encodeShort(): string {
    const hdr = this.#hdr as Hdr & InnerTable | undefined;
    if (hdr === undefined || hdr.totalCount === 0) return this.encode();
    const [from, to] = [hdr.countsArrayIndex(hdr.minNonZeroValue), hdr.countsArrayIndex(hdr.maxValue)];
    return writeCounts({
      highestTrackable: hdr.highestTrackableValue,
      from: hdr.getCountAtIndex(0) > 0 ? 0 : from,
      to,
      countAt: (index) => hdr.getCountAtIndex(index),
    }) ?? this.encode();
  }

  /**
   * Reads the output of {@link encode} or of another HdrHistogram library. Minimum, maximum and mean are then as exact
   * as the encoding: 3 significant digits.
   *
   * @throws UsageError if the text is not an encoded histogram
   */
  static decode(base64: string): Histogram {
    const histogram = new Histogram();
    const hdr = decodeHdr(base64);
    if (hdr.totalCount === 0) return histogram;
    hdr.autoResize = true;
    histogram.#hdr = hdr;
    histogram.#minUs = hdr.getValueAtPercentile(0) === 0 ? 0 : hdr.minNonZeroValue;
    histogram.#maxUs = hdr.maxValue;
    histogram.#sumUs = hdr.mean * hdr.totalCount;
    return histogram;
  }
}

/** The table of a histogram, which the types of the library do not state. */
interface InnerTable {
  countsArrayIndex(value: number): number;
  getCountAtIndex(index: number): number;
}

/** The counts of several histograms together, while they are read: more compartments than any time has. */
const sums = new Float64Array(1 << 16);

function emptyHdr(): Hdr {
  return build({ numberOfSignificantValueDigits: 3, autoResize: true, useWebAssembly: false });
}

function decodeHdr(base64: string): Hdr {
  try {
    return decodeFromCompressedBase64(base64);
  } catch {
    throw unreadable(base64);
  }
}

/** The counts of a histogram with the compartments of this file's; undefined for one with others. */
function encodedCounts(base64: string): EncodedCounts | undefined {
  try {
    const encoded = readCounts(base64);
    return encoded.significantDigits === 3 && encoded.lowestDiscernible === 1 ? encoded : undefined;
  } catch {
    throw unreadable(base64);
  }
}

/** The shortest time of a compartment: 2,048 of 1 µs, then 1,024 of 2 µs, 1,024 of 4 µs, and so on. */
function lowestUs(index: number): number {
  const octave = Math.max(0, Math.floor(index / 1_024) - 1);
  const us = (index - octave * 1_024) * 2 ** octave;
  if (!(us < 2 ** 50)) throw new RangeError("beyond every time");
  return us;
}

function unreadable(base64: string): UsageError {
  const start = JSON.stringify(base64.slice(0, 20));
  return new UsageError(`Cannot read histogram ${start}: expected a compressed HdrHistogram (V2) in base64`);
}
