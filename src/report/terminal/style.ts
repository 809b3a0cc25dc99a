/** Emphasis for terminals; plain text everywhere else. */

/** Marks text by its meaning. */
export interface Style {
  /** As it should be. */
  good(text: string): string;
  /** Not as it should be. */
  bad(text: string): string;
  /** Not known, or to be known. */
  unsure(text: string): string;
  /** To be read first. */
  strong(text: string): string;
  /** To be read last. */
  faint(text: string): string;
}

const same = (text: string) => text;

/** Without marks: files, pipes, NO_COLOR. */
export const plainStyle: Style = { good: same, bad: same, unsure: same, strong: same, faint: same };

/** Each mark ends with its own code, so that marks can nest. */
const marked = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;

/** The colours of a terminal's own palette. */
export const colourStyle: Style = {
  good: marked(32, 39),
  bad: marked(31, 39),
  unsure: marked(33, 39),
  strong: marked(1, 22),
  faint: marked(2, 22),
};
