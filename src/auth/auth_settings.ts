/**
 * The settings of enhanced authentication, as a user gives them, and the authenticator that they make.
 */
import { withoutLineEnd } from "../base/bytes.ts";
import { freshBytes } from "../base/random.ts";
import { UsageError } from "../base/failure.ts";
import { AuthCommands } from "./auth_command.ts";
import type { AuthClient, Authenticator, AuthExchange, Step } from "./exchange.ts";
import { ScramExchange, ScramKeys, scramMethods } from "./scram.ts";

/** The settings; without a method there is no enhanced authentication. */
export interface AuthSettings {
  /** The authentication method of CONNECT. */
  readonly authMethod?: string | undefined;
  /** The data of CONNECT: a text, `@FILE` or `base64:DATA`. */
  readonly authData?: string | undefined;
  /** A shell command that writes the data of each step. */
  readonly authCommand?: string | undefined;
}

/** True for a method that this program computes by itself. */
export function isScram(method: string | undefined): boolean {
  return method !== undefined && scramMethods.includes(method);
}

/** What is wrong with the settings: the setting, its value for the user, and what is allowed. */
export function authFault(
  { authMethod, authData, authCommand }: AuthSettings,
): readonly [name: keyof AuthSettings, what: string, allowed: string] | undefined {
  if (authMethod === undefined) {
    const alone = authData !== undefined ? "authData" : authCommand !== undefined ? "authCommand" : undefined;
    if (alone === undefined) return undefined;
    return [alone, `${alone === "authData" ? "--auth-data" : "--auth-command"} alone`, "--auth-method with it"];
  }
  const shown = `--auth-method ${JSON.stringify(authMethod)}`;
  // deno-lint-ignore no-control-regex
  if (authMethod === "" || /[\0-\x1f\x7f]/.test(authMethod) || authMethod.length > 255) {
    return ["authMethod", shown, "a name of 1 to 255 characters, such as SCRAM-SHA-256"];
  }
  if (isScram(authMethod)) {
    if (authData === undefined && authCommand === undefined) return undefined;
    const flag = authData === undefined ? "--auth-command" : "--auth-data";
    return [authData === undefined ? "authCommand" : "authData", `${flag} with ${shown}`, "--username and a password"];
  }
  if (/^SCRAM-/i.test(authMethod) && authData === undefined && authCommand === undefined) {
    return ["authMethod", shown, `${scramMethods.join(", ")}, or --auth-command for another method`];
  }
  if (authData !== undefined && authCommand !== undefined) {
    return ["authCommand", "--auth-data together with --auth-command", "one of them"];
  }
  if (authData !== undefined || authCommand !== undefined) return undefined;
  return ["authMethod", `${shown} alone`, "--auth-data or --auth-command with it"];
}

/** The most bytes of authentication data that a packet can carry. */
const mostDataBytes = 65_535;

/**
 * The bytes of a text, of `@FILE` or of `base64:DATA`.
 *
 * @throws UsageError where there are none
 */
export async function readAuthData(text: string, name = "--auth-data"): Promise<Uint8Array> {
  const bytes = text.startsWith("@") ? withoutLineEnd(await readFile(text.slice(1), name)) : dataOf(text, name);
  if (bytes.length <= mostDataBytes) return bytes;
  throw new UsageError(`Cannot use ${name}: it has ${bytes.length} bytes; expected ${mostDataBytes} at most`);
}

/** The bytes of a text or of `base64:DATA`. @throws UsageError where it is not base64 */
function dataOf(text: string, name: string): Uint8Array {
  if (!text.startsWith("base64:")) return new TextEncoder().encode(text);
  const data = text.slice("base64:".length);
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(data) && data.length % 4 !== 1) return Buffer.from(data, "base64");
  throw new UsageError(`Cannot use ${name}: the text after base64: is not base64`);
}

async function readFile(path: string, name: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read ${name} ${JSON.stringify(`@${path}`)}: ${why}`);
  }
}

/** The data that a command wrote: a text, or `base64:DATA`. @throws UsageError where it is not base64 */
export function commandData(output: Uint8Array): Uint8Array {
  const bytes = withoutLineEnd(output);
  const prefix = Buffer.from("base64:");
  return prefix.equals(bytes.subarray(0, prefix.length))
    ? dataOf(new TextDecoder().decode(bytes), "the output of --auth-command")
    : bytes;
}

/**
 * The authenticator of the settings; undefined without a method.
 *
 * @param data the bytes of {@link AuthSettings.authData}
 */
export function authenticatorOf(
  { authMethod: method, authCommand }: AuthSettings,
  data: Uint8Array | undefined,
): Authenticator | undefined {
  if (method === undefined) return undefined;
  if (isScram(method)) {
    const keys = new ScramKeys();
    const begin = (client: AuthClient) => new ScramExchange(method, client, freshNonce(), keys);
    return { method, provesPassword: true, begin };
  }
  if (authCommand === undefined) {
    return { method, provesPassword: false, secret: data, begin: () => new DataExchange(method, data) };
  }
  const commands = new AuthCommands(authCommand, commandData);
  return { method, provesPassword: false, begin: (client) => commands.begin(client) };
}

function freshNonce(): string {
  return Buffer.from(freshBytes(18)).toString("base64");
}

/** A method whose only data is in CONNECT, such as a token. */
class DataExchange implements AuthExchange {
  constructor(readonly method: string, readonly data: Uint8Array | undefined) {}

  first(done: (step: Step) => void): void {
    done({ kind: "data", data: this.data });
  }

  answer(_data: Uint8Array, done: (step: Step) => void): void {
    const sentence = `the broker asks for a further step of ${this.method}, which --auth-data does not have; ` +
      "--auth-command supplies the data of each step";
    done({ kind: "fault", sentence });
  }

  finish(): undefined {
    return undefined;
  }
}
