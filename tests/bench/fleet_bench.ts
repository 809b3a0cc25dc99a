/** The fleet's work for each will: the verdict, the tally, the latency. */
import { Histogram } from "../../src/base/histogram.ts";
import { Groups } from "../../src/fleet/plan/groups.ts";
import { Ledger } from "../../src/fleet/ledger/ledger.ts";
import { ProgressMeter } from "../../src/fleet/ledger/progress_meter.ts";
import { type Life, readWillMark, willOf } from "../../src/fleet/life/life.ts";
import { judge } from "../../src/fleet/oracle/oracle.ts";
import { compareWill } from "../../src/fleet/oracle/will_compare.ts";
import { aLife, anEnd, aPlan, came, killMs, rules } from "../fleet/sample_life.ts";
import { aWill, watcher5 } from "../fleet/sample_will.ts";

const histogram = new Histogram();
let latencyMs = 0;
Deno.bench({
  name: "histogram: record",
  group: "will",
  fn: () => histogram.record(latencyMs = (latencyMs + 0.37) % 900),
});
Deno.bench({ name: "histogram: percentile", group: "read", fn: () => void histogram.percentile(99) });

const dead = aLife({ end: anEnd("reset") });
const arrivals = came(killMs + 3);
Deno.bench({
  name: "oracle: judge one life",
  group: "will",
  fn: () => void judge(dead, arrivals, rules, killMs + 60_000),
});

const plan = aPlan();
const begun = aLife();

/** The work of a ledger for one life. */
function oneLife(ledger: Ledger): () => void {
  let incarnation = 0;
  let nowMs = killMs;
  return () => {
    nowMs += 10;
    const life: Life = { ...begun, incarnation: ++incarnation };
    ledger.begin(life);
    life.end = anEnd("reset", { dueMs: nowMs, doneMs: nowMs });
    ledger.end(life);
    ledger.arrive(aWill(plan, life), 0, watcher5, nowMs + 1);
    ledger.settle(nowMs);
  };
}

Deno.bench({
  name: "ledger: a life begins, ends, its will comes and is judged",
  group: "will",
  fn: oneLife(new Ledger(plan, new Groups(plan, "5"))),
});

const metered = new Ledger(plan, new Groups(plan, "5"));
const meter = new ProgressMeter();
metered.meter = meter;
metered.onLatency = (ms, mode, brokerMs) => meter.recordLatency(ms, mode, brokerMs);
Deno.bench({ name: "ledger: the same with the counts for metrics", group: "will", fn: oneLife(metered) });

const will = aWill(plan, begun);
Deno.bench({ name: "will: made for a CONNECT", group: "will", fn: () => void willOf(plan, begun) });
Deno.bench({ name: "will: find its life", group: "will", fn: () => void readWillMark(plan, will.payload) });
Deno.bench({
  name: "will: compared with the request",
  group: "will",
  fn: () => void compareWill(plan, begun, will, watcher5),
});
