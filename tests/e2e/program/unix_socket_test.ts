/** Unix sockets: of mosquitto (`listener 0 PATH`) and of the embedded broker, on the engine of the task. */
import assert from "node:assert/strict";
import type { Report } from "../../../src/report/model/report.ts";
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

peerTest("the embedded broker listens on a Unix socket, replaces a stale one, and removes its own", [], async () => {
  const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-unix" });
  const url = `unix://${folder}/own.sock`;
  const listen = (...more: string[]) =>
    startOurs(["broker", "--listen", url, "--listen", "mqtt://127.0.0.1:0", ...more]);
  const isThere = () => Deno.stat(`${folder}/own.sock`).then(({ isSocket }) => isSocket === true, () => false);
  try {
    {
      await using killed = listen();
      await killed.line(/listening on .*unix:/i);
      killed.kill("SIGKILL");
      await killed.exit();
    }
    assert.ok(await isThere(), "a broker that is killed leaves its socket");
    await using broker = listen();
    await broker.line(/listening on .*unix:/i);
    const refused = await ran(["broker", "--listen", url]);
    assert.equal(refused.code, 2, refused.said);
    assert.match(refused.said, /Cannot listen on unix:\S+own\.sock: another process listens there/);
    const run = ["--clients", "20", "--kill-rate", "20/s", "--duration", "1s", "--report", `${folder}/report.json`];
    const { code, said } = await ran(["fleet", "--url", url, ...run]);
    const { wills, warnings }: Report = JSON.parse(await Deno.readTextFile(`${folder}/report.json`));
    assert.deepEqual([code, warnings], [0, []], said);
    assert.ok(wills.expected >= 12 && wills.onTime === wills.expected, said);
    broker.kill("SIGTERM");
    assert.equal((await broker.exit()).code, 0, broker.said);
    assert.ok(!await isThere(), "a broker that stops removes its socket");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
