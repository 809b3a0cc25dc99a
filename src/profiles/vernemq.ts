import { silent } from "./endings.ts";
import type { Profile } from "./profile.ts";

/** VerneMQ. */
export const vernemq: Profile = {
  name: "vernemq",
  broker: "VerneMQ",
  versions: "as read in 2026-08",
  deviations: [
    {
      id: "keep-alive-late",
      rules: { "3.1.1": "3.1.2-24", "5.0": "3.1.2-22" },
      what:
        "The broker detects silence between 1.5 and 2.25 times keep alive, because a timer of 0.75 times must expire three times.",
      evidence: "read",
      source: "vmq_mqtt_fsm.erl, vmq_mqtt5_fsm.erl",
      signs: [{
        fault: "late",
        endings: silent,
        silent: true,
        grounds: ["keep-alive-passed"],
        within: { keepAlives: 0.75 },
      }],
    },
    {
      id: "disconnect-reserved-code",
      rules: { "5.0": "3.14.2-1" },
      what: "DISCONNECT with an undefined reason code removes the will.",
      evidence: "reported",
      source: "vernemq#2553",
      signs: [],
      shows: [{ fault: "missing" }],
    },
  ],
};
