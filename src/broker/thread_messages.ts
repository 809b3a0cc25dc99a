import type { EngineChoice } from "../net/engine.ts";
import type { BrokerMetrics } from "./limits/metrics.ts";
import type { BrokerLimits, BrokerLogLevel, StoreOption } from "./options/options.ts";

/** Metrics of the broker and its thread's memory. */
export interface BrokerThreadMetrics extends BrokerMetrics {
  /** Of the thread's own heap. */
  readonly heapUsedBytes: number;
}

/** From the thread that started the broker. */
export type BrokerRequest =
  | { readonly type: "start"; readonly options: Omit<BrokerThreadOptions, "log">; readonly wantsLog: boolean }
  | { readonly type: "metrics" }
  | { readonly type: "stop" | "fail" };

/** From the broker's thread. Answers come in the order of the requests. */
export type BrokerReport =
  | { readonly type: "ready" }
  | { readonly type: "started"; readonly url: string; readonly port: number }
  | { readonly type: "metrics" | "stopped"; readonly metrics: BrokerThreadMetrics }
  | { readonly type: "abandoned" }
  | { readonly type: "failed"; readonly usage: boolean; readonly message: string }
  | { readonly type: "log"; readonly level: BrokerLogLevel; readonly message: string };

/** What a broker in a thread can be told: plain data, and where its log lines go. */
export interface BrokerThreadOptions {
  readonly host?: string;
  readonly port?: number;
  readonly limits?: Partial<BrokerLimits>;
  readonly onShutdown?: "publish" | "keep";
  readonly engine?: EngineChoice;
  /** Where sessions, messages and wills are kept; in memory if not given. */
  readonly store?: StoreOption;
  readonly log?: (level: BrokerLogLevel, message: string) => void;
}
