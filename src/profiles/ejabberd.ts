import type { Profile } from "./profile.ts";

/** ejabberd with mod_mqtt. */
export const ejabberd: Profile = {
  name: "ejabberd",
  broker: "ejabberd with mod_mqtt",
  versions: "23.01",
  deviations: [
    {
      id: "half-packet-keeps-alive",
      rules: { "3.1.1": "3.1.2-24", "5.0": "3.1.2-22" },
      what:
        "Keep alive counts from the last byte, not from the last packet: part of one puts the will off, by up to a keep alive.",
      evidence: "run",
      source: "observed on 23.01",
      signs: [
        {
          fault: "late",
          endings: ["half-packet"],
          silent: true,
          grounds: ["keep-alive-passed"],
          delay: "none",
          within: { keepAlives: 1, s: 0.5 },
        },
      ],
    },
  ],
};
