/**
 * The broker's core on memory links under a manual clock; a test can kill it at any point and restart it, with or
 * without a store.
 */
import type { ManualClock } from "../../../src/base/clock.ts";
import type { Core } from "../../../src/broker/core/core.ts";
import { disconnectClient } from "../../../src/broker/serve/operator.ts";
import { startCore } from "../../../src/broker/serve/start_core.ts";
import { type CoreOptions, coreSettings } from "../../../src/broker/options/options.ts";
import { serve } from "../../../src/broker/serve/serve.ts";
import { runDue } from "../../../src/broker/serve/tick.ts";
import type { WillCopy, WillInQuestion } from "../../../src/broker/options/will_fault.ts";
import { encode } from "../../../src/mqtt/codec/codec.ts";
import type { DialReceiver, Link } from "../../../src/net/link.ts";
import { type MemoryLink, memoryLinkPair } from "../../../src/net/memory_link.ts";

const dueAtOnce = 1_000;
/** The time of day at which a run begins, in milliseconds since 1970. */
const beganMs = Date.UTC(2026, 0, 5, 8);

/** What a cluster does at the loss of a node. */
export interface NodeFate {
  /**
   * When the wills of its clients are published after its loss: at once, `afterMs` later, or never. Twice: once at once,
   * and once `againAfterMs` later.
   */
  readonly wills: "at once" | "never" | { readonly afterMs: number } | { readonly againAfterMs: number };
  /** Its sessions end with it; 5.0 alone. */
  readonly forgets?: boolean;
}

export class SimulatedBroker implements Disposable {
  readonly #clock: ManualClock;
  readonly #tasks: (() => void)[];
  readonly #options: CoreOptions;
  readonly #folder: string | undefined;
  readonly #links = new Map<MemoryLink, number>();
  readonly #down = new Set<number>();
  #fate: NodeFate | undefined;
  #core: Core | undefined;
  #clientIds = 0;

  /**
   * @param tasks the work at this time, in order
   * @param stored keeps the store's content at a kill
   */
  constructor(clock: ManualClock, tasks: (() => void)[], options: CoreOptions, stored: boolean) {
    this.#clock = clock;
    this.#tasks = tasks;
    this.#folder = stored ? Deno.makeTempDirSync({ prefix: "mqtt-sim-sim-" }) : undefined;
    const store = { path: `${this.#folder}/store.db`, outlives: "process" } as const;
    const willFault = options.willFault ?? { atPublication: (question: WillInQuestion) => this.#copiesOf(question) };
    this.#options = { ...options, willFault, ...stored && { store } };
    this.begin();
  }

  /** The store's file, if any. */
  get storePath(): string | undefined {
    return this.#folder && `${this.#folder}/store.db`;
  }

  begin(): void {
    const core: Core = startCore(coreSettings({
      ...this.#options,
      clock: this.#clock,
      wallNowMs: () => beganMs + this.#clock.nowMs(),
      // A killed broker does not do its remaining work.
      endOfTurn: (task) => void this.#tasks.push(() => this.#core === core && task()),
    }, () => `drawn${this.#clientIds++}`));
    this.#core = core;
  }

  /** A link to a node of the cluster; all nodes are one broker. */
  dial(receiver: DialReceiver, node = 0): Link {
    const [near, far] = memoryLinkPair((task) => this.#tasks.push(task));
    near.receiver = receiver;
    if (this.#core === undefined || this.#down.has(node)) {
      const refused = { kind: "error", code: "ECONNREFUSED", message: "connection refused" } as const;
      this.#tasks.push(() => near.open && receiver.onEnd(refused));
    } else {
      this.#links.set(far, node);
      serve(this.#core, far, () => {});
      this.#tasks.push(() => near.open && receiver.onOpen());
    }
    return near;
  }

  /** An operator ends the connection of a client. */
  disconnect(clientId: string): void {
    if (this.#core !== undefined) disconnectClient(this.#core, clientId, this.#clock.nowMs());
  }

  /** A node dies: its connections end on both sides. */
  stopNode(node: number, fate: NodeFate): void {
    this.#down.add(node);
    for (const [link, at] of this.#links) {
      if (at !== node) continue;
      this.#links.delete(link);
      const { receiver } = link;
      link.receiver = { onBytes() {}, onDrain() {}, onEnd() {} };
      if (!link.open) continue;
      link.reset();
      this.#fate = fate;
      const properties = { sessionExpiryIntervalS: 0 };
      if (fate.forgets) receiver.onBytes(encode({ type: "disconnect", reasonCode: 4, properties }, 5));
      receiver.onEnd({ kind: "reset" });
      this.#fate = undefined;
    }
  }

  startNode(node: number): void {
    this.#down.delete(node);
  }

  #copiesOf({ will }: WillInQuestion): readonly WillCopy[] | undefined {
    const wills = this.#fate?.wills ?? "at once";
    if (wills === "at once") return undefined;
    if (wills === "never") return [];
    if ("afterMs" in wills) return [{ will, delayMs: wills.afterMs }];
    return [{ will, delayMs: 0 }, { will, delayMs: wills.againAfterMs }];
  }

  /** Runs the work that is due. */
  turn(nowMs: number): void {
    if (this.#core !== undefined) runDue(this.#core, nowMs, dueAtOnce);
  }

  kill(): void {
    this.#core!.store.close();
    this.#core = undefined;
    for (const link of this.#links.keys()) {
      link.receiver = { onBytes() {}, onDrain() {}, onEnd() {} };
      link.reset();
    }
    this.#links.clear();
  }

  [Symbol.dispose](): void {
    this.#core?.store.close();
    if (this.#folder !== undefined) Deno.removeSync(this.#folder, { recursive: true });
  }
}
