/**
 * A planted confounder: a watcher whose queue at the broker is too short. The run fails, and says that the broker
 * dropped the missing wills; with more watchers, or QoS 0, the same storm passes.
 */
import assert from "node:assert/strict";
import { type BrokerPeer, mosquitto, peerTest, startMosquitto, startOurs } from "../support/brokers/peers.ts";

interface Report {
  readonly verdict: string;
  readonly reason: string;
  readonly wills: { readonly expected: number; readonly missing: number };
  readonly brokerDropped: { readonly before: number; readonly after: number };
  readonly warnings: readonly string[];
}

async function storm(broker: BrokerPeer, flags: readonly string[]): Promise<Report> {
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const plan = ["--clients", "2000", "--kill-rate", "20000/s", "--duration", "100ms", "--reconnect-after", "never"];
  const will = ["--will-payload-size", "20000", "--drain", "3s", "--kill-mode", "reset=1", "--seed", "5"];
  await using run = startOurs(["fleet", "--url", broker.url, "--report", path, ...plan, ...will, ...flags]);
  await run.exit(60_000);
  const report: Report = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  return report;
}

peerTest("overflow: the run reports a watcher whose queue overflows", [mosquitto], async () => {
  await using broker = await startMosquitto(["max_queued_messages 10", "max_inflight_messages 2"]);
  const { verdict, reason, wills, brokerDropped, warnings } = await storm(broker, ["--watchers", "1"]);
  const dropped = brokerDropped.after - brokerDropped.before;
  assert.equal(verdict, "fail");
  assert.ok(wills.missing > 0, "nothing overflowed");
  assert.equal(dropped, wills.missing);
  assert.match(reason, /the broker reports that it dropped [\d,]+ messages/);
  assert.ok(warnings.some((warning) => warning.includes("use more --watchers")), warnings.join());
}, 90_000);

peerTest("overflow: the run reports no drop when the broker drops no message", [mosquitto], async () => {
  await using broker = await startMosquitto(["max_queued_messages 0"]);
  const { verdict, reason, wills, warnings } = await storm(broker, ["--watchers", "1"]);
  assert.equal(verdict, "pass", reason);
  assert.ok(wills.expected > 1_000);
  assert.deepEqual(warnings.filter((warning) => warning.includes("dropped")), []);
}, 90_000);
