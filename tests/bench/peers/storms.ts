/** Storms: all clients are reset at once, and watchers receive a will of each. */
import { ChildProcess } from "../../support/machine/child_process.ts";
import type { BrokerPeer } from "../../support/brokers/peers.ts";
import { generatorCore } from "./contestants.ts";
import { measured, summed } from "./measured.ts";
import type { BenchQoS } from "./packets.ts";
import { CpuClock, pin } from "./process_cost.ts";
import type { Figures, Goal, Stage, Workload } from "./workload.ts";

/** The number of wills in one measurement, over as many storms as necessary, to limit the noise. */
const willsEnough = 10_000;

/** Resets all clients at once; each will goes to each watcher. */
export function storm(clients: number, watchers: number, qos: BenchQoS, goals: readonly Goal[]): Workload {
  const storms = Math.ceil(willsEnough / (clients * watchers));
  const times = storms === 1 ? "" : `; ${storms} storms a round`;
  return {
    id: `storm-${clients}-${watchers}-q${qos}`,
    title: `storm: ${clients.toLocaleString("en")} clients reset at once, ${watcherText(watchers)}, QoS ${qos}${times}`,
    unit: "will delivered",
    watchers,
    goals,
    run: async (stage) => {
      const swarm = stage.swarm();
      await swarm.subscribe(await swarm.connect(watchers), "will/#", qos);
      const all: Figures[] = [];
      for (let number = 0; number < storms; number++) {
        const doomed = await swarm.connect(clients, { willQoS: qos });
        swarm.doom(doomed);
        all.push(
          await measured(stage, swarm, clients * watchers, async () => {
            const resetMs = swarm.reset(doomed);
            await swarm.messagesCome(clients * watchers);
            return resetMs;
          }),
        );
        swarm.bury();
      }
      await swarm.leave();
      return summed(all);
    },
  };
}

function watcherText(watchers: number): string {
  return watchers === 1 ? "1 watcher" : `${watchers} watchers`;
}

/** The output of a generator process; see storm_process.ts. */
interface StormOutcome {
  readonly done: number;
  readonly ms: number;
  readonly resetMs: number;
  readonly generatorUs: number;
}

/**
 * More clients than a process may have open files: brokers and generators in separate processes, all clients alive at
 * the same time.
 */
export function stormOfSeveral(clients: number, brokers: number): Workload {
  return {
    id: `storm-${clients}-on-${brokers}-q0`,
    title:
      `storm: ${clients.toLocaleString("en")} clients on ${brokers} brokers of a kind, each with 1 watcher, QoS 0; ` +
      "one broker's share after the other",
    unit: "will delivered",
    goals: [],
    brokers: ["mosquitto", "mqtt-sim epoll", "mqtt-sim deno"],
    isFresh: true,
    roundsAtMost: 2,
    weight: 2.3,
    run: async (stage) => {
      await using all = new AsyncDisposableStack();
      const peers = [stage.peer];
      while (peers.length < brokers) peers.push(all.use(await stage.another()));
      const generators: ChildProcess[] = [];
      for (const peer of peers) generators.push(all.use(await connected(peer, Math.ceil(clients / brokers))));
      const shares: Figures[] = [];
      for (const [at, peer] of peers.entries()) {
        shares.push(await share(stage, peer, generators[at]!, Math.ceil(clients / brokers)));
      }
      return summed(shares);
    },
  };
}

/** A generator with a warm broker and all clients connected. */
async function connected({ port }: BrokerPeer, clients: number): Promise<ChildProcess> {
  const script = new URL("./storm_process.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "--no-prompt", "--allow-all", script, String(port), String(clients)];
  const child = new ChildProcess(Deno.execPath(), args);
  await pin(child.pid, generatorCore);
  await child.line(/^connected$/, { limitMs: 120_000 });
  return child;
}

/** The clients of one broker die. */
async function share(stage: Stage, peer: BrokerPeer, generator: ChildProcess, asked: number): Promise<Figures> {
  await stage.settle(500);
  const clock = new CpuClock(peer.child.pid);
  const kernelUs = clock.kernelUs;
  const fromMs = performance.now();
  generator.kill("SIGUSR2");
  const [line] = await generator.line(/^\{.*\}$/, { limitMs: 60_000 });
  if (peer === stage.peer) stage.spans.push({ fromMs, toMs: performance.now() });
  await stage.settle(500);
  const outcome: StormOutcome = JSON.parse(line);
  return { ...outcome, asked, cpuUs: clock.us, kernelUs: clock.kernelUs - kernelUs };
}
