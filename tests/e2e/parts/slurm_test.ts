/** A real Slurm array of three tasks is the parts of a run. */
import assert from "node:assert/strict";
import { programFlags } from "../../../tools/tasks/program_flags.ts";
import { nats } from "../../support/brokers/nats_peer.ts";
import { peerTest, startOurBroker, startOurs } from "../../support/brokers/peers.ts";
import { startNatsServer } from "../../support/parts/nats_server.ts";
import { slurm, startSlurm } from "../../support/parts/slurm.ts";

const root = new URL("../../../", import.meta.url).pathname;

peerTest("slurm: the tasks of an array are the parts of a run, and end with 0", [nats, ...slurm], async () => {
  const folder = await Deno.makeTempDir({ prefix: "array" });
  try {
    await using server = await startNatsServer();
    await using broker = await startOurBroker();
    await using cluster = await startSlurm();
    const program = `${folder}/mqtt-sim`;
    const words = [Deno.execPath(), "run", ...programFlags(), `${root}cli.ts`];
    await Deno.writeTextFile(
      program,
      `#!/bin/sh\ncd ${root}\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`,
    );
    await Deno.chmod(program, 0o755);
    await using array = cluster.sbatch([
      ...["--wait", "--array=1-3", `--output=${folder}/%a.log`, `--export=ALL,MQTT_SIM=${program}`],
      ...[`${root}deploy/slurm/part.sh`, server.url, "array", "--quiet"],
    ]);
    const over = ["--over", server.url, "--run-id", "array", "--parts", "3", "--url", broker.url, "--watchers", "3"];
    await using fleet = startOurs(["fleet", ...over, "--clients", "90", "--duration", "2s", "--quiet"]);
    const { code } = await fleet.exit(120_000);
    const logs = () => [1, 2, 3].map((task) => Deno.readTextFileSync(`${folder}/${task}.log`)).join("\n");
    assert.equal(code, 0, `${fleet.said}\n${array.said}`);
    assert.equal((await array.exit(60_000)).code, 0, `${array.said}\n${logs()}`);
    assert.equal(logs().match(/Part of run array ended: the report is stored/g)?.length, 3, logs());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, 240_000);
