/** Keep alive: who is heard stays, and PINGREQ is answered. */
import type { ConformanceCase } from "../case.ts";

export const keepAliveCases: readonly ConformanceCase[] = [
  {
    id: "keep-alive/ping",
    title: "PINGREQ is answered by PINGRESP",
    does: "connects, sends PINGREQ, and waits for the answer",
    rules: { "3.1.1": ["3.12.4-1"], "5.0": ["3.12.4-1"] },
    async run(stage) {
      const client = await stage.connect();
      await client.ping();
    },
  },
];
