/** DISCONNECT and the end of a connection, as far as it is not about wills. */
import type { ConformanceCase } from "../case.ts";

export const disconnectCases: readonly ConformanceCase[] = [
  {
    id: "disconnect/reserved-bits",
    title: "a DISCONNECT with reserved bits set closes the connection",
    does: "connects, sends a DISCONNECT that begins with 0xE1, and waits for the close",
    rules: { "3.1.1": ["3.14.1-1"], "5.0": ["3.14.1-1"] },
    async run(stage) {
      const client = await stage.connect();
      client.sendBytes([0xe1, 0x00], "DISCONNECT with a reserved bit set");
      await client.expectClose();
    },
  },
];
