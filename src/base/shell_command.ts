/**
 * Runs a user's command in the system's shell. Reports how it ended, how long it took, and the end of its standard
 * error. The caller decides the purpose of the command and the meaning of its failure.
 */
import type { Clock } from "./clock.ts";
import { UsageError } from "./failure.ts";
import { formatMs } from "./units.ts";
import { quoteShell } from "./escape.ts";

/** How a command ended. */
type ShellEnd =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  /** It was still running after the time limit, and was killed. */
  | { readonly kind: "timeout" };

/** The outcome of a command. */
interface ShellOutcome {
  readonly end: ShellEnd;
  readonly tookMs: number;
  /** The end of its standard error, without surrounding line ends; empty if it wrote nothing. */
  readonly errorTail: string;
  /** Its standard output, where it had input. */
  readonly output?: Uint8Array;
}

/** The options of a command. */
export interface ShellOptions {
  readonly clock: Clock;
  /** Time limit in milliseconds, after which the command is killed. */
  readonly limitMs: number;
  /** Kills the command when aborted; counts as a timeout. */
  readonly stop?: AbortSignal;
  /** Its standard input; with it, the outcome has the standard output. */
  readonly input?: Uint8Array;
}

/** Maximum number of kept bytes of standard error. */
const tailBytes = 2_048;
/** Maximum number of kept bytes of standard output; a longer one is cut. */
const outputBytes = 131_072;
/**
 * Maximum wait in milliseconds for the last output of a command that has ended: background processes may keep the pipe
 * open.
 */
const lastWordsMs = 200;

const windows = Deno.build.os === "windows";

/** The program that runs the command. */
const shellName = windows ? "cmd" : "sh";

/**
 * Runs a command with `sh -c` (`cmd /c` on Windows) in the current directory. Processes that it leaves in the
 * background continue, and may keep its standard error open: this program reads and discards it while it runs.
 *
 * @param name the name of the command for errors: `--restart-command`
 * @throws UsageError if there is no shell, or it may not be run
 */
export async function runShell(command: string, name: string, options: ShellOptions): Promise<ShellOutcome> {
  const { clock, limitMs, stop, input } = options;
  const fromMs = clock.nowMs();
  const child = spawn(command, name, input !== undefined);
  const tail = new Tail(child.stderr, tailBytes);
  const output = input === undefined ? undefined : new Tail(child.stdout, outputBytes);
  if (input !== undefined) void feed(child.stdin, input);
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
  // Background processes of the command do not keep this program alive.
  child.unref();
  await tail.lastWords();
  await output?.lastWords();
  return { end: endOf(status, timedOut), tookMs, errorTail: tail.text, ...output && { output: output.bytes } };
}

/** Writes the input of a command, which may end without reading it. */
async function feed(stdin: WritableStream<Uint8Array>, input: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(input);
    await writer.close();
  } catch {
    // A command that reads no input has closed it.
  }
}

/**
 * Checks that commands can be run here, before anything depends on it.
 *
 * @throws UsageError if not
 */
export async function checkShell(name: string, clock: Clock): Promise<void> {
  await runShell(windows ? "rem" : ":", name, { clock, limitMs: 10_000 });
}

/**
 * The failure as the end of a sentence (`ended with exit code 1 after 12 ms: no such unit`); undefined without a
 * failure.
 */
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

function spawn(command: string, name: string, hasInput = false): Deno.ChildProcess {
  const args = windows ? ["/d", "/s", "/c", `"${command}"`] : ["-c", command];
  try {
    return new Deno.Command(shellName, {
      args,
      stdin: hasInput ? "piped" : "null",
      stdout: hasInput ? "piped" : "null",
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
    // It has ended in the meantime.
  }
}

function endOf({ code, signal }: Deno.CommandStatus, timedOut: boolean): ShellEnd {
  if (timedOut) return { kind: "timeout" };
  return signal === null ? { kind: "exit", code } : { kind: "signal", signal };
}

/** The end of a stream of bytes. */
class Tail {
  #bytes = new Uint8Array(0);
  readonly #most: number;
  readonly #over: Promise<void>;

  /** @param most how many bytes of the end to keep */
  constructor(stream: ReadableStream<Uint8Array>, most: number) {
    this.#most = most;
    this.#over = this.#read(stream);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get text(): string {
    return new TextDecoder().decode(this.#bytes).trim();
  }

  /** Fulfilled when the stream ends, or the wait for it is over. */
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
        this.#bytes = all.slice(-this.#most);
      }
    } catch {
      // A broken pipe has no more data.
    }
  }
}

/** A command with its placeholders `{name}` filled in, each value as one word of the shell. */
export function filledCommand(command: string, values: Readonly<Record<string, string>>): string {
  return command.replace(/\{(\w+)\}/g, (whole, name: string) => {
    return Object.hasOwn(values, name) ? quoteShell(values[name]!) : whole;
  });
}
