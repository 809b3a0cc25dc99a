import { anyEnding } from "./endings.ts";
import type { Profile } from "./profile.ts";

const lostProperties = [
  ...["payload format indicator", "content type", "response topic", "correlation data"],
  "user properties",
];

/** Moquette. */
export const moquette: Profile = {
  name: "moquette",
  broker: "Moquette",
  versions: "0.17 to 0.19",
  deviations: [
    {
      id: "takeover",
      rules: { "3.1.1": "3.1.4-2", "5.0": "3.1.4-3" },
      what: "A client that is taken over by another connection leaves no will.",
      evidence: "read",
      source: "MQTTConnection.java",
      signs: [{ fault: "missing", endings: ["takeover"], grounds: ["taken-over"], delay: "none" }],
    },
    {
      id: "not-retained",
      rules: { "3.1.1": "3.1.2-17", "5.0": "3.1.2-15" },
      what: "Retained wills are published, but not retained.",
      evidence: "reported",
      source: "moquette#562, on 0.17 and 0.18",
      signs: [],
      shows: [{ fault: "missing" }],
    },
    {
      id: "properties",
      rules: { "5.0": "3.1.3-10" },
      what:
        "The broker delivers only the user properties and the expiry of a will, and one user property for each name.",
      evidence: "read",
      source: "PostOffice.java",
      signs: [{ fault: "altered", endings: anyEnding, altered: lostProperties }],
    },
  ],
};
