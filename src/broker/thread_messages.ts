import type { EngineChoice } from "../net/engine.ts";
import type { BrokerMetrics } from "./limits/metrics.ts";
import type { BrokerLimits, BrokerLogLevel, StoreOption } from "./options/options.ts";

/** Metrics of the broker and its thread's memory. */
export interface BrokerThreadMetrics extends BrokerMetrics {
  /** Heap of the thread. */
  readonly heapUsedBytes: number;
}

/** From the thread that started the broker. */
export type BrokerRequest =
  | { readonly type: "start"; readonly options: Omit<BrokerThreadOptions, "log">; readonly wantsLog: boolean }
  | { readonly type: "metrics" }
  | { readonly type: "disconnect"; readonly clientId: string }
  | { readonly type: "stop" | "fail" };

/** From the broker's thread. Answers are in the order of the requests. */
export type BrokerReport =
  | { readonly type: "ready" }
  | { readonly type: "started"; readonly url: string; readonly port: number }
  | { readonly type: "metrics" | "stopped"; readonly metrics: BrokerThreadMetrics }
  | { readonly type: "disconnected"; readonly wasConnected: boolean }
  | { readonly type: "abandoned" }
  | { readonly type: "failed"; readonly usage: boolean; readonly message: string }
  | { readonly type: "log"; readonly level: BrokerLogLevel; readonly message: string };

/** The options of a broker in a thread: plain data, and the receiver of its log lines. */
export interface BrokerThreadOptions {
  readonly host?: string;
  readonly port?: number;
  readonly limits?: Partial<BrokerLimits>;
  readonly onShutdown?: "publish" | "keep";
  readonly engine?: EngineChoice;
  /** The place of sessions, messages and wills; by default in memory. */
  readonly store?: StoreOption;
  readonly log?: (level: BrokerLogLevel, message: string) => void;
}
