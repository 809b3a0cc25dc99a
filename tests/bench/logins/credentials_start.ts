/**
 * The cost of a credentials file of 100,000 rows: from the start of the process to the CONNECT of its first client, with
 * the file and without it, in turn. `deno run -A tests/bench/logins/credentials_start.ts [ROUNDS]`
 */
import { Broker } from "../../../mod.ts";
import { parseEndpoint } from "../../../src/net/endpoint.ts";
import { parseCredentials } from "../../../src/fleet/preflight/read_credentials.ts";
import { sizeOfRows } from "../../../src/fleet/plan/credential_rows.ts";
import { programFlags } from "../../../tools/tasks/program_flags.ts";

const clients = 100_000;
/** This process takes so small a part of the clients that ports and open files suffice. */
const shard = "1/50";
const rounds = Number(Deno.args[0] ?? 5);

const folder = await Deno.makeTempDir({ prefix: "credentials" });
const path = `${folder}/devices.csv`;
const rows = Array.from(
  { length: clients },
  (_, row) => `dev-${String(row).padStart(6, "0")},user-${row},token-${row * 7_919}`,
);
await Deno.writeTextFile(path, `client_id,username,password\n${rows.join("\n")}\n`);

let firstMs: (() => void) | undefined;
const broker = await Broker.start({
  listen: [parseEndpoint("mqtt://127.0.0.1:0")],
  authenticate: ({ clientId }) => {
    if (/^dev-0/.test(clientId)) firstMs?.();
    return "accept";
  },
});

/** The milliseconds until the first client, and the memory of the process then, in KiB. */
async function start(identity: readonly string[]): Promise<{ ms: number; rssKib: number }> {
  const args = ["fleet", "--url", broker.urls[0]!, "--clients", String(clients), "--shard", shard, "--seed", "1"];
  const flags = ["--run-id", "start", "--drain", "1s", "--skip-broker-counters", ...identity];
  const fromMs = performance.now();
  const { promise, resolve } = Promise.withResolvers<number>();
  firstMs = () => resolve(performance.now());
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...programFlags(), new URL("../../../cli.ts", import.meta.url).pathname, ...args, ...flags],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const early = child.status.then(({ code }) => Promise.reject(new Error(`the fleet ended with ${code}`)));
  const toMs = await Promise.race([promise, early]);
  early.catch(() => {});
  const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
  child.kill("SIGKILL");
  await child.status;
  return { ms: toMs - fromMs, rssKib: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) };
}

const median = (values: number[]) => values.toSorted((one, other) => one - other)[values.length >> 1]!;
const plain: { ms: number; rssKib: number }[] = [];
const filed: typeof plain = [];
try {
  for (let round = 0; round < rounds; round++) {
    // In turn, so that other load of the machine falls on both.
    // deno-lint-ignore-start no-await-in-loop
    plain.push(await start(["--client-id", "dev-{client:06}"]));
    filed.push(await start(["--credentials", path]));
    // deno-lint-ignore-end no-await-in-loop
  }
} finally {
  await broker[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
}
const bytes = sizeOfRows(parseCredentials(`client_id,username,password\n${rows.join("\n")}\n`, path, clients)) /
  clients;
const differences = filed.map(({ ms }, round) => ms - plain[round]!.ms);
const memory = filed.map(({ rssKib }, round) => rssKib - plain[round]!.rssKib);
print(`start without the file: ${plain.map(({ ms }) => ms.toFixed(0)).join(", ")} ms`);
print(`start with the file:    ${filed.map(({ ms }) => ms.toFixed(0)).join(", ")} ms`);
print(`difference: median ${median(differences).toFixed(0)} ms; rows: ${bytes.toFixed(0)} bytes a client`);
print(`memory of the process: median ${(median(memory) * 1_024 / clients).toFixed(0)} bytes a client more`);

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
