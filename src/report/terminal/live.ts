/**
 * Writes progress and notices during a run: a panel that redraws itself on a terminal, an occasional line elsewhere.
 * The panel owns the content; this file owns the position of the cursor.
 */
import { escapeData } from "../../base/escape.ts";
import type { Clock } from "../../base/clock.ts";
import type { Notice, Progress } from "../../fleet/result/result.ts";
import type { RunPhase } from "../../fleet/result/run_phase.ts";
import { panelLines, progressLine } from "./panel.ts";
import type { Style } from "./style.ts";

/** Between two plain lines of one phase, in milliseconds: a twentieth of the run so far, within these bounds. */
const plainEveryMs = { least: 5_000, most: 300_000 } as const;
const plainShare = 20;

/** The destination of the live output. */
export interface LiveScreen {
  readonly clock: Clock;
  readonly style: Style;
  /** Writes text as it is. */
  write(text: string): void;
  /** The terminal's columns now; undefined where there is no terminal. */
  columns(): number | undefined;
}

/** Shows a person the progress of a run. */
export interface Live {
  progress(progress: Progress): void;
  notice(notice: Notice): void;
  /** Leaves the terminal as it was found. May be called again. */
  end(): void;
}

/** The panel on a terminal, plain lines elsewhere; with `quiet`, only warnings. */
export function openLive(screen: LiveScreen, quiet: boolean): Live {
  const live = quiet
    ? new QuietLive(screen)
    : screen.columns() === undefined
    ? new PlainLive(screen)
    : new PanelLive(screen);
  return {
    progress: (progress) => live.progress(escapeData(progress)),
    notice: (notice) => live.notice(escapeData(notice)),
    end: () => live.end(),
  };
}

function noticeText({ level, text }: Notice, style: Style): string {
  return level === "warning" ? `${style.unsure("warning:")} ${text}` : text;
}

class QuietLive implements Live {
  constructor(readonly screen: LiveScreen) {}

  progress(): void {}

  notice(notice: Notice): void {
    if (notice.level === "warning") this.screen.write(`${noticeText(notice, this.screen.style)}\n`);
  }

  end(): void {}
}

class PlainLive implements Live {
  #phase: RunPhase | undefined;
  #lastMs = -Infinity;
  readonly #beganMs: number;

  constructor(readonly screen: LiveScreen) {
    this.#beganMs = screen.clock.nowMs();
  }

  progress(progress: Progress): void {
    const nowMs = this.screen.clock.nowMs();
    const { least, most } = plainEveryMs;
    const everyMs = Math.min(most, Math.max(least, (nowMs - this.#beganMs) / plainShare));
    if (progress.phase === this.#phase && nowMs - this.#lastMs < everyMs) return;
    this.#phase = progress.phase;
    this.#lastMs = nowMs;
    if (progress.phase !== "done") this.screen.write(`${progressLine(progress)}\n`);
  }

  notice(notice: Notice): void {
    this.screen.write(`${noticeText(notice, this.screen.style)}\n`);
  }

  end(): void {}
}

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
const clearLine = "\x1b[K";
const clearBelow = "\x1b[J";
/** Colours, which take no column. */
// deno-lint-ignore no-control-regex
const marks = /\x1b\[\d+m/g;

class PanelLive implements Live {
  #last: Progress | undefined;
  /** The length of each line of the panel on the screen; the cursor is below them. */
  #drawn: readonly number[] = [];
  #ended = false;

  constructor(readonly screen: LiveScreen) {}

  progress(progress: Progress): void {
    this.#last = progress;
    this.#draw("");
  }

  notice(notice: Notice): void {
    this.#draw(`${noticeText(notice, this.screen.style)}${clearLine}\n`);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#last !== undefined) this.screen.write(`${this.#toTop()}${clearBelow}${showCursor}`);
    this.#drawn = [];
  }

  /** One write for the whole, which avoids flicker: back to the top, the permanent lines, the panel. */
  #draw(above: string): void {
    if (this.#ended || this.#last === undefined) return this.screen.write(above);
    // One column is left free: a full line would wrap, and the cursor would be one line too low.
    const lines = panelLines(this.#last, Math.max(20, (this.screen.columns() ?? 80) - 1), this.screen.style);
    const panel = lines.map((line) => `${line}${clearLine}\n`).join("");
    this.screen.write(`${hideCursor}${this.#toTop()}${above}${panel}${clearBelow}`);
    this.#drawn = lines.map((line) => line.replaceAll(marks, "").length);
  }

  /** A terminal that became narrower has wrapped the lines: they take more rows now. */
  #toTop(): string {
    const columns = this.screen.columns() ?? 80;
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / columns)), 0);
    return rows === 0 ? "" : `\x1b[${rows}A\r`;
  }
}
