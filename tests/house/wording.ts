/**
 * The rules of wording as pure functions: from texts and the lists of ARCHITECTURE.md to one sentence for each fault.
 */

/** Between two words of a phrase: white space, also across the lines of a comment. */
const gap = String.raw`(?:\s|\n\s*(?:\*|//)\s)+`;
/** Between two words of a term: as in a phrase, or joined in an identifier. */
const joint = String.raw`(?:[ _-]|\n\s*(?:\*|//)\s)?`;

/** Finds the words and phrases that no text may use. Blocks of ARCHITECTURE.md that list them do not count. */
export function wordFaults(path: string, text: string, words: readonly string[]): string[] {
  const read = text.replaceAll(/^```words$[^]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ""));
  return words.flatMap((phrase) =>
    [...read.matchAll(new RegExp(`\\b${phrase.split(" ").map(escaped).join(gap)}\\b`, "gi"))].map(({ index }) =>
      `${path}:${lineAt(read, index)}: "${phrase}" is in the list of words not to use`
    )
  );
}

/** Finds the terms of the glossary that no source uses, in an identifier or a comment. */
export function glossaryFaults(terms: readonly string[], sources: readonly string[]): string[] {
  const twice = terms.filter((term, place) => terms.indexOf(term) !== place);
  const unused = terms.filter((term) => {
    const use = new RegExp(term.split(/[ -]/).map(escaped).join(joint), "i");
    return !sources.some((text) => use.test(text));
  });
  return [
    ...twice.map((term) => `glossary: "${term}" is defined twice`),
    ...unused.map((term) => `glossary: no source uses "${term}"`),
  ];
}

function escaped(word: string): string {
  return word.replaceAll(/[^\w]/g, "\\$&");
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
