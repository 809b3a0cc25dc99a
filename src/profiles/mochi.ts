import { anyEnding } from "./endings.ts";
import type { Profile } from "./profile.ts";

const lostProperties = [
  ...["payload format indicator", "content type", "response topic", "correlation data"],
  "message expiry interval",
];
const seen = "observed on 2.7.9 (5b7f94b)";

/** mochi-mqtt/server. */
export const mochi: Profile = {
  name: "mochi",
  broker: "mochi-mqtt/server",
  versions: "2.7",
  deviations: [
    {
      id: "disconnect-error",
      rules: { "5.0": "3.1.2-8" },
      what: "DISCONNECT with any reason code but 0x04 removes the will, those of 0x80 and above too.",
      evidence: "run",
      source: `${seen}; server.go: processDisconnect`,
      signs: [{ fault: "missing", endings: ["disconnect-error"] }],
    },
    {
      id: "disconnect-short",
      rules: { "5.0": "3.1.2-8" },
      what: "DISCONNECT with a reason code and no property length is read as 0x00, and removes the will.",
      evidence: "run",
      source: `${seen}; packets.go requires Remaining above 1`,
      signs: [],
      shows: [{ fault: "missing" }],
    },
    {
      id: "properties",
      rules: { "5.0": "3.1.3-10" },
      what: "The broker delivers only the user properties of a will.",
      evidence: "run",
      source: `${seen}; clients.go`,
      signs: [{ fault: "altered", endings: anyEnding, altered: lostProperties }],
    },
    {
      id: "expiry-added",
      rules: {},
      what: "A message without a message expiry interval gets one of 86,400 s, a delayed will one of 1 s.",
      evidence: "run",
      source: `${seen}; server.go: MaximumMessageExpiryInterval, sendLWT`,
      signs: [],
      shows: [{ fault: "other" }],
    },
    {
      id: "delay-by-the-second",
      rules: { "5.0": "3.1.2-8" },
      what: "The broker checks delayed wills once a second, after they are due: they come up to 2 s late.",
      evidence: "run",
      source: `${seen}: 1.35 to 1.91 s; server.go`,
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
      evidence: "run",
      source: `${seen}; packets.go`,
      signs: [],
      shows: [{ fault: "refused" }, { fault: "closed" }],
    },
    {
      id: "will-acl",
      rules: {},
      what: "The broker never checks whether a client may publish to its will's topic.",
      evidence: "run",
      source: `${seen}; mochi-mqtt/server#503`,
      signs: [],
      shows: [{ fault: "unwanted" }],
    },
    {
      id: "delay-without-session",
      rules: { "5.0": "3.1.2-8" },
      what:
        "A delayed will waits for its delay although its session has ended: without Session Expiry, or by a clean start.",
      evidence: "run",
      source: seen,
      signs: [
        {
          fault: "late",
          endings: anyEnding,
          grounds: ["session-ended", "taken-over"],
          delay: "some",
          within: { delays: 1, s: 2 },
        },
        {
          fault: "missing",
          endings: anyEnding,
          grounds: ["session-ended", "taken-over"],
          delay: "some",
          next: "clean",
        },
      ],
    },
    {
      id: "keep-alive-16-bits",
      rules: {},
      what: "The broker computes 1.5 times keep alive in 16 bits: from 43,691 s on it closes silent clients at once.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "unwanted" }, { fault: "closed" }],
    },
    {
      id: "connack-codes-of-5",
      rules: {},
      what: "A refused CONNECT of 3.1.1 gets reason codes of 5.0, 0x82 and 0x85.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "other" }, { fault: "wrong code" }],
    },
    {
      id: "puback-no-code",
      rules: { "5.0": "3.4.2-1" },
      what: "A PUBLISH with user properties is answered by a PUBACK with 0x01, which is not a PUBACK code.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "other" }],
    },
    {
      id: "suback-own-ids",
      rules: { "5.0": "3.8.4-7" },
      what: "A SUBSCRIBE with a packet identifier that the server uses for a message is refused with 0x91.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "refused", codes: [0x91] }],
    },
  ],
};
