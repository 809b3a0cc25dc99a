import { anyEnding, silent } from "./endings.ts";
import type { Profile } from "./profile.ts";

const seen = "observed on 1.26.2 and 25 commits (7beb9c3)";

/** FlashMQ. */
export const flashmq: Profile = {
  name: "flashmq",
  broker: "FlashMQ",
  versions: "1.26",
  sysName: "flashmq",
  deviations: [
    {
      id: "keep-alive-late",
      rules: { "3.1.1": "3.1.2-24", "5.0": "3.1.2-22" },
      what:
        "The broker first checks keep alive 30 s or more after CONNECT: silent clients' wills come up to 35 s late.",
      evidence: "run",
      source: `${seen}; client.cpp: getSecondsTillKeepAliveAction`,
      signs: [{ fault: "late", endings: silent, silent: true, grounds: ["keep-alive-passed"], within: { s: 35 } }],
    },
    {
      id: "delay-by-two-seconds",
      rules: { "5.0": "3.1.2-8" },
      what: "The broker checks delayed wills every 2 s, in whole seconds: they come up to 1 s early and 2 s late.",
      evidence: "run",
      source: `${seen}; subscriptionstore.cpp`,
      signs: [
        {
          fault: "late",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          within: { s: 2 },
        },
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
      id: "session-end-late",
      rules: { "5.0": "3.1.2-8" },
      what: "The broker checks for ended sessions every 10 s: a will that is due then comes up to 10 s late.",
      evidence: "run",
      source: seen,
      signs: [
        { fault: "late", endings: anyEnding, grounds: ["session-ended"], delay: "some", within: { s: 10 } },
      ],
    },
    {
      id: "delayed-back-clean",
      rules: { "5.0": "3.1.2-8" },
      what:
        "A delayed will is dropped when its session is ended by a takeover, or by a CONNECT of the client with Clean Start.",
      evidence: "run",
      source: `${seen}; a fleet of takeovers: 79 of 79`,
      signs: [
        {
          fault: "missing",
          endings: anyEnding,
          grounds: ["session-ended", "taken-over"],
          delay: "some",
          next: "clean",
        },
        { fault: "missing", endings: ["takeover"], grounds: ["taken-over"], session: "ends", delay: "some" },
      ],
    },
    {
      id: "delayed-overdue-back",
      rules: { "5.0": "3.1.2-8" },
      what: "A due delayed will that the broker has not checked yet is dropped when its client reconnects.",
      evidence: "run",
      source: `${seen}: delay 1 s, back after 1.2 s: 14 of 30 came`,
      signs: [
        {
          fault: "missing",
          endings: anyEnding,
          grounds: ["delay-passed", "session-ended"],
          delay: "some",
          within: { s: 2 },
          overdueWhenBack: true,
        },
      ],
    },
    {
      id: "redelivery-without-dup",
      rules: { "3.1.1": "3.3.1-1", "5.0": "3.3.1-1" },
      what: "A message that the broker redelivers in a resumed session has no DUP flag.",
      evidence: "run",
      source: `${seen}: 60 of 60 over a restart`,
      signs: [],
      shows: [{ fault: "other" }],
    },
    {
      id: "receive-maximum-drops",
      rules: { "5.0": "4.5.0-1" },
      what: "Messages at QoS 1 beyond a client's Receive Maximum are lost.",
      evidence: "run",
      source: `${seen}: two of three did not come in 20 s`,
      signs: [],
      shows: [{ fault: "missing" }],
    },
    {
      id: "expiry-added",
      rules: {},
      what: "A retained message without a message expiry interval gets one of 2,147,483,647 s.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "other" }],
    },
    {
      id: "disconnect-keeps-session",
      rules: {},
      what: "A DISCONNECT with Session Expiry Interval 0 does not end the session.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "other" }],
    },
    {
      id: "server-packets",
      rules: { "3.1.1": "4.8.0-1", "5.0": "4.13.1-1" },
      what: "A client that sends CONNACK, SUBACK, UNSUBACK or PINGRESP, which only a server may, stays connected.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "not closed" }],
    },
    {
      id: "first-packet",
      rules: { "3.1.1": "3.1.0-1", "5.0": "3.1.0-1" },
      what: "A first packet other than CONNECT does not end the connection.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "not closed" }],
    },
    {
      id: "will-topic-empty",
      rules: { "3.1.1": "4.7.3-1", "5.0": "4.7.3-1" },
      what: "A CONNECT whose will topic is empty is accepted.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "accepted" }, { fault: "not closed" }],
    },
    {
      id: "connect-more-bytes",
      rules: { "3.1.1": "3.1.4-1", "5.0": "3.1.4-1" },
      what:
        "A CONNECT with bytes after its last field is accepted, also if the bytes are fields that its flags do not announce.",
      evidence: "run",
      source: seen,
      signs: [],
      shows: [{ fault: "accepted" }, { fault: "not closed" }],
    },
  ],
};
