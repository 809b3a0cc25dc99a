/** The interval log of HdrHistogram, format 1.3, which HistogramLogProcessor and similar tools read. */
import { decodeFromCompressedBase64, HistogramLogWriter } from "hdr-histogram-js";
import { escapeLine } from "./escape.ts";

/** One line of a log: the times of an interval. */
export interface LogInterval {
  /** Distinguishes lines of one kind; a reader shows lines without a tag by default. */
  readonly tag?: string;
  /** Seconds since the log's start. */
  readonly fromS: number;
  readonly lengthS: number;
  /** A HdrHistogram of microseconds, compressed, in base64. */
  readonly hdr: string;
}

/** Microseconds in a millisecond: the log's column of maxima is in milliseconds. */
const usPerMs = 1_000;

/**
 * Writes a log.
 *
 * @param startedAt when the log starts, ISO 8601
 * @param comments lines of text before it
 */
export function histogramLog(
  startedAt: string,
  comments: readonly string[],
  intervals: readonly LogInterval[],
): string {
  let text = "";
  const writer = new HistogramLogWriter((more: string) => void (text += more));
  for (const comment of comments) writer.outputComment(escapeLine(comment.replaceAll(/\s+/g, " ")));
  writer.outputLogFormatVersion();
  // The writer's own line has the date in this machine's time zone and language.
  writer.outputComment(
    `[StartTime: ${(Date.parse(startedAt) / 1_000).toFixed(3)} (seconds since epoch), ${startedAt}]`,
  );
  writer.outputLegend();
  for (const { tag, fromS, lengthS, hdr } of intervals) {
    const histogram = decodeFromCompressedBase64(hdr);
    if (tag !== undefined) histogram.tag = tag;
    writer.outputIntervalHistogram(histogram, fromS, fromS + lengthS, usPerMs);
  }
  return text;
}
