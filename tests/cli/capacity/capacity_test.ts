/** `mqtt-sim capacity` on simulated brokers of known capacity. */
import assert from "node:assert/strict";
import { UsageError } from "../../../src/base/failure.ts";
import { capacity, type CapacityDeps } from "../../../src/cli/capacity/capacity.ts";
import type { CapacityAsked } from "../../../src/cli/capacity/capacity_flags.ts";
import { readCommandLine } from "../../../src/cli/command_line.ts";
import { extractOptionNames } from "@optique/core/usage";
import { whyRefused } from "../../../src/cli/capacity/refused_flags.ts";
import { commands } from "../../../src/cli/line/grammar.ts";
import type { FleetPlan, FleetRun } from "../../../src/fleet/plan/plan.ts";
import type { FleetResult } from "../../../src/fleet/result/result.ts";
import { latency, passed, voided } from "../../report/sample.ts";
import { captured } from "../captured.ts";
import { eachCase } from "../../support/steps.ts";

/** The rate of a plan, or its clients where all die at once. */
function loadOf({ killRate, clients, phases }: FleetPlan): number {
  return phases === undefined ? killRate.perSecond : clients;
}

/** A run of a broker that takes 5 ms up to its capacity, and a second beyond. */
function runOf(plan: FleetPlan, most: number, slipMs = 0.1, changes: Partial<FleetResult> = {}): FleetResult {
  const load = loadOf(plan);
  const fast = load <= most;
  const { kills, wills } = passed();
  const all = latency(500, fast ? 5 : 900, 0.01);
  const slip = latency(500, fast ? 0.1 : slipMs, 0);
  return {
    ...passed(),
    plan,
    kills: { ...kills, total: 500, askedPerSecond: load, reachedPerSecond: load },
    wills: { ...wills, expected: 500, onTime: 500 },
    latencyMs: { ...passed().latencyMs, all },
    slipMs: slip,
    ...changes,
  };
}

type Answer = (run: FleetRun) => FleetResult | Promise<FleetResult>;

/** The command with fake brokers; `answers` by port, the embedded broker at port 9. */
function trial(answers: Readonly<Record<number, Answer>>) {
  const output = captured();
  const runs: FleetRun[] = [];
  const early = new AbortController();
  const deps: CapacityDeps = {
    runFleet: async (run) => {
      runs.push(run);
      return await answers[run.target.port]!(run);
    },
    startBroker: () =>
      Promise.resolve({
        url: "mqtt://127.0.0.1:9",
        crash: new Promise(() => {}),
        disconnectClient: () => Promise.resolve(false),
        stop: async () => {},
      }),
    openInterrupts: () => ({ early: early.signal, atOnce: new AbortController().signal, close() {} }),
    waitUntilIdle: () => Promise.resolve({ quiet: true, afterMs: 0 }),
  };
  const go = (...args: string[]) =>
    capacity(readCommandLine(["capacity", "--recovery", "0", ...args], output) as CapacityAsked, output, deps);
  return { output, runs, early, go };
}

Deno.test("capacity: one number with its interval, the curve and the knee, as text, JSON and page", async () => {
  const folder = await Deno.makeTempDir();
  const { go, output, runs } = trial({ 9: ({ plan }) => runOf(plan, 700) });
  assert.equal(await go("--seed", "7", "--report", `${folder}/c.json`, "--html", `${folder}/c.html`), 0);
  assert.match(
    output.written.out,
    /\nCAPACITY {2}703 kills\/s \(between 673 and 734\): at 734 kills\/s not met: latency/,
  );
  assert.match(output.written.out, /^ +800 +500 .* did not hold, again$/m);
  assert.match(output.written.err, /^400 kills\/s: held, p99 /m);
  const report = JSON.parse(await Deno.readTextFile(`${folder}/c.json`));
  const page = await Deno.readTextFile(`${folder}/c.html`);
  await Deno.remove(folder, { recursive: true });
  assert.equal(report.schema, "mqtt-sim/capacity/1");
  const [{ capacity: found, outcome, knee, steps, target }] = report.brokers;
  assert.deepEqual([found, outcome, target], [{ value: 703, held: 673, over: 734 }, "found", "embedded"]);
  assert.equal(knee.load, 673);
  const last = [734, 734, 734, 734, 734];
  assert.deepEqual(steps.map(({ load }: { load: number }) => load), [100, 200, 400, 800, 800, 566, 673, ...last]);
  assert.ok(JSON.stringify(report).length < 12_000, "the JSON of the steps is small");
  assert.match(page, /<title>Capacity: embedded<\/title>/);
  assert.match(page, /703 kills\/s \(between 673 and 734\)/);
  assert.match(report.repeat, / capacity --recovery 0s --seed 7$/);
  // Each step has enough kills and clients of its own, and a seed that follows from that of the search.
  assert.equal(new Set(runs.map(({ plan }) => plan.run)).size, runs.length);
  assert.ok(runs.every(({ plan }) => loadOf(plan) * plan.durationMs / 1_000 >= 300));
  const again = trial({ 9: ({ plan }) => runOf(plan, 700) });
  await again.go("--seed", "7");
  assert.deepEqual(again.runs.map(({ plan }) => plan.seed), runs.map(({ plan }) => plan.seed));
});

Deno.test("capacity: where the generator was the limit there is no number, and the exit code is that of void", (t) =>
  eachCase(
    t,
    [
      ["it kills too late", ({ plan }: FleetRun) => runOf(plan, 700, 80), /the generator was late itself/],
      [
        "the machine stalls",
        ({ plan }: FleetRun) =>
          runOf(plan, 700, 0.1, loadOf(plan) > 700 ? { generatorBound: "this machine stalled" } : {}),
        /this machine stalled/,
      ],
      [
        "it has too few ports",
        ({ plan }: FleetRun) =>
          loadOf(plan) > 700 ? Promise.reject(new UsageError("Cannot open 9 connections")) : runOf(plan, 700),
        /Cannot open 9 connections/,
      ],
    ] as const,
    async ([, answer, why]) => {
      const { go, output } = trial({ 9: answer });
      assert.equal(await go(), 3);
      const [last = ""] = output.written.out.trimEnd().split("\n").slice(-1);
      assert.match(last, /^VOID {2}no number, because the generator was the limit: at 734 kills\/s /);
      assert.match(last, why);
      assert.match(last, /; the broker held 673 kills\/s, which is a lower bound and not its capacity$/);
      assert.doesNotMatch(output.written.out, /between/);
    },
  ));

Deno.test("capacity: a fleet of fixed size that held all it can do is the limit, and the report says so", async () => {
  const { go, output } = trial({ 9: ({ plan }) => runOf(plan, 1e6) });
  assert.equal(await go("--clients", "500"), 3);
  assert.match(
    output.written.out,
    /a fleet of 500 clients, each away for 1.3 s after a kill, sustains at most 320 kills/,
  );
});

Deno.test("capacity: a rate that the clients' reconnects do not allow did not hold", async () => {
  const slow = ({ plan }: FleetRun) => {
    const run = runOf(plan, 1e6);
    return { ...run, kills: { ...run.kills, reachedPerSecond: Math.min(300, loadOf(plan)) } };
  };
  const { go, output } = trial({ 9: slow });
  assert.equal(await go(), 0);
  assert.match(output.written.out, /CAPACITY .*the fleet reached 300 of .* had not reconnected in time/);
});

Deno.test("capacity: of clients, each step kills all its clients at once", async () => {
  const { go, output, runs } = trial({
    9: ({ plan }) =>
      runOf(plan, 3_000, 0.1, loadOf(plan) > 3_000 ? { verdict: "fail", reason: "12 late", exitCode: 1 } : {}),
  });
  assert.equal(await go("--of", "clients"), 0);
  assert.match(output.written.out, /CAPACITY {2}2,9\d\d clients \(between 2,\d+ and 3,\d+\): at 3,\d+ clients 12 late/);
  assert.deepEqual(runs.map(({ plan }) => plan.clients).slice(0, 4), [500, 1_000, 2_000, 4_000]);
  assert.ok(runs.every(({ plan }) => plan.phases?.some((phase) => "rate" in phase && phase.rate === "once")));
});

Deno.test("capacity: several brokers have one chart and one table; the worst of them is the exit code", async () => {
  const { go, output } = trial({
    1: ({ plan }) => runOf(plan, 700),
    2: ({ plan }) => runOf(plan, 300, 80),
    3: () => voided(),
  });
  const urls = ["a=mqtt://127.0.0.1:1", "b=mqtt://127.0.0.1:2", "c=mqtt://127.0.0.1:3"].flatMap((
    url,
  ) => ["--url", url]);
  assert.equal(await go(...urls, "--html", "-"), 3);
  assert.match(output.written.err, /^a +703 kills\/s \(between 673 and 734\)/m);
  assert.match(output.written.err, /^b +none: generator/m);
  assert.match(output.written.err, /^VOID {2}c: /m);
  assert.match(output.written.out, /"label":"a".*"label":"b"/s);
  assert.match(output.written.out, /1 of 3 brokers have a number; where the generator was the limit there is none/);
  assert.match(output.written.out, /<h2 id="plots-title">Curve<\/h2>/);
});

Deno.test("capacity: Ctrl-C ends the search with what is known", async () => {
  const run = trial({
    9: ({ plan }) => {
      if (loadOf(plan) < 800) return runOf(plan, 700);
      run.early.abort();
      return { ...voided(), plan, exitCode: 130 };
    },
  });
  assert.equal(await run.go(), 130);
  assert.match(run.output.written.out, /INTERRUPTED {2}interrupted before the end of the search: 400 kills\/s held\n$/);
});

Deno.test("capacity: each load up to --to that holds is a pass, and a first load that fails leads down", async () => {
  const upTo = trial({ 9: ({ plan }) => runOf(plan, 700) });
  assert.equal(await upTo.go("--to", "500"), 0);
  assert.match(upTo.output.written.out, /\nHELD {2}every load up to 500 kills\/s, the highest requested one, held\n$/);
  // A will that was overdue when the step ended, and came after all, makes the run void and the load no less broken.
  const cut = trial({
    9: ({ plan }) => runOf(plan, 1e6, 0.1, { verdict: "void", exitCode: 3, reason: "1 overdue", aborted: "1 overdue" }),
  });
  assert.equal(await cut.go(), 1);
  assert.match(cut.output.written.out, /\nFAIL {2}no load held: already at 10 kills\/s 1 overdue/);
  const none = trial({ 9: ({ plan }) => runOf(plan, 0) });
  assert.equal(await none.go(), 1);
  assert.match(none.output.written.out, /\nFAIL {2}no load held: already at 10 kills\/s not met/);
});

Deno.test("capacity: bad input", (t) =>
  eachCase(
    t,
    [
      [["--from", "0"], 'Cannot use --from "0": expected 1 to 1,000,000'],
      [["--growth", "1"], 'Cannot use --growth "1": expected 1.2 to 10'],
      [["--precision", "0.1"], 'Cannot read --precision "0.1": expected a percentage such as 10%'],
      [["--from", "500", "--to", "100"], "Cannot search from 500 to 100: expected --to above --from"],
      [
        ["--of", "clients", "--clients", "9"],
        "Cannot use --clients 9 with --of clients, which searches for that number: expected --from and --to",
      ],
      [["--clients", "10"], /^Cannot begin at 100 kills a second: a fleet of 10 clients.*; expected more --clients$/],
      [["--reconnect-after", "never"], /^Cannot use --reconnect-after never with --of rate: /],
      [["--will-delay", "5", "--protocol", "3.1.1"], /^Cannot /],
      [
        ["--kill-rate", "5%"],
        "Cannot use --kill-rate with capacity: a search varies the load itself; expected --from, --to and --step-duration",
      ],
      [
        ["--shard", "1/2"],
        "Cannot use --shard with capacity: a search has no shards; expected --workers, or --over with --parts",
      ],
      [
        ["--url", "mqtt://127.0.0.1:9", "--node", "a=mqtt://127.0.0.1:1", "--node", "b=mqtt://127.0.0.1:2"],
        "Cannot use --url together with --node: expected one --node for each address of the cluster",
      ],
      [["--node", "a=mqtt://127.0.0.1:1"], "Cannot use 1 --node: expected 2 to 32 nodes"],
      [["--ws-header", "a=b"], /^Cannot use --ws-header with the embedded broker: /],
      [["--alpn", "mqtt"], /^Cannot use --alpn with the embedded broker, /],
    ] as const,
    async ([args, sentence]) => {
      const { go, runs } = trial({ 9: ({ plan }) => runOf(plan, 700) });
      const fault = await Promise.resolve().then(() => go(...args)).then(() => undefined, (error) => error);
      assert.ok(fault instanceof UsageError, String(fault));
      if (typeof sentence === "string") assert.equal(fault.message, sentence);
      else assert.match(fault.message, sentence);
      assert.equal(runs.length, 0);
    },
  ));

Deno.test("capacity: each flag of fleet works, or is refused with a reason", () => {
  const names = (command: "fleet" | "capacity") => [...extractOptionNames(commands[command].usage)];
  const own = new Set(names("capacity"));
  for (const flag of names("fleet")) {
    const answers = [own.has(flag), whyRefused(flag) !== undefined].filter(Boolean).length;
    assert.equal(answers, 1, `${flag} has one answer`);
  }
});

Deno.test("capacity: the flags of connections and identities reach each step and the command that repeats the search", async () => {
  const { go, output, runs } = trial({ 9: ({ plan }) => runOf(plan, 1e6) });
  const folder = await Deno.makeTempDir();
  const args = [
    ...["--node", "a=ws://127.0.0.1:9", "--node", "b:2=ws://127.0.0.1:9", "--ws-header", "X-Key=secret"],
    ...["--credentials", "rows.csv", "--watcher-username", "w", "--watch-qos", "1"],
  ];
  assert.equal(await go(...args, "--to", "200", "--report", `${folder}/c.json`), 0);
  const { repeat, brokers: [found] } = JSON.parse(await Deno.readTextFile(`${folder}/c.json`));
  await Deno.remove(folder, { recursive: true });
  assert.equal(runs.length, 2);
  for (const { plan, target } of runs) {
    assert.deepEqual(plan.nodes?.map(({ name, share }) => [name, share]), [["a", 1], ["b", 2]]);
    assert.deepEqual([plan.wsHeaders, plan.credentials], [["X-Key=secret"], "rows.csv"]);
    assert.deepEqual([plan.watcherUsername, plan.watchQos, plan.fanOut], ["w", 1, 2]);
    assert.equal(target.url, "ws://127.0.0.1:9/mqtt");
  }
  assert.deepEqual([found.name, found.target], ["a+b", "a=ws://127.0.0.1:9/mqtt,b:2=ws://127.0.0.1:9/mqtt"]);
  for (const part of ["--node a=ws://127.0.0.1:9/mqtt", "--ws-header X-Key=VALUE", "--credentials rows.csv"]) {
    assert.ok(repeat.includes(part), `${part} in ${repeat}`);
  }
  assert.doesNotMatch(repeat + output.written.out, /secret/);
});

Deno.test("capacity: each silent kill mode keeps its client away for the keep alive", async () => {
  const { go, runs } = trial({ 9: ({ plan }) => runOf(plan, 1e6) });
  assert.equal(await go("--kill-mode", "stall", "--keepalive", "2", "--to", "100"), 0);
  // 100 kills a second, each away for 3 s of silence, 1 s and 0.25 s of rest; at most 80% of the fleet is away.
  assert.equal(runs[0]?.plan.clients, 532);
});
