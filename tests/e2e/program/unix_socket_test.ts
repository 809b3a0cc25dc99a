/** A fleet and a check over a Unix socket on mosquitto (`listener 0 PATH`), on the engine of the task. */
import assert from "node:assert/strict";
import { mosquitto, peerTest, startMosquitto, startOurs } from "../../support/brokers/peers.ts";

async function ran(args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  await using program = startOurs([...args]);
  const { code } = await program.exit(45_000);
  return { code, said: program.said };
}

peerTest(
  "a fleet and a check over a Unix socket of mosquitto: each will arrives, without a warning",
  [mosquitto],
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-unix" });
    await Deno.chmod(folder, 0o777); // mosquitto writes as another user
    const url = `unix://${folder}/mosquitto.sock`;
    try {
      const reportPath = `${folder}/report.json`;
      const run = ["--clients", "40", "--kill-rate", "20/s", "--duration", "2s", "--seed", "7", "--report", reportPath];
      const missing = await ran(["fleet", "--url", url, ...run]);
      assert.equal(missing.code, 3, missing.said);
      assert.match(missing.said, /cannot reach unix:\S+: there is no such Unix socket/);
      await using _broker = await startMosquitto([`listener 0 ${folder}/mosquitto.sock`]);
      const { code, said } = await ran(["fleet", "--url", url, ...run]);
      const report = JSON.parse(await Deno.readTextFile(reportPath));
      assert.deepEqual([code, report.verdict, report.warnings], [0, "pass", []], said);
      assert.ok(report.wills.expected >= 30 && report.wills.onTime === report.wills.expected, said);
      assert.ok(!said.includes("reset") && said.includes("--kill-mode close=90,leave=10"), said);
      const checked = await ran(["check", "--url", url, "--only", "will/close", "--quick"]);
      assert.equal(checked.code, 0, checked.said);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
