/**
 * `deno task sim:open`: fleets and parts of `check` on brokers that conform to the standard and make the choices that it
 * leaves open, over many seeds, on as many threads as there are processors; or one seed with its trace.
 *
 *   deno task sim:open [--seeds 5000] [--from 0] [--threads 2] [--until-failure]
 *   deno task sim:open --seed 1234
 */
import { notProvoked, type OpenChoice } from "../../support/open/open_choices.ts";
import { addTally, noTally, type OpenTally, simulateOpen } from "./open_seed.ts";
import type { OpenRange, OpenReport } from "./open_sim_worker.ts";

const shownLines = 200;
/** The number of failures after which a thread stops. */
const failuresLimit = Deno.args.includes("--until-failure") ? 1 : 25;

function numberAfter(name: string, fallback: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function replay(seed: number): Promise<number> {
  const lines: string[] = [];
  try {
    await simulateOpen(seed, (line) => lines.push(line));
  } catch (error) {
    print(lines.slice(-shownLines).join("\n"));
    print(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
    return 1;
  }
  print(`seed ${seed}: no fault was reported, and each reason is true`);
  return 0;
}

function runRange(range: OpenRange): Promise<OpenReport> {
  const worker = new Worker(new URL("./open_sim_worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }: MessageEvent<OpenReport | "ready">) => {
      if (data === "ready") return worker.postMessage(range);
      worker.terminate();
      resolve(data);
    };
  });
}

async function sweep(): Promise<number> {
  const from = numberAfter("--from", 0);
  const seeds = numberAfter("--seeds", 5_000);
  const threads = Math.max(1, Math.min(numberAfter("--threads", navigator.hardwareConcurrency), seeds));
  const reports = await Promise.all(
    Array.from(
      { length: threads },
      (_, at) => runRange({ from: from + at, to: from + seeds, step: threads, failuresLimit }),
    ),
  );
  const all = noTally();
  for (const { tally } of reports) addTally(all, tally);
  tell(all);
  const failures = reports.flatMap(({ failures }) => failures).sort((one, other) => one.seed - other.seed);
  for (const { seed, message } of failures) print(`seed ${seed}: ${message}\n  deno task sim:open --seed ${seed}`);
  // Each choice must occur, since a choice that never occurs proves nothing; a few seeds cannot contain all.
  const names = Object.keys(all.choices) as OpenChoice[];
  const missing = seeds < 1_000 ? [] : names.filter((name) => all.choices[name] === 0 && !notProvoked.includes(name));
  for (const name of missing) print(`no seed made the choice "${name}"`);
  const failed = failures.length + missing.length;
  print(`${failed === 0 ? "ok | 1" : "FAILED | 0"} passed | ${failed} failed (${all.seeds} seeds without a fault)`);
  return failed === 0 ? 0 : 1;
}

function tell({ seeds, fleets, wills, cases, choices }: OpenTally): void {
  const figure = (value: number) => value.toLocaleString("en-US");
  print("How often each open choice was made:");
  for (const name of Object.keys(choices) as OpenChoice[]) {
    const why = choices[name] === 0 && notProvoked.includes(name) ? " (neither fleet nor check gives cause)" : "";
    print(`${figure(choices[name]).padStart(12)}  ${name}${why}`);
  }
  print(
    `${figure(seeds)} seeds: ${figure(fleets.pass)} fleets passed with ${figure(wills)} wills, ` +
      `${figure(fleets["not testable"])} were void or refused for a true reason; ${figure(cases.pass)} cases passed, ` +
      `${figure(cases["not testable"])} were not testable for a true reason`,
  );
}

const one = numberAfter("--seed", -1);
Deno.exit(one >= 0 ? await replay(one) : await sweep());
