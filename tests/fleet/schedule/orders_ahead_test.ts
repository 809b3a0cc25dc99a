/** Orders drawn ahead: the same orders, in short slices, and all of them before they are due. */
import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/clock.ts";
import { overrule, parseScenario } from "../../../src/cli/fleet/scenario_file.ts";
import { builtInScenarios } from "../../../src/cli/fleet/scenarios.ts";
import { Groups } from "../../../src/fleet/plan/groups.ts";
import { makePlan } from "../../../src/fleet/plan/make_plan.ts";
import type { FleetPlan, PlanRequest } from "../../../src/fleet/plan/plan.ts";
import { OrdersAhead, sliceMs } from "../../../src/fleet/schedule/orders_ahead.ts";
import { KillSchedule, type Order } from "../../../src/fleet/schedule/schedule.ts";
import { FleetStage } from "../../support/fleet_stage.ts";

/** The schedule of the clients from `firstClient` on. */
function scheduleOf(plan: FleetPlan, firstClient: number, clients: number): KillSchedule {
  return new KillSchedule(plan, { firstClient, clients, seed: plan.seed, groups: new Groups(plan, "mix") });
}

function all(next: () => Order | undefined): Order[] {
  const orders: Order[] = [];
  for (let order = next(); order !== undefined; order = next()) orders.push(order);
  return orders;
}

/** A clock on which each reading takes this long. */
class SlowClock extends ManualClock {
  readings = 0;

  constructor(readonly readingMs: number) {
    super();
  }

  override nowMs(): number {
    this.readings++;
    return this.advance(this.readingMs);
  }
}

const scenarios = ["steady", "storm", "blackout", "reconnect-storm-jitter", "takeover", "restart"].map((name) => {
  const { text } = builtInScenarios.find((scenario) => scenario.name === name)!;
  return [name, overrule(parseScenario(text, name), { clients: 3_000 }, { seed: 4, run: "ahead" })] as const;
});
for (const [name, request] of scenarios) {
  Deno.test(`orders ahead: the orders of scenario ${name} are those of the schedule, in their order`, () => {
    const plan = makePlan(request as PlanRequest);
    const schedule = scheduleOf(plan, 900, 300);
    const expected = all(() => schedule.next());
    assert.ok(expected.length > 0);
    const clock = new SlowClock(sliceMs / 3);
    const ahead = new OrdersAhead(scheduleOf(plan, 900, 300), clock);
    ahead.fill();
    const passed = () => {
      const order = ahead.take();
      if (order !== undefined) ahead.refill(order.atMs, 1);
      return order;
    };
    assert.deepEqual(all(passed), expected);
  });
}

/** All of 200,000 clients at one instant, of which every hundredth belongs here; they return at one instant. */
const blackout = makePlan({
  ...{ run: "dark", seed: 2, clients: 200_000, reconnectAfterMs: 2_000 },
  phases: [{ kind: "kill", rate: "once" }, { kind: "hold", durationMs: 3_000 }, { kind: "kill", rate: "once" }],
});

Deno.test("orders ahead: a slice takes 2 ms, and the list is full after the slices", () => {
  const clock = new SlowClock(0.5);
  const ahead = new OrdersAhead(scheduleOf(blackout, 0, 2_000), clock);
  let slices = 0;
  for (let full = false; !full; slices++) {
    const [readings, fromMs] = [clock.readings, clock.nowMs()];
    full = ahead.fill();
    assert.ok(clock.nowMs() - fromMs <= sliceMs + 1.5, `slice of ${clock.nowMs() - fromMs} ms`);
    assert.ok(clock.readings - readings <= 8);
  }
  assert.ok(slices > 1_000, `${slices} slices`);
  assert.equal(ahead.size, 4_000, "both kills of all");
  assert.equal(ahead.fill(), true, "a full list draws no more");
});

Deno.test("orders ahead: the list reaches 60 s beyond the present, and is refilled between orders that are due", () => {
  const plan = makePlan({
    ...{ run: "long", seed: 2, clients: 1_000, durationMs: 600_000, killRate: { kind: "count", perSecond: 100 } },
  });
  const ahead = new OrdersAhead(scheduleOf(plan, 0, 1_000), new ManualClock());
  assert.equal(ahead.fill(), true);
  assert.ok(Math.abs(ahead.size - 6_000) < 200, `${ahead.size} orders`);
  for (let taken = 0; taken < 2_000; taken++) ahead.take();
  ahead.refill(20_000, 5);
  assert.ok(ahead.size < 4_200, "no refill above half");
  for (let taken = 0; taken < 2_000; taken++) ahead.take();
  ahead.refill(40_000, 0.1);
  assert.ok(ahead.size < 2_200, "an order is due before a slice could end");
  ahead.refill(40_000, 5);
  assert.ok(Math.abs(ahead.size - 6_000) < 200, `${ahead.size} orders after the refill`);
});

Deno.test("orders ahead: a squad is ready once its list is full, although its clients were connected before", () => {
  const stage = new FleetStage({
    clients: 20_000,
    shard: { number: 1, of: 1_000 },
    watchers: 1_000,
    rampPerSecond: 1_000_000,
  });
  const read = stage.clock.nowMs.bind(stage.clock);
  let [counts, extraMs] = [false, 0];
  stage.clock.nowMs = () => counts ? read() + (extraMs += 1) : read();
  let steps = 0;
  stage.runUntil(() => {
    counts = stage.squad.phase === "control" || stage.squad.phase === "connect";
    if (stage.squad.counters.connected === 20) steps++;
    return stage.squad.ready;
  });
  assert.ok(steps > 200, `ready ${steps} steps after the last client was connected`);
});
