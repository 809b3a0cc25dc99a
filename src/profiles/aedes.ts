import type { Profile } from "./profile.ts";

/** aedes, for Node.js. */
export const aedes: Profile = {
  name: "aedes",
  broker: "aedes",
  versions: "1.2 (3.1.1 only)",
  deviations: [
    {
      id: "topic-not-utf8",
      rules: { "3.1.1": "4.8.0-1" },
      what:
        "A PUBLISH whose topic is no UTF-8 does not end the connection: the will comes once keep alive has passed since.",
      evidence: "run",
      source: "observed on 1.2.0",
      signs: [
        {
          fault: "late",
          endings: ["garbage"],
          details: ["a topic that is not UTF-8"],
          within: { keepAlives: 1.5 },
        },
      ],
    },
  ],
};
