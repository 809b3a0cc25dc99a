import { silent } from "./endings.ts";
import type { Profile } from "./profile.ts";

/** EMQX. */
export const emqx: Profile = {
  name: "emqx",
  broker: "EMQX",
  versions: "5 and 6",
  deviations: [
    {
      id: "keep-alive-late",
      rules: { "3.1.1": "3.1.2-24", "5.0": "3.1.2-22" },
      what: "The broker checks for silent clients every 30 s by default: their wills come up to 30 s late.",
      evidence: "documented",
      source: "docs.emqx.com: mqtt.keepalive_check_interval",
      signs: [{ fault: "late", endings: silent, silent: true, grounds: ["keep-alive-passed"], within: { s: 30 } }],
    },
    {
      id: "takeover-delayed-no-session",
      rules: { "5.0": "3.1.4-3" },
      what: "A client with a will delay and no persistent session may leave no will when it is taken over.",
      evidence: "reported",
      source: "emqx#18565, emqx#18585; fixed in 6.0.4, 6.1.5, 6.2.4 and 6.3.0",
      signs: [
        { fault: "missing", endings: ["takeover"], grounds: ["taken-over"], session: "ends", delay: "some" },
      ],
    },
  ],
};
