/** The end of a link as the operating system reports it. */
import type { LinkEnd } from "../link.ts";
import { faultCode, SocketError } from "./libc.ts";

const wasReset: LinkEnd = { kind: "reset" };

/** The end that the operating system reports as `-errno`. */
export function endOf(call: string, fault: number): LinkEnd {
  if (fault === SocketError.reset || fault === SocketError.brokenPipe) return wasReset;
  const code = faultCode(fault);
  return { kind: "error", code, message: `${call} ${code}` };
}
