import type { Profile } from "../profile.ts";
import { noCounters } from "./no_counters.ts";

const guide = "https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html";
const quotas = "https://docs.aws.amazon.com/general/latest/gr/iot-core.html";

/** AWS IoT Core, by its documentation. */
export const awsIotCore: Profile = {
  name: "aws-iot-core",
  broker: "AWS IoT Core",
  versions: "as documented in 2026; read, not run",
  deviations: [
    {
      id: "qos-2-unanswered",
      rules: { "3.1.1": "3.8.4-1", "5.0": "3.8.4-1" },
      what: "The broker does not answer a SUBSCRIBE with QoS 2.",
      evidence: "documented",
      source: guide,
      signs: [],
    },
    {
      id: "retained-wildcard",
      rules: { "3.1.1": "3.3.1-6", "5.0": "3.3.1-9" },
      what: "A subscription with a wildcard gets no retained messages.",
      evidence: "documented",
      source: guide,
      signs: [],
    },
  ],
  limits: [
    {
      setting: "keepAliveS",
      usual: 30,
      min: 30,
      max: 1_200,
      what: "Keep alive is 30 to 1,200 s; the broker changes any other to one of these.",
      source: quotas,
    },
    { setting: "willQos", usual: 1, max: 1, what: "Messages have QoS 0 or 1.", source: guide },
    { setting: "watchQos", usual: 1, max: 1, what: "Subscriptions have QoS 0 or 1.", source: guide },
    {
      setting: "rampPerSecond",
      usual: 50,
      max: 500,
      what: "An account may send 500 CONNECT a second, where AWS has not raised its quota.",
      source: quotas,
    },
    {
      setting: "killRate",
      max: 500,
      what: "Each kill causes a CONNECT, of which an account may send 500 a second.",
      source: quotas,
    },
    {
      setting: "reconnectAfterMs",
      usual: 2_000,
      min: 1_000,
      what: "A client identifier may connect once a second.",
      source: quotas,
    },
    {
      setting: "sessionExpiryS",
      max: 3_600,
      what: "A session lasts an hour after its connection, where the account has no other quota.",
      source: quotas,
    },
    { setting: "clientId", max: 128, notFirst: "$", what: "A client identifier has up to 128 bytes.", source: quotas },
    {
      setting: "willTopic",
      max: 256,
      slashes: 7,
      notFirst: "$",
      what: "A topic has up to 256 bytes and 7 slashes, and does not begin with $.",
      source: quotas,
    },
    {
      setting: "willRetain",
      max: 0,
      what: "A subscription with a wildcard gets no retained messages, so that the check of retained wills finds none.",
      source: guide,
    },
    noCounters("Topics that begin with $ are reserved: there is no $SYS.", quotas),
  ],
};
