/**
 * Clients that connect, die and return: how soon a broker with little load publishes each will, and what a life costs
 * the fleet.
 */
import { startOurs } from "../../support/brokers/peers.ts";
import { generatorCore } from "./contestants.ts";
import { pin } from "./process_cost.ts";
import type { Swarm } from "./swarm.ts";
import type { Figures, Stage, Workload } from "./workload.ts";

const [clients, killsPerSecond, seconds] = [10_000, 500, 20];

/**
 * 10,000 clients; 5 % of them die each second, and a new client replaces each. The generator does little else, so the
 * delay of a will is the broker's. Wills arrive in the order of the deaths, except those of one round of the broker;
 * the distribution is the same.
 */
export const steady: Workload = {
  id: "steady",
  title: "steady: 10,000 clients with a will of QoS 1, 500 reset each second for 20 s, and as many come",
  unit: "will delivered",
  valueUnit: "p99 reset-to-will, ms",
  goals: [{ beside: "mosquitto", of: "value", atMost: 1 }],
  run: async (stage) => {
    const swarm = stage.swarm();
    await swarm.subscribe(await swarm.connect(1), "will/#", 1);
    await swarm.connect(clients, { willQoS: 1 });
    await stage.settle();
    const before = stage.brokerCpuUs;
    swarm.forget(true);
    const killedMs = await killEvenly(swarm);
    await swarm.messagesCome(killedMs.length);
    const ms = swarm.lastMs - killedMs[0]!;
    const figures = { done: swarm.messages, asked: killedMs.length, ms, cpuUs: stage.brokerCpuUs - before };
    const latencies = swarm.stamps.map((atMs, at) => atMs - killedMs[at]!).sort((a, b) => a - b);
    await swarm.leave();
    return { ...figures, value: latencies[Math.ceil(latencies.length * 0.99) - 1] ?? NaN };
  },
};

/** Resets one client after the other, the oldest first; returns the time of each reset, by `performance.now()`. */
async function killEvenly(swarm: Swarm): Promise<number[]> {
  const killedMs: number[] = [];
  const startMs = performance.now();
  for (let dead = 0; dead < killsPerSecond * seconds; dead++) {
    const waitMs = startMs + dead * 1_000 / killsPerSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    killedMs.push(performance.now());
    swarm.reset([swarm.clients[dead + 1]!]); // the first one is the watcher
    await swarm.connect(1, { willQoS: 1 });
  }
  const lateMs = performance.now() - startMs - seconds * 1_000;
  if (lateMs > seconds * 50) throw new Error(`${clients} clients could not be killed as fast as was asked for`);
  return killedMs;
}

/** The parts of the fleet's report that this file reads. */
interface FleetReport {
  readonly verdict: string;
  readonly reason: string;
  readonly kills: { readonly total: number; readonly askedPerSecond: number; readonly reachedPerSecond: number };
  readonly wills: { readonly expected: number; readonly onTime: number };
  readonly run: { readonly durationMs: number };
}

/** A fleet's run, and the CPU time of its process. */
interface FleetRun {
  readonly report: FleetReport;
  readonly cpuUs: number;
}

type EngineName = "epoll" | "deno";

/** The time until V8 has compiled the frequent code; and the time by which the second run is longer. */
const [shortS, longS] = [8, 24];
const everyMs = 10;

/** The number of clients, connects each second, and kills each second in percent of living clients. */
interface Pace {
  readonly clients: number;
  readonly ramp: number;
  readonly killedPercent: number;
}

/**
 * A load that one core can just carry on that engine, because a fleet with less load wakes up for each event, which
 * raises the cost of a life.
 */
const paces: Readonly<Record<EngineName, Pace>> = {
  epoll: { clients: 10_000, ramp: 5_000, killedPercent: 100 },
  deno: { clients: 5_000, ramp: 1_000, killedPercent: 60 },
};

/** The options of a fleet, for its cost of a life. */
export function fleetArgs(url: string, durationS: number, engine: EngineName): string[] {
  const { clients, ramp, killedPercent } = paces[engine];
  const who = `--clients ${clients} --ramp-rate ${ramp}/s --protocol 3.1.1 --engine ${engine}`;
  const kills = `--kill-rate ${killedPercent}% --kill-mode reset,close --duration ${durationS}s --seed 7`;
  return ["fleet", "--url", url, ...`${who} ${kills}`.split(" ")];
}

async function fleet(stage: Stage, durationS: number, engine: EngineName): Promise<FleetRun> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await using child = startOurs([...fleetArgs(stage.peer.url, durationS, engine), "--report", path]);
    await pin(child.pid, generatorCore);
    let cpuUs = 0;
    const timer = setInterval(() => cpuUs = Math.max(cpuUs, scheduledUs(child.pid)), everyMs);
    await child.exit((durationS + 60) * 1_000).finally(() => clearInterval(timer));
    const report: FleetReport = JSON.parse(await Deno.readTextFile(path));
    if (report.verdict !== "pass") throw new Error(`the fleet's run did not pass: ${report.reason}`);
    return { report, cpuUs };
  } finally {
    await Deno.remove(path);
  }
}

/** Fewer kills than scheduled mean that the machine had too little time for the fleet, so the figure is invalid. */
function isMeasured({ report: { kills: { askedPerSecond, reachedPerSecond } } }: FleetRun): boolean {
  return reachedPerSecond >= 0.9 * askedPerSecond;
}

/** CPU time of the current threads of a process, in microseconds, exact to the nanosecond; 0 after its end. */
function scheduledUs(pid: number): number {
  try {
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
    const texts = threads.map(({ name }) => Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`));
    return texts.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / 1_000;
  } catch {
    return 0; // a thread has ended, or all of them: the next reading decides, or the last one was the end
  }
}

/**
 * The fleet's cost of one more life: connect with a will of QoS 1, kill, will, verdict, return. The difference of two
 * runs that differ only in length contains neither start nor end.
 */
function lives(engine: EngineName): Workload {
  return {
    id: `fleet-${engine}`,
    fleet: engine,
    title: `fleet on the ${engine} engine: ${paces[engine].clients.toLocaleString("en")} clients, ` +
      `${paces[engine].killedPercent} % of those alive killed each second, ${longS} s against ${shortS} s`,
    unit: "will on time",
    valueUnit: "the fleet's CPU µs for one life more",
    goals: [{ beside: "itself", from: "mqtt-sim epoll", engine, of: "value", atMost: engine === "epoll" ? 60 : 150 }],
    run: async (stage): Promise<Figures> => {
      const short = await fleet(stage, shortS, engine);
      const before = stage.brokerCpuUs;
      const long = await fleet(stage, longS, engine);
      const { wills: { expected: asked, onTime: done }, run: { durationMs: ms }, kills } = long.report;
      const costUs = (long.cpuUs - short.cpuUs) / (kills.total - short.report.kills.total);
      const value = isMeasured(short) && isMeasured(long) ? costUs : NaN;
      return { done, asked, ms, cpuUs: stage.brokerCpuUs - before, value };
    },
  };
}

export const fleetWorkloads: readonly Workload[] = [steady, lives("epoll"), lives("deno")];
