import { anyEnding, restart, silent } from "./endings.ts";
import type { Profile } from "./profile.ts";

/** Eclipse Mosquitto. */
export const mosquitto: Profile = {
  name: "mosquitto",
  broker: "Eclipse Mosquitto",
  versions: "2.0 and 2.1",
  sysName: "mosquitto",
  deviations: [
    {
      id: "takeover-persistent",
      rules: { "3.1.1": "3.1.4-2", "5.0": "3.1.4-3" },
      what: "A client whose lasting session is resumed by another connection leaves no will, with no delay asked for.",
      evidence: "run",
      source: "observed on 2.0.11; its own test 07-will-takeover.py; mosquitto#3509",
      signs: [
        {
          fault: "missing",
          endings: ["takeover"],
          grounds: ["taken-over"],
          session: "lasts",
          next: "resumes",
          delay: "none",
        },
      ],
    },
    {
      id: "disconnect-error",
      rules: { "5.0": "3.1.2-8" },
      what: "DISCONNECT with any reason code but 0x04 removes the will, those of 0x80 and above too.",
      evidence: "run",
      source: "observed on 2.0.11; mosquitto#3743 (a reserved code)",
      signs: [{ fault: "missing", endings: ["disconnect-error"] }],
    },
    {
      id: "keep-alive-late",
      rules: { "3.1.1": "3.1.2-24", "5.0": "3.1.2-22" },
      what: "Silent clients are looked for every 6 s, and seconds are counted whole: their wills come up to 7 s late.",
      evidence: "run",
      source: "observed on 2.0.11; src/keepalive.c",
      signs: [{
        fault: "late",
        endings: silent,
        silent: true,
        grounds: ["keep-alive-passed"],
        delay: "none",
        within: { s: 7 },
      }],
    },
    {
      id: "keep-alive-early",
      rules: { "3.1.1": "3.1.2-24", "5.0": "3.1.2-22" },
      what: "Half an odd keep alive is cut to whole seconds: silent clients' wills may come up to 0.5 s early.",
      evidence: "run",
      source: "observed on 2.0.11; src/keepalive.c",
      signs: [
        {
          fault: "early",
          endings: silent,
          silent: true,
          grounds: ["keep-alive-passed"],
          delay: "none",
          keepAlive: "odd",
          within: { s: 0.5 },
        },
      ],
    },
    {
      id: "second-connect",
      rules: { "3.1.1": "3.1.0-2", "5.0": "3.1.0-2" },
      what: "A client that sends a second CONNECT on its connection is thrown out, and leaves no will.",
      evidence: "run",
      source: "observed on 2.0.11",
      signs: [{ fault: "missing", endings: ["second-connect"] }],
    },
    {
      id: "delay-list",
      rules: { "5.0": "3.1.2-8" },
      what:
        "Delayed wills stand in a list by delay: one that is due waits behind those of the same or a shorter delay that are not.",
      evidence: "run",
      source: "observed on 2.0.11; src/will_delay.c",
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
    },
    {
      id: "delay-by-the-second",
      rules: { "5.0": "3.1.2-8" },
      what: "Delayed wills are looked at once a second, and published past their instant: they come up to 1 s late.",
      evidence: "run",
      source: "observed on 2.0.11; src/will_delay.c",
      signs: [
        {
          fault: "late",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          within: { s: 1 },
        },
      ],
    },
    {
      id: "delayed-back-clean",
      rules: { "5.0": "3.1.2-8" },
      what:
        "A delayed will is dropped, not sent, when its client is back with Clean Start before the delay has passed.",
      evidence: "run",
      source: "observed on 2.0.11; src/handle_connect.c",
      signs: [
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
      id: "delayed-overdue-back",
      rules: { "5.0": "3.1.2-8" },
      what: "A delayed will that is due, but still waits in that list, is dropped when its client is back.",
      evidence: "run",
      source: "observed on 2.0.11; src/handle_connect.c, src/will_delay.c",
      signs: [
        {
          fault: "missing",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          whileOthersDie: true,
          within: { s: 1 },
          overdueWhenBack: true,
        },
      ],
    },
    {
      id: "delay-without-session",
      rules: { "5.0": "3.1.2-8" },
      what: "A will with a delay waits for it, in the same list, though its session has ended with the connection.",
      evidence: "run",
      source: "observed on 2.0.11; mosquitto#3505 (fixed in 2.1.3)",
      signs: [{
        fault: "late",
        endings: anyEnding,
        session: "ends",
        delay: "some",
        whileOthersDie: true,
        within: { delays: 1, s: 1 },
      }],
    },
    {
      id: "shutdown-delayed-early",
      rules: { "5.0": "3.1.3-9" },
      what:
        "As it shuts down it publishes every will, delayed ones too: before their time, and though the session is resumed in time afterwards.",
      evidence: "run",
      source: "observed on 2.0.11 (SIGTERM)",
      signs: [
        {
          fault: "early",
          endings: [restart, ...anyEnding],
          grounds: ["delay-passed", "session-ended", "taken-over"],
          delay: "some",
          restart: true,
        },
        {
          fault: "unwanted",
          endings: [restart, ...anyEnding],
          grounds: ["session-resumed"],
          session: "lasts",
          next: "resumes",
          delay: "some",
          restart: true,
        },
      ],
    },
    {
      id: "crash-loses-wills",
      rules: { "3.1.1": "3.1.2-8", "5.0": "3.1.2-8" },
      what:
        "Its store has no wills: when it is killed, those of clients that were connected or whose delay was not over are lost.",
      evidence: "run",
      source: "observed on 2.0.11 (SIGKILL, with persistence and autosave on every change)",
      signs: [{ fault: "missing", endings: [restart, ...anyEnding], restart: true }],
    },
    {
      id: "restart-forgets-clean-start",
      rules: { "5.0": "3.1.2-23" },
      what:
        "A session that was begun with Clean Start 1 is not in its store, whatever its Session Expiry Interval: a restart ends it.",
      evidence: "run",
      source: "observed on 2.0.11",
      signs: [],
    },
    {
      id: "will-acl-at-publication",
      rules: {},
      what: "Whether a client may publish to its will's topic is asked when the will is published, not at CONNECT.",
      evidence: "reported",
      source: "mosquitto#3552",
      signs: [],
    },
  ],
};
