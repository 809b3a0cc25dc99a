/** Runs the user's command that writes the data of each step of an enhanced authentication. */
import { monotonicClock } from "../base/clock.ts";
import { commandLimitMs, CommandQueue } from "../base/command_queue.ts";
import { filledCommand, runShell, shellFault } from "../base/shell_command.ts";
import type { AuthClient, AuthExchange, Step } from "./exchange.ts";

/** The commands of all clients, in the order of their steps. */
export class AuthCommands {
  readonly #command: string;
  readonly #read: (output: Uint8Array) => Uint8Array;
  readonly #queue = new CommandQueue();

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
    this.#queue.add(async () => done(await this.#stepOf(client, step, input)));
  }

  async #stepOf({ clientId, username }: AuthClient, step: number, input: Uint8Array): Promise<Step> {
    const fault = (why: string): Step => ({
      kind: "fault",
      sentence: `--auth-command ${JSON.stringify(this.#command)} ${why}`,
    });
    const command = filledCommand(this.#command, { client_id: clientId, username, step: String(step) });
    try {
      const outcome = await runShell(command, "--auth-command", {
        clock: monotonicClock,
        limitMs: commandLimitMs,
        input,
      });
      const failure = shellFault(outcome);
      if (failure !== undefined) return fault(failure);
      return { kind: "data", data: this.#read(outcome.output!) };
    } catch (error) {
      return fault(`could not be used: ${error instanceof Error ? error.message : error}`);
    }
  }
}
