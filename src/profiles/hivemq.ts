import { anyEnding } from "./endings.ts";
import type { Profile } from "./profile.ts";

/** HiveMQ Community Edition. */
export const hivemq: Profile = {
  name: "hivemq",
  broker: "HiveMQ CE",
  versions: "as read in 2026-08",
  deviations: [
    {
      id: "delay-by-the-second",
      rules: { "5.0": "3.1.2-8" },
      what: "The broker checks delayed wills once a second: they come up to 1 s late.",
      evidence: "read",
      source: "PendingWillMessages.java",
      signs: [
        {
          fault: "late",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          within: { s: 1 },
        },
      ],
    },
  ],
};
