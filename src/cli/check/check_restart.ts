/** `--restart-command` of `mqtt-sim check`. */
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { checkShell, runShell, shellFault } from "../../base/shell_command.ts";
import { NotTestable } from "../../conformance/model/outcome.ts";
import type { CheckAsked } from "./check_flags.ts";

const name = "--restart-command";
/** The time limit of the command, in milliseconds. */
const limitMs = 60_000;

/**
 * Restarts the broker that was named; undefined where no command was given. That the broker accepts connections again
 * is waited for by the case.
 *
 * @throws UsageError when there is no broker to restart by it, or no command can be run
 */
export async function restartBy(
  { url, restartCommand: command }: Pick<CheckAsked, "url" | "restartCommand">,
): Promise<(() => Promise<void>) | undefined> {
  if (command === undefined) return undefined;
  if (url === undefined) {
    throw new UsageError(
      `Cannot use ${name} ${JSON.stringify(command)} with the embedded broker, which needs no command: ` +
        `expected a --url`,
    );
  }
  await checkShell(name, monotonicClock);
  return async () => {
    const fault = shellFault(await runShell(command, name, { clock: monotonicClock, limitMs }));
    if (fault !== undefined) throw new NotTestable(`${name} ${JSON.stringify(command)} ${fault}`);
  };
}
