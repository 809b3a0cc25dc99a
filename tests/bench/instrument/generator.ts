/** The neutral generator in C: compiles it where there is a compiler, and runs it. */
import { ChildProcess } from "../../support/machine/child_process.ts";
import type { Load } from "./load.ts";

const source = new URL("./generator.c", import.meta.url).pathname;
const compilers = ["cc", "gcc", "clang"];

/** What the generator measures; latencies in microseconds. */
export interface GeneratorOutcome {
  readonly kills: number;
  readonly wills: number;
  readonly duplicates: number;
  readonly unknown: number;
  readonly fromScheduledUs: GeneratorRow;
  readonly fromKillUs: GeneratorRow;
  readonly slipUs: GeneratorRow;
  readonly killUs: GeneratorRow;
  readonly cpuUs: number;
}

export interface GeneratorRow {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Runs a line of the shell, which may run compilers and programs that the permissions do not name. */
function shell(line: string, ...args: string[]) {
  return new Deno.Command("sh", { args: ["-c", line, ...args], stdin: "null", stdout: "piped", stderr: "piped" })
    .output();
}

/** The first C compiler that this machine has; undefined if it has none. */
export async function findCompiler(): Promise<string | undefined> {
  const lines = compilers.map((compiler) => `command -v ${compiler}`);
  const { success, stdout } = await shell(lines.join(" || "));
  return success ? new TextDecoder().decode(stdout).trim() : undefined;
}

/** Compiles the generator. @throws Error with the compiler's messages if the source does not compile */
export async function compileGenerator(compiler: string, path: string): Promise<void> {
  const { success, stderr } = await shell('"$0" -O2 -Wall -Wextra -Werror -o "$1" "$2"', compiler, path, source);
  if (!success) throw new Error(`${compiler} cannot compile ${source}: ${new TextDecoder().decode(stderr)}`);
}

export async function runGenerator(path: string, port: number, load: Load): Promise<GeneratorOutcome> {
  const { clients, killsPerSecond, seconds, qos, reconnectMs } = load;
  const args = [port, clients, killsPerSecond, seconds, qos, reconnectMs].map(String);
  await using child = new ChildProcess("sh", ["-c", 'exec "$0" "$@"', path, ...args]);
  const [line] = await child.line(/^\{.*\}$/, { limitMs: (seconds + 70) * 1_000 });
  return JSON.parse(line!);
}
