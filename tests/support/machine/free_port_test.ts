import assert from "node:assert/strict";
import { freePort, outgoingPorts } from "./free_port.ts";

const range = outgoingPorts();

Deno.test(
  "a free port is none that the system gives to an outgoing connection",
  { ignore: range === undefined },
  () => {
    const [first, last] = range!;
    for (let count = 0; count < 50; count++) {
      const port = freePort();
      assert.ok(port < first || port > last, `${port} is one of ${first} to ${last}`);
    }
  },
);
