/**
 * Names for files that take another's place once they are whole.
 */
import { freshBytes } from "../../base/random.ts";

/** A name beside a file that nobody can predict; it is to be created exclusively. */
export function unguessable(path: string): string {
  return `${path}.${Array.from(freshBytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("")}.partial`;
}
