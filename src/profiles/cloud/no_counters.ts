import type { ServiceLimit } from "../profile.ts";

/** The limit of a service without the counters under `$SYS`. */
export function noCounters(what: string, source: string): ServiceLimit {
  return { setting: "skipBrokerCounters", usual: true, min: 1, what, source };
}
