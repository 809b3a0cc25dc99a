/**
 * `deno task sim`: the simulation over many seeds, with one thread for each processor; or one seed with its trace.
 *
 *   deno task sim [--seeds 10000] [--from 0] [--threads 2]
 *   deno task sim --seed 1234
 */
import type { SeedRange, SeedReport } from "./sim_worker.ts";
import { simulate } from "./simulation.ts";

const shownLines = 120;

function numberAfter(name: string, fallback: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

function replay(seed: number): number {
  const lines: string[] = [];
  try {
    simulate(seed, (line) => lines.push(line));
  } catch (error) {
    print(lines.slice(-shownLines).join("\n"));
    print(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
    return 1;
  }
  print(`seed ${seed}: all holds, in ${lines.length} events`);
  return 0;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function sweep(): Promise<number> {
  const from = numberAfter("--from", 0);
  const seeds = numberAfter("--seeds", 10_000);
  const threads = Math.max(1, Math.min(numberAfter("--threads", navigator.hardwareConcurrency), seeds));
  const reports = await Promise.all(
    Array.from({ length: threads }, (_, at) => runRange({ from: from + at, to: from + seeds, step: threads })),
  );
  const failures = reports.flatMap(({ failures }) => failures).sort((one, other) => one.seed - other.seed);
  for (const { seed, message } of failures) print(`seed ${seed}: ${message}\n  deno task sim --seed ${seed}`);
  const done = reports.reduce((sum, report) => sum + report.done, 0);
  const fine = failures.length === 0;
  print(`${fine ? "ok | 1" : "FAILED | 0"} passed | ${failures.length} failed (${done} seeds)`);
  return fine ? 0 : 1;
}

function runRange(range: SeedRange): Promise<SeedReport> {
  const worker = new Worker(new URL("./sim_worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }: MessageEvent<SeedReport | "ready">) => {
      if (data === "ready") return worker.postMessage(range);
      worker.terminate();
      resolve(data);
    };
  });
}

const one = numberAfter("--seed", -1);
Deno.exit(one >= 0 ? replay(one) : await sweep());
