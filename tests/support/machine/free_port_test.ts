import assert from "node:assert/strict";
import { freePort } from "./free_port.ts";

const ignore = Deno.build.os !== "linux"; // the range is a file of Linux

Deno.test("a free port is none that the system gives to an outgoing connection", { ignore }, () => {
  const range = Deno.readTextFileSync("/proc/sys/net/ipv4/ip_local_port_range");
  const [first, last] = range.trim().split(/\s+/).map(Number) as [number, number];
  for (let count = 0; count < 50; count++) {
    const port = freePort();
    assert.ok(port < first || port > last, `${port} is one of ${first} to ${last}`);
  }
});
