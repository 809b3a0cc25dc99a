/**
 * The parts of a broker put together, without sockets, timers or a clock of their own. What comes in goes through
 * `serve.ts`, what falls due through `tick.ts`; both hand over the instant.
 */
import { bufferCollector } from "../../base/collect.ts";
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
  /** Links that are not over. */
  readonly connections = new Set<Connection>();
  readonly settings: CoreSettings;
  readonly store: Store;
  /** What clients make the broker keep, and the bound over it. */
  readonly memory: Memory;
  /** When the store commits, and what waits for it. */
  readonly turn: Turn;
  readonly retained: Retained;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly wills: Wills;
  readonly connectRate: ConnectRate;
  /** Warnings that a peer can provoke. */
  readonly warnings: PeerWarnings;
  #lastConnectionId = 0;
  /** Undefined where the runtime does not let a program collect. */
  readonly #buffers = bufferCollector();

  /** @throws UsageError when the store cannot be had or read */
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

  /** Buffers of messages that came and went are garbage, which the runtime may see late. */
  collectBuffers(): void {
    this.#buffers?.moved(this.metrics.bytesReceived + this.metrics.bytesSent);
  }

  /** A number for a new connection. */
  nextConnectionId(): number {
    return ++this.#lastConnectionId;
  }
}

/** A retained message counts as long as its publisher is known and may publish to its topic. */
function retainedRight({ hasLogins, authorize, knows }: CoreSettings): (publication: Publication) => boolean {
  if (!hasLogins) return () => true;
  return ({ message: { topic }, publisher: { clientId, owner } }) =>
    owner === undefined || (knows(owner) && authorize({ clientId, username: owner.username }, "publish", topic));
}

function openStore({ store, wallNowMs }: CoreSettings): Store {
  return store === "memory" ? memoryStore : new SqliteStore(store, wallNowMs);
}
