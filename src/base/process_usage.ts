/** What this process has used so far. */
import process from "node:process";
import type { MetricFamily } from "./metric_family.ts";

/** CPU time and memory of this process. */
export interface ProcessUsage {
  readonly cpuS: number;
  readonly residentBytes: number;
}

/** Reads the usage of this process, all threads included. */
export function processUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return { cpuS: (user + system) / 1_000_000, residentBytes: Deno.memoryUsage().rss };
}

/** The same as metrics, with the prefix of a program. */
export function processMetrics(prefix: string, { cpuS, residentBytes }: ProcessUsage): MetricFamily[] {
  return [
    {
      name: `${prefix}process_cpu_seconds_total`,
      help: "CPU time of this process.",
      type: "counter",
      samples: [{ value: cpuS }],
    },
    {
      name: `${prefix}process_resident_memory_bytes`,
      help: "Resident memory of this process.",
      type: "gauge",
      samples: [{ value: residentBytes }],
    },
  ];
}

/** The build of a program, as the labels of a metric that is 1. */
export function buildMetric(prefix: string, version: string, engine: string): MetricFamily {
  return {
    name: `${prefix}build_info`,
    help: "1; the labels are the version of mqtt-sim, the engine of its TCP links, and the version of Deno.",
    type: "gauge",
    samples: [{ value: 1, labels: { version, engine, deno: Deno.version.deno } }],
  };
}
