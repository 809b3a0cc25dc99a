/** The first fault of a saved document that its schema refuses. */
import type { z } from "zod";

/** Where the fault is and what it is: `at run.seed it is not a valid report: invalid input: expected number`. */
export function documentFault({ issues }: z.ZodError, what: string): string {
  const { path, message } = issues[0]!;
  return `at ${path.join(".")} it is not a valid ${what}: ${message[0]!.toLowerCase()}${message.slice(1)}`;
}
