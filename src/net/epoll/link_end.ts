/** The end of a link as the operating system reports it. */
import type { LinkEnd } from "../link.ts";
import { Fault, faultCode } from "./libc.ts";

const wasReset: LinkEnd = { kind: "reset" };

/** The end that the operating system reports as `-errno`. */
export function endOf(call: string, fault: number): LinkEnd {
  if (fault === Fault.reset || fault === Fault.brokenPipe) return wasReset;
  const code = faultCode(fault);
  return { kind: "error", code, message: `${call} ${code}` };
}
