/** A broker in its own thread, as the starting thread sees it. */
import { UsageError } from "../base/failure.ts";
import { threadSource } from "../base/thread_source.ts";
import type { BrokerReport, BrokerRequest, BrokerThreadMetrics, BrokerThreadOptions } from "./thread_messages.ts";

type Answer = Exclude<BrokerReport, { readonly type: "ready" | "log" }>;

interface Awaited {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that does not answer within this time is terminated with its sockets open. */
const abandonedWithinMs = 2_000;

export class BrokerThread {
  readonly #worker: Worker;
  readonly #awaited: Awaited[] = [];
  readonly #log: NonNullable<BrokerThreadOptions["log"]>;
  readonly #crash = Promise.withResolvers<Error>();
  #ready = Promise.withResolvers<void>();
  #ended: Error | undefined;
  #stopped: Promise<BrokerThreadMetrics> | undefined;
  #url = "";
  #port = 0;

  private constructor(log: NonNullable<BrokerThreadOptions["log"]>) {
    this.#log = log;
    const source = threadSource(new URL("./broker_worker.ts", import.meta.url));
    this.#worker = new Worker(source, { type: "module", name: "broker" });
    this.#worker.onmessage = ({ data }: MessageEvent<BrokerReport>) => this.#take(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(`The broker's thread crashed: ${event.message}`));
    };
  }

  /**
   * Starts a broker in a new thread; when the promise is fulfilled, the broker accepts clients.
   *
   * @throws UsageError if the address or port is not available, or a limit is out of range
   */
  static async start({ log, ...options }: BrokerThreadOptions = {}): Promise<BrokerThread> {
    const thread = new BrokerThread(log ?? (() => {}));
    try {
      await thread.#ready.promise;
      const started = await thread.#ask({ type: "start", options, wantsLog: log !== undefined });
      if (started.type === "started") ({ url: thread.#url, port: thread.#port } = started);
      return thread;
    } catch (error) {
      thread.#worker.terminate();
      throw error;
    }
  }

  /** The URL for clients, as `mqtt://host:port`. */
  get url(): string {
    return this.#url;
  }

  get port(): number {
    return this.#port;
  }

  /** Fulfilled with the reason if the thread crashes; otherwise never. */
  get crash(): Promise<Error> {
    return this.#crash.promise;
  }

  /** The counters up to now. */
  async metrics(): Promise<BrokerThreadMetrics> {
    return metricsOf(await this.#ask({ type: "metrics" }));
  }

  /** Ends the connection of a client, as an operator does; false if it was not connected. */
  async disconnectClient(clientId: string): Promise<boolean> {
    const answer = await this.#ask({ type: "disconnect", clientId });
    return answer.type === "disconnected" && answer.wasConnected;
  }

  /** Stops the broker and its thread cleanly, and returns the last metrics. A second call awaits the first. */
  stop(): Promise<BrokerThreadMetrics> {
    return this.#stopped ??= this.#stop();
  }

  /**
   * Terminates the thread at once, as a crash does: clients receive no DISCONNECT, and uncommitted changes are lost.
   * Its sockets are closed first: the operating system closes them when a process ends, but not when a thread ends.
   */
  async kill(): Promise<void> {
    const abandoned = this.#ask({ type: "fail" }).catch(() => {});
    const killed = this.#ended = new Error("The broker's thread was killed");
    await soon(abandoned, abandonedWithinMs);
    this.#worker.terminate();
    for (const { reject } of this.#awaited.splice(0)) reject(killed);
  }

  async #stop(): Promise<BrokerThreadMetrics> {
    try {
      return metricsOf(await this.#ask({ type: "stop" }));
    } finally {
      this.#ended ??= new Error("The broker's thread was stopped");
      this.#worker.terminate();
    }
  }

  #ask(request: BrokerRequest): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#worker.postMessage(request);
      this.#awaited.push({ resolve, reject });
    });
  }

  #take(report: BrokerReport): void {
    if (report.type === "ready") return this.#ready.resolve();
    if (report.type === "log") return this.#log(report.level, report.message);
    const awaited = this.#awaited.shift();
    if (report.type !== "failed") return awaited?.resolve(report);
    awaited?.reject(report.usage ? new UsageError(report.message) : new Error(report.message));
  }

  #end(error: Error): void {
    this.#ended = error;
    this.#worker.terminate();
    this.#ready.reject(error);
    for (const { reject } of this.#awaited.splice(0)) reject(error);
    this.#crash.resolve(error);
  }
}

/** Fulfilled when the promise settles, or when the time is over. */
async function soon(something: Promise<unknown>, withinMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([something, new Promise<void>((resolve) => timer = setTimeout(resolve, withinMs))]);
  clearTimeout(timer);
}

function metricsOf(answer: Answer): BrokerThreadMetrics {
  if (answer.type === "metrics" || answer.type === "stopped") return answer.metrics;
  throw new Error(`The broker's thread sent the unexpected response "${answer.type}"`);
}
