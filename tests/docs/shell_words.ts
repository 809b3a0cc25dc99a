/** A small parser of shell scripts, for the examples of the pages. */

/** Separators of commands. */
const separators = /^(\|\||&&|[;|&\n()])/;
/** Shell words that may precede a command. */
const keywords = new Set(["do", "then", "else", "if", "while", "!", "{", "$"]);

/**
 * The commands of a script, each as a list of unquoted words. Omits redirections and comments; keeps variables and
 * substitutions unchanged.
 */
export function shellCommands(script: string): string[][] {
  const commands: string[][] = [[]];
  let rest = script.replaceAll("\\\n", " ");
  while (rest !== "") {
    const separator = separators.exec(rest);
    const skipped = /^([ \t]+|#[^\n]*|\d?>>?&?[ \t]*[^\s;&|]+)/.exec(rest);
    if (skipped !== null) {
      rest = rest.slice(skipped[0].length);
    } else if (separator !== null) {
      commands.push([]);
      rest = rest.slice(separator[0].length);
    } else {
      const word = wordAt(rest);
      commands.at(-1)!.push(word.text);
      rest = rest.slice(word.length);
    }
  }
  return commands.map(withoutKeywords).filter((words) => words.length > 0);
}

function withoutKeywords(words: readonly string[]): string[] {
  const first = words.findIndex((word) => !keywords.has(word));
  return first < 0 ? [] : words.slice(first);
}

/** The first word of a text, and its length in characters. */
function wordAt(rest: string): { text: string; length: number } {
  let text = "";
  let at = 0;
  while (at < rest.length && !/[\s;&|()]/.test(rest[at]!)) {
    const part = /^(?:'([^']*)'|"((?:\$\([^)]*\)|[^"])*)"|(\$\([^)]*\))|\\(.)|(.))/s.exec(rest.slice(at))!;
    text += part[1] ?? part[2] ?? part[3] ?? part[4] ?? part[5]!;
    at += part[0].length;
  }
  return { text, length: at };
}
