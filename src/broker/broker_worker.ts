/// <reference lib="deno.worker" />
/** The worker side of a broker thread; `broker_thread.ts` is the other side. */
import { UsageError } from "../base/failure.ts";
import { engines } from "../net/engine.ts";
import { Broker } from "./broker.ts";
import type { BrokerLogLevel } from "./options/options.ts";
import type { BrokerReport, BrokerRequest, BrokerThreadMetrics } from "./thread_messages.ts";
let broker: Broker | undefined;

function report(message: BrokerReport): void {
  self.postMessage(message);
}

function metrics(running: Broker): BrokerThreadMetrics {
  return { ...running.metrics(), heapUsedBytes: Deno.memoryUsage().heapUsed };
}

async function answer(request: BrokerRequest): Promise<BrokerReport> {
  if (request.type === "start") {
    const log = (level: BrokerLogLevel, message: string) => report({ type: "log", level, message });
    broker = await Broker.start({ ...request.options, ownThread: true, ...(request.wantsLog && { log }) });
    return { type: "started", url: broker.url, port: broker.port };
  }
  if (broker === undefined) throw new Error(`The broker got the request "${request.type}" before its start`);
  if (request.type === "metrics") return { type: "metrics", metrics: metrics(broker) };
  if (request.type === "disconnect") {
    return { type: "disconnected", wasConnected: broker.disconnectClient(request.clientId) };
  }
  if (request.type === "fail") {
    await engines[broker.engine.name].abandon();
    return { type: "abandoned" };
  }
  await broker.stop();
  await engines[broker.engine.name].abandon();
  return { type: "stopped", metrics: metrics(broker) };
}

self.onmessage = async ({ data }: MessageEvent<BrokerRequest>) => {
  try {
    report(await answer(data));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    report({ type: "failed", usage: error instanceof UsageError, message });
  }
};

report({ type: "ready" });
