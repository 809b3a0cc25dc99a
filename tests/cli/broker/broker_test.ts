import assert from "node:assert/strict";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { broker } from "../../../src/cli/broker/broker.ts";
import type { BrokerFlags } from "../../../src/cli/broker/broker_flags.ts";
import { captured } from "../captured.ts";

async function runUntilStopped(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const output = captured();
  const early = new AbortController();
  const interrupts = { early: early.signal, atOnce: new AbortController().signal, close() {} };
  const flags = readCommandLine(["broker", ...args], output) as BrokerFlags;
  const done = broker(flags, output, { openInterrupts: () => interrupts });
  setTimeout(() => early.abort());
  return { exitCode: await done, ...output.written };
}

Deno.test("broker: prints its addresses at the start and the outcomes of wills at the stop", async () => {
  const { exitCode, out, err } = await runUntilStopped("--port", "0");
  const lines = out.split("\n");
  // A line in between may give the reason for not using epoll.
  const [start, stop, end] = [lines[0], ...lines.slice(-2)];
  assert.match(
    start!,
    /^mqtt-sim broker listening on mqtt:\/\/127\.0\.0\.1:\d+ \(MQTT 3\.1\.1 and 5\.0; sessions in memory; engine (epoll|deno); Ctrl-C stops\)$/,
  );
  assert.equal(stop, "stopped: 0 connections; wills: 0 armed, 0 published, 0 discarded, 0 cancelled");
  assert.deepEqual({ exitCode, end, err }, { exitCode: 0, end: "", err: "" });
});

Deno.test("broker: --quiet prints nothing", async () => {
  assert.deepEqual(await runUntilStopped("--port", "0", "--quiet"), { exitCode: 0, out: "", err: "" });
});
