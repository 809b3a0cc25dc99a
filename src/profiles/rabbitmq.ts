import type { Profile } from "./profile.ts";

/** RabbitMQ with its MQTT plugin. */
export const rabbitmq: Profile = {
  name: "rabbitmq",
  broker: "RabbitMQ with rabbitmq_mqtt",
  versions: "3.10 (3.1.1 only) to 3.13",
  deviations: [
    {
      id: "takeover",
      rules: { "3.1.1": "3.1.4-2" },
      what: "A client that is taken over by another connection leaves no will.",
      evidence: "run",
      source: "observed on 3.10.8",
      signs: [{ fault: "missing", endings: ["takeover"], grounds: ["taken-over"] }],
    },
    {
      id: "keep-alive-late",
      rules: { "3.1.1": "3.1.2-24" },
      what:
        "Silence is noticed between 1.5 and 3 times keep alive, in whole seconds, and counts from the last byte: part of a packet puts it off.",
      evidence: "run",
      source: "observed on 3.10.8",
      signs: [
        {
          fault: "late",
          endings: ["freeze"],
          silent: true,
          grounds: ["keep-alive-passed"],
          within: { keepAlives: 1.5, s: 1 },
        },
        {
          fault: "late",
          endings: ["half-packet"],
          silent: true,
          grounds: ["keep-alive-passed"],
          within: { keepAlives: 2.5, s: 1 },
        },
      ],
    },
    {
      id: "errors-do-not-close",
      rules: { "3.1.1": "4.8.0-1" },
      what:
        "Malformed bytes and a second CONNECT do not close the connection: the will comes once keep alive has passed, up to 3 times.",
      evidence: "run",
      source: "observed on 3.10.8",
      signs: [{ fault: "late", endings: ["garbage", "second-connect"], within: { keepAlives: 3, s: 1 } }],
    },
    {
      id: "qos-3-no-will",
      rules: { "3.1.1": "4.8.0-1" },
      what: "A client that is thrown out for a PUBLISH with both QoS bits set leaves no will.",
      evidence: "run",
      source: "observed on 3.10.8",
      signs: [{ fault: "missing", endings: ["garbage"], details: ["a PUBLISH with both QoS bits set"] }],
    },
    {
      id: "retained-will-delayed",
      rules: { "5.0": "3.1.2-15" },
      what: "A retained will with a delay is published, but not retained.",
      evidence: "documented",
      source: "rabbitmq.com: MQTT plugin, retained messages",
      signs: [],
    },
    {
      id: "qos-2-as-1",
      rules: { "3.1.1": "3.1.2-8", "5.0": "3.1.2-8" },
      what: "QoS 2 is not there: subscriptions are granted QoS 1 at most, and wills of QoS 2 are published at QoS 1.",
      evidence: "documented",
      source: "rabbitmq.com: MQTT plugin, supported features",
      signs: [],
    },
  ],
};
