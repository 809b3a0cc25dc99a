/** The metrics of simulated runs add up at every scrape, and their last values are those of the report. */
import assert from "node:assert/strict";
import type { MetricFamily } from "../../src/base/metric_family.ts";
import type { WillFault } from "../../src/broker/options/will_fault.ts";
import { everyKillMode } from "../../src/fleet/plan/kill_mode.ts";
import type { FleetResult, Progress } from "../../src/fleet/result/result.ts";
import { FleetMetrics } from "../../src/report/export/fleet_metrics.ts";
import { makePlan } from "../../src/fleet/plan/make_plan.ts";
import { makeReport } from "../../src/report/model/report.ts";
import { FleetStage, type StageOptions } from "../support/fleet_stage.ts";
import { simulateFleet, type Simulation } from "../support/simulated_fleet.ts";
import { context } from "../report/sample.ts";

const busy = {
  clients: 60,
  killRate: { kind: "fraction", perSecond: 0.2 },
  killShares: everyKillMode.map((mode) => ({ mode, weight: 1 })),
  durationMs: 12_000,
  keepAliveS: 4,
  workers: 2,
} as const;

/** Every seventh will of a client is lost, the next is published twice. */
function faulty(): WillFault {
  let asked = 0;
  return {
    atPublication: ({ clientId, will }) => {
      const copy = { will, delayMs: 0 };
      const place = Number(clientId.split("-").at(-1)) < busy.clients ? ++asked % 7 : 2;
      return place === 0 ? [] : place === 1 ? [copy, copy] : undefined;
    },
  };
}

const restart = [{ kind: "kill", durationMs: 3_000 }, { kind: "restart", downMs: 800 }, {
  kind: "kill",
  durationMs: 3_000,
}] as const;

const simulations: readonly [name: string, simulation: Simulation][] = [
  ["an honest broker", { plan: busy }],
  ["wills that are lost and doubled", { plan: busy, broker: { willFault: faulty() } }],
  ["a delay of 1 s, back at about that instant", {
    plan: { ...busy, willDelayS: 1, sessionExpiryS: 60, cleanStart: "mix", reconnectAfterMs: 1_000 },
    protocol: "5",
  }],
  ["a restart after which the broker has forgotten its sessions", {
    plan: { ...busy, willDelayS: 2, sessionExpiryS: 60, phases: restart },
    forgets: true,
  }],
  ["deviations of a profile", {
    plan: { ...busy, profile: "mosquitto" },
    broker: { willFault: faulty() },
  }],
];

for (const [name, simulation] of simulations) {
  Deno.test(`fleet metrics: the counts add up at every scrape: ${name}`, () => {
    const scrapes = new Scrapes(simulation.plan);
    const result = simulateFleet({ ...simulation, onProgress: (progress) => scrapes.take(progress) });
    scrapes.finish(result);
    assert.ok(scrapes.mostOpen > 5, `at most ${scrapes.mostOpen} wills were open`);
  });
}

Deno.test("fleet metrics: the counts add up after an interruption, with the undecided wills", () => {
  const options: StageOptions = { killRate: { kind: "count", perSecond: 8 }, script: { publish: () => [] } };
  const stage = new FleetStage({ ...options, detail: true });
  const scrapes = new Scrapes({});
  const take = () => scrapes.take(stage.squad.progress(stage.nowMs));
  for (let step = 0; step < 30; step++) {
    stage.runFor(200);
    take();
  }
  stage.squad.interrupt(stage.nowMs);
  stage.squad.interrupt(stage.nowMs);
  const result = stage.finish();
  take();
  scrapes.finish(result);
  assert.ok(result.wills.undecided > 0);
});

/** The scrapes of one run. */
class Scrapes {
  readonly #metrics: FleetMetrics;
  #before = new Map<string, number>();
  #last: MetricFamily[] = [];
  mostOpen = 0;

  constructor(request: Simulation["plan"]) {
    const plan = makePlan({ run: "sim", seed: 1, ...request });
    const usage = () => ({ cpuS: 0, residentBytes: 0 });
    this.#metrics = new FleetMetrics({ plan, target: "sim", tool: context.tool }, usage);
  }

  take(progress: Progress): void {
    this.#metrics.progress(progress);
    this.#last = this.#metrics.families();
    this.#mustGrow();
    const modes: (string | undefined)[] = this.#values("wills_due_total").map(({ labels }) => labels.kill_mode);
    assert.ok(modes.length >= 3);
    for (const mode of modes) {
      const open = this.#sum("wills_open", { kill_mode: mode! });
      const judged = this.#sum("wills_judged_total", { kill_mode: mode! });
      assert.equal(this.#sum("wills_due_total", { kill_mode: mode! }), judged + open, `${mode}`);
    }
    const open = this.#sum("wills_open", {});
    assert.ok(this.#sum("wills_overdue", {}) <= open);
    this.mostOpen = Math.max(this.mostOpen, open);
  }

  /** The last scrape against the result. */
  finish(result: FleetResult): void {
    this.#metrics.finish(makeReport(result, context));
    this.#last = this.#metrics.families();
    const { wills, kills, controls } = result;
    const judged = (verdict: string) => this.#sum("wills_judged_total", { verdict });
    assert.equal(this.#sum("wills_open", {}), 0);
    const due = wills.expected + wills.undecided + (wills.unseeable ?? 0) + judged("optional");
    assert.equal(this.#sum("wills_due_total", {}), due);
    assert.deepEqual(
      ["on-time", "late", "early", "missing", "altered", "undecided", "unseeable"].map(judged),
      [wills.onTime, wills.late, wills.early, wills.missing, wills.altered, wills.undecided, wills.unseeable ?? 0],
    );
    assert.equal(this.#sum("wills_surplus_total", { kind: "duplicate" }), wills.duplicate);
    assert.equal(
      judged("deviating") + this.#sum("wills_surplus_total", { kind: "deviating" }),
      wills.deviating,
    );
    assert.equal(this.#sum("kills_total", {}), kills.total);
    assert.equal(this.#sum("controls_total", {}), controls.total);
    const verdict = wills.deviating > 0 && result.verdict === "pass" ? "pass-with-deviations" : result.verdict;
    assert.equal(this.#sum("verdict", { verdict }), 1);
    assert.equal(this.#sum("verdict", {}), 1);
    assert.equal(this.#sum("phase", { phase: "done" }), 1);
  }

  #mustGrow(): void {
    for (const { name, type, samples } of this.#last) {
      if (type !== "counter") continue;
      for (const { value, labels } of samples) {
        const key: string = `${name}${JSON.stringify(labels)}`;
        assert.ok(value >= (this.#before.get(key) ?? 0), `${key} fell to ${value}`);
        this.#before.set(key, value);
      }
    }
  }

  #values(name: string) {
    const family = this.#last.find((each) => each.name === `mqtt_sim_fleet_${name}`);
    assert.ok(family !== undefined && family.type !== "histogram", name);
    return family.samples.map(({ value, labels = {} }) => ({ value, labels }));
  }

  #sum(name: string, wanted: Readonly<Record<string, string>>): number {
    return this.#values(name).filter(({ labels }) =>
      Object.entries(wanted).every(([label, value]) => labels[label] === value)
    ).reduce((sum, { value }) => sum + value, 0);
  }
}
