/** How long a session may outlive its connection. */
import type { BrokerLimits } from "../options/options.ts";
import { neverExpiresS } from "../session/session.ts";

/** The session expiry in seconds for a client that requests one; {@link neverExpiresS}: no end. */
export function allowedExpiryS({ sessionExpiryMs }: Pick<BrokerLimits, "sessionExpiryMs">, askedS: number): number {
  return Math.min(askedS, sessionExpiryMs === 0 ? neverExpiresS : Math.ceil(sessionExpiryMs / 1_000));
}
