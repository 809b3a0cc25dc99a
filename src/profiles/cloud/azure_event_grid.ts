import type { Profile } from "../profile.ts";
import { noCounters } from "./no_counters.ts";

const features = "https://learn.microsoft.com/azure/event-grid/mqtt-support";
const quotas = "https://learn.microsoft.com/azure/event-grid/quotas-limits";

/** The MQTT broker of Azure Event Grid, by its documentation. */
export const azureEventGrid: Profile = {
  name: "azure-event-grid",
  broker: "Azure Event Grid",
  versions: "as documented in 2026; read, not run",
  deviations: [],
  limits: [
    { setting: "keepAliveS", usual: 30, min: 1, max: 1_160, what: "Keep alive is up to 1,160 s.", source: features },
    { setting: "willQos", usual: 1, max: 1, what: "Maximum QoS is 1.", source: features },
    { setting: "watchQos", usual: 1, max: 1, what: "Maximum QoS is 1.", source: features },
    { setting: "willDelayS", max: 300, what: "The will delay is up to 300 s.", source: features },
    {
      setting: "sessionExpiryS",
      max: 28_800,
      what: "A session lasts up to 8 hours after its connection, and one hour where the namespace is not configured.",
      source: features,
    },
    {
      setting: "clients",
      max: 400_000,
      what: "A namespace has 10,000 sessions for each of up to 40 throughput units.",
      source: quotas,
    },
    {
      setting: "rampPerSecond",
      usual: 50,
      what: "The documentation has no rate of CONNECT that is certain for every namespace, so the default is low.",
      source: quotas,
    },
    noCounters("A client may use the topics of its topic spaces alone: there is no $SYS.", features),
  ],
};
