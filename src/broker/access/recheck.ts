/**
 * New rules, held against those who are in already: what they may no longer do ends now, and not when they come back.
 */
import { ReasonCode } from "../../mqtt/reason.ts";
import type { Core } from "../core.ts";
import { expel } from "../handle/leave.ts";

/** What was taken away. */
export interface Rechecked {
  /** Connections ended, for their user is no more. */
  readonly expelled: number;
  /** Subscriptions ended, for they are allowed no more. */
  readonly unsubscribed: number;
}

/** Holds everyone online to the rules as they are now. @param knows whether a user may still come in */
export function recheck(core: Core, knows: (username: string | undefined) => boolean, nowMs: number): Rechecked {
  let [expelled, unsubscribed] = [0, 0];
  for (const connection of [...core.connections]) {
    const { session } = connection;
    if (!connection.online || session === undefined) continue;
    for (const topicFilter of [...session.subscriptions?.keys() ?? []]) {
      if (core.settings.authorize(session, "subscribe", topicFilter)) continue;
      core.router.unsubscribe(session, topicFilter);
      unsubscribed++;
    }
    if (knows(session.username)) continue;
    const reasonCode = ReasonCode.notAuthorized;
    expel(core, connection, reasonCode, { kind: "protocol-error", reasonCode }, nowMs);
    expelled++;
  }
  return { expelled, unsubscribed };
}
