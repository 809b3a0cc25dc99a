/** CONNECT and CONNACK: who is let in, how, and who is not. */
import type { ConformanceCase } from "../case.ts";

export const connectCases: readonly ConformanceCase[] = [
  {
    id: "connect/first-packet",
    title: "a first packet that is no CONNECT closes the connection",
    does: "opens a link, sends PINGREQ, and waits for the close",
    rules: { "3.1.1": ["3.1.0-1"], "5.0": ["3.1.0-1"] },
    async run(stage) {
      const client = stage.dial().send({ type: "pingreq" });
      await client.expectClose();
    },
  },
];
