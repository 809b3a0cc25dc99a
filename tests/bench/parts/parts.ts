/**
 * The cost of a run in many parts, without clients: 300 parts gather over nats-server and receive the order to kill; the
 * schedule of one part of a hundred with a million clients; the merge of 100 reports of 600 s.
 */
import { monotonicClock } from "../../../src/base/clock.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import { OrdersAhead } from "../../../src/fleet/schedule/orders_ahead.ts";
import { KillSchedule } from "../../../src/fleet/schedule/schedule.ts";
import { Coordinator } from "../../../src/parts/coordinator.ts";
import {
  decodeBeat,
  decodeToCoordinator,
  decodeToPart,
  encodeMessage,
  subjectsOf,
} from "../../../src/parts/message.ts";
import { connectNats } from "../../../src/parts/nats_rendezvous.ts";
import { Part } from "../../../src/parts/part.ts";
import type { Rendezvous } from "../../../src/parts/rendezvous.ts";
import { startNatsServer } from "../../support/parts/nats_server.ts";
import { mergeBench } from "./merge.ts";
import { wholeFleet } from "./whole_fleet.ts";

const run = "bench";
const subjects = subjectsOf(run);
const now = () => monotonicClock.nowMs();

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** The last of 99 % of the values. */
function p99(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * 0.99)] ?? NaN;
}

function middle(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

/** A part whose fleet connects at once; `onGo` is called when it receives the order to kill. */
function fakePart(rendezvous: Rendezvous, number: number, onGo: () => void): Part {
  const who = { id: `p${number}`, host: `node-${number}`, pid: number, version: "1" };
  const part: Part = new Part(who, {
    send: (message) => rendezvous.publish(subjects.coordinator, encodeMessage(message)),
    check: () => part.checked(undefined, now()),
    run: () => part.connected(now()),
    go: onGo,
    acted() {},
    interrupt() {},
    save() {},
  }, now());
  rendezvous.listen(subjects.beat, (bytes) => part.beat(decodeBeat(bytes)!, now()));
  rendezvous.listen(subjects.part(who.id), (bytes) => part.receive(decodeToPart(bytes)!, now()));
  return part;
}

async function gather(count: number): Promise<void> {
  await using server = await startNatsServer();
  const address = { servers: [server.url.replace("nats://", "")], shown: server.url };
  const connections: Rendezvous[] = [];
  for (let number = 0; number <= count; number++) connections.push(await connectNats(address, `part ${number}`));
  const goMs: number[] = [];
  const parts = connections.slice(1).map((each, number) => fakePart(each, number, () => goMs.push(now())));
  const turns = setInterval(() => parts.forEach((part) => part.turn(now())), 20);
  const plan = makePlan({ run, seed: 1, clients: 1_000_000, shard: { number: 1, of: count } });
  const task = { plan, url: "mqtt://broker", epochMs: 0, thresholds: [], detail: false };
  const limits = { gatherMs: 60_000, connectMs: 60_000, killMs: 60_000, silenceMs: 60_000, lateMs: 1_000 };
  const [lead] = connections as [Rendezvous];
  const coordinator = new Coordinator({ parts: count, version: "1", task, limits, steps: 0 }, {
    answer: (id, message) => lead.publish(subjects.part(id), encodeMessage(message)),
    beat: (beat) => lead.publish(subjects.beat, encodeMessage(beat)),
    notice() {},
    seek() {},
    act() {},
  }, now());
  lead.listen(subjects.coordinator, (bytes) => coordinator.receive(decodeToCoordinator(bytes)!, now()));
  const startMs = now();
  let gatheredMs = 0;
  let orderedMs = 0;
  while (goMs.length < count && now() < startMs + 60_000) {
    coordinator.turn(now());
    if (coordinator.state !== "gather" && gatheredMs === 0) gatheredMs = now() - startMs;
    if (coordinator.state === "kill" && orderedMs === 0) orderedMs = now();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  clearInterval(turns);
  print(`${count} parts gathered in ${gatheredMs.toFixed(0)} ms (goal 2,000)`);
  print(`${goMs.length} parts had the order to kill after ${(Math.max(...goMs) - orderedMs).toFixed(0)} ms (goal 200)`);
  for (const each of connections) await each.close();
}

/** A blackout of a million clients, of which a hundredth is in this process. */
function schedule(): void {
  const plan = makePlan({
    ...{ run, seed: 1, clients: 1_000_000, shard: { number: 1, of: 100 } },
    phases: [{ kind: "hold", durationMs: 1_000 }, { kind: "kill", rate: "once" }],
  });
  const roster = { firstClient: 0, clients: 10_000, seed: plan.seed, groups: new Groups(plan, "mix") };
  const slices: number[] = [];
  const before = Deno.memoryUsage().rss;
  const ahead = new OrdersAhead(new KillSchedule(plan, roster), monotonicClock);
  for (let full = false; !full;) {
    const fromMs = now();
    full = ahead.fill();
    slices.push(now() - fromMs);
  }
  const mib = (Deno.memoryUsage().rss - before) / 2 ** 20;
  const takenMs = now();
  const slips: number[] = [];
  for (let order = ahead.take(); order !== undefined; order = ahead.take()) slips.push(now() - takenMs);
  print(
    `blackout of 1,000,000 in 100 parts: ${slips.length} orders ready after ${slices.length} slices, p50 ${
      middle(slices).toFixed(1)
    } ms, p99 ${p99(slices).toFixed(1)} ms, ${mib.toFixed(0)} MiB; drawing delays the kills by ${
      p99(slips).toFixed(1)
    } ms (p99, goal 50)`,
  );
  const direct = new KillSchedule(plan, roster);
  const fromMs = now();
  while (direct.next() !== undefined);
  print(`without drawing ahead: ${(now() - fromMs).toFixed(0)} ms`);
}

if (Deno.args[0] === "--fleet") Deno.exit(await wholeFleet(Deno.args.slice(1), print));
await gather(Number(Deno.args[0] ?? 300));
schedule();
await mergeBench(100, 600, print);
