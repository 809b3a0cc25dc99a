/**
 * Links that their user has closed. Their receivers hear of it after the method that closed them: one microtask serves
 * all of them, without a closure for each.
 */

/** A link that its user has closed. */
export interface ClosedLink {
  /** Reports its end to its receiver. */
  finishClosed(): void;
}

const links: (ClosedLink | undefined)[] = [];
let count = 0;

/** Has a link report its end soon. */
export function finishSoon(link: ClosedLink): void {
  links[count++] = link;
  if (count === 1) queueMicrotask(finishAll);
}

function finishAll(): void {
  // The list keeps its length and no link, so that the next ones need no memory.
  for (let at = 0; at < count; at++) {
    const link = links[at]!;
    links[at] = undefined;
    link.finishClosed();
  }
  count = 0;
}
