/**
 * Assembles the parts of a broker, without sockets, timers or a clock. Input arrives through `serve.ts`, due actions
 * through `tick.ts`; both pass the current time.
 */
import { type GarbageCollector, garbageCollector } from "../../base/collect.ts";
import { Deadlines } from "../../base/deadlines.ts";
import { ConnectRate } from "../limits/connect_rate.ts";
import type { Due } from "../due.ts";
import { Memory } from "../limits/memory.ts";
import { Metrics } from "../limits/metrics.ts";
import type { CoreSettings } from "../options/options.ts";
import { PeerWarnings } from "./peer_warnings.ts";
import type { Publication } from "../message/publication.ts";
import { Retained } from "../routing/retained.ts";
import { Router } from "../routing/router.ts";
import type { Connection } from "../session/session.ts";
import { Sessions } from "../session/sessions.ts";
import { memoryStore } from "../store/memory_store.ts";
import { SqliteStore } from "../store/sqlite_store.ts";
import type { Store } from "../store/store.ts";
import { Turn } from "../store/turn.ts";
import { Wills } from "../wills.ts";

export class Core {
  readonly metrics = new Metrics();
  readonly deadlines = new Deadlines<Due>();
  /** Links that have not ended. */
  readonly connections = new Set<Connection>();
  readonly settings: CoreSettings;
  readonly store: Store;
  /** The memory that clients make the broker use, and its limit. */
  readonly memory: Memory;
  /** Decides when the store commits, and holds back what depends on a commit. */
  readonly turn: Turn;
  readonly retained: Retained;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly wills: Wills;
  readonly connectRate: ConnectRate;
  /** Warnings that a peer can provoke. */
  readonly warnings: PeerWarnings;
  #lastConnectionId = 0;
  /** Undefined if the runtime does not let a program collect garbage. */
  readonly #garbage: GarbageCollector | undefined;

  /** @throws UsageError if the store cannot be opened or read */
  constructor(settings: CoreSettings) {
    const { metrics, deadlines } = this;
    const { limits, log, listeners, willFault } = settings;
    this.settings = settings;
    metrics.connectionsLimit = limits.connections;
    this.connectRate = new ConnectRate(limits.connectsPerSecond);
    const warnings = this.warnings = new PeerWarnings({ metrics, deadlines, log });
    this.store = openStore(settings);
    this.turn = new Turn({ store: this.store, deadlines, metrics, settings });
    const { changes } = this.store;
    const memory = this.memory = new Memory(limits.memoryBytes);
    this.#garbage = garbageCollector(limits.memoryBytes);
    metrics.memoryUsedBytes = () => memory.usedBytes;
    memory.refresh = () => this.connections.forEach((connection) => connection.countOutput());
    this.retained = new Retained({ metrics, deadlines, limit: limits.retainedMessages, changes, memory });
    const own = new Retained({ metrics: new Metrics(), deadlines, limit: Infinity });
    const router = new Router({ metrics, memory, retained: this.retained, own, mayStand: retainedRight(settings) });
    const wills = new Wills({
      deadlines,
      metrics,
      listeners,
      fault: willFault,
      changes,
      memory,
      authorize: settings.authorize,
      publish: (message, publisher, nowMs) => router.publish(message, publisher, nowMs, true),
    });
    this.router = router;
    this.wills = wills;
    this.sessions = new Sessions({
      deadlines,
      metrics,
      changes,
      memory,
      outboxes: {
        memory,
        deadlines,
        metrics,
        inflightLimit: limits.inflight,
        bytesLimit: limits.outboxBytes,
        messagesLimit: limits.outboxMessages,
        all: { sizeBytes: 0, limitBytes: limits.allOutboxesBytes },
        overflowed: (clientId, nowMs) => warnings.outboxFull(clientId, nowMs),
      },
      ended: (session, left, nowMs) => {
        router.forget(session);
        router.handOn(left, nowMs);
        wills.sessionEnded(session.clientId, nowMs);
      },
    });
  }

  /** Collects garbage where much of it may have accumulated; the runtime itself may collect it late. */
  collectGarbage(): void {
    this.#garbage?.moved(this.metrics.bytesReceived + this.metrics.bytesSent);
  }

  /** An identifier for a new connection. */
  nextConnectionId(): number {
    return ++this.#lastConnectionId;
  }
}

/** A retained message is delivered as long as its publisher is known and may publish to its topic. */
function retainedRight({ hasLogins, authorize, knows }: CoreSettings): (publication: Publication) => boolean {
  if (!hasLogins) return () => true;
  return ({ message: { topic }, publisher: { clientId, owner } }) =>
    owner === undefined || (knows(owner) && authorize({ clientId, username: owner.username }, "publish", topic));
}

function openStore({ store, wallNowMs }: CoreSettings): Store {
  return store === "memory" ? memoryStore : new SqliteStore(store, wallNowMs);
}
