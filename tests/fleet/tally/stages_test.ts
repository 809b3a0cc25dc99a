import assert from "node:assert/strict";
import type { PhasePlan } from "../../../src/fleet/plan/plan.ts";
import type { Instants, RunStage } from "../../../src/fleet/result/run_phase.ts";
import { mergeInstants, PhaseClock, stagesOf } from "../../../src/fleet/tally/stages.ts";
import { simulateFleet } from "../../support/simulated_fleet.ts";

const phases: PhasePlan[] = [
  { kind: "kill", groups: ["a"], durationMs: 2_000 },
  { kind: "hold", durationMs: 1_000 },
  { kind: "restart", downMs: 500 },
  { kind: "return", durationMs: 3_000 },
];
const plan = { phases, durationMs: 30_000 };
const whole: Instants = {
  began: { watch: 0, control: 10, connect: 20, kill: 1_000, drain: 8_700, leave: 9_000, done: 9_500 },
  restarts: [{ fromMs: 4_000, backMs: 5_700 }],
};
const stagesText = (stages: readonly RunStage[]) =>
  stages.map(({ name, fromMs, toMs }) => `${name} ${fromMs}–${toMs ?? ""}`).join(", ");

Deno.test("stages: the phases of a plan follow each other, and a restart delays those after it", () => {
  assert.equal(
    stagesText(stagesOf(plan, whole)),
    "connect 20–1000, kill 1000–3000, hold 3000–4000, restart 4000–5700, return 5700–8700, drain 8700–9000, leave 9000–9500",
  );
  assert.deepEqual(stagesOf(plan, whole)[1]!.groups, ["a"]);
});

Deno.test("stages: a plan without phases has one stage for kills", () => {
  const began = { connect: 0, kill: 100, drain: 30_100, leave: 31_000, look: 32_000, done: 33_000 };
  const stages = stagesOf({ durationMs: 30_000 }, { began, restarts: [] });
  assert.equal(
    stagesText(stages),
    "connect 0–100, kill 100–30100, drain 30100–31000, leave 31000–32000, look 32000–33000",
  );
});

Deno.test("stages: kills at one instant at the end of the plan are a stage, as in a storm", () => {
  const storm: PhasePlan[] = [{ kind: "hold", durationMs: 1_000 }, { kind: "kill", rate: "once" }];
  const began = { connect: 0, kill: 100, drain: 1_100, leave: 2_000, done: 3_000 };
  assert.equal(
    stagesText(stagesOf({ phases: storm, durationMs: 30_000 }, { began, restarts: [] })),
    "connect 0–100, hold 100–1100, kill 1100–1100, drain 1100–2000, leave 2000–3000",
  );
});

Deno.test("stages: during a run the last stage has no end, and later stages are absent", () => {
  const { began: { connect, kill } } = whole;
  const began = { connect: connect!, kill: kill! };
  assert.equal(
    stagesText(stagesOf(plan, { began, restarts: [] }, 3_500)),
    "connect 20–1000, kill 1000–3000, hold 3000–",
  );
  const down = { began, restarts: [{ fromMs: 4_000 }] };
  assert.equal(
    stagesText(stagesOf(plan, down, 4_500)),
    "connect 20–1000, kill 1000–3000, hold 3000–4000, restart 4000–",
  );
});

Deno.test("stages: a run that ends early has no stages that it did not reach", () => {
  const began = { connect: 0, kill: 1_000, drain: 2_500, done: 4_500 };
  assert.equal(stagesText(stagesOf(plan, { began, restarts: [] })), "connect 0–1000, kill 1000–2500, drain 2500–4500");
  const voided = { began: { connect: 0, kill: 1_000, done: 4_200 }, restarts: [{ fromMs: 4_000 }] };
  assert.equal(stagesText(stagesOf(plan, voided)), "connect 0–1000, kill 1000–3000, hold 3000–4000, restart 4000–4200");
});

Deno.test("stages: a stage begins with the last squad, and a restart ends when all clients are back", () => {
  const book = new PhaseClock(1_000);
  book.enter("connect", 1_050.4);
  book.enter("connect", 9_999);
  book.goDown(3_000);
  const one = book.data();
  assert.deepEqual(one, { began: { connect: 50 }, restarts: [{ fromMs: 2_000 }] });
  const other: Instants = { began: { connect: 70, kill: 90 }, restarts: [{ fromMs: 1_990, backMs: 2_500 }] };
  assert.deepEqual(mergeInstants([one, other]), { began: { connect: 70, kill: 90 }, restarts: [{ fromMs: 1_990 }] });
  book.comeBack(3_600);
  assert.deepEqual(mergeInstants([book.data(), other]).restarts, [{ fromMs: 1_990, backMs: 2_600 }]);
});

Deno.test("stages: the stages of a run follow each other without a gap, over a restart too", () => {
  const { stages = [], restarts } = simulateFleet({
    plan: { clients: 20, workers: 2, watchers: 2, phases: [{ kind: "kill", durationMs: 2_000 }, ...phases.slice(1)] },
  });
  assert.equal(
    stages.map(({ name }) => name).join(" "),
    "connect kill hold restart return drain leave",
  );
  for (const [place, { toMs }] of stages.entries()) assert.equal(toMs, stages[place + 1]?.fromMs ?? toMs);
  const restart = stages.find(({ name }) => name === "restart")!;
  const { downAtMs, backAtMs } = restarts!.each[0]!;
  assert.ok(restart.fromMs <= downAtMs && downAtMs < backAtMs && backAtMs <= restart.toMs!, JSON.stringify(restart));
});
