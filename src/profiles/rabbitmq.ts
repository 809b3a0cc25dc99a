import type { Profile } from "./profile.ts";

/** RabbitMQ with its MQTT plugin. */
export const rabbitmq: Profile = {
  name: "rabbitmq",
  broker: "RabbitMQ with rabbitmq_mqtt",
  versions: "3.10 to 3.13",
  deviations: [
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
