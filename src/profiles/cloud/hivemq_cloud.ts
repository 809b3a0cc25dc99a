import type { Profile } from "../profile.ts";
import { noCounters } from "./no_counters.ts";

const questions = "https://community.hivemq.com/t/frequently-asked-questions-hivemq-cloud/514";
const plans = "https://www.hivemq.com/pricing/";

/** HiveMQ Cloud, by its documentation. */
export const hivemqCloud: Profile = {
  name: "hivemq-cloud",
  broker: "HiveMQ Cloud",
  versions: "as documented in 2026; read, not run",
  deviations: [],
  limits: [
    {
      setting: "clients",
      usual: 80,
      max: 25_000,
      what: "The free plan has 100 connections, of which watchers need some, and paid plans up to 25,000.",
      source: `${plans} and ${questions}`,
    },
    {
      setting: "rampPerSecond",
      usual: 20,
      what: "The documentation has no rate of CONNECT for the shared clusters, so the default is low.",
      source: questions,
    },
    noCounters("Clients have no access to $SYS.", questions),
  ],
};
