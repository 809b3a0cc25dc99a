import { anyEnding } from "./endings.ts";
import type { Profile } from "./profile.ts";

const lostProperties = [
  ...["payload format indicator", "content type", "response topic", "correlation data"],
  "message expiry interval",
];

/** mochi-mqtt/server. */
export const mochi: Profile = {
  name: "mochi",
  broker: "mochi-mqtt/server",
  versions: "2, as read in 2025-03",
  deviations: [
    {
      id: "disconnect-error",
      rules: { "5.0": "3.1.2-8" },
      what: "DISCONNECT with any reason code but 0x04 removes the will, those of 0x80 and above too.",
      evidence: "read",
      source: "server.go: processDisconnect",
      signs: [{ fault: "missing", endings: ["disconnect-error"] }],
    },
    {
      id: "disconnect-short",
      rules: { "5.0": "3.1.2-8" },
      what: "DISCONNECT with a reason code and no property length is read as 0x00, and removes the will.",
      evidence: "run",
      source: "observed on 2.7.9; packets.go: Remaining above 1 is asked for",
      signs: [],
      shows: [{ fault: "missing" }],
    },
    {
      id: "properties",
      rules: { "5.0": "3.1.3-10" },
      what: "Of a will's properties only user properties come.",
      evidence: "read",
      source: "clients.go",
      signs: [{ fault: "altered", endings: anyEnding, altered: lostProperties }],
    },
    {
      id: "expiry-added",
      rules: { "5.0": "3.3.2-6" },
      what: "A message without a message expiry interval comes with one of 86,400 s, a delayed will with one of 1 s.",
      evidence: "run",
      source: "observed on 2.7.9; server.go: MaximumMessageExpiryInterval, sendLWT",
      signs: [],
      shows: [{ fault: "other" }],
    },
    {
      id: "delay-by-the-second",
      rules: { "5.0": "3.1.2-8" },
      what: "Delayed wills are looked at once a second, and published past their instant: they come up to 2 s late.",
      evidence: "read",
      source: "server.go",
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
    {
      id: "empty-will-refused",
      rules: { "5.0": "3.1.2-9" },
      what: "A CONNECT whose will has no payload is refused.",
      evidence: "read",
      source: "packets.go",
      signs: [],
      shows: [{ fault: "refused" }, { fault: "closed" }],
    },
    {
      id: "will-acl",
      rules: {},
      what: "Whether a client may publish to its will's topic is never asked.",
      evidence: "reported",
      source: "mochi-mqtt/server#503",
      signs: [],
      shows: [{ fault: "unwanted" }],
    },
  ],
};
