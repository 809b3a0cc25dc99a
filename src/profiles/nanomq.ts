import { anyEnding, silent } from "./endings.ts";
import type { Profile } from "./profile.ts";

/** NanoMQ. */
export const nanomq: Profile = {
  name: "nanomq",
  broker: "NanoMQ",
  versions: "as read in 2026-08",
  deviations: [
    {
      id: "disconnect-any-code",
      rules: { "5.0": "3.1.2-8" },
      what: "DISCONNECT removes the will whatever its reason code, 0x04 and those of 0x80 and above too.",
      evidence: "read",
      source: "nmq_mqtt.c; nanomq#2442 (a reserved code)",
      signs: [{ fault: "missing", endings: ["disconnect-with-will", "disconnect-error"] }],
    },
    {
      id: "delay-from-connect",
      rules: { "5.0": "3.1.3-9" },
      what:
        "The will delay is counted from CONNECT, not from the connection's end: a will of a longer life is not delayed.",
      evidence: "read",
      source: "mqtt_parser.c, nmq_mqtt.c; nanomq#2412",
      signs: [
        {
          fault: "early",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          delayFromConnect: true,
        },
      ],
    },
    {
      id: "keep-alive-early",
      rules: { "3.1.1": "3.1.2-24", "5.0": "3.1.2-22" },
      what: "Silence is noticed at 1.25 times keep alive, as it is usually set.",
      evidence: "documented",
      source: "nanomq.conf: keepalive_multiplier",
      signs: [{
        fault: "early",
        endings: silent,
        silent: true,
        grounds: ["keep-alive-passed"],
        within: { keepAlives: 0.25 },
      }],
    },
    {
      id: "will-of-refused-login",
      rules: { "3.1.1": "3.1.4-5", "5.0": "3.1.4-6" },
      what: "A client whose login is refused leaves its will all the same.",
      evidence: "reported",
      source: "nanomq#2330",
      signs: [],
      shows: [{ fault: "unwanted" }],
    },
  ],
};
