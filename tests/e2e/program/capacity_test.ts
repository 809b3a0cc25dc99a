/**
 * `mqtt-sim capacity` as a process: on our broker with a planted fault it finds that no load holds; with a generator
 * that is stopped again and again it says that the generator was the limit, and gives no number.
 */
import assert from "node:assert/strict";
import { peerTest, startOurBroker, startOurs } from "../../support/brokers/peers.ts";

const short = ["--step-duration", "1s", "--recovery", "0", "--reconnect-after", "100ms", "--seed", "4"];

peerTest("a search on a broker that delays wills finds no load that holds", [], async () => {
  await using broker = await startOurBroker(["--fault", "delay=20%:1500ms"]);
  await using child = startOurs(["capacity", "--url", broker.url, "--from", "300", "--growth", "10", ...short]);
  const { code } = await child.exit(60_000);
  assert.equal(code, 1, child.said);
  assert.match(child.said, /300 kills\/s, again: did not hold, .*the step ended at: /);
  assert.match(child.said, /FAIL {2}no load held: already at 30 kills\/s /);
}, 90_000);

peerTest("a search whose generator is starved gives no number and names the generator", [], async () => {
  await using broker = await startOurBroker();
  const path = await Deno.makeTempFile({ prefix: "mqtt-sim", suffix: ".json" });
  const args = ["--url", broker.url, "--from", "1000", "--to", "1000", "--growth", "10", "--report", path, ...short];
  await using child = startOurs(["capacity", ...args]);
  // The process has a third of the time, in pieces of 400 ms: its kills are late by more than a quarter of the bound.
  let over = false;
  const ended = child.exit(60_000).finally(() => over = true);
  while (!over) {
    child.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { code } = await ended;
  const report = JSON.parse(await Deno.readTextFile(path));
  await Deno.remove(path);
  assert.equal(code, 3, child.said);
  const [{ outcome, reason, capacity }] = report.brokers;
  assert.deepEqual([outcome, capacity], ["generator", undefined], reason);
  assert.match(reason, /the generator was late itself|this machine stalled|this machine was late/);
}, 90_000);
