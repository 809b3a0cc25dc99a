/** The passwords of a check that the user's command writes. */
import { namesClient, PasswordCommands, passwordFault } from "../../auth/password_command.ts";
import { textOfBytes } from "../../base/bytes.ts";
import { monotonicClock } from "../../base/clock.ts";
import { UsageError } from "../../base/failure.ts";
import { checkShell } from "../../base/shell_command.ts";
import type { CheckAsked } from "./check_flags.ts";

/** Returns the password of a case that begins now. It rejects with a UsageError where the command fails. */
export type CasePassword = () => Promise<string>;

/**
 * The passwords of the command, which has run once; undefined without a command.
 *
 * @param password the password of the other flags or of the URL
 * @throws UsageError when the settings do not go together, or the command fails
 */
export async function checkPassword(
  { passwordCommand: command, passwordLifetimeMs: lifetimeMs, authMethod }: CheckAsked,
  password: string | undefined,
): Promise<CasePassword | undefined> {
  const fault = passwordFault({ passwordCommand: command, passwordLifetimeMs: lifetimeMs, authMethod, password });
  if (fault !== undefined) throw new UsageError(`Cannot use ${fault[1]}: expected ${fault[2]}`);
  if (command === undefined) return undefined;
  if (namesClient(command)) {
    const allowed = "a command without {client} and {client_id}: all clients of a check have one login";
    throw new UsageError(`Cannot use --password-command ${JSON.stringify(command)}: expected ${allowed}`);
  }
  await checkShell("--password-command", monotonicClock);
  const passwords = new PasswordCommands({ command, lifetimeMs, clientIdOf: String }, monotonicClock);
  const read = async () => {
    const failure = await new Promise<string | undefined>((resolve) => passwords.ready(undefined, resolve));
    if (failure !== undefined) throw new UsageError(`Cannot get a password: ${failure}`);
    return textOfBytes(passwords.passwordOf(undefined)!);
  };
  await read();
  return read;
}
