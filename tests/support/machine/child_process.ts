/**
 * A program that runs beside a test: the test can wait for its lines, and ends it by its process id. Use it with `await
 * using`, so that it never outlives its test.
 */
import { TextLineStream } from "./text_line_stream.ts";

/** The default time limit for a line, or an exit. */
const patienceMs = 15_000;

export interface Exit {
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

export class ChildProcess implements AsyncDisposable {
  static readonly #running = new Set<ChildProcess>();
  /** Every line so far, of stdout and stderr, in the order of arrival. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  readonly #finished: Promise<unknown>;
  #wake = Promise.withResolvers<void>();
  #over = false;

  /** Starts a program. It gets no input, and these variables in addition to those of this process. */
  constructor(
    program: string,
    args: readonly string[],
    options: { readonly cwd?: string | URL; readonly env?: Readonly<Record<string, string>> } = {},
  ) {
    this.#name = [program, ...args].join(" ");
    this.#child = new Deno.Command(program, {
      ...options,
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    ChildProcess.#running.add(this);
    this.#finished = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr), this.#child.status])
      .finally(() => {
        this.#over = true;
        ChildProcess.#running.delete(this);
        this.#wake.resolve();
      });
  }

  /** Ends each program that this process has started and that still runs, for an interrupt. */
  static async endAll(): Promise<void> {
    await Promise.all([...ChildProcess.#running].map((child) => child[Symbol.asyncDispose]()));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits for a line that matches, among those from number `from` on (0: from the start).
   *
   * @throws with the whole output when the program ends, or the time limit passes, before there is one
   */
  async line(pattern: RegExp, { from = 0, limitMs = patienceMs } = {}): Promise<RegExpMatchArray> {
    const deadline = timer(limitMs);
    try {
      for (let next = from;;) {
        for (; next < this.lines.length; next++) {
          const match = this.lines[next]!.match(pattern);
          if (match !== null) return match;
        }
        if (this.#over) throw new Error(`${this.#name} ended without a line like ${pattern}:\n${this.said}`);
        const outcome = await Promise.race([this.#wake.promise, deadline.passed]);
        if (outcome === "passed") {
          throw new Error(`${this.#name}: no line like ${pattern} within ${limitMs} ms:\n${this.said}`);
        }
      }
    } finally {
      deadline.stop();
    }
  }

  /** Waits for the end and returns its exit status. */
  async exit(limitMs = patienceMs): Promise<Exit> {
    const deadline = timer(limitMs);
    try {
      const outcome = await Promise.race([this.#finished, deadline.passed]);
      if (outcome === "passed") throw new Error(`${this.#name}: still running after ${limitMs} ms:\n${this.said}`);
      const { code, signal } = await this.#child.status;
      return { code, signal };
    } finally {
      deadline.stop();
    }
  }

  /** Sends a signal to the process; has no effect after its end. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error; // it has ended already
    }
  }

  /** Its whole output, for the message of a failure. */
  get said(): string {
    return this.lines.map((line) => `  | ${line}`).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.#finished;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      this.lines.push(line);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
  }
}

function timer(limitMs: number): { readonly passed: Promise<"passed">; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<"passed">();
  const id = setTimeout(() => resolve("passed"), limitMs);
  return { passed: promise, stop: () => clearTimeout(id) };
}
