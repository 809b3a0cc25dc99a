/**
 * `mqtt-sim broker passwd FILE USER`: adds a user to a users file, or gives one a new password.
 */
import { object } from "@optique/core/constructs";
import { argument, command, constant } from "@optique/core/primitives";
import type { InferValue } from "@optique/core/parser";
import { string } from "@optique/core/valueparser";
import { UsageError } from "../../base/failure.ts";
import { hashPassword } from "../../broker/access/password_hash.ts";
import { parseUsers, withUser } from "../../broker/access/users.ts";
import { sentence } from "../options/flag.ts";
import type { Output } from "../process/output.ts";
import { unguessable } from "../process/new_file.ts";
import { readPassword } from "./password_prompt.ts";

/** `mqtt-sim broker passwd` and its arguments. */
export const passwdCommand = command(
  "passwd",
  object({
    command: constant("broker passwd"),
    file: argument(string({ metavar: "FILE" }), {
      description: sentence("The users file; created if it does not exist."),
    }),
    user: argument(string({ metavar: "USER" }), { description: sentence("The user's name.") }),
  }),
  {
    brief: sentence("Add a user to a users file, or give one a new password."),
    description: sentence(
      "Adds a user to the file that --users takes, or gives one a new password. Asks for it on a terminal, or reads the " +
        "first line of standard input. The file is in the form of mosquitto_passwd; a running broker reads it again on SIGHUP.",
    ),
  },
);

/** The parsed command line. */
export type PasswdAsked = InferValue<typeof passwdCommand>;

/** Runs the command; returns the exit code. @throws UsageError for an unusable file or name */
export async function passwd({ file, user }: PasswdAsked, { out, err }: Output, read = readPassword): Promise<number> {
  const text = await textOf(file);
  const isNew = !parseUsers(text ?? "", file).has(user);
  withUser("", user, ""); // an invalid name is refused before the password prompt
  const hash = await hashPassword(read({ err }));
  await replace(file, withUser(text ?? "", user, hash), text === undefined);
  out.write(`${isNew ? "Added" : "Changed the password of"} user "${user}" in ${file}\n`);
  return 0;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new UsageError(`Cannot read users file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Writes the file in one step, because a broker may read it at any time. */
async function replace(file: string, text: string, isNew: boolean): Promise<void> {
  const beside = unguessable(file);
  try {
    await Deno.writeTextFile(beside, text, { mode: 0o600, createNew: true });
    const mode = isNew ? null : (await Deno.stat(file)).mode;
    // Other users cannot read it: an attacker tries passwords against the hashes.
    if (mode !== null && Deno.build.os !== "windows") await Deno.chmod(beside, mode & 0o770);
    await Deno.rename(beside, file);
  } catch (error) {
    throw new UsageError(`Cannot write users file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
