import assert from "node:assert/strict";
import { type BenchDocument, benchMarkdown, notMeasured } from "./bench_document.ts";
import type { Rounds } from "../contest.ts";
import { contestants } from "../contestants.ts";
import { goalRows } from "./goals.ts";
import type { Figures, Workload } from "../workload.ts";
import { tableUnder } from "./table_under.ts";

const work: Workload = {
  id: "work",
  title: "some work",
  unit: "unit",
  goals: [{ beside: "mosquitto", of: "rate", atLeast: 2 }],
  run: () => Promise.reject(new Error("never run")),
};
const figures = (done: number, cpuUs: number): Figures => ({ done, asked: 100, ms: 1_000, cpuUs, generatorUs: 5e5 });
const rounds = (broker: string, ...all: Figures[]): Rounds => ({ broker, figures: all, faults: [] });

function documentOf(results: readonly Rounds[]): BenchDocument {
  const facts = { date: "2026-01-02", machine: [["cores", "2"]], versions: [["Deno", "1"]] } as const;
  const both = [work];
  return {
    ...{ facts, rounds: 2, contestants, workloads: both, rows: goalRows(both), profiles: [], instrument: [] },
    results: new Map([["work", results]]),
  };
}

Deno.test("bench page: has the median of the rounds' ratios by the clock and by CPU time, each with its verdict", () => {
  const text = benchMarkdown(documentOf([
    rounds("mosquitto", figures(10, 1_000), figures(20, 1_000)),
    rounds("mqtt-sim epoll", figures(30, 4_000), figures(50, 4_000)),
  ]));
  const [[goal, asked, epoll, deno]] = tableUnder("## Goals at a glance", text) as [string[]];
  assert.deepEqual({ goal, asked, deno }, { goal: "some work", asked: "≥ 2 × mosquitto", deno: "–" });
  assert.equal(epoll, "wall 2.75 × (2.5–3): reached; CPU 0.688 × (0.625–0.75): **missed**");
  const [mosquitto, ours] = tableUnder("### some work", text) as [string[], string[]];
  assert.deepEqual(mosquitto.slice(0, 4), ["mosquitto", "15 (10–20)", "1", "75 (50–100)"]);
  assert.deepEqual(ours.slice(-3), ["0 %", "50 %", "120"]);
  assert.match(text, /### some work: ≥ 2 × mosquitto\n\n- mqtt-sim epoll: .*\n\nNo profile was taken/);
});

Deno.test("bench page: a storm with several watchers has the CPU time of a death, which is that of all its wills", () => {
  const storm = { ...work, unit: "will delivered", watchers: 50 };
  const text = benchMarkdown({ ...documentOf([rounds("mosquitto", figures(10, 20))]), workloads: [storm] });
  assert.match(text, /CPU µs a will delivered *\| *CPU µs a death/);
  assert.deepEqual(tableUnder("### some work", text)[0]!.slice(3, 5), ["2", "100"]);
});

Deno.test("bench page: lists skipped workloads and invalid rounds", () => {
  const empty = benchMarkdown({ ...documentOf([]), results: new Map() });
  assert.deepEqual(tableUnder("## Goals at a glance", empty)[0], [
    "some work",
    "≥ 2 × mosquitto",
    notMeasured,
    notMeasured,
  ]);
  assert.match(empty, /`work`: not measured in this run\./);
  const [some] = [rounds("mosquitto", figures(1, 1))];
  assert.match(
    benchMarkdown(documentOf([{ ...some!, faults: ["round 2: it fell over"] }])),
    /- Not counted, round 2: it/,
  );
});

Deno.test("bench page: has the instrument beside the generator in C, with the goals that it misses", () => {
  const measured = (p50Ms: number) => ({
    p50Ms,
    p99Ms: 1,
    slipP50Ms: 0.1,
    slipP99Ms: 0.2,
    killP50Ms: 0.1,
    killP99Ms: 0.1,
    cpuUsPerLife: 100,
  });
  const load = { clients: 1_000, killsPerSecond: 50, seconds: 10, qos: 1, reconnectMs: 1_000 } as const;
  const instrument = [{ load, fleet: [measured(0.5), measured(0.7)], generator: [measured(0.1), measured(0.1)] }];
  const text = benchMarkdown({ ...documentOf([]), instrument });
  assert.deepEqual(tableUnder("## The instrument", text).map((cells) => cells.slice(0, 3)), [
    ["1,000 clients, 5 %/s", "fleet", "0.6 (0.5–0.7)"],
    ["", "C", "0.1"],
  ]);
  assert.match(text, /p50 is 0\.5 ms higher, at most 0\.15/);
  assert.match(benchMarkdown(documentOf([])), /## The instrument\n\nnot measured: this machine has no C compiler/);
});
