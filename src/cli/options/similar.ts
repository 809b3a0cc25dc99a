/**
 * Suggestions for misspelt words: the known word that the user may have meant.
 */
import { findSimilar } from "@optique/core/suggestion";
import { UsageError } from "../../base/failure.ts";

/** `; did you mean reset?` for a word similar to a known one; empty for any other word. */
export function meant(word: string, known: Iterable<string>): string {
  // Each letter is similar to each other.
  if (word.replace(/^-+/, "").length < 2) return "";
  const words = [...known];
  const similar = findSimilar(word, words)[0] ?? words.find((each) => isShortFor(word, each));
  return similar === undefined ? "" : `; did you mean ${similar}?`;
}

/** The fewest letters of an abbreviation. */
const fewest = 3;

/** Whether a word abbreviates another: its beginning, or its first and further letters in their order: `rst`. */
function isShortFor(word: string, whole: string): boolean {
  if (word.length < fewest || word[0] !== whole[0]) return false;
  let place = 0;
  for (const letter of whole) if (letter === word[place]) place++;
  return place === word.length;
}

/**
 * An error of a value, with a suggestion for its first unknown word. A value is a word, or a list of parts with commas:
 * `reset=45,leave`, `lose=5%`.
 */
export function withSuggestion(error: UsageError, value: string, words: readonly string[]): UsageError {
  const unknown = value.split(",").map((part) => part.split("=")[0]!.trim()).find((word) => !words.includes(word));
  return unknown === undefined ? error : new UsageError(error.message + meant(unknown, words));
}
