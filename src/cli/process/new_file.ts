/**
 * Names for files that take another's place once they are whole.
 */
import { freshBytes } from "../../base/random.ts";

/** An unpredictable name beside a file; the caller creates it exclusively. */
export function unguessable(path: string): string {
  return `${path}.${Array.from(freshBytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("")}.partial`;
}
