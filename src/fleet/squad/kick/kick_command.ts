/** Runs the user's command that has the broker end the connection of a client. */
import { monotonicClock } from "../../../base/clock.ts";
import { commandLimitMs, CommandQueue } from "../../../base/command_queue.ts";
import { UsageError } from "../../../base/failure.ts";
import { checkShell, filledCommand, runShell, shellFault } from "../../../base/shell_command.ts";
import type { KickedClient } from "../../client/fleet_world.ts";
import { drawsMode } from "../../plan/phases.ts";
import type { FleetPlan } from "../../plan/plan.ts";

/** The commands of one squad, in the order of their kills. */
export class KickCommands {
  readonly #command: string;
  readonly #queue = new CommandQueue();

  constructor(command: string) {
    this.#command = command;
  }

  kick(client: KickedClient, onFault: (sentence: string) => void): void {
    this.#queue.add(async () => {
      const fault = await this.#run(client);
      if (fault !== undefined) onFault(`--kick-command ${JSON.stringify(this.#command)} ${fault}`);
    });
  }

  async #run({ number, clientId }: KickedClient): Promise<string | undefined> {
    const command = filledCommand(this.#command, { client_id: clientId, client: String(number) });
    try {
      return shellFault(await runShell(command, "--kick-command", { clock: monotonicClock, limitMs: commandLimitMs }));
    } catch (error) {
      return `could not be run: ${error instanceof Error ? error.message : error}`;
    }
  }
}

/**
 * Checks the command of the plan before the run depends on it.
 *
 * @param ownBroker whether the caller can have its own broker end a connection
 */
export async function checkKick(plan: FleetPlan, ownBroker: boolean): Promise<void> {
  const { kickCommand } = plan;
  if (kickCommand === undefined) {
    if (ownBroker || !drawsMode(plan, "kicked")) return;
    const expected = "expected a --kick-command that has the broker end the connection of {client_id}";
    throw new UsageError(`Cannot use --kill-mode kicked on this broker: ${expected}`);
  }
  const shown = JSON.stringify(kickCommand);
  if (!drawsMode(plan, "kicked")) {
    throw new UsageError(`Cannot use --kick-command ${shown}: expected --kill-mode with a share for kicked`);
  }
  if (!kickCommand.includes("{client_id}") && !kickCommand.includes("{client}")) {
    throw new UsageError(
      `Cannot use --kick-command ${shown}: expected {client_id} or {client} in it, to name the client`,
    );
  }
  await checkShell("--kick-command", monotonicClock);
}
