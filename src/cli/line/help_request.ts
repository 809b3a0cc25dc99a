/**
 * A request for help, in each of its forms: `help fleet kills`, `fleet help kills`, `fleet --help kills`, `fleet -h`.
 */
import { isCommand, pathOf } from "./grammar.ts";

/** A request for help. */
export interface HelpRequest {
  /** The command, such as `fleet scenario`; empty for the overview. */
  readonly path: string;
  /** The topic, or `all`; undefined for the first screen. */
  readonly topic?: string;
}

/** The request for help among the arguments; undefined where there is none. */
export function helpRequest(args: readonly string[]): HelpRequest | undefined {
  const [first, second] = args;
  if (first === "completion") return undefined;
  if (first === "help") return requestOf(args.slice(1).filter((word) => !isHelpFlag(word)));
  if (isCommand(first) && second === "help") return requestOf([first, ...args.slice(2)]);
  const place = args.findIndex(isHelpFlag);
  if (place === -1) return undefined;
  const [, topic = nextWord(args, place)] = /^--help=(.+)$/.exec(args[place]!) ?? [];
  const path = pathOf(args.slice(0, place));
  // A path after the flag is one too: `--help fleet`.
  return path === "" && topic !== undefined ? requestOf([topic]) : { path, ...topic !== undefined && { topic } };
}

function isHelpFlag(word: string): boolean {
  return word === "--help" || word === "-h" || word.startsWith("--help=");
}

function nextWord(args: readonly string[], place: number): string | undefined {
  const next = args[place + 1];
  return next === undefined || next.startsWith("-") ? undefined : next;
}

function requestOf(words: readonly string[]): HelpRequest {
  const path = pathOf(words);
  const [topic] = words.slice(path === "" ? 0 : path.split(" ").length);
  return { path, ...topic !== undefined && { topic } };
}
