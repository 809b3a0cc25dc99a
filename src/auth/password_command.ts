/** Runs the user's command that writes the password of a client, such as a token with a lifetime. */
import { withoutLineEnd } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { commandLimitMs, CommandQueue } from "../base/command_queue.ts";
import { filledCommand, runShell, shellFault } from "../base/shell_command.ts";

/** The longest password that a CONNECT can carry. */
const mostBytes = 65_535;

/** The value of both placeholders for connections that are no client's, such as a watcher's. */
const ownName = "watcher";

const placeholder = /\{(client_id|client)\}/;

/** The settings of the command as the user gives them. */
interface PasswordFlags {
  readonly passwordCommand?: string | undefined;
  readonly passwordLifetimeMs?: number | undefined;
  readonly password?: string | undefined;
  readonly authMethod?: string | undefined;
}

/** What is wrong with the settings: the setting, its value for the user, and what is allowed. */
export function passwordFault(
  { passwordCommand, passwordLifetimeMs, password, authMethod }: PasswordFlags,
): readonly [name: "passwordCommand" | "passwordLifetimeMs", what: string, allowed: string] | undefined {
  if (passwordCommand === undefined) {
    if (passwordLifetimeMs === undefined) return undefined;
    return ["passwordLifetimeMs", "--password-lifetime alone", "--password-command with it"];
  }
  const other = password !== undefined ? "a password" : authMethod !== undefined ? "--auth-method" : undefined;
  return other === undefined ? undefined : ["passwordCommand", `--password-command and ${other}`, "one of them"];
}

/** Whether a command writes another password for each client. */
export function namesClient(command: string): boolean {
  return placeholder.test(command);
}

/** The settings of the command. */
export interface PasswordSettings {
  readonly command: string;
  /** How long a password is used; for the whole run when absent. */
  readonly lifetimeMs?: number | undefined;
  /** Connections that are no client's have passwords of their own: they need no command. */
  readonly ownLogins?: boolean;
  /** The identifier of a client. */
  readonly clientIdOf: (client: number) => string;
}

/** A client, or `ownName`; one key for all where the command names no client. */
type Key = number | typeof ownName;

/** Receives why there is no password; nothing where there is one. */
type OnReady = (fault?: string) => void;

/** The passwords of the clients of one thread. */
export class PasswordCommands {
  readonly #settings: PasswordSettings;
  readonly #clock: Clock;
  readonly #perClient: boolean;
  readonly #passwords = new Map<Key, { readonly bytes: Uint8Array; readonly untilMs: number }>();
  readonly #asked = new Map<Key, OnReady[]>();
  readonly #queue = new CommandQueue();

  constructor(settings: PasswordSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#perClient = namesClient(settings.command);
  }

  /** Calls back once the password of a client can be used: at once, or after the command. */
  ready(client: number | undefined, then: OnReady): void {
    if (client === undefined && this.#settings.ownLogins) return then();
    const key = this.#keyOf(client);
    if (this.#clock.nowMs() < (this.#passwords.get(key)?.untilMs ?? -Infinity)) return then();
    const asked = this.#asked.get(key);
    if (asked !== undefined) return void asked.push(then);
    this.#asked.set(key, [then]);
    this.#queue.add(() => this.#renew(key));
  }

  /** The last password of a client; undefined before the first. */
  passwordOf(client: number | undefined): Uint8Array | undefined {
    return this.#passwords.get(this.#keyOf(client))?.bytes;
  }

  #keyOf(client: number | undefined): Key {
    return this.#perClient && client !== undefined ? client : ownName;
  }

  async #renew(key: Key): Promise<void> {
    const fault = await this.#run(key);
    const asked = this.#asked.get(key)!;
    this.#asked.delete(key);
    for (const then of asked) then(fault);
  }

  /** Runs the command; returns its failure, never its output. */
  async #run(key: Key): Promise<string | undefined> {
    const { command, lifetimeMs = Infinity, clientIdOf } = this.#settings;
    const clientId = key === ownName ? ownName : clientIdOf(key);
    const filled = filledCommand(command, { client: String(key), client_id: clientId });
    const fault = (why: string) => `--password-command ${JSON.stringify(command)} ${why}`;
    try {
      const options = { clock: this.#clock, limitMs: commandLimitMs, input: new Uint8Array(0) };
      const outcome = await runShell(filled, "--password-command", options);
      const failure = shellFault(outcome);
      if (failure !== undefined) return fault(failure);
      const bytes = Uint8Array.from(withoutLineEnd(outcome.output!));
      if (bytes.length === 0) return fault(`wrote no password for ${clientId}`);
      if (bytes.length > mostBytes) return fault("wrote more than the 65,535 bytes of a password");
      this.#passwords.set(key, { bytes, untilMs: this.#clock.nowMs() + lifetimeMs });
      return undefined;
    } catch (error) {
      return fault(`could not be used: ${error instanceof Error ? error.message : error}`);
    }
  }
}
