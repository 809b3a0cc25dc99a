/** The mutants that no test can kill, with the reason, as `tools/equivalent_mutants.json` lists them. Pure. */
import type { Mutant } from "./mutants.ts";
import type { Outcome } from "./trial.ts";

/** A listed mutant. The text of its line identifies it, so that the entry outlives a change elsewhere in the file. */
export interface Equivalent {
  readonly file: string;
  /** The source line, without the white space around it. */
  readonly line: string;
  readonly was: string;
  readonly becomes: string;
  /** Which one, from 1, where the file has several such mutants. */
  readonly nth?: number;
  /** Why tests cannot distinguish it from the original. */
  readonly reason: string;
}

/** A mutant and its outcome in the tests. */
export interface Tried {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
}

/** The conclusion of a file's trials, with the list. */
export interface Sorted {
  /** Survivors that the list explains. */
  readonly explained: ReadonlyMap<Mutant, Equivalent>;
  /** Survivors that it does not: a test is missing. */
  readonly unexplained: readonly Mutant[];
  /** Entries that name no mutant, or one that a test kills. */
  readonly stale: readonly { readonly entry: Equivalent; readonly why: string }[];
}

/** Sorts a file's survivors. */
export function sortSurvivors(
  file: string,
  text: string,
  tried: readonly Tried[],
  list: readonly Equivalent[],
): Sorted {
  const entries = list.filter((entry) => entry.file === file);
  const explained = new Map<Mutant, Equivalent>();
  const stale: { entry: Equivalent; why: string }[] = [];
  for (const entry of entries) {
    const alike = tried.filter(({ mutant }) => names(entry, mutant, text));
    const found = alike[(entry.nth ?? 1) - 1];
    if (found === undefined) stale.push({ entry, why: "the file has no such mutant" });
    else if (found.outcome !== "survived") stale.push({ entry, why: "a test kills it" });
    else explained.set(found.mutant, entry);
  }
  const survivors = tried.filter(({ outcome }) => outcome === "survived").map(({ mutant }) => mutant);
  return { explained, unexplained: survivors.filter((mutant) => !explained.has(mutant)), stale };
}

function names(entry: Equivalent, mutant: Mutant, text: string): boolean {
  return entry.was === mutant.was && entry.becomes === mutant.becomes && entry.line === lineOf(mutant, text);
}

/** The source line on which a mutant begins, without the white space around it. */
export function lineOf({ line }: Mutant, text: string): string {
  return text.split("\n")[line - 1]!.trim();
}
