/** Reads of Linux's /proc, with and without the permission. */
import assert from "node:assert/strict";
import { netstatCounter, portRange, readProc, readProcNumber } from "../../src/base/proc_file.ts";
import { eachCase } from "../support/steps.ts";

Deno.test("proc: finds a counter of netstat by its name", async (t) => {
  const text = "TcpExt: SyncookiesSent TCPSynRetrans TCPOrigDataSent\nTcpExt: 1 22 333\nIpExt: InNoRoutes\nIpExt: 4\n";
  assert.equal(netstatCounter(text, "TcpExt", "TCPSynRetrans"), 22);
  assert.equal(netstatCounter(text, "IpExt", "InNoRoutes"), 4);
  await eachCase(t, [["TcpExt", "None"], ["IpExt", "TCPSynRetrans"], ["None", "None"]] as const, ([group, name]) => {
    assert.equal(netstatCounter(text, group, name), undefined);
  });
  assert.equal(netstatCounter("TcpExt: A B\nTcpExt: 1\n", "TcpExt", "B"), undefined);
});

Deno.test("proc: parses a range of ports", async (t) => {
  assert.deepEqual(portRange("32768\t60999\n"), [32_768, 60_999]);
  await eachCase(t, ["", "1", "a b"], (text) => {
    assert.equal(portRange(text), undefined);
  });
});

Deno.test("proc: a missing or unreadable file gives undefined without an error", () => {
  assert.equal(readProc("/proc/there/is/none"), undefined);
  assert.equal(readProcNumber("/proc/there/is/none"), undefined);
  // The permissions of the test task deny /proc; `--allow-all` does not.
  const somaxconn = readProcNumber("/proc/sys/net/core/somaxconn");
  assert.ok(somaxconn === undefined || somaxconn > 0);
});
