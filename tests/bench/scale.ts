/**
 * A fleet that is larger than one process may hold: brokers and shards in processes of their own, on this machine.
 *
 *   deno task bench:scale [--clients 50000] [--shards 3] [--broker mqtt-sim|mosquitto] [--rate 1%] [--duration 60s]
 *     [--ramp 3000] [--workers 1] [--lead 30]
 *
 * Each shard of the one plan has a broker and source addresses of its own, and all start at one instant, so many seconds
 * from now. Printed: what each process took, and the merged report. Reading /proc takes every permission.
 */
import { type BrokerPeer, startMosquitto, startOurBroker, startOurs } from "../support/peers.ts";
import type { ChildProcess } from "../support/child_process.ts";

function asked(name: string, fallback: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Deno.args[at + 1] ?? fallback;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const shards = Number(asked("shards", "3"));
const clients = Number(asked("clients", "50000"));
const kind = asked("broker", "mqtt-sim");
const leadMs = Number(asked("lead", "30")) * 1_000;
const rampPerSecond = Number(asked("ramp", "3000"));

/** What the kernel says of a process: CPU in seconds of USER_HZ, which is 100, and memory held now and at most. */
function taken(pid: number): { cpuS: number; rssMiB: number; peakMiB: number } {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const mib = (name: string) => Math.round(Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))?.[1] ?? 0) / 1_024);
  return { cpuS: (Number(stat[11]) + Number(stat[12])) / 100, rssMiB: mib("VmRSS"), peakMiB: mib("VmHWM") };
}

function startBroker(): Promise<BrokerPeer> {
  if (kind === "mosquitto") return startMosquitto(["max_queued_messages 1000000", "max_connections -1"]);
  if (kind === "mqtt-sim") return startOurBroker();
  throw new Error(`no broker ${kind}: expected mqtt-sim or mosquitto`);
}

/** Source addresses that no other shard has. */
function addressesOf(shard: number): string[] {
  return [0, 1].flatMap((place) => ["--source-address", `127.0.0.${2 + shard * 2 + place}`]);
}

function startShard(shard: number, broker: BrokerPeer, at: Date, folder: string): ChildProcess {
  return startOurs([
    ...["fleet", "--url", broker.url, "--seed", "1", "--clients", String(clients), "--shard", `${shard + 1}/${shards}`],
    ...["--start-at", at.toISOString(), "--ramp-rate", `${rampPerSecond}/s`, "--kill-rate", asked("rate", "1%")],
    ...["--duration", asked("duration", "60s"), "--workers", asked("workers", "1"), ...addressesOf(shard)],
    ...["--connects-under-way", asked("under-way", "192"), "--report", `${folder}/${shard}.json`],
  ]);
}

/** What a process took, asked every half second until it ends: the last word of one that is gone. */
async function watched(child: ChildProcess, limitMs: number) {
  let last = taken(child.pid);
  const timer = setInterval(() => {
    try {
      const now = taken(child.pid);
      // One that has ended and was not asked for yet has no memory any more.
      last = { ...now, peakMiB: Math.max(now.peakMiB, last.peakMiB) };
    } catch {
      // It has ended: its last word stands.
    }
  }, 500);
  try {
    const { code } = await child.exit(limitMs);
    return { code, ...last };
  } finally {
    clearInterval(timer);
  }
}

async function run(folder: string): Promise<void> {
  await using all = new AsyncDisposableStack();
  const brokers: BrokerPeer[] = [];
  for (let shard = 0; shard < shards; shard++) brokers.push(all.use(await startBroker()));
  const before = brokers.map(({ child }) => taken(child.pid));
  const at = new Date(Math.ceil((Date.now() + leadMs) / 1_000) * 1_000);
  const fleets = brokers.map((broker, shard) => all.use(startShard(shard, broker, at, folder)));
  print(`${clients} clients in ${shards} shards on ${shards} ${kind} brokers, from ${at.toISOString()}`);
  const limitMs = leadMs + clients / rampPerSecond * 1_500 + 600_000;
  const ended = await Promise.all(fleets.map((fleet) => watched(fleet, limitMs)));
  ended.forEach(({ code, cpuS, peakMiB }, shard) =>
    print(`fleet  ${shard + 1}: exit ${code}, ${cpuS.toFixed(1)} s of CPU, at most ${peakMiB} MiB`)
  );
  brokers.forEach(({ child }, shard) => {
    const { cpuS, peakMiB } = taken(child.pid);
    const kib = (peakMiB - before[shard]!.rssMiB) * 1_024 / (clients / shards);
    print(
      `broker ${shard + 1}: ${(cpuS - before[shard]!.cpuS).toFixed(1)} s of CPU, at most ${peakMiB} MiB, ` +
        `${kib.toFixed(1)} KiB for each client at its peak`,
    );
  });
  const failed = fleets.find((_, shard) => ended[shard]!.code === 2 || ended[shard]!.code === 70);
  if (failed !== undefined) return print(failed.said);
  const files = fleets.map((_, shard) => `${folder}/${shard}.json`);
  await using merge = startOurs(shards === 1 ? ["report", ...files] : ["report", "merge", ...files]);
  await merge.exit(60_000);
  print(merge.said);
}

const folder = await Deno.makeTempDir({ prefix: "scale" });
try {
  await run(folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}
