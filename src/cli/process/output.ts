/**
 * The output of a command: the only way from this program to a screen. A reader that has closed its end is no error.
 */
import { escapeLines, escapeTerminal } from "../../base/escape.ts";
import { UsageError } from "../../base/failure.ts";
import { canMove, type ColourChoice, type ColourVariables, colourVariables, usesColour } from "./colour.ts";
import { colourStyle, plainStyle, type Style } from "../../report/terminal/style.ts";

/** One of the two streams. */
export interface Stream {
  /** Writes text. Control characters in it are shown, and not acted upon. */
  write(text: string): void;
  /**
   * Writes text with marks of {@link style} and moves of the cursor; other control sequences are shown. The text's
   * maker has escaped the external text in it, which could hold the same marks.
   */
  draw(text: string): void;
  /** Writes text as it is, for a protocol that has control characters: without any external text in it. */
  writeRaw(text: string): void;
  readonly style: Style;
  /** Whether the cursor can be moved. */
  readonly moves: boolean;
  /** The terminal's columns now; undefined where there is no terminal. */
  columns(): number | undefined;
  /** The terminal's lines now; undefined where there is no terminal. */
  rows(): number | undefined;
}

/** Standard output and standard error, or their replacements in a test. */
export interface Output {
  readonly out: Stream;
  readonly err: Stream;
}

interface Terminal {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/** The process's own streams, with colours as the environment and the terminals decide. */
export function processOutput(variables: ColourVariables = colourVariables()): Output {
  return { out: streamTo(Deno.stdout, variables), err: streamTo(Deno.stderr, variables) };
}

/** The same streams with the colours of `--color`; `auto` changes nothing. */
export function withColour(output: Output, choice: ColourChoice = "auto"): Output {
  if (choice === "auto") return output;
  const style = choice === "always" ? colourStyle : plainStyle;
  return { out: { ...output.out, style }, err: { ...output.err, style } };
}

function streamTo(terminal: Terminal, variables: ColourVariables): Stream {
  const isTerminal = terminal.isTerminal();
  return {
    write: (text) => writeWhole(terminal, new TextEncoder().encode(escapeLines(text))),
    draw: (text) => writeWhole(terminal, new TextEncoder().encode(escapeTerminal(text))),
    writeRaw: (text) => writeWhole(terminal, new TextEncoder().encode(text)),
    style: usesColour("auto", variables, isTerminal) ? colourStyle : plainStyle,
    moves: canMove(variables, isTerminal),
    columns: () => isTerminal ? consoleSize().columns : undefined,
    rows: () => isTerminal ? consoleSize().rows : undefined,
  };
}

function writeWhole(terminal: Terminal, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length;) at += terminal.writeSync(bytes.subarray(at));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    throw new UsageError(`Cannot write the output: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** 80 × 24 where the terminal does not report its size. */
function consoleSize(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}
