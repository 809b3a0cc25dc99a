/** The complete docs/bench.md, from one run of the bench. */
import type { EngineName } from "../../../../src/net/engine.ts";
import { remarks } from "./bench_remarks.ts";
import { type Rounds, takesPart, warmMs } from "../contest.ts";
import { brokerCore, type Contestant, generatorCore } from "../contestants.ts";
import { percentText, spreadOf } from "./figures.ts";
import { engineNames, goalLines, type GoalRow, isReached, type Results, type Verdict, verdictText } from "./goals.ts";
import type { MachineFacts } from "../machine_facts.ts";
import { headOf, markdownTable, rowsOf } from "./peers_table.ts";
import { hasNone, type Profile } from "../profile.ts";
import type { Workload } from "../workload.ts";
import { instrumentTable, type Rounds as InstrumentRounds } from "../../instrument/table.ts";

export interface BenchDocument {
  readonly facts: MachineFacts;
  /** The requested rounds; see `roundsAtMost` of a workload. */
  readonly rounds: number;
  readonly contestants: readonly Contestant[];
  readonly workloads: readonly Workload[];
  readonly rows: readonly GoalRow[];
  readonly results: Results;
  readonly profiles: readonly Profile[];
  /** The fleet beside a generator in C; empty if the machine has no C compiler. */
  readonly instrument: readonly InstrumentRounds[];
}

/** The table's text for a goal without a figure. */
export const notMeasured = "not measured";
export const command = "deno task docs:bench";

export function benchMarkdown(document: BenchDocument): string {
  const parts = [
    "# Bench",
    `mqtt-sim's broker, on both of its engines, beside mosquitto and aedes: made on ${document.facts.date} by ` +
    `\`${command}\`, which writes this page.`,
    "## Goals at a glance",
    glance(document),
    "## The instrument",
    instrument(document),
    "## How to read it",
    howToRead(document),
    "## What it rests on",
    basis(document),
    "## Workloads",
    ...document.workloads.flatMap((workload) => workloadParts(workload, document.results)),
    "## Why goals are missed",
    ...whyParts(document),
    "## What is not measured here",
    remarks.get("not measured") ?? "",
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** A verdict for each goal and engine. */
function glance({ rows, results }: BenchDocument): string {
  const cell = (row: GoalRow, engine: EngineName) => {
    const verdict = row.verdict(results, engine);
    if (verdict !== undefined) return verdictText(verdict);
    return engineNames.some((other) => row.verdict(results, other) !== undefined) ? "–" : notMeasured;
  };
  return markdownTable(
    ["goal", "asked", "epoll engine", "deno engine"],
    rows.map((row) => [row.text, row.asked, ...engineNames.map((engine) => cell(row, engine))]),
  );
}

/** The precision of the fleet, and its cost. */
function instrument({ instrument: all }: BenchDocument): string {
  if (all.length === 0) return `${notMeasured}: this machine has no C compiler.`;
  return [
    "The fleet of `mqtt-sim fleet` and a small generator in C (`tests/bench/instrument/generator.c`) put the same load " +
    "on one mosquitto, one after the other: resets, wills of QoS 1, one watcher for all wills of C. The latency counts " +
    "from the scheduled instant of a kill. The slip ends where the kill begins; the duration of a kill is that of its " +
    "own system calls (in C SO_LINGER and close; the fleet dissolves the connection, and closes later), in which " +
    "the kernel on loopback also does work of the broker's side. " +
    "The CPU time counts from the first kill until the wills are here, for both. " +
    "The fleet has the kernel's date of each will, the generator in C the time of its own read, which is later. " +
    `\`deno task bench:instrument\` makes this table alone. Medians of ${
      all[0]!.fleet.length
    } rounds, and in brackets ` +
    "the least and the most.",
    instrumentTable(all),
  ].join("\n\n");
}

function howToRead({ rounds }: BenchDocument): string {
  return [
    "- Figures hold for one machine; ratios are what counts. A ratio is of two figures of one round, made within " +
    "moments of one another; what stands here is the median of the rounds' ratios, and behind it, in brackets, the " +
    "least and the most of them: where those lie far apart, the figure is noise as much as measurement.",
    "- `wall × mosquitto` is units a second over mosquitto's, `CPU × mosquitto` is mosquitto's CPU time for a unit over " +
    "the broker's: in both, above 1 is better than mosquitto. A goal on a rate is judged by both, and either may be " +
    "missed.",
    "- `broker busy` and `generator busy` are shares of a core while the work lasted. Where the generator's is near " +
    "100 % and the broker's is not, the broker waited for the generator, and the clock says less of it than CPU time. " +
    "`resets took` is the share of that time in which the generator did nothing but reset its clients.",
    "- CPU time is the operating system's own count (`/proc/PID/task/*/schedstat`, in nanoseconds), all threads of the " +
    "broker, compilers and garbage collectors included, from the first cause until the broker is idle again.",
    `- Every broker is a process that was warmed up by the workload itself for ${warmMs / 1_000} s or more, and then ` +
    `had its turn in each of ${rounds} rounds (fewer where a table says so); each round begins with another broker.`,
    "- A profile is of time, not of CPU time: `events` of `src/net/epoll/libc.ts` is the wait for the kernel " +
    "(epoll_wait), and where the broker waits for the generator, most of it is that.",
    "- `lost` is what was asked for and never came, over all rounds.",
  ].join("\n");
}

function basis({ facts, contestants }: BenchDocument): string {
  const setups = contestants.map(({ name, setup }) => [name, setup]);
  return [
    markdownTable(["machine", ""], facts.machine),
    markdownTable(["version", ""], facts.versions),
    [
      "```sh",
      `${command.padEnd(46)} # this page, some 25 minutes; --keep FOLDER keeps what was run`,
      `${"deno task bench:peers --workload storm-5000".padEnd(46)} # one part of it, on a terminal`,
      `${"deno task bench".padEnd(46)} # codec, topic tree, outbox, deadlines, histogram, oracle`,
      "```",
    ].join("\n"),
    `Brokers run on core ${brokerCore}, the generator on core ${generatorCore}, all over loopback. No broker writes a ` +
    "line for a connection: mosquitto is configured so below, ours logs nothing below a warning by default, aedes has no log. " +
    "Clients speak 3.1.1, with a clean session, and dial from four addresses in turn.",
    markdownTable(["broker", "setup"], setups),
  ].join("\n\n");
}

function workloadParts(workload: Workload, results: Results): string[] {
  const all = results.get(workload.id);
  const head = `### ${workload.title}`;
  if (all === undefined || all.length === 0) return [head, `\`${workload.id}\`: ${notMeasured} in this run.`];
  const lines = goalLines(workload, results);
  return [
    head,
    `\`--workload ${workload.id}\`, ${roundsText(all)}`,
    markdownTable(headOf(workload, all), rowsOf(workload, all)),
    lines.map((line) => `- ${line}`).join("\n"),
    all[0]!.faults.map((fault) => `- Not counted, ${fault}`).join("\n"),
    remarks.get(workload.id) ?? "",
  ];
}

function roundsText(all: readonly Rounds[]): string {
  const text = (rounds: number) => rounds === 1 ? "1 round" : `${rounds} rounds`;
  const [least, most] = [Math.min, Math.max].map((of) => of(...all.map(({ figures }) => figures.length)));
  if (least === most) return text(most!);
  const fewer = all.filter(({ figures }) => figures.length < most!).map(({ broker }) => broker);
  return `${text(most!)}, ${fewer.join(" and ")} ${least}`;
}

function whyParts(document: BenchDocument): string[] {
  const missed = document.rows.flatMap((row) => {
    const verdicts = engineNames.flatMap((engine) => row.verdict(document.results, engine) ?? []);
    const failed = verdicts.filter((verdict) => !isReached(verdict));
    return failed.length === 0 ? [] : [{ row, failed }];
  });
  if (missed.length === 0) return ["None is missed."];
  const shown = new Set<string>();
  return missed.flatMap(({ row, failed }) => [
    `### ${row.text}: ${row.asked}`,
    failed.map((verdict) => `- ${verdict.broker}: ${verdictText(verdict)}`).join("\n"),
    remarks.get(row.id) ?? "",
    ...failed.flatMap((verdict) => profileParts(verdict, document, shown)),
  ]);
}

/** The profile of one broker; appears once, even if several goals refer to it. */
function profileParts(verdict: Verdict, document: BenchDocument, shown: Set<string>): string[] {
  const { broker, workload: id } = verdict;
  const workload = document.workloads.find((each) => each.id === id);
  if (workload === undefined || hasNone(workload)) return [];
  const profile = document.profiles.find((each) => each.broker === broker && each.workload === id);
  if (profile === undefined) return [`No profile was taken of ${broker} at \`${id}\`.`];
  const key = `${broker} ${id}`;
  if (shown.has(key)) return [`The profile of ${broker} at \`${id}\` stands above.`];
  shown.add(key);
  const ms = profile.ms.toFixed(0);
  return [
    workload.fleet === undefined
      ? `${broker} at \`${id}\`, ${ms} ms of its main thread; ${kernelText(broker, id, document)}`
      : `The fleet on the ${workload.fleet} engine, ${ms} ms of its threads together, start included:`,
    markdownTable(
      ["own time in", "function", "share"],
      profile.rows.map(({ file, name, share }) => [`\`${file}\``, `\`${name}\``, percentText(share)]),
    ),
  ];
}

function kernelText(broker: string, workload: string, { results }: BenchDocument): string {
  const shareOf = (name: string) => {
    const rounds = results.get(workload)?.find((each) => each.broker === name);
    if (rounds === undefined) return undefined;
    const share = spreadOf(rounds.figures.map(({ kernelUs = NaN, cpuUs }) => Math.min(1, kernelUs / cpuUs))).median;
    return Number.isFinite(share) ? percentText(share) : undefined;
  };
  const [own, other] = [shareOf(broker), shareOf("mosquitto")];
  if (own === undefined) return "the kernel's share was not measured:";
  return `the kernel has ${own} of all its CPU time in the rounds${
    other === undefined ? "" : `, and ${other} of mosquitto's`
  }:`;
}

/** The brokers of a workload, for the check of a page. */
export function brokersOf(workload: Workload, contestants: readonly Contestant[]): string[] {
  return contestants.filter((contestant) => takesPart(contestant, workload)).map(({ name }) => name);
}
