/** Whole runs on real sockets: what only `runFleet` does, around its squads. */
import assert from "node:assert/strict";
import { monotonicClock } from "../../src/base/clock.ts";
import { Broker } from "../../src/broker/broker.ts";
import { parseFaults } from "../../src/broker/fault/fault_mix.ts";
import { SeededFault } from "../../src/broker/fault/seeded_fault.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import type { PlanRequest } from "../../src/fleet/plan/plan.ts";
import type { FleetResult, Progress } from "../../src/fleet/result/result.ts";
import { runFleet } from "../../src/fleet/run_fleet.ts";
import type { FleetHooks } from "../../src/fleet/squad/fleet_hooks.ts";
import { parseEndpoint } from "../../src/net/endpoint.ts";

const plan = {
  run: "f",
  seed: 1,
  clients: 10,
  killRate: { kind: "count", perSecond: 20 },
  durationMs: 600,
  drainMs: 300,
};
const asked = { ...plan, lateAfterMs: 200, keepAliveS: 5 } as PlanRequest;

async function run(broker: Broker, more: Partial<PlanRequest>, hooks: Partial<FleetHooks> = {}) {
  const seen: Progress[] = [];
  const result: FleetResult = await runFleet({
    plan: makePlan({ ...asked, ...more }),
    target: parseEndpoint(broker.url),
    brokerInProcess: true,
  }, { onProgress: (progress) => void seen.push(progress), onNotice() {}, ...hooks });
  return { result, seen };
}

Deno.test("run fleet: the wait for the broker's counters is a stage, with its time left, and can be left out", async () => {
  const willFault = new SeededFault({
    shares: parseFaults("lose=100%", "shares"),
    seed: 1,
    clients: /^mqtt-sim-f-\d+$/,
  });
  await using broker = await Broker.start({ port: 0, willFault, sysIntervalMs: 2_500 });
  const { result, seen } = await run(broker, {});
  assert.equal(result.verdict, "fail", result.reason);
  assert.notEqual(result.brokerDropped, undefined);
  assert.ok(result.floorMs!.count > 0 && result.floorMs!.p50 > 0, "the run measures the floor of its engine");
  const last = result.stages!.at(-1)!;
  assert.equal(last.name, "counters");
  assert.ok(last.toMs! - last.fromMs >= 1_000 && last.toMs! <= result.durationMs + 1, JSON.stringify(last));
  const waits = seen.filter(({ phase }) => phase === "counters");
  assert.ok(waits.length >= 4, `${waits.length} reports of the wait`);
  assert.ok(
    waits.every(({ phaseMs, phaseOfMs, instants }) => phaseMs < phaseOfMs && instants.began.counters! >= last.fromMs),
  );
  const short = await run(broker, { run: "f2", skipBrokerCounters: true });
  assert.equal(short.result.brokerDropped, undefined);
  assert.ok(short.result.stages!.every(({ name }) => name !== "counters"));
});

Deno.test("run fleet: abortOn ends the run early, with the exit code of its findings", async () => {
  const willFault = new SeededFault({
    shares: parseFaults("duplicate=100%", "shares"),
    seed: 1,
    clients: /^mqtt-sim-f-\d+$/,
  });
  await using broker = await Broker.start({ port: 0, willFault });
  const why = ({ faults }: Progress) => faults.duplicate > 0 ? "a duplicate came" : undefined;
  const { result } = await run(broker, { durationMs: 60_000 }, { abortOn: why });
  assert.ok(result.durationMs < 30_000, `${result.durationMs} ms`);
  assert.deepEqual([result.verdict, result.exitCode, result.aborted], ["fail", 1, "a duplicate came"], result.reason);
  assert.match(result.reason, /duplicate; --abort-on-fail ended the run: a duplicate came$/);
});

Deno.test("run fleet: the gate opens once all clients are connected, and no client is killed before its instant", async () => {
  await using broker = await Broker.start({ port: 0 });
  const atGate: Progress[] = [];
  const held: Progress[] = [];
  let [last, killMs]: [Progress | undefined, number] = [undefined, Infinity];
  const { result } = await run(broker, { workers: 2, watchers: 2, skipBrokerCounters: true }, {
    onProgress: (progress) => {
      last = progress;
      if (monotonicClock.nowMs() < killMs) held.push(progress);
    },
    gate: async () => {
      atGate.push(last!);
      await new Promise((resolve) => setTimeout(resolve, 700));
      killMs = monotonicClock.nowMs() + 300;
      return killMs;
    },
  });
  assert.equal(result.verdict, "pass", result.reason);
  assert.equal(atGate.length, 1, "one gate for all squads");
  assert.ok(held.length >= 4 && held.every(({ killed, phase }) => killed === 0 && phase !== "kill"));
  const [connect, kill] = ["connect", "kill"].map((name) => result.stages!.find((stage) => stage.name === name)!);
  assert.ok(kill!.fromMs - connect!.fromMs >= 1_000, JSON.stringify(result.stages));
  assert.ok(result.kills.total > 0);
});

Deno.test("run fleet: an interrupt ends a run that waits at its gate", async () => {
  await using broker = await Broker.start({ port: 0 });
  const interrupt = new AbortController();
  const gate = () => {
    setTimeout(() => interrupt.abort(), 100);
    return new Promise<number>(() => {});
  };
  const { result } = await run(broker, { skipBrokerCounters: true }, { gate, interrupt: interrupt.signal });
  assert.deepEqual([result.exitCode, result.kills.total], [130, 0]);
});
