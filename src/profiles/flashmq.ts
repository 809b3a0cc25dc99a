import { anyEnding, silent } from "./endings.ts";
import type { Profile } from "./profile.ts";

/** FlashMQ. */
export const flashmq: Profile = {
  name: "flashmq",
  broker: "FlashMQ",
  versions: "as read in 2026-06",
  sysName: "flashmq",
  deviations: [
    {
      id: "keep-alive-late",
      rules: { "3.1.1": "3.1.2-24", "5.0": "3.1.2-22" },
      what: "Silence is noticed 2 s after 1.5 times keep alive.",
      evidence: "read",
      source: "mainapp.cpp, client.cpp",
      signs: [{
        fault: "late",
        endings: silent,
        silent: true,
        grounds: ["keep-alive-passed"],
        delay: "none",
        within: { s: 2 },
      }],
    },
    {
      id: "delay-by-two-seconds",
      rules: { "5.0": "3.1.2-8" },
      what: "Delayed wills are looked at every 2 s: they come up to 2 s late.",
      evidence: "read",
      source: "mainapp.cpp, subscriptionstore.cpp",
      signs: [
        {
          fault: "late",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          within: { s: 2 },
        },
      ],
    },
  ],
};
