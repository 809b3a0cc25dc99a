/** The workloads. Our own generator drives all but the last ones, which are the fleet's. */
import { storm, stormOfSeveral } from "./storms.ts";
import { type BenchQoS, publishBytes } from "./packets.ts";
import { measured } from "./measured.ts";
import { residentBytes } from "./process_cost.ts";
import { fleetWorkloads } from "./steady.ts";
import { connecting } from "./swarm.ts";
import type { Goal, Workload } from "./workload.ts";

const fourTimesAedes: Goal = { beside: "aedes", of: "rate", atLeast: 4 };

/** Beside mosquitto; and four times aedes everywhere. */
function over(atLeast: number): readonly Goal[] {
  return [{ beside: "mosquitto", of: "rate", atLeast }, fourTimesAedes];
}

/** At least half of our broker's rate on the same engine without a store. */
const half = { of: "rate", atLeast: 0.5 } as const;
const withStore: readonly Goal[] = [
  { beside: "mqtt-sim epoll", from: "mqtt-sim store", engine: "epoll", ...half },
  { beside: "mqtt-sim deno", from: "mqtt-sim deno store", engine: "deno", ...half },
];

const withoutAedes = ["mosquitto", "mqtt-sim epoll", "mqtt-sim deno"];

function connects(clients: number): Workload {
  return {
    id: "connect",
    title: `connect: ${clients.toLocaleString("en")} clients with a will of QoS 1, ${connecting} at a time`,
    unit: "connect",
    goals: [...over(1), ...withStore],
    withStore: true,
    run: async (stage) => {
      const swarm = stage.swarm();
      const figures = await measured(stage, swarm, clients, async () => {
        await swarm.connect(clients, { willQoS: 1 });
      });
      await swarm.leave();
      return { ...figures, done: clients };
    },
  };
}

/** Publishers send in turn, with at most two batches in flight, so that no queue determines the rate. */
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
    weight: 0.7,
    run: async (stage) => {
      const swarm = stage.swarm();
      await swarm.subscribe(await swarm.connect(subscribers), "load/#", qos);
      const senders = await swarm.connect(publishers);
      const figures = await measured(stage, swarm, messages * subscribers, async () => {
        const batch = 5_000 / subscribers; // two of them in flight: neither window nor queue is the limit
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

const memory: Workload = {
  id: "memory",
  title: "memory: 10,000 idle clients with a will",
  unit: "client",
  valueUnit: "bytes of resident memory a client",
  goals: [{ beside: "itself", of: "value", atMost: 4_096 }],
  isFresh: true,
  roundsAtMost: 2,
  weight: 1.1,
  run: async (stage) => {
    const clients = 10_000;
    await stage.settle(1_000);
    const bytes = residentBytes(stage.peer.child.pid);
    const swarm = stage.swarm();
    const figures = await measured(stage, swarm, clients, async () => {
      await swarm.connect(clients, { willQoS: 1 });
    });
    await stage.settle(5_000);
    const value = (residentBytes(stage.peer.child.pid) - bytes) / clients;
    await swarm.leave();
    return { ...figures, done: clients, value };
  },
};

/**
 * Each client connects and then is silent: its will is due 1.5 × 2 s later. They connect one after the other, and so do
 * their wills come, except those that a broker finds in one check.
 */
const keepAlive: Workload = {
  id: "keep-alive",
  title: "keep alive: 500 clients with a keep alive of 2 s fall silent",
  unit: "will delivered",
  valueUnit: "ms after 1.5 × keep alive, p99 of the clients",
  goals: [],
  roundsAtMost: 3,
  isWarming: true, // the warmth of a broker does not matter: it waits
  run: async (stage) => {
    const clients = 500;
    const swarm = stage.swarm();
    await swarm.subscribe(await swarm.connect(1), "will/#", 1);
    const silentMs: number[] = [];
    for (let number = 0; number < clients; number++) {
      swarm.expectEnds(await swarm.connect(1, { keepAliveS: 2, willQoS: 1 })); // the broker ends them: that is no fault
      silentMs.push(performance.now());
    }
    let late: number[] = [];
    const figures = await measured(stage, swarm, clients, async () => {
      await swarm.messagesCome(clients, 12_000);
      late = swarm.stamps.map((atMs, at) => atMs - silentMs[at]! - 3_000).sort((a, b) => a - b);
    }, { isStamped: true, atOnce: true });
    await swarm.leave();
    return { ...figures, value: late[Math.ceil(late.length * 0.99) - 1] ?? NaN };
  },
};

/** Slow workloads. One broker suffices for the fleet's cost of a life, which is the fleet's. */
function limited(workload: Workload): Workload {
  const limits = workload.fleet !== undefined
    ? { brokers: ["mqtt-sim epoll"], weight: 1.3, roundsAtMost: 2 }
    : { brokers: withoutAedes, weight: 3.3, roundsAtMost: 3 };
  return { ...workload, ...limits, isWarming: true };
}

export const workloads: readonly Workload[] = [
  storm(5_000, 1, 0, over(1.3)),
  storm(5_000, 1, 1, over(1)),
  storm(5_000, 1, 2, [fourTimesAedes]),
  storm(1_000, 1, 0, [fourTimesAedes]),
  { ...storm(18_000, 1, 0, []), brokers: withoutAedes }, // aedes takes minutes for it
  stormOfSeveral(50_000, 3),
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
  ...fleetWorkloads.map(limited),
];
