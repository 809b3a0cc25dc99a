/** The workloads that a generator of our own drives; `steady` is the fleet's. */
import { type BenchQoS, publishBytes } from "./packets.ts";
import { residentBytes } from "./process_cost.ts";
import { fleetWorkloads } from "./steady.ts";
import type { Swarm } from "./swarm.ts";
import type { Figures, Goal, Stage, Workload } from "./workload.ts";

const fourTimesAedes: Goal = { beside: "aedes", of: "rate", atLeast: 4 };

/** Beside mosquitto; and four times aedes everywhere. */
function over(atLeast: number): readonly Goal[] {
  return [{ beside: "mosquitto", of: "rate", atLeast }, fourTimesAedes];
}

/** All clients are reset in one go; each will goes to each watcher. */
function storm(clients: number, watchers: number, qos: BenchQoS, goals: readonly Goal[] = [fourTimesAedes]): Workload {
  return {
    id: `storm-${clients}-${watchers}-q${qos}`,
    title: `storm: ${clients.toLocaleString("en")} clients reset at once, ${watchers} watchers, QoS ${qos}`,
    unit: "will delivered",
    goals,
    run: async (stage) => {
      const swarm = stage.swarm();
      await swarm.subscribe(await swarm.connect(watchers), "will/#", qos);
      const doomed = await swarm.connect(clients, { willQoS: qos });
      await stage.settle();
      const figures = await measured(stage, swarm, clients * watchers, async () => {
        swarm.reset(doomed);
        await swarm.messagesCome(clients * watchers);
      });
      await swarm.leave();
      return figures;
    },
  };
}

function connects(clients: number): Workload {
  return {
    id: "connect",
    title: `connect: ${clients.toLocaleString("en")} clients with a will of QoS 1, 256 at a time`,
    unit: "connect",
    goals: [...over(1), { beside: "mqtt-sim epoll", from: "mqtt-sim store", of: "rate", atLeast: 0.5 }],
    withStore: true,
    run: async (stage) => {
      const swarm = stage.swarm();
      const before = stage.brokerCpuUs;
      const startMs = performance.now();
      await swarm.connect(clients, { willQoS: 1 });
      const ms = swarm.lastMs - startMs;
      const figures = { done: clients, asked: clients, ms, cpuUs: stage.brokerCpuUs - before };
      await swarm.leave();
      return figures;
    },
  };
}

/** Publishers send in turn, and never have more than two batches on the way, so that no queue decides. */
function publishing(
  id: string,
  [publishers, subscribers]: readonly [number, number],
  qos: BenchQoS,
  messages: number,
  goals: readonly Goal[],
): Workload {
  return {
    id: `${id}-q${qos}`,
    title: `${id}: ${publishers} to ${subscribers}, PUBLISH of QoS ${qos}`,
    unit: "message delivered",
    goals,
    run: async (stage) => {
      const swarm = stage.swarm();
      await swarm.subscribe(await swarm.connect(subscribers), "load/#", qos);
      const senders = await swarm.connect(publishers);
      await stage.settle();
      const figures = await measured(stage, swarm, messages * subscribers, async () => {
        const batch = 5_000 / subscribers; // two of them on the way: neither window nor queue decides
        for (let sent = 0; sent < messages; sent += batch) {
          for (let at = sent; at < sent + batch; at++) {
            senders[at % publishers]!.link.write(publishBytes(`load/${at % 100}`, qos, at % 60_000 + 1));
          }
          await swarm.messagesCome((sent - batch) * subscribers);
        }
        await swarm.messagesCome(messages * subscribers);
      });
      await swarm.leave();
      return figures;
    },
  };
}

/** The work, from its start to the last message that came of it. */
async function measured(stage: Stage, swarm: Swarm, asked: number, work: () => Promise<void>): Promise<Figures> {
  const before = stage.brokerCpuUs;
  swarm.forget();
  const startMs = performance.now();
  await work();
  const ms = swarm.lastMs - startMs;
  return { done: swarm.messages, asked, ms, cpuUs: stage.brokerCpuUs - before };
}

const memory: Workload = {
  id: "memory",
  title: "memory: 10,000 idle clients with a will",
  unit: "client",
  valueUnit: "bytes of resident memory a client",
  goals: [{ beside: "itself", of: "value", atMost: 4_096 }],
  isFresh: true,
  run: async (stage) => {
    const clients = 10_000;
    await stage.settle(1_000);
    const [bytes, before] = [residentBytes(stage.peer.child.pid), stage.brokerCpuUs];
    const swarm = stage.swarm();
    const startMs = performance.now();
    await swarm.connect(clients, { willQoS: 1 });
    await stage.settle(5_000);
    const value = (residentBytes(stage.peer.child.pid) - bytes) / clients;
    const ms = performance.now() - startMs;
    await swarm.leave();
    return { done: clients, asked: clients, ms, cpuUs: stage.brokerCpuUs - before, value };
  },
};

/** All are let in within a moment and say nothing more: their wills are due 1.5 × 2 s later. */
const keepAlive: Workload = {
  id: "keep-alive",
  title: "keep alive: 500 clients with a keep alive of 2 s fall silent",
  unit: "will delivered",
  valueUnit: "ms after 1.5 × keep alive, median",
  goals: [],
  run: async (stage) => {
    const clients = 500;
    const swarm = stage.swarm();
    await swarm.subscribe(await swarm.connect(1), "will/#", 1);
    await swarm.connect(clients, { keepAliveS: 2, willQoS: 1 });
    const silentMs = performance.now();
    const before = stage.brokerCpuUs;
    swarm.forget(true);
    swarm.reset([]); // they are put out: that is no fault
    await swarm.messagesCome(clients, 12_000);
    const late = swarm.stamps.map((at) => at - silentMs - 3_000).sort((a, b) => a - b);
    const figures = {
      done: swarm.messages,
      asked: clients,
      ms: swarm.lastMs - silentMs,
      cpuUs: stage.brokerCpuUs - before,
    };
    await swarm.leave();
    return { ...figures, value: late[late.length >> 1] ?? NaN };
  },
};

export const workloads: readonly Workload[] = [
  storm(5_000, 1, 0, over(1.3)),
  storm(5_000, 1, 1, over(1)),
  storm(5_000, 1, 2),
  storm(18_000, 1, 0),
  storm(1_000, 1, 0),
  storm(1_000, 10, 0, over(3)),
  storm(1_000, 10, 1, over(1.5)),
  storm(1_000, 50, 0, over(6)),
  storm(1_000, 50, 1, over(2)),
  publishing("fan-out", [1, 50], 0, 4_000, over(4)),
  publishing("fan-out", [1, 50], 1, 2_000, over(1.5)),
  publishing("fan-in", [50, 1], 0, 40_000, over(1)),
  publishing("fan-in", [50, 1], 1, 20_000, over(1)),
  connects(5_000),
  keepAlive,
  memory,
  ...fleetWorkloads,
];
