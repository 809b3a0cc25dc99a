import { anyEnding } from "./endings.ts";
import { mosquitto } from "./mosquitto.ts";
import type { Deviation, Profile } from "./profile.ts";

const seen = "observed on 2.1.2 and 180 commits (7b8aba1)";

/** Deviations of 2.0 that were observed on 2.1 too. */
const kept: readonly string[] = [
  "takeover-persistent",
  "disconnect-error",
  "second-connect",
  "shutdown-delayed-early",
  "will-acl-at-publication",
  "share-name-empty",
  "too-large-keeps-quota",
];

const stillThere: readonly Deviation[] = mosquitto.deviations
  .filter(({ id }) => kept.includes(id))
  .map((each) => ({ ...each, ...each.evidence === "run" && { source: `${seen}, and on 2.0` } }));

/** Eclipse Mosquitto 2.1. */
export const mosquitto21: Profile = {
  name: "mosquitto-2.1",
  broker: "Eclipse Mosquitto",
  versions: "2.1",
  sysName: "mosquitto",
  range: { from: "2.1" },
  deviations: [
    ...stillThere,
    {
      id: "delay-by-the-second",
      rules: { "5.0": "3.1.3-9" },
      what: "The broker checks delayed wills in whole seconds, and publishes them up to 1 s early.",
      evidence: "run",
      source: `${seen}; src/will_delay.c`,
      signs: [
        {
          fault: "early",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          within: { s: 1 },
        },
      ],
    },
    {
      id: "delay-list",
      rules: { "5.0": "3.1.2-8" },
      what:
        "The broker keeps delayed wills in a list by delay: a due will waits behind wills of the same or a shorter delay that are not due.",
      evidence: "run",
      source: `${seen}: a delay of 3 s behind a stream of 2 s took 9.97 s; src/will_delay.c`,
      signs: [
        {
          fault: "late",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          whileOthersDie: true,
          within: { s: 1 },
        },
      ],
      shows: [{ fault: "late", withinS: 12 }],
    },
    {
      id: "expiry-largest",
      rules: { "5.0": "3.3.2-6" },
      what: "A message expiry interval of 4,294,967,295 s is altered.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "altered", parts: ["message expiry interval"] }],
    },
  ],
};
