/**
 * Runs a command that a person gave, by the system's shell. Owns what is known of it afterwards: how it ended, how long
 * it took, and the end of what it wrote to standard error. What it was for, and what its failure means, is its owner's.
 */
import type { Clock } from "./clock.ts";
import { UsageError } from "./failure.ts";
import { formatMs } from "./units.ts";

/** How a command ended. */
export type ShellEnd =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  /** It was still running when its time was up, and was killed. */
  | { readonly kind: "timeout" };

/** What is known of a command that was run. */
export interface ShellOutcome {
  readonly end: ShellEnd;
  readonly tookMs: number;
  /** The last that it wrote to standard error, without line ends around it; empty where it wrote nothing. */
  readonly errorTail: string;
}

/** How a command is run. */
export interface ShellOptions {
  readonly clock: Clock;
  /** It is killed when it takes longer. */
  readonly limitMs: number;
  /** Kills it when aborted; that counts as its time being up. */
  readonly stop?: AbortSignal;
}

/** Of standard error so much is kept, in bytes. */
const tailBytes = 2_048;
/** What a command wrote just before it ended is waited for so long; who still holds the pipe writes for nobody. */
const lastWordsMs = 200;

const windows = Deno.build.os === "windows";

/** The program that reads the command. */
export const shellName = windows ? "cmd" : "sh";

/**
 * Runs a command by `sh -c` (`cmd /c` on Windows) in the current folder. What it leaves running in the background runs
 * on, and may keep its standard error: that is read, and let go, as long as this program lives.
 *
 * @param name what the command is called, for an error: `--restart-command`
 * @throws UsageError when there is no shell, or none may be run
 */
export async function runShell(command: string, name: string, options: ShellOptions): Promise<ShellOutcome> {
  const { clock, limitMs, stop } = options;
  const fromMs = clock.nowMs();
  const child = spawn(command, name);
  const tail = new Tail(child.stderr);
  let timedOut = false;
  const kill = () => {
    timedOut = true;
    killChild(child);
  };
  const timer = setTimeout(kill, limitMs);
  stop?.addEventListener("abort", kill);
  if (stop?.aborted) kill();
  const status = await child.status;
  clearTimeout(timer);
  stop?.removeEventListener("abort", kill);
  const tookMs = clock.nowMs() - fromMs;
  // What it left running does not keep this program alive.
  child.unref();
  await tail.lastWords();
  return { end: endOf(status, timedOut), tookMs, errorTail: tail.text };
}

/**
 * Finds out whether commands can be run here at all, before anything depends on it.
 *
 * @throws UsageError when not
 */
export async function checkShell(name: string, clock: Clock): Promise<void> {
  await runShell(windows ? "rem" : ":", name, { clock, limitMs: 10_000 });
}

/** What went wrong, as a sentence's end (`ended with exit code 1 after 12 ms: no such unit`); undefined for nothing. */
export function shellFault({ end, tookMs, errorTail }: ShellOutcome): string | undefined {
  if (end.kind === "exit" && end.code === 0) return undefined;
  const last = errorTail.split("\n").slice(-3).map((line) => line.trim()).filter((line) => line !== "").join(" / ");
  return `${endWords(end)} after ${formatMs(tookMs)}${last === "" ? "" : `: ${last}`}`;
}

function endWords(end: ShellEnd): string {
  switch (end.kind) {
    case "exit":
      return `ended with exit code ${end.code}`;
    case "signal":
      return `was ended by ${end.signal}`;
    case "timeout":
      return "had not ended, and was killed";
  }
}

function spawn(command: string, name: string): Deno.ChildProcess {
  const args = windows ? ["/d", "/s", "/c", `"${command}"`] : ["-c", command];
  try {
    return new Deno.Command(shellName, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      ...windows && { windowsRawArguments: true },
    }).spawn();
  } catch (error) {
    const why = error instanceof Deno.errors.NotCapable
      ? `this process is not allowed to run programs; start it with --allow-run=${shellName}`
      : `there is no shell: ${error instanceof Error ? error.message : error}`;
    throw new UsageError(`Cannot run ${name} ${JSON.stringify(command)}: ${why}`);
  }
}

function killChild(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

function endOf({ code, signal }: Deno.CommandStatus, timedOut: boolean): ShellEnd {
  if (timedOut) return { kind: "timeout" };
  return signal === null ? { kind: "exit", code } : { kind: "signal", signal };
}

/** The end of a stream of bytes, as text. */
class Tail {
  #bytes = new Uint8Array(0);
  readonly #over: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#over = this.#read(stream);
  }

  get text(): string {
    return new TextDecoder().decode(this.#bytes).trim();
  }

  /** Fulfilled when the stream is over, or nothing is waited for any more. */
  async lastWords(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const passed = new Promise<void>((resolve) => timer = setTimeout(resolve, lastWordsMs));
    await Promise.race([this.#over, passed]);
    clearTimeout(timer);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of stream) {
        const all = new Uint8Array(this.#bytes.length + chunk.length);
        all.set(this.#bytes);
        all.set(chunk, this.#bytes.length);
        this.#bytes = all.slice(-tailBytes);
      }
    } catch {
      // A pipe that breaks has said all it had to say.
    }
  }
}
