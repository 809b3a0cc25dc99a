/** The chart and the other files of deploy: what they start is a command line that the program reads. */
import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { checkOver } from "../../../src/cli/fleet/fleet_over.ts";
import { captured } from "../../cli/captured.ts";
import { peerTest } from "../../support/brokers/peers.ts";
import { downloadHelm } from "../../support/parts/helm.ts";

/** Reads a command line as the program does. */
function read(args: readonly string[]) {
  const asked = readCommandLine(args, captured(80), {});
  if (asked.command === "fleet") checkOver(asked);
  return asked;
}

const nats = ["--set", "nats.url=nats://nats:4222", "--set", "url=mqtt://broker:1883"];
const sizes = [[1_000, 1], [1_000_000, 100], [10_000_000, 1_000]] as const;

peerTest(
  "chart: it renders for 1,000 to 10,000,000 clients, and its command lines are those of a run",
  [],
  async () => {
    await using helm = await downloadHelm();
    const lint = await helm.run("lint", ...nats);
    assert.equal(lint.code, 0, lint.said);
    for (const [clients, parts] of sizes) {
      const { code, said } = await helm.run(
        "template",
        ...nats,
        "--set",
        `clients=${clients}`,
        "--set",
        "passwordSecret=s",
      );
      assert.equal(code, 0, said);
      const objects = parseAllDocuments(said).map((document) => document.toJS());
      const [job, verdict] = ["parts", "verdict"].map((name) =>
        objects.find((object) => object?.metadata?.name === `night-${name}`).spec
      );
      assert.deepEqual([job.completions, job.parallelism, job.completionMode], [parts, parts, "Indexed"]);
      const { spec } = job.template;
      assert.equal(spec.securityContext.runAsUser, 65_532);
      assert.deepEqual(spec.securityContext.sysctls.map(({ name }: { name: string }) => name), [
        "net.ipv4.ip_local_port_range",
      ]);
      assert.equal(spec.restartPolicy, "Never");
      const part = read(spec.containers[0].args);
      assert.ok(part.command === "part" && part.run === "night" && part.sourcePorts === 64_512);
      const fleet = read(verdict.template.spec.containers[0].args);
      assert.ok(fleet.command === "fleet" && fleet.parts === parts && fleet.clients === clients);
      assert.equal(fleet.rampPerSecond, 20_000);
    }
    for (
      const [wrong, sentence] of [
        [["--set", "clientPerPart=5"], /additional properties 'clientPerPart' not allowed/],
        [["--set", "clients=20000000"], /maximum/],
        [["--set", "clientsPerPart=100"], /a run has at most 1000 parts, and these are 10000: raise clientsPerPart/],
        [["--set", "nats.url="], /nats\.url is the URL of NATS/],
      ] as const
    ) {
      const { code, said } = await helm.run("template", ...nats, ...wrong);
      assert.notEqual(code, 0, wrong.join(" "));
      assert.match(said, sentence);
    }
  },
  180_000,
);

Deno.test("compose, systemd and Slurm: their command lines are those of a run", async () => {
  const folder = new URL("../../../deploy/", import.meta.url);
  const compose = parse(await Deno.readTextFile(new URL("compose.yaml", folder)));
  const part = read(compose.services.part.command);
  const fleet = read(compose.services.verdict.command);
  assert.ok(part.command === "part" && fleet.command === "fleet");
  assert.deepEqual([part.run, compose.services.part.deploy.replicas], [fleet.run, fleet.parts]);
  assert.equal(read(compose.services.broker.command).command, "broker");
  const unit = await Deno.readTextFile(new URL("systemd/mqtt-sim-part@.service", folder));
  const [, words] = /^ExecStart=\/usr\/bin\/mqtt-sim (.*)$/m.exec(unit)!;
  const variables = { MQTT_SIM_OVER: "nats://ops:4222", MQTT_SIM_RUN: "night" };
  const started = readCommandLine(words!.split(" "), captured(80), variables);
  assert.ok(started.command === "part" && started.run === "night" && started.over?.servers[0] === "ops:4222");
  const slurm = await Deno.readTextFile(new URL("slurm/part.sh", folder));
  assert.match(slurm, /^exec \$\{MQTT_SIM:-mqtt-sim\} part --over "\$over" --run "\$run" --host /m);
});
