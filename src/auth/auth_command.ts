/** Runs the user's command that writes the data of each step of an enhanced authentication. */
import { monotonicClock } from "../base/clock.ts";
import { quoteShell } from "../base/escape.ts";
import { runShell, shellFault } from "../base/shell_command.ts";
import type { AuthClient, AuthExchange, Step } from "./exchange.ts";

/** How many commands run at the same time; the others wait. */
const atOnce = 8;
const limitMs = 10_000;

/** The commands of all clients, in the order of their steps. */
export class AuthCommands {
  readonly #command: string;
  readonly #read: (output: Uint8Array) => Uint8Array;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  /** @param read the data in an output */
  constructor(command: string, read: (output: Uint8Array) => Uint8Array) {
    this.#command = command;
    this.#read = read;
  }

  begin(client: AuthClient): AuthExchange {
    let step = 0;
    return {
      first: (done) => this.#run(client, ++step, new Uint8Array(), done),
      answer: (data, done) => this.#run(client, ++step, data, done),
      finish: () => undefined,
    };
  }

  #run(client: AuthClient, step: number, input: Uint8Array, done: (step: Step) => void): void {
    this.#waiting.push(async () => done(await this.#stepOf(client, step, input)));
    if (this.#running < atOnce) void this.#work();
  }

  async #work(): Promise<void> {
    this.#running++;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await next();
    this.#running--;
  }

  async #stepOf({ clientId, username }: AuthClient, step: number, input: Uint8Array): Promise<Step> {
    const fault = (why: string): Step => ({
      kind: "fault",
      sentence: `--auth-command ${JSON.stringify(this.#command)} ${why}`,
    });
    const values: Readonly<Record<string, string>> = { client_id: clientId, username, step: String(step) };
    const command = this.#command.replace(
      /\{(client_id|username|step)\}/g,
      (_, name: string) => quoteShell(values[name]!),
    );
    try {
      const outcome = await runShell(command, "--auth-command", { clock: monotonicClock, limitMs, input });
      const failure = shellFault(outcome);
      if (failure !== undefined) return fault(failure);
      return { kind: "data", data: this.#read(outcome.output!) };
    } catch (error) {
      return fault(`could not be used: ${error instanceof Error ? error.message : error}`);
    }
  }
}
