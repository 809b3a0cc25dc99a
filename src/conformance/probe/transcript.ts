/**
 * The traffic on a case's links, in both directions, as seen from this side.
 */
import { escapeLine } from "../../base/escape.ts";
import { hexText } from "./packet_text.ts";

/** One line of a transcript: plain data. */
export interface TranscriptLine {
  /** Milliseconds since the case began. */
  readonly atMs: number;
  /** The link's name in the case: `watcher`, `client`. */
  readonly link: string;
  /** `>` sent, `<` received, `=` events of the link, or notes of the case. */
  readonly direction: ">" | "<" | "=";
  /** Decoded, in one line. */
  readonly text: string;
  /** The bytes, where there are any. */
  readonly hex?: string;
}

/** Lines kept of one case; further lines are only counted. */
const longest = 400;

/** The packets and events of a case, in order. */
export class Transcript {
  /** The lines so far. */
  readonly lines: TranscriptLine[] = [];
  readonly #secrets: readonly Uint8Array[];
  #dropped = 0;

  /**
   * Starts an empty transcript.
   *
   * @param secrets bytes that the transcript masks, such as a password; empty ones count for nothing
   */
  constructor(...secrets: readonly Uint8Array[]) {
    this.#secrets = secrets;
  }

  /** Adds a line. */
  add(atMs: number, link: string, direction: TranscriptLine["direction"], text: string, bytes?: Uint8Array): void {
    if (this.lines.length >= longest) {
      this.#dropped++;
      return;
    }
    const hex = bytes === undefined ? {} : { hex: hexText(bytes, undefined, ...this.#secrets) };
    this.lines.push({ atMs: Math.round(atMs * 10) / 10, link, direction, text, ...hex });
  }

  /** The lines so far, and a last one with the number of missing lines. */
  all(): readonly TranscriptLine[] {
    if (this.#dropped === 0) return [...this.lines];
    const last = this.lines.at(-1)!;
    return [...this.lines, { atMs: last.atMs, link: "", direction: "=", text: `${this.#dropped} more lines` }];
  }
}

/** A line as a person reads it, its hex apart. */
export function transcriptText({ atMs, link, direction, text }: TranscriptLine): string {
  return `${(atMs / 1_000).toFixed(3).padStart(8)} s  ${link.padEnd(10)} ${direction} ${escapeLine(text)}`;
}
