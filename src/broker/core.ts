/**
 * The parts of a broker put together, without sockets, timers or a clock of their own. What comes in goes through
 * `serve.ts`, what falls due through `tick.ts`; both hand over the instant.
 */
import { Deadlines } from "../base/deadlines.ts";
import type { Due } from "./due.ts";
import { Metrics } from "./metrics.ts";
import type { CoreSettings } from "./options.ts";
import { Retained } from "./routing/retained.ts";
import { Router } from "./routing/router.ts";
import type { Connection } from "./session/connection.ts";
import { Sessions } from "./session/sessions.ts";
import { Wills } from "./wills.ts";

export class Core {
  readonly metrics = new Metrics();
  readonly deadlines = new Deadlines<Due>();
  /** Links that are not over. */
  readonly connections = new Set<Connection>();
  readonly settings: CoreSettings;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly wills: Wills;
  #lastConnectionId = 0;

  constructor(settings: CoreSettings) {
    const { metrics, deadlines } = this;
    const { limits, log, onEvent, willFault } = settings;
    this.settings = settings;
    const router = new Router({
      metrics,
      retained: new Retained({ metrics, deadlines, limit: limits.retainedMessages }),
    });
    const wills = new Wills({
      deadlines,
      metrics,
      onEvent,
      fault: willFault,
      publish: (message, publisherId, nowMs) => router.publish(message, publisherId, nowMs),
    });
    this.router = router;
    this.wills = wills;
    this.sessions = new Sessions({
      deadlines,
      metrics,
      outboxes: {
        deadlines,
        metrics,
        inflightLimit: limits.inflight,
        bytesLimit: limits.outboxBytes,
        overflowed: (clientId) => log("warn", `Outbox of client "${clientId}" is full; messages to it are dropped`),
      },
      ended: (session, nowMs) => {
        router.forget(session);
        wills.sessionEnded(session.clientId, nowMs);
      },
    });
  }

  /** A number for a new connection. */
  nextConnectionId(): number {
    return ++this.#lastConnectionId;
  }
}
