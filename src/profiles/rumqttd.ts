import type { Profile } from "./profile.ts";

/** rumqttd. */
export const rumqttd: Profile = {
  name: "rumqttd",
  broker: "rumqttd",
  versions: "as read in 2025-11",
  deviations: [
    {
      id: "disconnect-any-code",
      rules: { "5.0": "3.1.2-8" },
      what: "DISCONNECT removes the will for every reason code, also 0x04 and those of 0x80 and above.",
      evidence: "read",
      source: "routing.rs",
      signs: [{ fault: "missing", endings: ["disconnect-with-will", "disconnect-error"] }],
    },
    {
      id: "takeover-resumed",
      rules: { "3.1.1": "3.1.4-2", "5.0": "3.1.4-3" },
      what: "A client without a will delay leaves no will when a connection with Clean Start 0 takes it over.",
      evidence: "read",
      source: "server/broker.rs, link/remote.rs",
      signs: [
        { fault: "missing", endings: ["takeover"], grounds: ["taken-over"], next: "resumes", delay: "none" },
      ],
    },
    {
      id: "keep-alive-0",
      rules: {},
      what: "A CONNECT with keep alive 0 is refused.",
      evidence: "read",
      source: "server/broker.rs: ZeroKeepAlive",
      signs: [],
      shows: [{ fault: "closed" }, { fault: "unwanted" }],
    },
  ],
};
