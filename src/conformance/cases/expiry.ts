/** The remaining Message Expiry Interval of a message that has waited. */
import type { CaseContext } from "../context/case_context.ts";

/** How long a message has waited in the server, at the least and at the most. */
interface Waited {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Holds an interval to the time that was taken off; seconds may be counted whole, up or down. [MQTT5 3.3.2-6] */
export function holdsExpiry(context: CaseContext, leftS: number | undefined, givenS: number, waited: Waited): void {
  const most = Math.ceil(givenS - Math.max(0, waited.leastMs) / 1_000);
  const least = Math.floor(givenS - waited.mostMs / 1_000) - 1;
  const isSo = leftS !== undefined && leftS >= least && leftS <= most;
  const shown = leftS === undefined ? "absent" : `${leftS} s`;
  context.holds(
    isSo,
    `the message expiry interval is ${shown}, expected ${least} to ${most} s, the rest of ${givenS} s`,
  );
}
