/**
 * A starved generator reports its own lateness: the test stops the fleet's process for some seconds. The run blames no
 * broker for the arrivals of that time.
 */
import assert from "node:assert/strict";
import { peerTest, startOurBroker, startOurs } from "../support/brokers/peers.ts";

const stoppedMs = 2_500;

peerTest("a fleet that is paused for seconds says so, and reports no fault of the broker", [], async () => {
  await using broker = await startOurBroker();
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const plan = ["--clients", "200", "--kill-rate", "50%", "--duration", "8s", "--seed", "11", "--keepalive", "60s"];
  await using fleet = startOurs(["fleet", "--url", broker.url, "--report", path, ...plan]);
  await fleet.line(/clients are being killed/);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  fleet.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, stoppedMs));
  fleet.kill("SIGCONT");
  await fleet.exit(60_000);
  const report = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  assert.notEqual(report.verdict, "fail", report.reason);
  assert.match(report.generatorBound, /this machine stalled the fleet for \d{4} ms/);
  assert.ok(report.warnings.some((warning: string) => /stalled the fleet/.test(warning)), report.warnings.join());
  assert.ok(report.slipMs.max > stoppedMs * 0.8, `slip ${report.slipMs.max}`);
}, 90_000);
